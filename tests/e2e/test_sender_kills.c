/* SPDX-License-Identifier: MIT */
/*
 * The sender is killed, again and again, at moments nobody chose, while events are handed to it: each one arrives, as it was handed over.
 * The test plays the supervisor: it keeps both ends of the socket, and starts the next sender on it. EVENTS (5000) and SEED say how
 * many there are and where the kills fall.
 */
#include "telemetry/wire.h"
#include "tests/lib/children.h"
#include "tests/lib/sender_run.h"
#include "tests/lib/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define KILLS 10
#define KILLS_WHILE_GIVING 7 /* the others while what is kept goes out */
#define DELAY_MAX_MS 60
#define ALL_ARRIVE_MS 300000

struct campaign {
	char *folder, *program, *config;
	struct receiver receiver;
	int fd, sender_fd; /* both ends, as the supervisor has them */
	int full_bytes; /* of the socket's buffer */
	pid_t pid;
	int pidfd;
	int events, given, kills;
	unsigned seed;
	int64_t time_ms; /* of the events */
	bool *arrived;
	int distinct, repeated;
	FILE *notes;
};

static int setup(void **state)
{
	struct campaign *self = calloc(1, sizeof(*self));
	const char *events = getenv("EVENTS"), *seed = getenv("SEED");

	self->folder = children_make_folder();
	self->events = events ? atoi(events) : 5000;
	self->seed = seed ? (unsigned)atoi(seed) : 1;
	self->arrived = calloc((size_t)self->events, sizeof(bool));
	self->program = sender_program();
	self->time_ms = (int64_t)time(NULL) * 1000;
	*state = self;
	return 0;
}

static int teardown(void **state)
{
	struct campaign *self = *state;

	children_remove_folder(self->folder);
	free(self->arrived);
	free(self->config);
	free(self->program);
	free(self);
	return children_none_left() ? 0 : -1;
}

static unsigned any(struct campaign *self, unsigned below)
{
	return (unsigned)rand_r(&self->seed) % below;
}

/* ---- the supervisor ---- */

static void make_socket(struct campaign *self)
{
	int ends[2];
	socklen_t size = sizeof(self->full_bytes);

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
	self->fd = ends[0];
	self->sender_fd = ends[1];
	assert_int_equal(getsockopt(self->fd, SOL_SOCKET, SO_SNDBUF, &self->full_bytes, &size), 0);
}

static void allow_bytes(const struct campaign *self, int size_bytes)
{
	/* The kernel takes half of what it then says. */
	size_bytes /= 2;
	assert_int_equal(setsockopt(self->fd, SOL_SOCKET, SO_SNDBUF, &size_bytes, sizeof(size_bytes)), 0);
}

static bool hand_over(const struct campaign *self, char kind, const char *text)
{
	struct iovec parts[2] = {{&kind, 1}, {(void *)text, strlen(text)}};
	struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};

	if (sendmsg(self->fd, &message, MSG_NOSIGNAL) >= 0)
		return true;
	assert_int_equal(errno, EAGAIN);
	return false;
}

/* Events leave half of the buffer, so that there is always room for the configuration of the next one. */
static void start_sender(struct campaign *self)
{
	allow_bytes(self, self->full_bytes);
	assert_true(hand_over(self, WIRE_CONFIG, self->config));
	allow_bytes(self, self->full_bytes / 2);
	self->pid = fork();
	assert_true(self->pid >= 0);
	if (self->pid == 0) {
		char noise[4096];
		int fd;

		snprintf(noise, sizeof(noise), "%s/noise", self->folder);
		fd = open(noise, O_WRONLY | O_CREAT | O_APPEND, 0600);
		dup2(fd, 1);
		dup2(fd, 2);
		if (self->sender_fd == WIRE_FD)
			fcntl(WIRE_FD, F_SETFD, 0);
		else
			dup2(self->sender_fd, WIRE_FD);
		execl(self->program, "upfront-telemetry", (char *)NULL);
		_exit(127);
	}
	self->pidfd = (int)syscall(SYS_pidfd_open, self->pid, 0);
	assert_true(self->pidfd >= 0);
}

static void kill_sender(struct campaign *self)
{
	/* At any moment from its start on. */
	assert_false(children_readable(self->pidfd, (int)any(self, DELAY_MAX_MS)));
	kill(self->pid, SIGKILL);
	assert_int_equal(children_wait(self->pid), 128 + SIGKILL);
	close(self->pidfd);
	self->kills++;
	start_sender(self);
}

static void configure(struct campaign *self)
{
	assert_true(asprintf(&self->config,
			     "{\"host\":\"http://127.0.0.1:%d\",\"key\":\"phc_test\",\"app\":\"Shop\",\"notice\":3,"
			     "\"outbox\":\"%s/outbox.db\",\"ledger\":\"%s/ledger.jsonl\"}",
			     self->receiver.port, self->folder, self->folder) > 0);
}

/* ---- events ---- */

/* As cJSON prints it, so that what arrived can be compared byte for byte. */
static void event_text(const struct campaign *self, int number, char *text, size_t size_bytes)
{
	time_t seconds = (time_t)(self->time_ms / 1000);
	struct tm parts;
	char time[32];

	gmtime_r(&seconds, &parts);
	strftime(time, sizeof(time), "%Y-%m-%dT%H:%M:%S", &parts);
	snprintf(text, size_bytes,
		 "{\"uuid\":\"%08x-%04x-7000-8000-%012x\",\"event\":\"server_start\","
		 "\"distinct_id\":\"0190c0de-1111-4000-8000-000000000001\",\"timestamp\":\"%s.000Z\","
		 "\"properties\":{\"$geoip_disable\":true,\"$process_person_profile\":false,\"$ip\":\"0.0.0.0\","
		 "\"$lib\":\"upfront\",\"number\":%d,\"padding\":\"%0250d\"}}",
		 (unsigned)(self->time_ms >> 16), (unsigned)(self->time_ms & 0xffff), (unsigned)number, time, number,
		 number);
}

static void give_until(struct campaign *self, int last)
{
	struct pollfd room = {.fd = self->fd, .events = POLLOUT};
	char text[1024];

	while (self->given < last) {
		event_text(self, self->given, text, sizeof(text));
		if (hand_over(self, WIRE_EVENT, text))
			self->given++;
		else
			assert_int_equal(poll(&room, 1, CHILDREN_DEADLINE_MS), 1);
	}
}

/* ---- what arrived ---- */

static void check_event(struct campaign *self, const char *line)
{
	static const char begin[] = "{\"kind\":\"event\",\"event\":", mark[] = "\"number\":";
	const char *number_at = strstr(line, mark);
	char wanted[1024];
	int number;

	assert_non_null(number_at);
	number = atoi(number_at + strlen(mark));
	assert_in_range(number, 0, self->events - 1);
	event_text(self, number, wanted, sizeof(wanted));
	assert_memory_equal(line + strlen(begin), wanted, strlen(wanted));
	self->distinct += !self->arrived[number];
	self->repeated += self->arrived[number];
	self->arrived[number] = true;
}

/* What has been noted since the last look. */
static void read_notes(struct campaign *self)
{
	char *line = NULL;
	size_t size_bytes = 0;
	ssize_t length;
	off_t at = ftello(self->notes);

	clearerr(self->notes);
	while ((length = getline(&line, &size_bytes, self->notes)) > 0 && line[length - 1] == '\n') {
		if (strncmp(line, "{\"kind\":\"event\"", 15) == 0)
			check_event(self, line);
		else if (strncmp(line, "{\"kind\":\"finding\"", 17) == 0)
			fail_msg("%s", line);
		at = ftello(self->notes);
	}
	fseeko(self->notes, at, SEEK_SET);
	free(line);
}

static void wait_for_all(struct campaign *self)
{
	int64_t since = world_now_ms();

	for (read_notes(self); self->distinct < self->events; read_notes(self))
		world_pause(since, ALL_ARRIVE_MS, "every event at the receiver");
}

static void end(struct campaign *self)
{
	size_t size_bytes = 1;
	char *noise;

	/* In the supervisor's own order: the stream ends with the process that holds its end. */
	close(self->fd);
	close(self->sender_fd);
	assert_int_equal(children_wait(self->pid), 0);
	close(self->pidfd);
	read_notes(self);
	noise = children_slurp(self->folder, "noise", &size_bytes);
	assert_non_null(noise);
	assert_int_equal(size_bytes, 0);
	free(noise);
}

static void test_kills_lose_nothing_and_change_nothing(void **state)
{
	struct campaign *self = *state;

	receiver_start(&self->receiver, self->folder, "ok", 0, NULL);
	configure(self);
	make_socket(self);
	start_sender(self);
	self->notes = NULL;
	for (int i = 0; i < KILLS_WHILE_GIVING; i++) {
		int step = self->events / (KILLS_WHILE_GIVING + 1);

		give_until(self, i * step + (int)any(self, (unsigned)step));
		kill_sender(self);
	}
	give_until(self, self->events);
	while (self->kills < KILLS)
		kill_sender(self);
	self->notes = fopen(self->receiver.notes, "re");
	assert_non_null(self->notes);
	wait_for_all(self);
	end(self);
	print_message("  %d events, %d kills: %d distinct arrived, %d once more\n", self->events, self->kills,
		      self->distinct, self->repeated);
	/* One batch a kill may have arrived without having been settled. */
	assert_in_range(self->repeated, 0, KILLS * 200);
	fclose(self->notes);
	receiver_stop(&self->receiver);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_kills_lose_nothing_and_change_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
