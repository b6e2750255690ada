/* SPDX-License-Identifier: MIT */
/*
 * A PostHog-compatible receiver for tests: posthog_server MODE FILE [--key KEY] [--retry-after S] [--retry-date S] [--location URL]
 * [--first N] [--max-events N] [--port P] [--tls KIND --authority FILE]
 *
 * Listens on 127.0.0.1, prints its port as the first line of standard output, and ends with its standard input.
 * Every request is validated (tests/lib/posthog.h) and noted in FILE, one JSON object a line:
 *   {"kind":"connection"}
 *   {"kind":"request","path","method","status","valid","text","events","gzip","sent_at","user_agent","tls"}
 *   {"kind":"event","event":{...}}         accepted
 *   {"kind":"finding","text"}              accepted by the real service, but should not be sent
 *   {"kind":"said","bytes"}                at its end: how much of what has no end was taken
 *
 * MODE: ok; a status (500 503 429 413 401 403 408 302 307) to answer instead; stored-500 (takes the events, then says 500), stored-reset
 * (takes them, then RST); or what tests/lib/trouble.h names. --first N: the fault for N requests, then ok. --max-events N: 413 for larger
 * batches only. --retry-date: Retry-After as a date so many seconds ahead. --tls: https, with a certificate of that kind
 * (tests/lib/certificate.h), FILE: where its authority is written.
 */
#include "tests/lib/certificate.h"
#include "tests/lib/posthog.h"
#include "tests/lib/trouble.h"

#include <cjson/cJSON.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <event2/util.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct server {
	struct event_base *base;
	struct posthog *posthog;
	SSL_CTX *tls; /* NULL: plain */
	const char *mode, *file;
	int fault_status; /* 0: none */
	struct trouble *trouble; /* with a connection, or in the answer to a request; NULL: none */
	bool stores; /* takes the events of a request that it answers with a fault */
	const char *location, *tls_kind, *authority;
	long first, retry_after_s, retry_date_s, max_events; /* -1: not given */
	long port; /* 0: any */
	long requests;
};

static void note(const struct server *self, cJSON *line)
{
	char *text = cJSON_PrintUnformatted(line);
	int fd = open(self->file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	size_t length = strlen(text);

	text = realloc(text, length + 2);
	memcpy(text + length, "\n", 2);
	if (fd < 0 || write(fd, text, length + 1) != (ssize_t)(length + 1))
		exit(1);
	close(fd);
	free(text);
	cJSON_Delete(line);
}

static cJSON *line_of(const char *kind)
{
	cJSON *line = cJSON_CreateObject();

	cJSON_AddStringToObject(line, "kind", kind);
	return line;
}

static void note_verdict(const struct server *self, const struct posthog_verdict *verdict, bool stored)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, verdict->findings)
	{
		cJSON *line = line_of("finding");

		cJSON_AddStringToObject(line, "text", item->valuestring);
		note(self, line);
	}
	if (!stored)
		return;
	cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(verdict->body, "batch"))
	{
		cJSON *line = line_of("event");

		cJSON_AddItemToObject(line, "event", cJSON_Duplicate(item, 1));
		note(self, line);
	}
}

/* What the service itself never asks for, and a client of ours has no reason to say. */
static void note_headers(const struct server *self, const struct evkeyvalq *headers)
{
	static const char *const unwanted[] = {"Expect",           "Cookie",  "Authorization", "Proxy-Authorization",
					       "Proxy-Connection", "Referer", "Origin",        "X-Forwarded-For"};

	for (size_t i = 0; i < sizeof(unwanted) / sizeof(*unwanted); i++) {
		cJSON *line;

		if (!evhttp_find_header(headers, unwanted[i]))
			continue;
		line = line_of("finding");
		cJSON_AddStringToObject(line, "text", unwanted[i]);
		note(self, line);
	}
}

static void note_request(const struct server *self, struct evhttp_request *request,
			 const struct posthog_verdict *verdict, int status)
{
	const struct evkeyvalq *headers = evhttp_request_get_input_headers(request);
	const cJSON *sent_at = cJSON_GetObjectItemCaseSensitive(verdict->body, "sent_at");
	const char *user_agent = evhttp_find_header(headers, "User-Agent");
	struct bufferevent *connection = evhttp_connection_get_bufferevent(evhttp_request_get_connection(request));
	cJSON *line = line_of("request");

	cJSON_AddStringToObject(line, "path", evhttp_uri_get_path(evhttp_request_get_evhttp_uri(request)));
	cJSON_AddStringToObject(line, "method",
				evhttp_request_get_command(request) == EVHTTP_REQ_POST ? "POST" : "other");
	cJSON_AddNumberToObject(line, "status", status);
	cJSON_AddBoolToObject(line, "valid", verdict->status == 200);
	cJSON_AddStringToObject(line, "text", verdict->text);
	cJSON_AddNumberToObject(line, "events",
				cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(verdict->body, "batch")));
	cJSON_AddBoolToObject(line, "gzip", evhttp_find_header(headers, "Content-Encoding") != NULL);
	cJSON_AddStringToObject(line, "sent_at", cJSON_IsString(sent_at) ? sent_at->valuestring : "");
	cJSON_AddStringToObject(line, "user_agent", user_agent ? user_agent : "");
	cJSON_AddStringToObject(line, "tls", self->tls ? SSL_get_version(bufferevent_openssl_get_ssl(connection)) : "");
	note(self, line);
}

/* Which status this request gets; `faulty`: the mode's own trouble, whatever the status. */
static int status_of(struct server *self, const struct posthog_verdict *verdict, bool *faulty)
{
	const cJSON *batch = cJSON_GetObjectItemCaseSensitive(verdict->body, "batch");

	*faulty = false;
	self->requests++;
	if (verdict->status != 200)
		return verdict->status;
	if (self->max_events >= 0 && cJSON_GetArraySize(batch) > self->max_events)
		return 413;
	*faulty = self->first < 0 || self->requests <= self->first;
	return *faulty && self->fault_status ? self->fault_status : 200;
}

static void add_headers(const struct server *self, struct evkeyvalq *answer, int status)
{
	char text[64];
	time_t then = time(NULL) + self->retry_date_s;
	struct tm parts;

	if (self->retry_after_s >= 0 && status != 200) {
		snprintf(text, sizeof(text), "%ld", self->retry_after_s);
		evhttp_add_header(answer, "Retry-After", text);
	}
	if (self->retry_date_s >= 0 && status != 200) {
		evutil_date_rfc1123(text, sizeof(text), gmtime_r(&then, &parts));
		evhttp_add_header(answer, "Retry-After", text);
	}
	/* A sender that follows this asks us again, or somebody else; that is noted there. */
	if (status >= 300 && status < 400)
		evhttp_add_header(answer, "Location", self->location ? self->location : "/elsewhere");
}

static void on_request(struct evhttp_request *request, void *context)
{
	struct server *self = context;
	struct evkeyvalq *headers = evhttp_request_get_input_headers(request);
	struct evbuffer *input = evhttp_request_get_input_buffer(request), *output;
	struct posthog_request checked = {.content_type = evhttp_find_header(headers, "Content-Type"),
					  .content_encoding = evhttp_find_header(headers, "Content-Encoding"),
					  .size_bytes = evbuffer_get_length(input)};
	struct posthog_verdict verdict;
	int status;
	bool faulty;

	checked.body = evbuffer_pullup(input, -1);
	posthog_check(self->posthog, &checked, &verdict);
	if (evhttp_request_get_command(request) != EVHTTP_REQ_POST ||
	    strcmp(evhttp_uri_get_path(evhttp_request_get_evhttp_uri(request)), "/batch/") != 0) {
		verdict.status = 404;
		snprintf(verdict.text, sizeof(verdict.text), "not found");
	}
	status = status_of(self, &verdict, &faulty);
	note_headers(self, headers);
	/* First what is stored: whoever waits for the request finds it all. */
	note_verdict(self, &verdict, status == 200 || (faulty && self->stores));
	note_request(self, request, &verdict, status);
	if (faulty && self->trouble) {
		trouble_with_answer(self->trouble, request, verdict.text);
	} else {
		output = evbuffer_new();
		add_headers(self, evhttp_request_get_output_headers(request), status);
		evbuffer_add_printf(output, "%s", verdict.text);
		evhttp_send_reply(request, status, NULL, output);
		evbuffer_free(output);
	}
	posthog_verdict_finish(&verdict);
}

/* ---- connections ---- */

static struct bufferevent *new_connection(struct server *self, evutil_socket_t fd)
{
	note(self, line_of("connection"));
	if (self->tls)
		return bufferevent_openssl_socket_new(self->base, fd, SSL_new(self->tls), BUFFEREVENT_SSL_ACCEPTING,
						      BEV_OPT_CLOSE_ON_FREE);
	return bufferevent_socket_new(self->base, fd, BEV_OPT_CLOSE_ON_FREE);
}

static struct bufferevent *on_http_connection(struct event_base *base, void *context)
{
	(void)base;
	return new_connection(context, -1);
}

static void on_connection(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *address, int size,
			  void *context)
{
	struct server *self = context;

	(void)listener;
	(void)address;
	(void)size;
	trouble_with_connection(self->trouble, new_connection(self, fd));
}

/* Takes the only places there are in its own queue, and accepts nobody. */
static void go_deaf(struct evconnlistener *listener, const struct sockaddr_in *address)
{
	evconnlistener_disable(listener);
	listen(evconnlistener_get_fd(listener), 0);
	for (int i = 0; i < 8; i++) {
		int filler = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

		connect(filler, (const struct sockaddr *)address, sizeof(*address));
	}
}

/* ---- start ---- */

static void on_stdin(evutil_socket_t fd, short what, void *context)
{
	struct server *self = context;
	char byte;

	(void)what;
	if (read(fd, &byte, 1) <= 0)
		event_base_loopbreak(self->base);
}

static void read_mode(struct server *self)
{
	const char *mode = self->mode;

	if (strncmp(mode, "stored-", 7) == 0) {
		self->stores = true;
		mode = strcmp(mode, "stored-reset") == 0 ? "reset-after" : mode + 7;
	}
	if (strcmp(mode, "ok") == 0)
		return;
	if (trouble_is_below_http(mode) || trouble_is_in_answer(mode))
		self->trouble = trouble_create(self->base, mode);
	else
		self->fault_status = atoi(mode);
	if (!self->trouble && !self->fault_status)
		exit(2);
}

static void read_options(struct server *self, int argc, char **argv)
{
	static const struct option options[] = {{"key", 1, NULL, 'k'},       {"retry-after", 1, NULL, 'r'},
						{"first", 1, NULL, 'f'},     {"max-events", 1, NULL, 'm'},
						{"port", 1, NULL, 'p'},      {"retry-date", 1, NULL, 'd'},
						{"location", 1, NULL, 'l'},  {"tls", 1, NULL, 't'},
						{"authority", 1, NULL, 'a'}, {0}};
	const char *key = NULL;
	int option;

	self->first = self->retry_after_s = self->retry_date_s = self->max_events = -1;
	while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		if (option == 'k')
			key = optarg;
		else if (option == 'r')
			self->retry_after_s = atol(optarg);
		else if (option == 'f')
			self->first = atol(optarg);
		else if (option == 'm')
			self->max_events = atol(optarg);
		else if (option == 'p')
			self->port = atol(optarg);
		else if (option == 'd')
			self->retry_date_s = atol(optarg);
		else if (option == 'l')
			self->location = optarg;
		else if (option == 't')
			self->tls_kind = optarg;
		else if (option == 'a')
			self->authority = optarg;
		else
			exit(2);
	}
	if (argc - optind != 2)
		exit(2);
	self->mode = argv[optind];
	self->file = argv[optind + 1];
	read_mode(self);
	if (self->tls_kind) {
		self->tls = self->authority ? certificate_server(self->tls_kind, self->authority) : NULL;
		if (!self->tls)
			exit(2);
	}
	self->posthog = posthog_create(key);
}

int main(int argc, char **argv)
{
	struct server self = {0};
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	struct evconnlistener *listener;
	struct evhttp *http = NULL;
	struct event *input;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGPIPE, SIG_IGN);
	self.base = event_base_new();
	read_options(&self, argc, argv);
	address.sin_port = htons((uint16_t)self.port);
	listener = evconnlistener_new_bind(self.base, on_connection, &self,
					   LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE, 16,
					   (struct sockaddr *)&address, sizeof(address));
	if (!listener)
		return 1;
	if (!trouble_is_below_http(self.mode)) {
		http = evhttp_new(self.base);
		evhttp_set_bevcb(http, on_http_connection, &self);
		evhttp_set_gencb(http, on_request, &self);
		evhttp_bind_listener(http, listener);
	}
	getsockname(evconnlistener_get_fd(listener), (struct sockaddr *)&address, &size);
	if (strcmp(self.mode, "deaf") == 0)
		go_deaf(listener, &address);
	printf("%u\n", ntohs(address.sin_port));
	fflush(stdout);
	input = event_new(self.base, 0, EV_READ | EV_PERSIST, on_stdin, &self);
	event_add(input, NULL);
	event_base_dispatch(self.base);
	event_free(input);
	if (http)
		evhttp_free(http);
	else
		evconnlistener_free(listener);
	if (self.trouble) {
		cJSON *line = line_of("said");

		cJSON_AddNumberToObject(line, "bytes", (double)trouble_said_bytes(self.trouble));
		note(&self, line);
	}
	trouble_destroy(self.trouble);
	SSL_CTX_free(self.tls);
	posthog_destroy(self.posthog);
	event_base_free(self.base);
	return 0;
}
