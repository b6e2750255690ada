/* SPDX-License-Identifier: MIT */
/*
 * The only file that sees libcurl. The multi interface runs in the sender's loop, so that the end of the stack is
 * noticed while an attempt is under way. Name look-ups are made by a thread of libcurl's; QUICK_EXIT lets go of
 * one that does not answer.
 */
#include "telemetry/sender/gzip.h"
#include "telemetry/sender/transport.h"
#include "telemetry/sender/transport_trust.h"

#include <curl/curl.h>
#include <errno.h>
#include <event2/event.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The answer's body says nothing we need; a receiver that sends more than this is not listened to. */
#define ANSWER_BYTES_MAX 65536u
/* Nor to one that takes longer over it: the header has said all. Read to its end, the connection can be used again. */
#define ANSWER_BODY_MS 100

struct transport_curl {
	struct transport transport;
	struct event_base *base;
	struct event *timer, *body_timer;
	CURLM *multi;
	char *url;
	bool is_local;
	/* The attempt under way; easy NULL: none. */
	CURL *easy;
	struct curl_slist *headers;
	size_t answer_bytes;
	int status, status_seen;
	transport_done *done;
	void *context;
};

/* ---- libcurl in libevent's loop ---- */

static void collect(struct transport_curl *self);

static void on_socket(evutil_socket_t fd, short what, void *context)
{
	struct transport_curl *self = context;
	int running, mask = 0;

	if (what & EV_READ)
		mask |= CURL_CSELECT_IN;
	if (what & EV_WRITE)
		mask |= CURL_CSELECT_OUT;
	curl_multi_socket_action(self->multi, fd, mask, &running);
	collect(self);
}

static void on_timer(evutil_socket_t fd, short what, void *context)
{
	struct transport_curl *self = context;
	int running;

	(void)fd;
	(void)what;
	curl_multi_socket_action(self->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	collect(self);
}

static int watch_socket(CURL *easy, curl_socket_t fd, int what, void *context, void *socket_context)
{
	struct transport_curl *self = context;
	struct event *event = socket_context;
	short flags = EV_PERSIST;

	(void)easy;
	if (event)
		event_free(event);
	event = NULL;
	if (what != CURL_POLL_REMOVE) {
		if (what & CURL_POLL_IN)
			flags |= EV_READ;
		if (what & CURL_POLL_OUT)
			flags |= EV_WRITE;
		event = event_new(self->base, fd, flags, on_socket, self);
		if (event)
			event_add(event, NULL);
	}
	curl_multi_assign(self->multi, fd, event);
	return 0;
}

static int watch_timer(CURLM *multi, long timeout_ms, void *context)
{
	struct transport_curl *self = context;
	struct timeval timeout = {timeout_ms / 1000, timeout_ms % 1000 * 1000};

	(void)multi;
	if (timeout_ms < 0)
		event_del(self->timer);
	else
		event_add(self->timer, &timeout);
	return 0;
}

/* ---- one attempt ---- */

static size_t on_answer_body(char *bytes, size_t one, size_t size_bytes, void *context)
{
	struct transport_curl *self = context;

	(void)bytes;
	(void)one;
	self->answer_bytes += size_bytes;
	return self->answer_bytes > ANSWER_BYTES_MAX ? 0 : size_bytes;
}

/* A status counts when its header is complete, and no sooner: a peer may die in the middle of one. */
static size_t on_answer_header(char *line, size_t one, size_t size_bytes, void *context)
{
	struct transport_curl *self = context;
	char status[32];
	size_t length = size_bytes < sizeof(status) - 1 ? size_bytes : sizeof(status) - 1;

	(void)one;
	self->answer_bytes += size_bytes;
	memcpy(status, line, length);
	status[length] = '\0';
	if (strncmp(status, "HTTP/", 5) == 0) {
		if (sscanf(status, "HTTP/%*s %3d", &self->status_seen) != 1)
			self->status_seen = 0;
	} else if ((status[0] == '\r' || status[0] == '\n') && self->status_seen >= 200 && !self->status) {
		self->status = self->status_seen;
		event_add(self->body_timer, &(struct timeval){.tv_usec = ANSWER_BODY_MS * 1000});
	}
	return self->answer_bytes > ANSWER_BYTES_MAX ? 0 : size_bytes;
}

static void end_attempt(struct transport_curl *self)
{
	if (self->easy) {
		curl_multi_remove_handle(self->multi, self->easy);
		curl_easy_cleanup(self->easy);
	}
	curl_slist_free_all(self->headers);
	self->easy = NULL;
	self->headers = NULL;
	if (self->body_timer)
		event_del(self->body_timer);
}

static void report(struct transport_curl *self)
{
	struct transport_answer answer = {.status = self->status};
	curl_off_t retry_after = 0;

	if (self->status && curl_easy_getinfo(self->easy, CURLINFO_RETRY_AFTER, &retry_after) == CURLE_OK &&
	    retry_after > 0)
		answer.retry_after_s = retry_after;
	end_attempt(self);
	self->done(self->context, &answer);
}

static void on_body_timer(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	report(context);
}

static void collect(struct transport_curl *self)
{
	int left;
	CURLMsg *message;

	while ((message = curl_multi_info_read(self->multi, &left))) {
		if (message->msg != CURLMSG_DONE || message->easy_handle != self->easy)
			continue;
		report(self);
		return;
	}
}

static int add_header(struct curl_slist **headers, const char *line)
{
	struct curl_slist *longer = curl_slist_append(*headers, line);

	if (!longer)
		return -ENOMEM;
	*headers = longer;
	return 0;
}

/* The first option that could not be set says so: none of them may be left out without a word. */
#define SET(easy, option, value)                                             \
	do {                                                                 \
		if (curl_easy_setopt((easy), (option), (value)) != CURLE_OK) \
			return -ENOMEM;                                      \
	} while (0)

/* The receiver and a proxy that is spoken to by TLS are held to the same. */
static int set_trust(CURL *easy)
{
	struct transport_trust trust = {0};

	curl_easy_getinfo(easy, CURLINFO_CAINFO, &trust.bundle);
	curl_easy_getinfo(easy, CURLINFO_CAPATH, &trust.folder);
	trust = transport_trust_find("", trust);
	SET(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(easy, CURLOPT_SSL_VERIFYPEER, 1L);
	SET(easy, CURLOPT_SSL_VERIFYHOST, 2L);
	SET(easy, CURLOPT_CAINFO, trust.bundle);
	SET(easy, CURLOPT_CAPATH, trust.folder);
	SET(easy, CURLOPT_PROXY_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(easy, CURLOPT_PROXY_CAINFO, trust.bundle);
	SET(easy, CURLOPT_PROXY_CAPATH, trust.folder);
	return 0;
}

static int set_options(struct transport_curl *self, int64_t timeout_ms)
{
	CURL *easy = self->easy;

	SET(easy, CURLOPT_URL, self->url);
	SET(easy, CURLOPT_PROTOCOLS_STR, self->is_local ? "http,https" : "https");
	/* One batch at a time: there is nothing that a newer version would carry at once. */
	SET(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(easy, CURLOPT_FOLLOWLOCATION, 0L);
	SET(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	SET(easy, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
	SET(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)timeout_ms);
	SET(easy, CURLOPT_QUICK_EXIT, 1L);
	SET(easy, CURLOPT_NOSIGNAL, 1L);
	SET(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	SET(easy, CURLOPT_HTTPHEADER, self->headers);
	SET(easy, CURLOPT_USERAGENT, "upfront/" UPFRONT_VERSION);
	SET(easy, CURLOPT_WRITEFUNCTION, on_answer_body);
	SET(easy, CURLOPT_WRITEDATA, self);
	SET(easy, CURLOPT_HEADERFUNCTION, on_answer_header);
	SET(easy, CURLOPT_HEADERDATA, self);
	/* What is meant for this machine never goes through a proxy, whatever the environment says. */
	if (self->is_local)
		SET(easy, CURLOPT_PROXY, "");
	return set_trust(easy);
}

static int set_body(struct transport_curl *self, const char *body, size_t size_bytes)
{
	size_t packed_bytes = 0;
	void *packed = gzip_pack(body, size_bytes, &packed_bytes);
	int result = packed ? add_header(&self->headers, "Content-Encoding: gzip") : 0;

	if (result == 0 &&
	    (curl_easy_setopt(self->easy, CURLOPT_POSTFIELDSIZE_LARGE,
			      (curl_off_t)(packed ? packed_bytes : size_bytes)) != CURLE_OK ||
	     curl_easy_setopt(self->easy, CURLOPT_COPYPOSTFIELDS, packed ? (const char *)packed : body) != CURLE_OK))
		result = -ENOMEM;
	free(packed);
	return result;
}

static int curl_send(struct transport *transport, const char *body, size_t size_bytes, int64_t timeout_ms,
		     transport_done *done, void *context)
{
	struct transport_curl *self = (struct transport_curl *)transport;

	if (self->easy)
		return -EBUSY;
	self->easy = curl_easy_init();
	self->answer_bytes = 0;
	self->status = self->status_seen = 0;
	self->done = done;
	self->context = context;
	if (!self->easy || add_header(&self->headers, "Content-Type: application/json") < 0 ||
	    add_header(&self->headers, "Expect:") < 0 || set_body(self, body, size_bytes) < 0 ||
	    set_options(self, timeout_ms) < 0)
		goto fail;
	if (curl_multi_add_handle(self->multi, self->easy) == CURLM_OK)
		return 0;
fail:
	end_attempt(self);
	return -ENOMEM;
}

/* ---- the endpoint ---- */

static bool names_this_machine(const char *host)
{
	unsigned a, b, c, d;
	char rest;

	if (strcasecmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0)
		return true;
	return sscanf(host, "%3u.%3u.%3u.%3u%c", &a, &b, &c, &d, &rest) == 4 && a == 127 && b < 256 && c < 256 &&
	       d < 256;
}

/* https anywhere, http here only; no password in it, no query. Sets url and is_local. */
static int set_endpoint(struct transport_curl *self, const char *host)
{
	CURLU *url = curl_url();
	char *scheme = NULL, *name = NULL, *part = NULL;
	size_t length = strlen(host);
	int result = -EINVAL;

	if (!url || curl_url_set(url, CURLUPART_URL, host, 0) != CURLUE_OK ||
	    curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
	    curl_url_get(url, CURLUPART_HOST, &name, 0) != CURLUE_OK)
		goto out;
	if (curl_url_get(url, CURLUPART_USER, &part, 0) == CURLUE_OK ||
	    curl_url_get(url, CURLUPART_PASSWORD, &part, 0) == CURLUE_OK ||
	    curl_url_get(url, CURLUPART_QUERY, &part, 0) == CURLUE_OK ||
	    curl_url_get(url, CURLUPART_FRAGMENT, &part, 0) == CURLUE_OK)
		goto out;
	self->is_local = names_this_machine(name);
	if (strcmp(scheme, "https") != 0 && !(strcmp(scheme, "http") == 0 && self->is_local))
		goto out;
	while (length > 0 && host[length - 1] == '/')
		length--;
	result = asprintf(&self->url, "%.*s/batch/", (int)length, host) < 0 ? -ENOMEM : 0;
	if (result < 0)
		self->url = NULL;
out:
	curl_free(part);
	curl_free(name);
	curl_free(scheme);
	curl_url_cleanup(url);
	return result;
}

static void curl_destroy(struct transport *transport)
{
	struct transport_curl *self = (struct transport_curl *)transport;

	end_attempt(self);
	if (self->multi)
		curl_multi_cleanup(self->multi);
	if (self->timer)
		event_free(self->timer);
	if (self->body_timer)
		event_free(self->body_timer);
	free(self->url);
	free(self);
}

struct transport *transport_curl_create(struct event_base *base, const char *host)
{
	struct transport_curl *self = calloc(1, sizeof(*self));

	if (!self)
		return NULL;
	self->transport.send = curl_send;
	self->transport.destroy = curl_destroy;
	self->base = base;
	if (set_endpoint(self, host) < 0 || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		goto fail;
	self->timer = event_new(base, -1, 0, on_timer, self);
	self->body_timer = event_new(base, -1, 0, on_body_timer, self);
	self->multi = curl_multi_init();
	if (!self->timer || !self->body_timer || !self->multi)
		goto fail;
	curl_multi_setopt(self->multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
	curl_multi_setopt(self->multi, CURLMOPT_SOCKETDATA, self);
	curl_multi_setopt(self->multi, CURLMOPT_TIMERFUNCTION, watch_timer);
	curl_multi_setopt(self->multi, CURLMOPT_TIMERDATA, self);
	return &self->transport;
fail:
	curl_destroy(&self->transport);
	return NULL;
}
