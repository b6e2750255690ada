/* SPDX-License-Identifier: MIT */
#include "launcher/supervisor/ctl_stream.h"

#include "config/clock.h"
#include "config/err.h"
#include "config/stack.h"
#include "launcher/process/output.h"
#include "launcher/supervisor/ctl_json.h"
#include "launcher/supervisor/ctl_telemetry.h"
#include "launcher/supervisor/supervisor.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define FAREWELL_MS 1000
#define LINE_BYTES 2048
#define LOST_AGAIN_US 50000 /* until what could not be told for want of memory is made up for */
#define LATE_MS 10
#define WRITE_BYTES 262144 /* at once; the peer reads as much as there is */

enum follower_kind { FOLLOW_EVENTS, FOLLOW_LOGS };

struct follower {
	struct ctl_streams *streams;
	struct follower *next;
	enum follower_kind kind;
	struct evhttp_request *request;
	struct evhttp_connection *connection;
	struct evbuffer *pending; /* not yet handed to evhttp: one chunk a turn of the loop, not one a line */
	struct event *flush;
	unsigned *late; /* units of an ending stack whose changes are told together, in the order of the last ones */
	size_t late_count, late_room;
	int64_t late_ms; /* monotonic: when they are told */
	uint64_t dropped;
	bool gets_lines, gets_woken; /* logs, as they come */
	bool wake_due;
	bool writing; /* a chunk is on its way: chunk_written will come */
	int64_t woken_ms; /* monotonic */
	bool says_over; /* the last event has been put in line */
	bool chunked; /* HTTP/1.0 peers get a body that ends with the connection */
	char **services; /* logs: the names that were asked for; NULL: all */
	bool *units; /* logs: wanted ones by id; NULL: all */
	size_t unit_count;
	struct ctl_noted noted;
};

struct ctl_streams {
	struct event_base *base;
	struct supervisor *supervisor;
	struct follower *first;
	size_t count;
	size_t line_readers; /* lines are made only while there are any */
};

/* ---- Followers ---- */

static void observe_line(void *context, const struct output_line *line);

static void count_line_reader(struct ctl_streams *self, bool one_more)
{
	struct output *output = supervisor_output(self->supervisor);

	self->line_readers += one_more ? 1 : (size_t)-1;
	if (output != NULL && self->line_readers == (one_more ? 1 : 0))
		output_observe(output, one_more ? observe_line : NULL, self);
}

static void follower_unlink(struct follower *self)
{
	struct follower **link = &self->streams->first;

	while (*link != NULL && *link != self)
		link = &(*link)->next;
	if (*link == NULL)
		return;
	*link = self->next;
	self->streams->count--;
	if (self->gets_lines)
		count_line_reader(self->streams, false);
}

static void follower_destroy(struct follower *self)
{
	if (self == NULL)
		return;
	follower_unlink(self);
	if (self->flush != NULL)
		event_free(self->flush);
	if (self->pending != NULL)
		evbuffer_free(self->pending);
	for (size_t i = 0; self->services != NULL && self->services[i] != NULL; i++)
		free(self->services[i]);
	free(self->services);
	free(self->units);
	free(self->late);
	free(self);
}

/* The peer has gone. evhttp lets go of a request that is still being answered: ending the answer is what frees it. */
static void connection_closed(struct evhttp_connection *connection, void *context)
{
	struct follower *self = context;

	(void)connection;
	if (self->request != NULL && evhttp_request_get_connection(self->request) == NULL)
		evhttp_send_reply_end(self->request);
	ctl_noted_end(&self->noted, self->streams->supervisor, HTTP_OK);
	follower_destroy(self);
}

static size_t unread_bytes(const struct follower *self)
{
	struct bufferevent *bufferevent = evhttp_connection_get_bufferevent(self->connection);

	return evbuffer_get_length(self->pending) + evbuffer_get_length(bufferevent_get_output(bufferevent));
}

static void catch_up(struct follower *self);
static void wake(struct follower *self);
static void tell_late(struct follower *self);

static void chunk_written(struct evhttp_connection *connection, void *context)
{
	struct follower *self = context;

	(void)connection;
	self->writing = false;
	if (self->wake_due)
		wake(self);
	else if (self->dropped > 0)
		catch_up(self);
	else if (self->says_over && evbuffer_get_length(self->pending) == 0)
		supervisor_told(self->streams->supervisor);
}

static void flush_pending(evutil_socket_t fd, short what, void *context)
{
	struct follower *self = context;

	(void)fd;
	(void)what;
	/* The head of the answer may still be there to be written, and nobody tells when that is done: it is not waited for. */
	if (self->wake_due && self->request != NULL && !self->writing) {
		evbuffer_add_printf(self->pending, "%u 0 %lld 0 w\n\n", UINT_MAX, (long long)clock_wall_ms());
		self->wake_due = false;
		self->woken_ms = clock_monotonic_ms();
	}
	if (self->late_count > 0 && clock_monotonic_ms() >= self->late_ms)
		tell_late(self);
	if (self->request != NULL && evbuffer_get_length(self->pending) > 0) {
		self->writing = true;
		evhttp_send_reply_chunk_with_cb(self->request, self->pending, chunk_written, self);
	} else if (self->request != NULL && self->kind == FOLLOW_EVENTS && self->dropped > 0 &&
		   unread_bytes(self) == 0) {
		catch_up(self); /* nothing is being written whose end would bring it about */
	}
}

static void schedule(struct follower *self)
{
	event_active(self->flush, EV_TIMEOUT, 1);
}

/* Begins the answer. The stream lives as long as both sides want, so the request time limits end here. */
static int begin(struct ctl_streams *streams, struct evhttp_request *request, enum follower_kind kind,
		 const char *content_type, struct follower **follower)
{
	struct evhttp_connection *connection = evhttp_request_get_connection(request);
	struct follower *self;

	if (streams->count >= CTL_STREAM_COUNT_MAX)
		return -EBUSY;
	self = calloc(1, sizeof(*self));
	if (self == NULL)
		return -ENOMEM;
	self->streams = streams;
	self->kind = kind;
	self->request = request;
	self->connection = connection;
	self->pending = evbuffer_new();
	self->flush = event_new(streams->base, -1, 0, flush_pending, self);
	if (self->pending == NULL || self->flush == NULL) {
		follower_destroy(self);
		return -ENOMEM;
	}
	self->next = streams->first;
	streams->first = self;
	streams->count++;
	evhttp_add_header(evhttp_request_get_output_headers(request), "Content-Type", content_type);
	evhttp_connection_set_closecb(connection, connection_closed, self);
	evhttp_send_reply_start(request, HTTP_OK, "OK");
	self->chunked = evhttp_find_header(evhttp_request_get_output_headers(request), "Transfer-Encoding") != NULL;
	bufferevent_set_timeouts(evhttp_connection_get_bufferevent(connection), NULL, NULL);
	bufferevent_set_max_single_write(evhttp_connection_get_bufferevent(connection), WRITE_BYTES);
	/* Reading goes on only to learn that the peer has gone; what it still says is not kept. */
	bufferevent_setwatermark(evhttp_connection_get_bufferevent(connection), EV_READ, 0, 4096);
	*follower = self;
	return 0;
}

/* ---- Events ---- */

/* `object` was begun with errno at 0. */
static void add_json_line(struct follower *self, cJSON *object)
{
	/* cJSON goes on without what it has no memory for, and only malloc tells: nobody is to take a part for the whole. */
	const bool whole = errno != ENOMEM;
	char line[LINE_BYTES], *longer = NULL;
	const char *text = NULL;

	/* A change of one unit fits, and many of those come at once. */
	if (object != NULL && cJSON_PrintPreallocated(object, line, sizeof(line), false))
		text = line;
	else if (object != NULL)
		text = longer = cJSON_PrintUnformatted(object);
	/* With room for all of it, no half of a line can be left there. */
	if (whole && text != NULL && evbuffer_expand(self->pending, strlen(text) + 1) == 0) {
		evbuffer_add(self->pending, text, strlen(text));
		evbuffer_add(self->pending, "\n", 1);
		schedule(self);
	} else {
		self->dropped++;
		self->says_over = false;
		if (event_add(self->flush, &(struct timeval){.tv_usec = LOST_AGAIN_US}) < 0)
			schedule(self);
	}
	free(longer);
	cJSON_Delete(object);
}

static void note_over(struct follower *self)
{
	if (supervisor_phase(self->streams->supervisor) == PHASE_OVER)
		self->says_over = true;
}

static void add_snapshot(struct follower *self)
{
	struct supervisor *supervisor = self->streams->supervisor;
	cJSON *object;

	errno = 0;
	object = cJSON_CreateObject();
	note_over(self);
	self->late_count = 0;
	cJSON_AddStringToObject(object, "event", "snapshot");
	cJSON_AddNumberToObject(object, "version", CTL_JSON_VERSION);
	if (self->dropped > 0)
		cJSON_AddNumberToObject(object, "dropped", (double)self->dropped);
	cJSON_AddItemToObject(object, "stack", ctl_json_stack(supervisor));
	cJSON_AddItemToObject(object, "services", ctl_json_units(supervisor));
	self->dropped = 0;
	add_json_line(self, object);
}

static void add_now(struct follower *self, size_t id)
{
	struct supervisor *supervisor = self->streams->supervisor;
	struct supervisor_unit unit;
	cJSON *object;

	if (id != SIZE_MAX && !supervisor_find_unit(supervisor, id, &unit))
		return;
	if (self->dropped > 0 || unread_bytes(self) > CTL_STREAM_BUFFER_MAX) {
		self->dropped++;
		return;
	}
	errno = 0;
	object = cJSON_CreateObject();
	note_over(self);
	if (id == SIZE_MAX) {
		cJSON_AddStringToObject(object, "event", "stack");
		cJSON_AddItemToObject(object, "stack", ctl_json_stack(supervisor));
	} else if (unit.gone) {
		cJSON *gone;

		cJSON_AddStringToObject(object, "event", "removed");
		gone = cJSON_AddObjectToObject(object, "unit");
		cJSON_AddNumberToObject(gone, "id", unit.id);
		ctl_json_add_text(gone, "name", unit.name);
	} else {
		cJSON_AddStringToObject(object, "event", "service");
		cJSON_AddItemToObject(object, "service", ctl_json_unit(supervisor, &unit));
	}
	add_json_line(self, object);
}

static void tell_late(struct follower *self)
{
	const size_t count = self->late_count;

	self->late_count = 0;
	for (size_t i = 0; i < count; i++)
		add_now(self, self->late[i]);
}

/* False when there is no memory to note it. */
static bool put_late(struct follower *self, size_t id)
{
	size_t kept = 0;

	if (self->late_count == self->late_room) {
		size_t room = self->late_room > 0 ? 2 * self->late_room : 64;
		unsigned *grown = reallocarray(self->late, room, sizeof(*grown));

		if (grown == NULL)
			return false;
		self->late = grown;
		self->late_room = room;
	}
	if (self->late_count == 0) {
		self->late_ms = clock_monotonic_ms() + LATE_MS;
		event_add(self->flush, &(struct timeval){.tv_usec = LATE_MS * 1000});
	}
	for (size_t i = 0; i < self->late_count; i++) {
		if (self->late[i] != id)
			self->late[kept++] = self->late[i];
	}
	self->late[kept++] = (unsigned)id;
	self->late_count = kept;
	return true;
}

/*
 * A stack that ends changes each unit at least twice within moments, and whoever follows takes longer for that than the ending
 * itself: the last change of each is told then. All else is told as it comes, behind what waits.
 */
static void add_change(struct follower *self, size_t id)
{
	if (id != SIZE_MAX && supervisor_phase(self->streams->supervisor) == PHASE_STOPPING && put_late(self, id))
		return;
	tell_late(self);
	add_now(self, id);
}

static void learn_unit(struct follower *self, size_t id);

static void observe_change(void *context, size_t id)
{
	struct ctl_streams *self = context;

	for (struct follower *follower = self->first; follower != NULL; follower = follower->next) {
		if (follower->kind == FOLLOW_EVENTS && follower->request != NULL)
			add_change(follower, id);
		else if (follower->kind == FOLLOW_LOGS && id != SIZE_MAX)
			learn_unit(follower, id);
	}
}

int ctl_streams_events(struct ctl_streams *self, struct evhttp_request *request)
{
	struct follower *follower;
	int result = begin(self, request, FOLLOW_EVENTS, "application/x-ndjson", &follower);

	if (result == 0)
		add_snapshot(follower);
	return result;
}

/* ---- Logs ---- */

static bool wants(const struct follower *self, unsigned unit)
{
	return self->units == NULL || (unit < self->unit_count && self->units[unit]);
}

static void add_frame(struct follower *self, const struct output_line *line)
{
	evbuffer_add_printf(self->pending, "%u %d %lld %zu %c\n", line->unit, line->stream, (long long)line->time_ms,
			    line->size_bytes, line->partial ? 'p' : '-');
	evbuffer_add(self->pending, line->bytes, line->size_bytes);
	evbuffer_add(self->pending, "\n", 1);
}

static void add_dropped_frame(struct follower *self)
{
	char text[32];
	int length = snprintf(text, sizeof(text), "%llu", (unsigned long long)self->dropped);

	evbuffer_add_printf(self->pending, "%u 0 %lld %d d\n%s\n", UINT_MAX, (long long)clock_wall_ms(), length, text);
	self->dropped = 0;
	schedule(self);
}

static void observe_line(void *context, const struct output_line *line)
{
	struct ctl_streams *self = context;

	for (struct follower *follower = self->first; follower != NULL; follower = follower->next) {
		if (!follower->gets_lines || follower->request == NULL || !wants(follower, line->unit))
			continue;
		if (unread_bytes(follower) + line->size_bytes > CTL_STREAM_BUFFER_MAX) {
			follower->dropped++;
			continue;
		}
		if (follower->dropped > 0)
			add_dropped_frame(follower);
		add_frame(follower, line);
		schedule(follower);
	}
}

/* Now, or when the last one is long enough ago: a service that floods wakes nobody for every read. */
static void wake(struct follower *self)
{
	int64_t left_ms = self->woken_ms + CTL_STREAM_WAKE_MS - clock_monotonic_ms();

	if (left_ms <= 0)
		schedule(self);
	else
		event_add(self->flush, &(struct timeval){.tv_usec = (suseconds_t)left_ms * 1000});
}

static void observe_writing(void *context, unsigned unit)
{
	struct ctl_streams *self = context;

	for (struct follower *follower = self->first; follower != NULL; follower = follower->next) {
		if (!follower->gets_woken || follower->wake_due || !wants(follower, unit))
			continue;
		follower->wake_due = true;
		wake(follower);
	}
}

static void catch_up(struct follower *self)
{
	if (unread_bytes(self) > CTL_STREAM_BUFFER_MAX / 2)
		return;
	if (self->kind == FOLLOW_EVENTS)
		add_snapshot(self);
	else
		add_dropped_frame(self);
}

/* What is remembered is walked twice: counted, then given - so the newest lines are kept and nothing is copied between. */
struct tail_walk {
	struct follower *follower;
	size_t *lines; /* by unit; lines not yet passed */
	size_t line_limit; /* of each unit */
	size_t bytes; /* not yet passed, of lines within the limit */
	bool counting;
};

static void visit_tail(void *context, const struct output_line *line)
{
	struct tail_walk *walk = context;
	struct follower *self = walk->follower;

	if (line->unit >= self->unit_count || !wants(self, line->unit))
		return;
	if (walk->counting) {
		walk->lines[line->unit]++;
		walk->bytes += line->size_bytes;
		return;
	}
	walk->bytes -= line->size_bytes;
	if (walk->lines[line->unit]-- > walk->line_limit)
		return;
	if (walk->bytes + line->size_bytes > CTL_STREAM_TAIL_MAX)
		self->dropped++;
	else
		add_frame(self, line);
}

static int add_tail(struct follower *self, const struct ctl_log_query *query)
{
	struct output *output = supervisor_output(self->streams->supervisor);
	struct tail_walk walk = {.follower = self, .line_limit = query->has_tail ? query->tail : SIZE_MAX};

	if (output == NULL)
		return 0;
	walk.lines = calloc(self->unit_count + 1, sizeof(*walk.lines));
	if (walk.lines == NULL)
		return -ENOMEM;
	walk.counting = true;
	output_tail(output, UINT_MAX, SIZE_MAX, visit_tail, &walk);
	walk.counting = false;
	output_tail(output, UINT_MAX, SIZE_MAX, visit_tail, &walk);
	free(walk.lines);
	return 0;
}

static bool is_asked_for(const struct follower *self, const struct supervisor_unit *unit)
{
	for (char **name = self->services; *name != NULL; name++) {
		if (strcmp(*name, unit->service->name) == 0 || strcmp(*name, unit->name) == 0)
			return true;
	}
	return false;
}

static int make_room(struct follower *self, size_t id)
{
	size_t count = id + 1;
	bool *units;

	if (id < self->unit_count)
		return 0;
	if (self->services != NULL) {
		units = realloc(self->units, count * sizeof(*units));
		if (units == NULL)
			return -ENOMEM;
		memset(units + self->unit_count, 0, (count - self->unit_count) * sizeof(*units));
		self->units = units;
	}
	self->unit_count = count;
	return 0;
}

/* Units come and go while they are followed, and ids come back with other names. */
static void learn_unit(struct follower *self, size_t id)
{
	struct supervisor_unit unit;

	if (!supervisor_find_unit(self->streams->supervisor, id, &unit) || make_room(self, id) < 0)
		return;
	if (self->units != NULL)
		self->units[id] = !unit.gone && is_asked_for(self, &unit);
}

static int copy_names(struct follower *self, const char *const *services)
{
	size_t count = 0;

	while (services[count] != NULL)
		count++;
	self->services = calloc(count + 1, sizeof(*self->services));
	for (size_t i = 0; self->services != NULL && i < count; i++) {
		self->services[i] = strdup(services[i]);
		if (self->services[i] == NULL)
			return -ENOMEM;
	}
	return self->services != NULL ? 0 : -ENOMEM;
}

/* Units are named by id; ids are small. */
static int select_units(struct follower *self, const char *const *services)
{
	const struct supervisor *supervisor = self->streams->supervisor;
	struct supervisor_unit unit;

	if (services != NULL && services[0] != NULL) {
		if (copy_names(self, services) < 0)
			return -ENOMEM;
		self->units = calloc(1, sizeof(*self->units));
		if (self->units == NULL)
			return -ENOMEM;
		self->unit_count = 1;
	}
	for (size_t i = 0; i < supervisor_unit_count(supervisor); i++) {
		supervisor_unit(supervisor, i, &unit);
		learn_unit(self, unit.id);
	}
	return 0;
}

static void end_answer(struct follower *self)
{
	struct evhttp_request *request = self->request;

	tell_late(self);
	flush_pending(-1, 0, self);
	self->request = NULL;
	evhttp_send_reply_end(request);
}

int ctl_streams_logs(struct ctl_streams *self, struct evhttp_request *request, const struct ctl_log_query *query)
{
	struct follower *follower;
	int result = begin(self, request, FOLLOW_LOGS, "application/x-upfront-log", &follower);

	if (result < 0)
		return result;
	/* The answer has begun: running out of memory from here on costs the lines, not the stream. */
	if (select_units(follower, query->services) == 0 && !query->wake)
		add_tail(follower, query);
	if (follower->dropped > 0)
		add_dropped_frame(follower);
	schedule(follower);
	follower->gets_woken = query->wake;
	follower->gets_lines = query->follow && !query->wake;
	if (follower->gets_lines)
		count_line_reader(self, true);
	if (!query->follow && !query->wake)
		end_answer(follower);
	return 0;
}

/* ---- Life ---- */

size_t ctl_streams_count(const struct ctl_streams *self)
{
	return self->count;
}

void ctl_streams_note(struct ctl_streams *self, struct evhttp_request *request, const struct ctl_noted *noted)
{
	if (self->first != NULL && self->first->connection == evhttp_request_get_connection(request))
		self->first->noted = *noted;
}

struct ctl_streams *ctl_streams_create(struct event_base *base, struct supervisor *supervisor, struct err *err)
{
	struct ctl_streams *self = calloc(1, sizeof(*self));

	if (self == NULL) {
		err_set(err, ERR_INTERNAL, "out of memory");
		return NULL;
	}
	self->base = base;
	self->supervisor = supervisor;
	supervisor_observe(supervisor, observe_change, self);
	if (supervisor_output(supervisor) != NULL)
		output_on_writing(supervisor_output(supervisor), observe_writing, self);
	return self;
}

/* False when not all of it went out: what would follow must not be sent either. */
static bool send_until(int fd, const char *bytes, size_t size_bytes, int64_t deadline_ms)
{
	struct pollfd pollfd = {.fd = fd, .events = POLLOUT};
	size_t offset = 0;

	while (offset < size_bytes) {
		ssize_t count = send(fd, bytes + offset, size_bytes - offset, MSG_NOSIGNAL | MSG_DONTWAIT);
		int64_t left = deadline_ms - clock_monotonic_ms();

		if (count > 0)
			offset += (size_t)count;
		else if (count < 0 && errno == EINTR)
			continue;
		else if (count == 0 || errno != EAGAIN || left <= 0 || poll(&pollfd, 1, (int)left) <= 0)
			return false;
	}
	return true;
}

/* Peeked at, not taken out: a bufferevent lets nobody else drain its output. */
static bool send_buffer(int fd, struct evbuffer *buffer, int64_t deadline_ms)
{
	int count = evbuffer_peek(buffer, -1, NULL, NULL, 0);
	struct evbuffer_iovec *pieces = calloc((size_t)(count > 0 ? count : 1), sizeof(*pieces));

	bool sent = pieces != NULL;

	count = sent ? evbuffer_peek(buffer, -1, NULL, pieces, count) : 0;
	for (int i = 0; sent && i < count; i++)
		sent = send_until(fd, pieces[i].iov_base, pieces[i].iov_len, deadline_ms);
	free(pieces);
	return sent;
}

/* The loop has ended, so what is due is written by hand: what evhttp holds, then the end of the chunked body. */
static void say_farewell(struct follower *self, int64_t deadline_ms)
{
	static const char last_chunk[] = "0\r\n\r\n";
	struct bufferevent *bufferevent = evhttp_connection_get_bufferevent(self->connection);
	int fd = bufferevent_getfd(bufferevent);

	if (self->request != NULL && self->dropped > 0)
		catch_up(self);
	flush_pending(-1, 0, self);
	if (send_buffer(fd, bufferevent_get_output(bufferevent), deadline_ms) && self->request != NULL && self->chunked)
		send_until(fd, last_chunk, sizeof(last_chunk) - 1, deadline_ms);
}

void ctl_streams_destroy(struct ctl_streams *self)
{
	int64_t deadline_ms = clock_monotonic_ms() + FAREWELL_MS;

	if (self == NULL)
		return;
	supervisor_observe(self->supervisor, NULL, NULL);
	if (supervisor_output(self->supervisor) != NULL)
		output_on_writing(supervisor_output(self->supervisor), NULL, NULL);
	while (self->first != NULL) {
		struct follower *follower = self->first;

		say_farewell(follower, deadline_ms);
		/* Frees the request too; nobody is left to tell. */
		evhttp_connection_set_closecb(follower->connection, NULL, NULL);
		evhttp_connection_free(follower->connection);
		follower_destroy(follower);
	}
	free(self);
}
