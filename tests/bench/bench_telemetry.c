/* SPDX-License-Identifier: MIT */
/*
 * Measures what telemetry costs the supervisor: one call of telemetry_capture for a command or a request, packet to the sender included.
 *   bench_telemetry full     7 turns of 10,000 calls a row; a missed number fails
 *   bench_telemetry quick    3 of 1,000; only what does not depend on the machine's load can fail
 *
 * The sender is the real one and delivers into a file. A slow disk is played by stopping it nine tenths of the time: a disk that keeps it
 * waiting shows the supervisor nothing else than that, a reader that does not read.
 */
#include "config/paths.h"
#include "telemetry/client.h"
#include "tests/lib/children.h"
#include "tests/lib/measure.h"
#include "tests/unit/telemetry/shop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <linux/sockios.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define TURNS 7
#define CALLS_FULL 10000
#define CALLS_QUICK 1000
#define PACKET_BYTES 650 /* an event of a command */
#define BURST 100
#define TYPICAL_US 5.0
#define LONGEST_US 100.0
#define SLOW_DISK_PERIOD_MS 20 /* the sender may read during the last tenth of each */

struct bench {
	struct measure measure;
	struct shop shop;
	struct telemetry *telemetry;
	char *folder, *host, *program;
	double *took_us;
	size_t calls, turn;
	bool reads; /* the sender, and not the disk that it waits for */
};

static void sender_signal(const struct bench *self, int signal)
{
	assert_int_equal(kill(telemetry_sender_pid(self->telemetry), signal), 0);
}

/* As supervisors and commands make them, in turns. */
static void capture(struct bench *self)
{
	static const char *const args[] = {"--follow", "--tail", "<value>", "<value>"};
	static const struct telemetry_command command = {
		.command = "logs", .args = args, .arg_count = 4, .duration_ms = 1234, .success = true, .job_count = -1};
	static const struct telemetry_request request = {"/v1/services/{name}/restart", "POST", 202, 12};
	struct telemetry_event event = {.kind = TELEMETRY_API_REQUEST, .request = &request};

	if (self->turn++ % 2)
		event = (struct telemetry_event){.kind = TELEMETRY_CLI_COMMAND, .command = &command};
	telemetry_capture(self->telemetry, &event);
}

static int by_size(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return left < right ? -1 : left > right;
}

/* Of one turn: half of the calls took less than the first, all but one in a thousand less than the second. */
struct taken {
	struct series half_us, nearly_all_us;
};

static void taken_add(struct taken *self, const struct bench *bench)
{
	qsort(bench->took_us, bench->calls, sizeof(*bench->took_us), by_size);
	series_add(&self->half_us, bench->took_us[bench->calls / 2]);
	series_add(&self->nearly_all_us, bench->took_us[bench->calls - 1 - bench->calls / 1000]);
}

static void report(struct bench *self, const char *what, struct taken *taken, bool is_ours, const char *remark)
{
	double half = series_median(&taken->half_us), nearly_all = series_median(&taken->nearly_all_us);
	char found[80], wanted[40] = "";

	snprintf(found, sizeof(found), "%.2f us, p99.9 %.1f us%s", half, nearly_all, remark);
	if (is_ours)
		snprintf(wanted, sizeof(wanted), "<= %.0f us, <= %.0f us", TYPICAL_US, LONGEST_US);
	measure_row(&self->measure, !is_ours || (half <= TYPICAL_US && nearly_all <= LONGEST_US), true, what, found,
		    wanted);
}

/* `before` each call, outside what is timed; NULL: one call after the other. */
static void measure_calls(struct bench *self, const char *what, bool is_ours, void (*before)(struct bench *self))
{
	uint64_t dropped = telemetry_counts(self->telemetry).dropped;
	struct taken taken = {{.count = 0}, {.count = 0}};
	char remark[40];

	for (int turn = 0; turn < self->measure.turns; turn++) {
		for (size_t i = 0; i < self->calls; i++) {
			double began;

			if (before)
				before(self);
			began = measure_now_ms();
			capture(self);
			self->took_us[i] = (measure_now_ms() - began) * 1000;
		}
		taken_add(&taken, self);
	}
	dropped = telemetry_counts(self->telemetry).dropped - dropped;
	snprintf(remark, sizeof(remark), "; %.0f %% dropped",
		 100.0 * (double)dropped / ((double)self->calls * self->measure.turns));
	report(self, what, &taken, is_ours, remark);
}

/* No more at once than the sender's socket holds. */
static void bursts(struct bench *self)
{
	int unread = 1;

	if (self->turn % BURST != 0)
		return;
	while (unread > 0) {
		assert_int_equal(ioctl(telemetry_fd(self->telemetry), SIOCOUTQ, &unread), 0);
		if (unread > 0)
			poll(NULL, 0, 1);
	}
}

/* As commands and requests come: processor and sender sleep, and are woken. */
static void rest(struct bench *self)
{
	(void)self;
	poll(NULL, 0, 1);
}

static void slow_disk(struct bench *self)
{
	int at = (int)((int64_t)measure_now_ms() % SLOW_DISK_PERIOD_MS);
	bool reads = at >= SLOW_DISK_PERIOD_MS * 9 / 10;

	if (reads != self->reads)
		sender_signal(self, reads ? SIGCONT : SIGSTOP);
	self->reads = reads;
}

/* The least it could take: the same bytes to a process that reads them. */
static void measure_floor(struct bench *self, const char *what, void (*before)(struct bench *self))
{
	static char packet[PACKET_BYTES], read_back[2 * PACKET_BYTES];
	struct taken taken = {{.count = 0}, {.count = 0}};
	int ends[2];
	pid_t pid;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		close(ends[0]);
		while (recv(ends[1], read_back, sizeof(read_back), 0) > 0)
			;
		_exit(0);
	}
	close(ends[1]);
	for (int turn = 0; turn < self->measure.turns; turn++) {
		for (size_t i = 0; i < self->calls; i++) {
			double began;

			if (before)
				before(self);
			began = measure_now_ms();
			send(ends[0], packet, sizeof(packet), MSG_DONTWAIT | MSG_NOSIGNAL);
			self->took_us[i] = (measure_now_ms() - began) * 1000;
		}
		taken_add(&taken, self);
	}
	close(ends[0]);
	children_wait(pid);
	report(self, what, &taken, false, "");
}

static void bench_begin(struct bench *self)
{
	char *folder = paths_program_dir();
	struct strmap environment;

	self->calls = self->measure.strict ? CALLS_FULL : CALLS_QUICK;
	self->took_us = calloc(self->calls, sizeof(*self->took_us));
	self->folder = children_make_folder();
	setenv("XDG_STATE_HOME", self->folder, 1);
	assert_true(asprintf(&self->host, "file:%s/events", self->folder) > 0);
	assert_true(asprintf(&self->program, "%s/../../upfront-telemetry", folder) > 0);
	free(folder);
	shop_init(&self->shop);
	self->shop.decl.host = self->host;
	strmap_init(&environment);
	self->telemetry = client_open(&self->shop.stack, &environment, 2, NULL, self->program);
	assert_non_null(self->telemetry);
	telemetry_capture(self->telemetry,
			  &(struct telemetry_event){.kind = TELEMETRY_SERVER_START, .facts = shop_facts()});
	strmap_finish(&environment);
}

static void bench_end(struct bench *self)
{
	pid_t pid = telemetry_sender_pid(self->telemetry);

	telemetry_close(self->telemetry);
	children_wait(pid);
	shop_finish(&self->shop);
	children_remove_folder(self->folder);
	free(self->host);
	free(self->program);
	free(self->took_us);
}

int main(int argc, char **argv)
{
	struct bench self = {.measure = measure_begin(argc, argv, TURNS), .reads = true};

	measure_heading("telemetry_capture(), p50");
	bench_begin(&self);
	measure_floor(&self, "floor: send() of as many bytes", NULL);
	measure_calls(&self, "100 at once", true, bursts);
	measure_calls(&self, "the disk is slow", true, slow_disk);
	sender_signal(&self, SIGSTOP);
	measure_calls(&self, "the sender is stopped", true, NULL);
	sender_signal(&self, SIGCONT);
	/* Waking a processor and a process takes what it takes: just to compare. */
	self.calls /= 10;
	measure_floor(&self, "floor after a rest of 1 ms", rest);
	measure_calls(&self, "after a rest of 1 ms", false, rest);
	bench_end(&self);
	return measure_end(&self.measure);
}
