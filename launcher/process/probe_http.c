/* SPDX-License-Identifier: MIT */
/*
 * "Which status does it answer?" Only the status line is of interest, so that is all that is parsed; it decides at once, and
 * what follows is read and thrown away for a moment, since a server whose answer is cut off may complain in its log.
 */
#include "launcher/process/probe_kind.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/err.h"
#include "config/stack.h"
#include "launcher/process/dial.h"
#include "launcher/process/reserve.h"

#define LINE_BYTES_MAX 8192u
#define ANSWER_BYTES_MAX 65536u /* headers before the deciding status, or body after it */
#define LINGER_MS 1000
#define STATUS_MIN_DEFAULT 200
#define STATUS_MAX_DEFAULT 399

enum http_phase { HTTP_STATUS, HTTP_INTERIM_HEADERS, HTTP_LINGER };

struct http {
	struct dial *dial;
	struct bufferevent *stream;
	struct event *linger;
	enum http_phase phase;
	size_t read_bytes;
};

static void hang_up(struct http *http)
{
	if (http->stream)
		bufferevent_free(http->stream);
	http->stream = NULL;
	if (http->linger)
		event_del(http->linger);
}

static void on_linger_over(evutil_socket_t fd, short what, void *context)
{
	(void)fd, (void)what;
	hang_up(context);
}

static void decide_by_status(struct probe *self, int status, const char *reason)
{
	const struct probe_spec *spec = self->options.spec;
	struct http *http = self->state;
	struct timeval wait = {.tv_sec = LINGER_MS / 1000, .tv_usec = LINGER_MS % 1000 * 1000};
	int least = spec->status_min > 0 ? spec->status_min : STATUS_MIN_DEFAULT;
	int most = spec->status_max > 0 ? spec->status_max : STATUS_MAX_DEFAULT;
	http->phase = HTTP_LINGER;
	event_add(http->linger, &wait);
	probe_decide(self, status >= least && status <= most, *reason ? "HTTP %d %.60s" : "HTTP %d%s", status, reason);
}

/* "HTTP/1.1 200 OK"; the reason may be missing. */
static bool parse_status(const char *line, int *status, const char **reason)
{
	if (strncmp(line, "HTTP/1.", 7) != 0 || strspn(line + 7, "0123456789") != 1 || line[8] != ' ')
		return false;
	const char *digits = line + 9;
	if (strspn(digits, "0123456789") != 3 || (digits[3] != ' ' && digits[3] != '\0'))
		return false;
	*status = (digits[0] - '0') * 100 + (digits[1] - '0') * 10 + (digits[2] - '0');
	*reason = digits + 3 + strspn(digits + 3, " ");
	return *status >= 100;
}

/* Returns false when there is nothing more to be had from this line on. */
static bool take_line(struct probe *self, const char *line)
{
	struct http *http = self->state;
	const char *reason = "";
	int status = 0;
	if (http->phase == HTTP_INTERIM_HEADERS) {
		if (!*line)
			http->phase = HTTP_STATUS;
		return true;
	}
	if (!parse_status(line, &status, &reason)) {
		hang_up(http);
		probe_decide(self, false, "the answer is not HTTP");
		return false;
	}
	/* 1xx only announces the answer - but for 101, which is one. */
	if (status < 200 && status != 101) {
		http->phase = HTTP_INTERIM_HEADERS;
		return true;
	}
	decide_by_status(self, status, reason);
	return false;
}

static void on_read(struct bufferevent *stream, void *context)
{
	struct probe *self = context;
	struct http *http = self->state;
	struct evbuffer *input = bufferevent_get_input(stream);
	char *line;
	while (http->phase != HTTP_LINGER) {
		size_t length = 0;
		line = evbuffer_readln(input, &length, EVBUFFER_EOL_CRLF);
		http->read_bytes += length + 2;
		if (!line && evbuffer_get_length(input) < LINE_BYTES_MAX)
			return;
		bool more = line && strlen(line) == length && http->read_bytes < ANSWER_BYTES_MAX;
		if (more)
			more = take_line(self, line);
		reserve_free(line); /* libevent made it */
		if (http->phase == HTTP_LINGER || !http->stream)
			break;
		if (!more) {
			hang_up(http);
			probe_decide(self, false, "the answer is not HTTP");
			return;
		}
	}
	if (!http->stream)
		return;
	http->read_bytes += evbuffer_get_length(input);
	evbuffer_drain(input, evbuffer_get_length(input));
	if (http->read_bytes > ANSWER_BYTES_MAX)
		hang_up(http);
}

static void on_event(struct bufferevent *stream, short what, void *context)
{
	(void)stream;
	struct probe *self = context;
	struct http *http = self->state;
	int error = EVUTIL_SOCKET_ERROR();
	bool lingered = http->phase == HTTP_LINGER;
	if (!(what & (BEV_EVENT_EOF | BEV_EVENT_ERROR)))
		return;
	hang_up(http);
	if (lingered)
		return;
	if (what & BEV_EVENT_EOF)
		probe_decide(self, false, "connection closed without an answer");
	else
		probe_decide(self, false, "%s", dial_words(error));
}

static void send_request(struct probe *self, struct evbuffer *output)
{
	const struct probe_spec *spec = self->options.spec;
	const char *path = spec->path && *spec->path ? spec->path : "/";
	bool bare_six = strchr(spec->host, ':') && spec->host[0] != '[';
	char port[16] = "";
	if (spec->port != 80)
		snprintf(port, sizeof port, ":%d", spec->port);
	evbuffer_add_printf(output,
			    "GET %s%.*s HTTP/1.1\r\nHost: %s%s%s%s\r\nUser-Agent: upfront/" UPFRONT_VERSION
			    "\r\nAccept: */*\r\nConnection: close\r\n\r\n",
			    *path == '/' ? "" : "/", (int)strcspn(path, "#"), path, bare_six ? "[" : "", spec->host,
			    bare_six ? "]" : "", port);
}

static void on_dialled(void *context, int fd, const char *why)
{
	struct probe *self = context;
	struct http *http = self->state;
	if (fd < 0) {
		probe_decide(self, false, "%s", why);
		return;
	}
	http->stream = bufferevent_socket_new(self->options.base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (!http->stream) {
		evutil_closesocket(fd);
		probe_decide(self, false, "out of memory");
		return;
	}
	http->phase = HTTP_STATUS;
	http->read_bytes = 0;
	bufferevent_setcb(http->stream, on_read, NULL, on_event, self);
	bufferevent_setwatermark(http->stream, EV_READ, 0, ANSWER_BYTES_MAX);
	send_request(self, bufferevent_get_output(http->stream));
	bufferevent_enable(http->stream, EV_READ | EV_WRITE);
}

/* What would end the request line or a header early has no place in it. */
static bool is_plain(const char *text)
{
	for (; text && *text; text++) {
		if ((unsigned char)*text <= ' ' || *text == 0x7f)
			return false;
	}
	return true;
}

static int open_http(struct probe *self, struct err *err)
{
	const struct probe_spec *spec = self->options.spec;
	if (!spec->host || !*spec->host || spec->port <= 0 || spec->port > 65535)
		return err_at(err, ERR_CONFIG, spec->place, "an http probe needs a URL with a host");
	if (!is_plain(spec->host) || !is_plain(spec->path))
		return err_at(err, ERR_CONFIG, spec->place,
			      "URL of the http probe: blanks and control characters have no place in it");
	struct http *http = calloc(1, sizeof *http);
	self->state = http;
	if (http) {
		http->dial = dial_create(self->options.base, on_dialled, self);
		http->linger = evtimer_new(self->options.base, on_linger_over, http);
	}
	if (!http || !http->dial || !http->linger)
		return err_set(err, ERR_FAILED, "cannot make a probe: out of memory");
	return 0;
}

static void stop_http(struct probe *self)
{
	struct http *http = self->state;
	dial_stop(http->dial);
	hang_up(http);
}

static void begin_http(struct probe *self)
{
	struct http *http = self->state;
	stop_http(self);
	dial_host(http->dial, self->options.spec->host, self->options.spec->port);
}

static void close_http(struct probe *self)
{
	struct http *http = self->state;
	if (!http)
		return;
	hang_up(http);
	dial_destroy(http->dial);
	if (http->linger)
		event_free(http->linger);
	free(http);
}

const struct probe_kind_ops probe_kind_http = {
	.open = open_http,
	.begin = begin_http,
	.stop = stop_http,
	.close = close_http,
};
