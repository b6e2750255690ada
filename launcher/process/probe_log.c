/* SPDX-License-Identifier: MIT */
/* "Has it said so?" Each line of output is held against a regular expression until one matches. */
#include "launcher/process/probe_kind.h"

#include <errno.h>
#include <event2/event.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/err.h"
#include "config/stack.h"

#define LINE_BYTES_MAX 16384u /* as lines are cut for screens */
#define KEPT_BYTES 1024u
#define JUDGE_AGAIN_US 50000

struct log {
	regex_t regex;
	bool compiled, matched;
	size_t used, kept_bytes;
	struct event *again; /* the lines kept are to be looked at */
	char kept[KEPT_BYTES]; /* whole lines that there was no memory to look at */
	char line[LINE_BYTES_MAX + 1]; /* begun, not ended */
};

static void keep_line(struct log *log, size_t size_bytes)
{
	if (size_bytes >= KEPT_BYTES - log->kept_bytes)
		return;
	memcpy(log->kept + log->kept_bytes, log->line, size_bytes);
	log->kept[log->kept_bytes + size_bytes] = '\n';
	log->kept_bytes += size_bytes + 1;
	event_add(log->again, &(struct timeval){.tv_usec = JUDGE_AGAIN_US});
}

/* A line's length counts, not a zero byte in it; a carriage return before its end is no part of it. */
static bool matches(struct log *log)
{
	regmatch_t range = {.rm_so = 0, .rm_eo = (regoff_t)log->used};
	size_t size_bytes = log->used;
	int result;
	if (log->used > 0 && log->line[log->used - 1] == '\r')
		range.rm_eo--;
	log->line[log->used] = '\0';
	log->used = 0;
	errno = 0;
	result = regexec(&log->regex, log->line, 1, &range, REG_STARTEND);
	/* glibc says "no match" for whatever went wrong; only malloc tells. */
	if (result == REG_ESPACE || (result != 0 && errno == ENOMEM))
		keep_line(log, size_bytes);
	return result == 0;
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

/* Between two reads: a line that is begun waits meanwhile. */
static void judge_again(evutil_socket_t fd, short what, void *context)
{
	(void)fd, (void)what;
	struct probe *self = context;
	struct log *log = self->state;
	char kept[KEPT_BYTES], begun[LINE_BYTES_MAX];
	size_t kept_bytes = log->kept_bytes, begun_bytes = log->used;
	memcpy(kept, log->kept, kept_bytes);
	memcpy(begun, log->line, begun_bytes);
	log->kept_bytes = log->used = 0;
	feed_log(self, kept, kept_bytes);
	if (log->matched)
		return;
	memcpy(log->line, begun, begun_bytes);
	log->used = begun_bytes;
}

static int open_log(struct probe *self, struct err *err)
{
	const struct probe_spec *spec = self->options.spec;
	struct log *log = calloc(1, sizeof *log);
	char why[256];
	self->state = log;
	if (!log)
		return err_set(err, ERR_FAILED, "cannot make a probe: out of memory");
	log->again = evtimer_new(self->options.base, judge_again, self);
	if (!log->again)
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
	log->used = log->kept_bytes = 0;
	event_del(log->again);
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
	if (log && log->again)
		event_free(log->again);
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
