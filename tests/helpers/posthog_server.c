/* SPDX-License-Identifier: MIT */
/*
 * A PostHog-compatible receiver for tests: posthog_server MODE FILE [--key KEY] [--retry-after S] [--first N]
 * [--max-events N] [--port P]
 *
 * Listens on 127.0.0.1, prints its port as the first line of standard output, and ends with its standard input.
 * Every request is validated (tests/lib/posthog.h) and noted in FILE, one JSON object a line:
 *   {"kind":"request","path","status","valid","text","events","gzip","sent_at","user_agent"}
 *   {"kind":"event","event":{...}}         accepted
 *   {"kind":"finding","text"}              accepted by the real service, but should not be sent
 *
 * MODE: ok; a status (500 503 429 413 401 403 408 302) to answer instead; or trouble below HTTP: hang (reads, says
 * nothing), drip (a header byte at a time), reset (RST), close (at once), garbage (no HTTP). --first N: the fault
 * for N requests, then ok. --max-events N: 413 for larger batches only.
 */
#include "tests/lib/posthog.h"

#include <cjson/cJSON.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

struct server {
	struct event_base *base;
	struct posthog *posthog;
	const char *mode, *file;
	int fault_status; /* 0: none */
	long first, retry_after_s, max_events; /* -1: not given */
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

static void note_verdict(const struct server *self, const struct posthog_verdict *verdict, int status)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, verdict->findings)
	{
		cJSON *line = line_of("finding");

		cJSON_AddStringToObject(line, "text", item->valuestring);
		note(self, line);
	}
	if (status != 200)
		return;
	cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(verdict->body, "batch"))
	{
		cJSON *line = line_of("event");

		cJSON_AddItemToObject(line, "event", cJSON_Duplicate(item, 1));
		note(self, line);
	}
}

static int status_of(struct server *self, const struct posthog_verdict *verdict)
{
	const cJSON *batch = cJSON_GetObjectItemCaseSensitive(verdict->body, "batch");
	bool faulty = self->first < 0 || self->requests < self->first;

	self->requests++;
	if (verdict->status != 200)
		return verdict->status;
	if (self->max_events >= 0)
		return cJSON_GetArraySize(batch) > self->max_events ? 413 : 200;
	return faulty && self->fault_status ? self->fault_status : 200;
}

static void on_request(struct evhttp_request *request, void *context)
{
	struct server *self = context;
	struct evkeyvalq *headers = evhttp_request_get_input_headers(request);
	struct evkeyvalq *answer = evhttp_request_get_output_headers(request);
	struct evbuffer *input = evhttp_request_get_input_buffer(request), *output = evbuffer_new();
	struct posthog_request checked = {.content_type = evhttp_find_header(headers, "Content-Type"),
					  .content_encoding = evhttp_find_header(headers, "Content-Encoding"),
					  .size_bytes = evbuffer_get_length(input)};
	struct posthog_verdict verdict;
	const char *path = evhttp_uri_get_path(evhttp_request_get_evhttp_uri(request));
	const cJSON *sent_at;
	cJSON *line = line_of("request");
	char number[24];
	int status;

	checked.body = evbuffer_pullup(input, -1);
	posthog_check(self->posthog, &checked, &verdict);
	if (evhttp_request_get_command(request) != EVHTTP_REQ_POST || strcmp(path, "/batch/") != 0) {
		verdict.status = 404;
		snprintf(verdict.text, sizeof(verdict.text), "not found");
	}
	status = status_of(self, &verdict);
	cJSON_AddStringToObject(line, "path", path);
	cJSON_AddNumberToObject(line, "status", status);
	cJSON_AddBoolToObject(line, "valid", verdict.status == 200);
	cJSON_AddStringToObject(line, "text", verdict.text);
	cJSON_AddNumberToObject(line, "events",
				cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(verdict.body, "batch")));
	cJSON_AddBoolToObject(line, "gzip", checked.content_encoding != NULL);
	sent_at = cJSON_GetObjectItemCaseSensitive(verdict.body, "sent_at");
	cJSON_AddStringToObject(line, "sent_at", cJSON_IsString(sent_at) ? sent_at->valuestring : "");
	cJSON_AddStringToObject(line, "user_agent",
				evhttp_find_header(headers, "User-Agent") ? evhttp_find_header(headers, "User-Agent")
									  : "");
	note(self, line);
	note_verdict(self, &verdict, status);
	if (self->retry_after_s >= 0 && status != 200) {
		snprintf(number, sizeof(number), "%ld", self->retry_after_s);
		evhttp_add_header(answer, "Retry-After", number);
	}
	/* A sender that follows this asks us again, elsewhere; that is noted, and found by the path. */
	if (status == 302)
		evhttp_add_header(answer, "Location", "/elsewhere");
	evbuffer_add_printf(output, "%s", verdict.text);
	evhttp_send_reply(request, status, NULL, output);
	evbuffer_free(output);
	posthog_verdict_finish(&verdict);
}

/* ---- trouble below HTTP ---- */

struct drip {
	struct bufferevent *connection;
	struct event *timer;
	const char *rest;
};

static void on_drip(evutil_socket_t fd, short what, void *context)
{
	struct drip *drip = context;

	(void)fd;
	(void)what;
	if (*drip->rest)
		bufferevent_write(drip->connection, drip->rest++, 1);
}

static void on_gone(struct bufferevent *connection, short what, void *context)
{
	struct drip *drip = context;

	(void)what;
	if (drip) {
		event_free(drip->timer);
		free(drip);
	}
	bufferevent_free(connection);
}

static void on_bytes(struct bufferevent *connection, void *context)
{
	struct evbuffer *input = bufferevent_get_input(connection);

	(void)context;
	evbuffer_drain(input, evbuffer_get_length(input));
}

static void begin_drip(struct server *self, struct bufferevent *connection)
{
	struct timeval pace = {.tv_usec = 100000};
	struct drip *drip = calloc(1, sizeof(*drip));

	drip->connection = connection;
	drip->rest =
		"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n{\"status\":\"Ok\"}";
	drip->timer = event_new(self->base, -1, EV_PERSIST, on_drip, drip);
	event_add(drip->timer, &pace);
	bufferevent_setcb(connection, on_bytes, NULL, on_gone, drip);
}

static void on_connection(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *address, int size,
			  void *context)
{
	struct server *self = context;
	struct linger now = {1, 0};
	struct bufferevent *connection;
	cJSON *line = line_of("connection");

	(void)listener;
	(void)address;
	(void)size;
	note(self, line);
	if (strcmp(self->mode, "reset") == 0 || strcmp(self->mode, "close") == 0) {
		if (self->mode[0] == 'r')
			setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
		close(fd);
		return;
	}
	connection = bufferevent_socket_new(self->base, fd, BEV_OPT_CLOSE_ON_FREE);
	bufferevent_setcb(connection, on_bytes, NULL, on_gone, NULL);
	if (strcmp(self->mode, "drip") == 0)
		begin_drip(self, connection);
	if (strcmp(self->mode, "garbage") == 0)
		bufferevent_write(connection, "\x16\x03\x01 what?\r\n\r\n", 14);
	bufferevent_enable(connection, EV_READ | EV_WRITE);
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

static bool is_below_http(const char *mode)
{
	static const char *const modes[] = {"hang", "drip", "reset", "close", "garbage"};

	for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
		if (strcmp(mode, modes[i]) == 0)
			return true;
	}
	return false;
}

static void read_options(struct server *self, int argc, char **argv)
{
	static const struct option options[] = {{"key", 1, NULL, 'k'},   {"retry-after", 1, NULL, 'r'},
						{"first", 1, NULL, 'f'}, {"max-events", 1, NULL, 'm'},
						{"port", 1, NULL, 'p'},  {0}};
	const char *key = NULL;
	int option;

	self->first = self->retry_after_s = self->max_events = -1;
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
		else
			exit(2);
	}
	if (argc - optind != 2)
		exit(2);
	self->mode = argv[optind];
	self->file = argv[optind + 1];
	self->fault_status = strcmp(self->mode, "ok") == 0 ? 0 : atoi(self->mode);
	if (strcmp(self->mode, "ok") != 0 && !self->fault_status && !is_below_http(self->mode))
		exit(2);
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
	read_options(&self, argc, argv);
	address.sin_port = htons((uint16_t)self.port);
	self.base = event_base_new();
	listener = evconnlistener_new_bind(self.base, on_connection, &self,
					   LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE, 16,
					   (struct sockaddr *)&address, sizeof(address));
	if (!listener)
		return 1;
	if (!is_below_http(self.mode)) {
		http = evhttp_new(self.base);
		evhttp_set_gencb(http, on_request, &self);
		evhttp_bind_listener(http, listener);
	}
	getsockname(evconnlistener_get_fd(listener), (struct sockaddr *)&address, &size);
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
	posthog_destroy(self.posthog);
	event_base_free(self.base);
	return 0;
}
