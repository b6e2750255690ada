/* SPDX-License-Identifier: MIT */
#include "telemetry/client.h"

#include "config/paths.h"
#include "config/stack.h"
#include "telemetry/event.h"
#include "telemetry/id.h"
#include "telemetry/identity.h"
#include "telemetry/state.h"
#include "telemetry/telemetry.h"
#include "telemetry/wire.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct telemetry {
	const struct stack *stack;
	char distinct_id[ID_BYTES], session_id[ID_BYTES];
	bool is_ci;
	int print_fd; /* -1: a sender is started */
	/*
	 * Both ends stay open here: what a dying sender has not read waits in the socket for the next one. The
	 * stream still ends when this process does, since nobody else holds `fd`.
	 */
	int fd, sender_fd;
	char *program;
	char **environment; /* one block */
	char *config; /* the first message */
	bool started;
	pid_t pid;
	int restarts;
	uint64_t dropped;
};

char *telemetry_sender_path(void)
{
	static const char *const places[] = {"upfront-telemetry", "../libexec/upfront/upfront-telemetry"};
	char *folder = paths_program_dir(), *path = NULL;

	for (size_t i = 0; folder && i < sizeof(places) / sizeof(*places); i++) {
		if (asprintf(&path, "%s/%s", folder, places[i]) < 0) {
			path = NULL;
			break;
		}
		if (access(path, X_OK) == 0)
			break;
		free(path);
		path = NULL;
	}
	free(folder);
	return path;
}

/* The child's end must not be one of the numbers that become /dev/null. */
static int above_standard(int *fd)
{
	int moved;

	if (*fd > 2)
		return 0;
	moved = fcntl(*fd, F_DUPFD_CLOEXEC, 3);
	if (moved < 0)
		return -errno;
	close(*fd);
	*fd = moved;
	return 0;
}

static int make_socket(struct telemetry *self)
{
	int ends[2], size_bytes = WIRE_BUFFER_BYTES, result;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	self->fd = ends[0];
	self->sender_fd = ends[1];
	result = above_standard(&self->fd);
	if (result == 0)
		result = above_standard(&self->sender_fd);
	/* The default takes one large event; more is welcome, and not worth failing for. */
	setsockopt(self->fd, SOL_SOCKET, SO_SNDBUF, &size_bytes, sizeof(size_bytes));
	return result;
}

/* Own session, so that no key of the terminal reaches it; default signals; three descriptors and the socket. */
static int start_sender(struct telemetry *self)
{
	char *argv[] = {(char *)"upfront-telemetry", NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t every, none;
	pid_t pid;
	int result;

	sigfillset(&every);
	sigemptyset(&none);
	result = posix_spawn_file_actions_init(&actions);
	if (result != 0)
		return -result;
	result = posix_spawnattr_init(&attributes);
	if (result != 0)
		goto out_actions;
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
	posix_spawnattr_setsigdefault(&attributes, &every);
	posix_spawnattr_setsigmask(&attributes, &none);
	if ((result = posix_spawn_file_actions_adddup2(&actions, self->sender_fd, WIRE_FD)) != 0 ||
	    (result = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)) != 0 ||
	    (result = posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)) != 0 ||
	    (result = posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)) != 0 ||
	    (result = posix_spawn_file_actions_addclosefrom_np(&actions, WIRE_FD + 1)) != 0)
		goto out;
	result = posix_spawn(&pid, self->program, &actions, &attributes, argv, self->environment);
	if (result == 0)
		self->pid = pid;
out:
	posix_spawnattr_destroy(&attributes);
out_actions:
	posix_spawn_file_actions_destroy(&actions);
	return -result;
}

/* One packet or nothing. */
static bool hand_over(struct telemetry *self, char kind, const char *text)
{
	struct iovec parts[2] = {{&kind, 1}, {(void *)text, strlen(text)}};
	struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};

	return self->fd >= 0 && sendmsg(self->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
}

/* The first message as text, or NULL when out of memory. */
static char *make_config(const struct stack *stack)
{
	const struct telemetry_decl *decl = stack->telemetry;
	char *outbox = state_file(stack->app, STATE_OUTBOX), *ledger = state_file(stack->app, STATE_LEDGER);
	cJSON *config = cJSON_CreateObject();
	char *text;

	cJSON_AddStringToObject(config, "host", decl->host);
	cJSON_AddStringToObject(config, "key", decl->key);
	cJSON_AddStringToObject(config, "app", stack->app);
	cJSON_AddNumberToObject(config, "notice", decl->notice);
	/* Without a state folder the sender keeps its queue in memory. */
	if (outbox && ledger) {
		cJSON_AddStringToObject(config, "outbox", outbox);
		cJSON_AddStringToObject(config, "ledger", ledger);
	}
	text = cJSON_PrintUnformatted(config);
	cJSON_Delete(config);
	free(ledger);
	free(outbox);
	return text;
}

static void close_socket(struct telemetry *self)
{
	if (self->fd >= 0)
		close(self->fd);
	if (self->sender_fd >= 0)
		close(self->sender_fd);
	self->fd = self->sender_fd = -1;
}

/* For the first time, or again. What fails costs the events: they are counted as dropped. */
static void configure_and_start(struct telemetry *self)
{
	hand_over(self, WIRE_CONFIG, self->config);
	if (start_sender(self) < 0)
		close_socket(self);
}

bool telemetry_is_printed(const struct strmap *environment)
{
	const char *value = environment ? strmap_find(environment, "UPFRONT_TELEMETRY_PRINT") : NULL;

	return value && strcmp(value, "1") == 0;
}

struct telemetry *client_open(const struct stack *stack, const struct strmap *environment, int print_fd,
			      const struct telemetry_relay *relay, const char *program)
{
	const struct telemetry_decl *decl = stack->telemetry;
	struct telemetry *self;

	(void)relay;
	if (!decl || !decl->host || !decl->key)
		return NULL;
	self = calloc(1, sizeof(*self));
	if (!self)
		return NULL;
	self->stack = stack;
	self->fd = self->sender_fd = self->print_fd = self->pid = -1;
	self->is_ci = environment && consent_is_ci(environment);
	id_random(self->session_id);
	if (telemetry_is_printed(environment)) {
		identity_make(stack, false, self->distinct_id);
		self->print_fd = print_fd;
		return self;
	}
	self->program = program ? strdup(program) : telemetry_sender_path();
	if (environment)
		self->environment = strmap_to_environ(environment);
	else
		self->environment = calloc(1, sizeof(char *));
	self->config = make_config(stack);
	if (!self->program || access(self->program, X_OK) < 0 || !self->environment || !self->config ||
	    state_make(stack->app, NULL) == -ENOMEM) {
		telemetry_close(self);
		return NULL;
	}
	identity_make(stack, true, self->distinct_id);
	return self;
}

struct telemetry *telemetry_open(const struct stack *stack, const struct strmap *environment, int print_fd,
				 const struct telemetry_relay *relay)
{
	return client_open(stack, environment, print_fd, relay, NULL);
}

const char *telemetry_distinct_id(const struct telemetry *self)
{
	return self->distinct_id;
}

const char *telemetry_session_id(const struct telemetry *self)
{
	return self->session_id;
}

uint64_t telemetry_dropped(const struct telemetry *self)
{
	return self ? self->dropped : 0;
}

void telemetry_drop(struct telemetry *self)
{
	if (self)
		self->dropped++;
}

void telemetry_start(struct telemetry *self)
{
	if (!self || self->started || self->print_fd >= 0)
		return;
	self->started = true;
	if (make_socket(self) < 0)
		close_socket(self);
	else
		configure_and_start(self);
}

/* In pieces that a pipe with room takes whole; what nobody reads is let go rather than waited for. */
static void print_text(int fd, const char *text, size_t size_bytes)
{
	while (size_bytes > 0) {
		struct pollfd ready = {.fd = fd, .events = POLLOUT};
		size_t piece = size_bytes < 4096 ? size_bytes : 4096;
		ssize_t written;

		if (poll(&ready, 1, 0) != 1 || ready.revents != POLLOUT)
			return;
		written = write(fd, text, piece);
		if (written <= 0)
			return;
		text += written;
		size_bytes -= (size_t)written;
	}
}

/* The body as the sender would make it. */
static void print_body(const struct telemetry *self, const char *event)
{
	char time[TIME_BYTES], *body, *key;
	cJSON *quoted = cJSON_CreateString(self->stack->telemetry->key);
	int length;

	key = quoted ? cJSON_PrintUnformatted(quoted) : NULL;
	cJSON_Delete(quoted);
	if (!key)
		return;
	time_text(time_now_ms(), time);
	length = asprintf(&body, "{\"api_key\":%s,\"batch\":[%s],\"sent_at\":\"%s\"}\n", key, event, time);
	free(key);
	if (length < 0)
		return;
	print_text(self->print_fd, body, (size_t)length);
	free(body);
}

static void report(struct telemetry *self, const char *name, const struct telemetry_facts *facts)
{
	char uuid[ID_BYTES], *text;
	struct event_context context;
	cJSON *event;

	if (!self)
		return;
	context = (struct event_context){.stack = self->stack,
					 .is_ci = self->is_ci,
					 .uuid = uuid,
					 .distinct_id = self->distinct_id,
					 .session_id = self->session_id,
					 .time_ms = facts->time_ms ? facts->time_ms : time_now_ms(),
					 .facts = facts};
	id_event(context.time_ms, uuid);
	event = event_build(&context, name);
	text = event ? event_print(self->stack, event) : NULL;
	cJSON_Delete(event);
	telemetry_start(self);
	if (text && self->print_fd >= 0)
		print_body(self, text);
	else if (!text || !hand_over(self, WIRE_EVENT, text))
		self->dropped++;
	free(text);
}

void telemetry_capture(struct telemetry *self, const struct telemetry_event *event)
{
	if (event->kind == TELEMETRY_SERVER_START)
		report(self, "server_start", event->facts);
	else if (event->kind == TELEMETRY_SERVER_START_FAILED)
		report(self, "server_start_failed", event->facts);
}

pid_t telemetry_sender_pid(const struct telemetry *self)
{
	return self ? self->pid : -1;
}

int64_t telemetry_sender_exited(struct telemetry *self)
{
	if (!self)
		return -1;
	self->pid = -1;
	if (self->fd < 0 || self->restarts >= CLIENT_RESTARTS_MAX) {
		close_socket(self);
		return -1;
	}
	return (int64_t)CLIENT_BACKOFF_MS << self->restarts++;
}

void telemetry_restart(struct telemetry *self)
{
	if (!self || self->fd < 0 || self->pid >= 0)
		return;
	configure_and_start(self);
}

void telemetry_withdraw(struct telemetry *self)
{
	/* It is our child and not reaped yet, so the pid is its own. */
	if (self && self->pid > 0)
		kill(self->pid, SIGKILL);
	telemetry_close(self);
}

void telemetry_close(struct telemetry *self)
{
	if (!self)
		return;
	close_socket(self);
	free(self->program);
	free(self->environment);
	free(self->config);
	free(self);
}
