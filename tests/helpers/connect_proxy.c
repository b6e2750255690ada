/* SPDX-License-Identifier: MIT */
/*
 * A small HTTP proxy for tests: connect_proxy MODE FILE --port P
 *
 * Listens on 127.0.0.1 (P 0: anywhere), prints its port as the first line of standard output, and ends with its standard input.
 * Notes in FILE, one JSON object a line: {"kind":"connection"}, {"kind":"connect","method","target","authorization"}.
 *
 * MODE: ok (CONNECT leads to the target's port on this machine, whatever its name), hang (reads, says nothing), a status to answer
 * instead (407; 302, which points elsewhere).
 */
#include <arpa/inet.h>
#include <cjson/cJSON.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

struct proxy {
	struct event_base *base;
	const char *mode, *file;
};

/* Both ends of a tunnel point at one of these. */
struct tunnel {
	struct proxy *proxy;
	struct bufferevent *client, *target; /* target NULL: not connected yet */
};

static void note(const struct proxy *self, const char *kind, const char *method, const char *target,
		 const char *authorization)
{
	cJSON *line = cJSON_CreateObject();
	char *text;
	int fd = open(self->file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);

	cJSON_AddStringToObject(line, "kind", kind);
	if (method) {
		cJSON_AddStringToObject(line, "method", method);
		cJSON_AddStringToObject(line, "target", target);
		cJSON_AddStringToObject(line, "authorization", authorization);
	}
	text = cJSON_PrintUnformatted(line);
	if (fd < 0 || dprintf(fd, "%s\n", text) < 0)
		exit(1);
	close(fd);
	free(text);
	cJSON_Delete(line);
}

static void on_end(struct bufferevent *end, short what, void *context)
{
	struct tunnel *tunnel = context;

	(void)end;
	if (!(what & (BEV_EVENT_EOF | BEV_EVENT_ERROR)))
		return;
	bufferevent_free(tunnel->client);
	if (tunnel->target)
		bufferevent_free(tunnel->target);
	free(tunnel);
}

static void on_carried(struct bufferevent *from, void *context)
{
	struct tunnel *tunnel = context;

	bufferevent_write_buffer(from == tunnel->client ? tunnel->target : tunnel->client, bufferevent_get_input(from));
}

static void answer(struct tunnel *tunnel, const char *text)
{
	bufferevent_write(tunnel->client, text, strlen(text));
}

static void lead(struct tunnel *tunnel, const char *target)
{
	const char *port = strrchr(target, ':');
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	address.sin_port = htons((uint16_t)(port ? atoi(port + 1) : 0));
	tunnel->target = bufferevent_socket_new(tunnel->proxy->base, -1, BEV_OPT_CLOSE_ON_FREE);
	bufferevent_setcb(tunnel->target, on_carried, NULL, on_end, tunnel);
	bufferevent_setcb(tunnel->client, on_carried, NULL, on_end, tunnel);
	bufferevent_enable(tunnel->target, EV_READ | EV_WRITE);
	bufferevent_socket_connect(tunnel->target, (struct sockaddr *)&address, sizeof(address));
	answer(tunnel, "HTTP/1.1 200 Connected\r\n\r\n");
}

static void on_request(struct bufferevent *client, void *context)
{
	struct tunnel *tunnel = context;
	struct evbuffer *input = bufferevent_get_input(client);
	struct evbuffer_ptr end = evbuffer_search(input, "\r\n\r\n", 4, NULL);
	char method[16] = "", target[256] = "", authorization[256] = "", *line, text[128];

	if (end.pos < 0)
		return;
	while ((line = evbuffer_readln(input, NULL, EVBUFFER_EOL_CRLF)) && *line) {
		if (!*method)
			sscanf(line, "%15s %255s", method, target);
		sscanf(line, "Proxy-Authorization: %255[^\r]", authorization);
		free(line);
	}
	free(line);
	note(tunnel->proxy, "connect", method, target, authorization);
	if (strcmp(tunnel->proxy->mode, "hang") == 0)
		return;
	if (strcmp(tunnel->proxy->mode, "ok") == 0) {
		lead(tunnel, target);
		return;
	}
	snprintf(text, sizeof(text),
		 "HTTP/1.1 %d No\r\nLocation: http://127.0.0.1:1/\r\nRetry-After: 9\r\nContent-Length: 0\r\n\r\n",
		 atoi(tunnel->proxy->mode));
	answer(tunnel, text);
}

static void on_connection(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *address, int size,
			  void *context)
{
	struct proxy *self = context;
	struct tunnel *tunnel = calloc(1, sizeof(*tunnel));

	(void)listener;
	(void)address;
	(void)size;
	note(self, "connection", NULL, NULL, NULL);
	tunnel->proxy = self;
	tunnel->client = bufferevent_socket_new(self->base, fd, BEV_OPT_CLOSE_ON_FREE);
	bufferevent_setcb(tunnel->client, on_request, NULL, on_end, tunnel);
	bufferevent_enable(tunnel->client, EV_READ | EV_WRITE);
}

static void on_stdin(evutil_socket_t fd, short what, void *context)
{
	char byte;

	(void)what;
	if (read(fd, &byte, 1) <= 0)
		event_base_loopbreak(context);
}

int main(int argc, char **argv)
{
	struct proxy self = {0};
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	struct evconnlistener *listener;
	struct event *input;

	if (argc != 5 || strcmp(argv[3], "--port") != 0)
		return 2;
	self.mode = argv[1];
	self.file = argv[2];
	address.sin_port = htons((uint16_t)atoi(argv[4]));
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGPIPE, SIG_IGN);
	self.base = event_base_new();
	listener = evconnlistener_new_bind(self.base, on_connection, &self,
					   LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE, 16,
					   (struct sockaddr *)&address, sizeof(address));
	if (!listener)
		return 1;
	getsockname(evconnlistener_get_fd(listener), (struct sockaddr *)&address, &size);
	printf("%u\n", ntohs(address.sin_port));
	fflush(stdout);
	input = event_new(self.base, 0, EV_READ | EV_PERSIST, on_stdin, self.base);
	event_add(input, NULL);
	event_base_dispatch(self.base);
	event_free(input);
	evconnlistener_free(listener);
	event_base_free(self.base);
	return 0;
}
