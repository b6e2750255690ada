/* SPDX-License-Identifier: MIT */
#include "telemetry/client.h"

#include "config/decide.h"
#include "config/stack.h"
#include "telemetry/config_message.h"
#include "telemetry/event.h"
#include "telemetry/id.h"
#include "telemetry/identity.h"
#include "telemetry/print.h"
#include "telemetry/sender_socket.h"
#include "telemetry/sender_spawn.h"
#include "telemetry/state.h"
#include "telemetry/telemetry.h"
#include "telemetry/wire.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEARD_BYTES_MAX 1024
#define HEARD_AT_ONCE_MAX 16

struct telemetry {
	const struct stack *stack;
	char distinct_id[ID_BYTES], session_id[ID_BYTES];
	struct event_maker *maker;
	char *event; /* room for one */
	int print_fd; /* -1: a sender is started */
	struct sender_socket socket;
	char *program;
	char **environment; /* one block */
	cJSON *config; /* the first message, but for what is common to all events */
	int relay_fds[WIRE_RELAYS_MAX];
	size_t relay_count; /* 0: no relay is served */
	bool common_due; /* the relay does not know yet what has been found out */
	bool started;
	pid_t pid;
	int restarts;
	struct telemetry_counts past, heard; /* of senders that are gone, and of this one */
	uint64_t dropped; /* here, since the last of `past` */
};

static int send_config(struct telemetry *self)
{
	char *text = config_message_text(self->config, event_maker_common(self->maker));
	int result = -ENOMEM;

	if (text)
		result = strlen(text) < WIRE_BYTES_MAX
				 ? sender_socket_send(&self->socket, WIRE_CONFIG, text, strlen(text))
				 : -EMSGSIZE;
	free(text);
	return result;
}

/* What a stack declares may be more than the socket takes: then its services have no relay, and upfront's own events go all the same. */
static void configure(void *context)
{
	struct telemetry *self = context;
	int result = -EMSGSIZE;

	if (self->relay_count == 0 || event_maker_common(self->maker))
		result = send_config(self);
	if (result != -EMSGSIZE || self->relay_count == 0)
		return;
	telemetry_drop(self);
	cJSON_DeleteItemFromObjectCaseSensitive(self->config, "relay");
	self->relay_count = 0;
	send_config(self);
}

/* What fails costs the events: they are counted as dropped. */
static void start_sender(struct telemetry *self)
{
	pid_t pid;

	self->dropped += sender_socket_configure(&self->socket, configure, self);
	if (sender_spawn(self->program, self->environment, self->socket.sender_fd, self->relay_fds, self->relay_count,
			 &pid) < 0)
		sender_socket_close(&self->socket);
	else
		self->pid = pid;
}

bool telemetry_is_printed(const struct strmap *environment)
{
	const char *value = environment ? strmap_find(environment, "UPFRONT_TELEMETRY_PRINT") : NULL;

	return value && strcmp(value, "1") == 0;
}

static bool can_serve(const struct telemetry_relay *relay)
{
	return relay && relay->count > 0 && relay->count <= WIRE_RELAYS_MAX && relay->token;
}

/* What a sender needs. */
static int prepare(struct telemetry *self, const struct strmap *environment, const struct telemetry_relay *relay,
		   const char *program)
{
	self->program = program ? strdup(program) : telemetry_sender_path();
	if (environment)
		self->environment = strmap_to_environ(environment);
	else
		self->environment = calloc(1, sizeof(char *));
	if (!self->program || access(self->program, X_OK) < 0 || !self->environment ||
	    state_make(self->stack->app, NULL) == -ENOMEM)
		return -ENOENT;
	identity_make(self->stack, true, self->distinct_id);
	if (can_serve(relay)) {
		memcpy(self->relay_fds, relay->fds, relay->count * sizeof(*relay->fds));
		self->relay_count = relay->count;
	} else if (relay) {
		telemetry_drop(self);
	}
	self->config = config_message_create(self->stack, self->relay_count > 0 ? relay : NULL, self->distinct_id);
	return self->config ? 0 : -ENOMEM;
}

struct telemetry *client_open(const struct stack *stack, const struct strmap *environment, int print_fd,
			      const struct telemetry_relay *relay, const char *program)
{
	const struct telemetry_decl *decl = stack->telemetry;
	struct event_context context = {.stack = stack, .is_ci = environment && consent_is_ci(environment)};
	struct telemetry *self;
	int result = 0;

	if (!decl || !decl->host || !decl->key)
		return NULL;
	self = calloc(1, sizeof(*self));
	if (!self)
		return NULL;
	self->stack = stack;
	self->socket = SENDER_SOCKET_CLOSED;
	self->print_fd = self->pid = -1;
	id_random(self->session_id);
	if (telemetry_is_printed(environment)) {
		identity_make(stack, false, self->distinct_id);
		self->print_fd = print_fd;
	} else {
		result = prepare(self, environment, relay, program);
	}
	context.distinct_id = self->distinct_id;
	context.session_id = self->session_id;
	self->event = malloc(EVENT_BYTES_MAX);
	self->maker = result == 0 ? event_maker_create(&context) : NULL;
	if (!self->event || !self->maker) {
		telemetry_close(self);
		return NULL;
	}
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
	if (sender_socket_open(&self->socket) == 0)
		start_sender(self);
}

/* Sends the relay what is common to all events from now on; what the socket does not take now is sent later. */
static void tell_common(struct telemetry *self)
{
	const char *common = event_maker_common(self->maker);

	if (self->common_due && self->socket.fd >= 0)
		self->common_due =
			common && sender_socket_send(&self->socket, WIRE_COMMON, common, strlen(common)) == -EAGAIN;
}

static void learn(struct telemetry *self, const struct telemetry_facts *facts)
{
	if (event_maker_learn(self->maker, facts) == 0 && self->started && self->relay_count > 0)
		self->common_due = true;
}

void telemetry_capture(struct telemetry *self, const struct telemetry_event *event)
{
	const bool is_start = event->kind == TELEMETRY_SERVER_START || event->kind == TELEMETRY_SERVER_START_FAILED;
	size_t length;

	if (!self)
		return;
	if (is_start && event->facts)
		learn(self, event->facts);
	telemetry_start(self);
	tell_common(self);
	length = event_make(self->maker, event, self->event, EVENT_BYTES_MAX);
	if (length > 0 && self->print_fd >= 0)
		print_body(self->print_fd, self->stack->telemetry->key, self->event);
	else if (length == 0 || sender_socket_send(&self->socket, WIRE_EVENT, self->event, length) < 0)
		telemetry_drop(self);
}

/* ---- What the sender says ---- */

static uint64_t count_of(const cJSON *counts, const char *name)
{
	const cJSON *count = cJSON_GetObjectItemCaseSensitive(counts, name);

	if (!cJSON_IsNumber(count) || !(count->valuedouble >= 0 && count->valuedouble <= 9007199254740991.0))
		return 0;
	return (uint64_t)count->valuedouble;
}

static void hear_counts(struct telemetry *self, const char *text)
{
	cJSON *counts = cJSON_Parse(text);

	if (cJSON_IsObject(counts))
		self->heard = (struct telemetry_counts){
			.queued = count_of(counts, "queued"),
			.delivered = count_of(counts, "delivered"),
			.refused = count_of(counts, "refused"),
			.evicted = count_of(counts, "evicted"),
			.relayed = count_of(counts, "relayed"),
			.relay_dropped = count_of(counts, "relay_dropped"),
			.relay_refused = count_of(counts, "relay_refused"),
			.dropped = count_of(counts, "dropped"),
		};
	cJSON_Delete(counts);
}

int telemetry_fd(const struct telemetry *self)
{
	return self ? self->socket.fd : -1;
}

void telemetry_hear(struct telemetry *self)
{
	char text[HEARD_BYTES_MAX + 1];

	for (int i = 0; self && self->socket.fd >= 0 && i < HEARD_AT_ONCE_MAX; i++) {
		ssize_t size_bytes = recv(self->socket.fd, text, HEARD_BYTES_MAX, MSG_DONTWAIT);

		if (size_bytes <= 0)
			break;
		text[size_bytes] = '\0';
		if (text[0] == WIRE_COUNTS)
			hear_counts(self, text + 1);
	}
	if (self)
		tell_common(self);
}

struct telemetry_counts telemetry_counts(const struct telemetry *self)
{
	struct telemetry_counts sum = {0};

	if (!self)
		return sum;
	sum.queued = self->heard.queued;
	sum.delivered = self->past.delivered + self->heard.delivered;
	sum.refused = self->past.refused + self->heard.refused;
	sum.evicted = self->past.evicted + self->heard.evicted;
	sum.relayed = self->past.relayed + self->heard.relayed;
	sum.relay_dropped = self->past.relay_dropped + self->heard.relay_dropped;
	sum.relay_refused = self->past.relay_refused + self->heard.relay_refused;
	sum.dropped = self->past.dropped + self->heard.dropped + self->dropped;
	return sum;
}

bool telemetry_serves_relay(const struct telemetry *self)
{
	return self && self->relay_count > 0;
}

/* ---- Its life ---- */

pid_t telemetry_sender_pid(const struct telemetry *self)
{
	return self ? self->pid : -1;
}

int64_t telemetry_sender_exited(struct telemetry *self)
{
	if (!self)
		return -1;
	self->pid = -1;
	/* The next one counts from nothing; what waits in the outbox stays what was last known of it. */
	telemetry_hear(self);
	self->past = telemetry_counts(self);
	self->dropped = 0;
	self->heard = (struct telemetry_counts){.queued = self->past.queued};
	if (self->socket.fd < 0 || self->restarts >= CLIENT_RESTARTS_MAX) {
		sender_socket_close(&self->socket);
		return -1;
	}
	return (int64_t)CLIENT_BACKOFF_MS << self->restarts++;
}

void telemetry_restart(struct telemetry *self)
{
	if (!self || self->socket.fd < 0 || self->pid >= 0)
		return;
	self->common_due = false;
	start_sender(self);
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
	sender_socket_close(&self->socket);
	free(self->program);
	free(self->environment);
	event_maker_destroy(self->maker);
	cJSON_Delete(self->config);
	free(self->event);
	free(self);
}
