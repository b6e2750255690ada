/* SPDX-License-Identifier: MIT */
#include "launcher/process/probe_kind.h"

#include <event2/event.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/err.h"
#include "config/stack.h"
#include "config/utf8.h"

#define TIMEOUT_DEFAULT_MS 30000

static int64_t timeout_ms(const struct probe *self)
{
	return self->options.spec->timeout_ms > 0 ? self->options.spec->timeout_ms : TIMEOUT_DEFAULT_MS;
}

/* The last thing done with the probe in this turn of the loop: whoever gets the result may destroy it. */
static void hand_out(evutil_socket_t fd, short what, void *context)
{
	(void)fd, (void)what;
	struct probe *self = context;
	char detail[PROBE_DETAIL_BYTES];
	if (!self->decided)
		return;
	self->running = self->decided = false;
	memcpy(detail, self->detail, sizeof detail);
	self->options.result(self->options.context, self->well, detail);
}

static void on_timeout(evutil_socket_t fd, short what, void *context)
{
	(void)fd, (void)what;
	struct probe *self = context;
	int64_t limit = timeout_ms(self);
	char text[PROBE_DETAIL_BYTES];
	if (self->decided)
		return;
	self->kind->stop(self);
	if (self->kind->explain_timeout) {
		self->kind->explain_timeout(self, text, sizeof text);
		probe_decide(self, false, "%s", text);
	} else if (limit % 1000 == 0) {
		probe_decide(self, false, "timed out after %lld s", (long long)limit / 1000);
	} else {
		probe_decide(self, false, "timed out after %lld ms", (long long)limit);
	}
}

/* What others wrote goes to screens and into JSON: everything but well-formed printable text becomes '?'. */
static void make_plain(char *text)
{
	size_t left = strlen(text);
	for (char *p = text; left > 0;) {
		size_t size = utf8_length(p, left);
		unsigned char first = (unsigned char)p[0];
		if (size == 0 || first < ' ' || first == 0x7f || (first == 0xc2 && (unsigned char)p[1] < 0xa0)) {
			*p = '?';
			size = 1;
		}
		p += size;
		left -= size;
	}
}

void probe_decide(struct probe *self, bool well, const char *format, ...)
{
	va_list arguments;
	if (self->decided)
		return;
	va_start(arguments, format);
	vsnprintf(self->detail, sizeof self->detail, format, arguments);
	va_end(arguments);
	make_plain(self->detail);
	self->well = well;
	self->decided = true;
	event_del(self->timeout);
	event_active(self->later, 0, 0);
}

static const struct probe_kind_ops *kind_of(const struct probe_spec *spec, struct err *err)
{
	switch (spec->kind) {
	case PROBE_HTTP:
		return &probe_kind_http;
	case PROBE_TCP:
		return &probe_kind_tcp;
	case PROBE_UNIX:
		return &probe_kind_unix;
	case PROBE_LOG:
		return &probe_kind_log;
	case PROBE_EXEC:
		return &probe_kind_exec;
	case PROBE_NOTIFY:
	case PROBE_ENGINE:
	case PROBE_NONE:
		break;
	}
	err_at(err, ERR_INTERNAL, spec->place, "a probe of no kind");
	return NULL;
}

struct probe *probe_create(const struct probe_options *options, struct err *err)
{
	const struct probe_kind_ops *kind = kind_of(options->spec, err);
	if (!kind)
		return NULL;
	struct probe *self = calloc(1, sizeof *self);
	if (!self)
		goto no_memory;
	self->options = *options;
	self->kind = kind;
	self->timeout = evtimer_new(options->base, on_timeout, self);
	self->later = event_new(options->base, -1, 0, hand_out, self);
	if (!self->timeout || !self->later)
		goto no_memory;
	if (kind->open(self, err) < 0) {
		probe_destroy(self);
		return NULL;
	}
	return self;
no_memory:
	probe_destroy(self);
	err_set(err, ERR_FAILED, "cannot make a probe: out of memory");
	return NULL;
}

void probe_attempt(struct probe *self)
{
	int64_t limit = timeout_ms(self);
	struct timeval wait = {.tv_sec = limit / 1000, .tv_usec = limit % 1000 * 1000};
	if (self->running)
		return;
	self->running = true;
	if (self->decided)
		return; /* an answer is on its way already */
	/* Without a limit one that never answers would be the last. */
	if (event_add(self->timeout, &wait) < 0)
		probe_decide(self, false, "cannot ask: out of memory");
	else
		self->kind->begin(self);
}

void probe_cancel(struct probe *self)
{
	event_del(self->timeout);
	event_del(self->later);
	self->running = self->decided = false;
	self->kind->stop(self);
	if (self->kind->forget)
		self->kind->forget(self);
}

void probe_feed(struct probe *self, const char *bytes, size_t size_bytes)
{
	if (self->kind->feed)
		self->kind->feed(self, bytes, size_bytes);
}

bool probe_reaped(struct probe *self, pid_t pid, bool signaled, int code)
{
	return self->kind->reaped && self->kind->reaped(self, pid, signaled, code);
}

void probe_destroy(struct probe *self)
{
	if (!self)
		return;
	self->kind->close(self);
	if (self->timeout)
		event_free(self->timeout);
	if (self->later)
		event_free(self->later);
	free(self);
}
