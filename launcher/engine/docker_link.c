/* SPDX-License-Identifier: MIT */
#include "launcher/engine/docker_parts.h"

#include "config/err.h"
#include "config/strmap.h"
#include "launcher/engine/docker_endpoint.h"
#include "launcher/process/dial.h"
#include "launcher/process/fd.h"

#include <errno.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define INPUT_BYTES_MAX 65536u
/* Of a stream nobody hears from for long it is asked whether there still is somebody: nothing else tells of a machine that went. */
#define TCP_IDLE_S 15
#define TCP_PROBES 3

struct docker_link *docker_link_create(struct docker *docker, struct docker_call *call)
{
	struct docker_link *self = calloc(1, sizeof(*self));

	if (self == NULL)
		return NULL;
	self->docker = docker;
	self->call = call;
	self->child.pidfd = self->words_fd = -1;
	return self;
}

/* ---- The child's words ---- */

/* Keeps the end of what it says. */
static void hear(struct docker_link *self)
{
	char bytes[256];
	ssize_t count;

	while ((count = read(self->words_fd, bytes, sizeof(bytes))) > 0) {
		size_t over, size = (size_t)count;

		over = self->words_bytes + size + 1 > sizeof(self->words)
			       ? self->words_bytes + size + 1 - sizeof(self->words)
			       : 0;
		memmove(self->words, self->words + over, self->words_bytes - over);
		self->words_bytes -= over;
		memcpy(self->words + self->words_bytes, bytes, size);
		self->words_bytes += size;
	}
	if (count == 0 || (errno != EAGAIN && errno != EINTR))
		event_del(self->words_ready);
}

static void on_words(evutil_socket_t fd, short what, void *context)
{
	(void)fd, (void)what;
	hear(context);
}

const char *docker_link_words(struct docker_link *self)
{
	char *line;

	if (self->words_ready == NULL)
		return "";
	hear(self);
	for (size_t i = 0; i < self->words_bytes; i++)
		if ((unsigned char)self->words[i] < ' ' && self->words[i] != '\n')
			self->words[i] = ' ';
	while (self->words_bytes > 0 && strchr(" \n", self->words[self->words_bytes - 1]) != NULL)
		self->words_bytes--;
	self->words[self->words_bytes] = '\0';
	line = strrchr(self->words, '\n');
	return line != NULL ? line + 1 : self->words;
}

/* ---- What comes ---- */

static void on_read(struct bufferevent *stream, void *context)
{
	struct docker_link *self = context;

	(void)stream;
	if (self->call != NULL)
		docker_call_readable(self->call);
	else
		docker_link_destroy(self); /* nobody asked for anything */
}

static void on_event(struct bufferevent *stream, short what, void *context)
{
	struct docker_link *self = context;
	int error = (what & BEV_EVENT_ERROR) ? EVUTIL_SOCKET_ERROR() : 0;

	(void)stream;
	if (self->call == NULL)
		docker_link_destroy(self);
	else if ((what & BEV_EVENT_WRITING) && (what & BEV_EVENT_ERROR))
		/* What it had to say before it closed is still to be read, and then its end. */
		bufferevent_disable(stream, EV_WRITE);
	else if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR))
		docker_call_down(self->call, error == ECONNRESET ? 0 : -error, NULL);
}

/* Takes the connected descriptor. */
static int set_stream(struct docker_link *self, int fd)
{
	self->stream = bufferevent_socket_new(self->docker->base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (self->stream == NULL) {
		close(fd);
		return -ENOMEM;
	}
	bufferevent_setcb(self->stream, on_read, NULL, on_event, self);
	bufferevent_setwatermark(self->stream, EV_READ, 0, INPUT_BYTES_MAX);
	return bufferevent_enable(self->stream, EV_READ | EV_WRITE) == 0 ? 0 : -ENOMEM;
}

/* ---- Opening ---- */

static void watch_for_death(int fd)
{
	int on = 1, idle_s = TCP_IDLE_S, probes = TCP_PROBES;

	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof(idle_s));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &idle_s, sizeof(idle_s));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof(probes));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

static void on_dialled(void *context, int fd, const char *why)
{
	struct docker_link *self = context;
	int result;

	if (fd < 0) {
		docker_call_down(self->call, -dial_error(self->dial), why);
		return;
	}
	if (self->docker->endpoint->dial == DIAL_TCP)
		watch_for_death(fd);
	result = set_stream(self, fd);
	if (result < 0)
		docker_call_down(self->call, result, NULL);
	else
		docker_call_up(self->call);
}

static int note_child(struct docker *docker, pid_t pid)
{
	for (size_t i = 0; i < DOCKER_CHILDREN_MAX; i++)
		if (docker->children[i] == 0) {
			docker->children[i] = pid;
			return 0;
		}
	return -EAGAIN;
}

/* The environment that leads the engine's own client to the endpoint; the caller frees, NULL: out of memory. */
static char **client_environment(const struct docker *docker)
{
	const char *host = docker->endpoint->host_variable;
	struct strmap map;
	char **environment = NULL;

	strmap_init(&map);
	if ((docker->environment == NULL || strmap_merge(&map, docker->environment) == 0) &&
	    (host == NULL || strmap_set(&map, "DOCKER_HOST", host) == 0))
		environment = strmap_to_environ(&map);
	strmap_finish(&map);
	return environment;
}

static int spawn_client(struct docker_link *self, int in_out, int words, struct err *err)
{
	const struct docker_endpoint *endpoint = self->docker->endpoint;
	const char *argv[6];
	size_t count = 0;
	char **environment = client_environment(self->docker);
	struct spawn_options options = {
		.argv = argv,
		.environment = environment,
		.stdin_fd = in_out,
		.stdout_fd = in_out,
		.stderr_fd = words,
		.keep_fd = -1,
		.death_signal = SIGKILL,
	};
	int result = -ENOMEM;

	argv[count++] = endpoint->client;
	if (endpoint->context != NULL) {
		argv[count++] = "--context";
		argv[count++] = endpoint->context;
	}
	argv[count++] = "system";
	argv[count++] = "dial-stdio";
	argv[count] = NULL;
	if (environment != NULL)
		result = spawn_child(&options, &self->child, err);
	free(environment);
	return result;
}

/* One child a connection: what it reads and writes is one end of a pair of sockets, ours the other. */
static int open_child(struct docker_link *self, struct err *err)
{
	int pair[2] = {-1, -1}, words[2] = {-1, -1};
	int result = -EAGAIN;

	for (size_t i = 0; i < DOCKER_CHILDREN_MAX && result < 0; i++)
		result = self->docker->children[i] == 0 ? 0 : -EAGAIN;
	if (result < 0)
		goto out;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0 || pipe2(words, O_CLOEXEC) < 0 ||
	    fcntl(pair[0], F_SETFL, O_NONBLOCK) < 0 || fcntl(words[0], F_SETFL, O_NONBLOCK) < 0) {
		result = -errno;
		goto out;
	}
	result = spawn_client(self, pair[1], words[1], err);
	if (result < 0) {
		self->child = (struct child){.pidfd = -1};
		goto out;
	}
	result = note_child(self->docker, self->child.pid);
	self->words_fd = words[0];
	words[0] = -1;
	self->words_ready = event_new(self->docker->base, self->words_fd, EV_READ | EV_PERSIST, on_words, self);
	if (self->words_ready == NULL || event_add(self->words_ready, NULL) < 0)
		result = -ENOMEM;
	if (result == 0) {
		int fd = pair[0];

		pair[0] = -1;
		result = set_stream(self, fd);
	}
out:
	fd_close(&pair[0]);
	fd_close(&pair[1]);
	fd_close(&words[0]);
	fd_close(&words[1]);
	return result;
}

void docker_link_open(struct docker_link *self)
{
	const struct docker_endpoint *endpoint = self->docker->endpoint;
	struct err err = ERR_INIT;
	int result;

	if (endpoint->dial == DIAL_CLIENT) {
		result = open_child(self, &err);
		/* What is wrong with the program is no answer of the engine's. */
		if (err.count > 0)
			docker_call_down(self->call, -EPIPE, err.items[0].message);
		else if (result < 0)
			docker_call_down(self->call, result, NULL);
		else
			docker_call_up(self->call);
		err_finish(&err);
		return;
	}
	self->dial = dial_create(self->docker->base, on_dialled, self);
	if (self->dial == NULL)
		docker_call_down(self->call, -ENOMEM, NULL);
	else if (endpoint->dial == DIAL_UNIX)
		dial_unix(self->dial, endpoint->path);
	else
		dial_host(self->dial, endpoint->host, endpoint->port);
}

/* ---- The end ---- */

/* A group of its own, as long as nobody has reaped its leader; dead at once, so waiting for it takes no time. */
static void end_child(struct docker_link *self)
{
	struct docker *docker = self->docker;

	for (size_t i = 0; i < DOCKER_CHILDREN_MAX; i++) {
		if (self->child.pid == 0 || docker->children[i] != self->child.pid)
			continue;
		kill(-self->child.pid, SIGKILL);
		if (!docker->reaps)
			break;
		while (waitpid(self->child.pid, NULL, 0) < 0 && errno == EINTR)
			;
		docker->children[i] = 0;
	}
	fd_close(&self->child.pidfd);
}

void docker_link_destroy(struct docker_link *self)
{
	if (self == NULL)
		return;
	if (self->call == NULL) {
		LIST_REMOVE(self, entry);
		self->docker->kept_count--;
	}
	dial_destroy(self->dial);
	if (self->stream != NULL)
		bufferevent_free(self->stream);
	if (self->words_ready != NULL)
		event_free(self->words_ready);
	fd_close(&self->words_fd);
	end_child(self);
	free(self);
}
