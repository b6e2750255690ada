/* SPDX-License-Identifier: MIT */
/* "Has it said so?" Each line of output is held against a regular expression until one matches. */
#include "launcher/process/probe_kind.h"

#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/err.h"
#include "config/stack.h"

#define LINE_BYTES_MAX 16384u /* as lines are cut for screens */

struct log {
	regex_t regex;
	bool compiled, matched;
	size_t used;
	char line[LINE_BYTES_MAX + 1]; /* begun, not ended */
};

/* A line's length counts, not a zero byte in it; a carriage return before its end is no part of it. */
static bool matches(struct log *log)
{
	regmatch_t range = {.rm_so = 0, .rm_eo = (regoff_t)log->used};
	if (log->used > 0 && log->line[log->used - 1] == '\r')
		range.rm_eo--;
	log->line[log->used] = '\0';
	log->used = 0;
	return regexec(&log->regex, log->line, 1, &range, REG_STARTEND) == 0;
}

static void feed_log(struct probe *self, const char *bytes, size_t size_bytes)
{
	struct log *log = self->state;
	if (log->matched)
		return;
	while (size_bytes > 0 && !log->matched) {
		size_t room = LINE_BYTES_MAX - log->used;
		size_t reach = size_bytes < room ? size_bytes : room;
		const char *end = memchr(bytes, '\n', reach);
		size_t piece = end ? (size_t)(end - bytes) : reach;
		memcpy(log->line + log->used, bytes, piece);
		log->used += piece;
		log->matched = (end || piece == room) && matches(log);
		piece += end != NULL;
		bytes += piece;
		size_bytes -= piece;
	}
	if (log->matched)
		probe_decide(self, true, "a line matched");
}

static int open_log(struct probe *self, struct err *err)
{
	const struct probe_spec *spec = self->options.spec;
	struct log *log = calloc(1, sizeof *log);
	char why[256];
	self->state = log;
	if (!log)
		return err_set(err, ERR_FAILED, "cannot make a probe: out of memory");
	int result = regcomp(&log->regex, spec->regex ? spec->regex : "", REG_EXTENDED);
	if (result != 0) {
		regerror(result, &log->regex, why, sizeof why);
		return err_at(err, ERR_CONFIG, spec->place, "regular expression '%s': %s", spec->regex, why);
	}
	log->compiled = true;
	return 0;
}

static void begin_log(struct probe *self)
{
	const struct log *log = self->state;
	if (log->matched)
		probe_decide(self, true, "a line matched");
}

/* An attempt whose time is up ends nothing: the line it may have waited for can still come. */
static void stop_log(struct probe *self)
{
	(void)self;
}

static void forget_log(struct probe *self)
{
	struct log *log = self->state;
	log->matched = false;
	log->used = 0;
}

static void explain_log(const struct probe *self, char *text, size_t size_bytes)
{
	snprintf(text, size_bytes, "no line of its output has matched '%s'", self->options.spec->regex);
}

static void close_log(struct probe *self)
{
	struct log *log = self->state;
	if (log && log->compiled)
		regfree(&log->regex);
	free(log);
}

const struct probe_kind_ops probe_kind_log = {
	.open = open_log,
	.begin = begin_log,
	.stop = stop_log,
	.forget = forget_log,
	.close = close_log,
	.explain_timeout = explain_log,
	.feed = feed_log,
};
