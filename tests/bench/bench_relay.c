/* SPDX-License-Identifier: MIT */
/*
 * Measures what upfront promises of the relay: how fast events of services are in the outbox, in batches of 100 as clients send them, what
 * the sender holds in memory meanwhile, and how that compares with posthog-node sending straight to a server.
 *   bench_relay full     80,000 events (the outbox is nearly full at 90,000); a missed number fails
 *   bench_relay quick    10,000 events; only memory, which does not depend on the machine's load, can fail
 */
#include "tests/lib/children.h"
#include "tests/lib/measure.h"
#include "tests/lib/relay_run.h"
#include "tests/lib/sender_run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define RATE_WANTED 20000
#define PSS_CROWDED_KB (20 * 1024)
#define PSS_WANTED_KB (15 * 1024)
#define BATCH 100
#define NODE_WANTED 5
#define DEAF "http://127.0.0.1:9" /* where nobody listens: what is sent comes back to the outbox */

static double cpu_seconds(pid_t pid)
{
	clockid_t clock;
	struct timespec spent;

	assert_int_equal(clock_getcpuclockid(pid, &clock), 0);
	assert_int_equal(clock_gettime(clock, &spent), 0);
	return (double)spent.tv_sec + (double)spent.tv_nsec / 1e9;
}

static long pss_kb(pid_t pid)
{
	char path[64], line[128];
	long kb = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)pid);
	file = fopen(path, "re");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file) && sscanf(line, "Pss: %ld kB", &kb) != 1)
		continue;
	fclose(file);
	return kb;
}

/* ---- a client ---- */

static int dial(const struct relay_run *relay)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				      .sin_port = htons((uint16_t)relay->port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static void write_time(char text[32], int64_t time_ms)
{
	time_t seconds = (time_t)(time_ms / 1000);
	size_t used = strftime(text, 32, "%Y-%m-%dT%H:%M:%S", gmtime(&seconds));

	snprintf(text + used, 32 - used, ".%03dZ", (int)(time_ms % 1000));
}

/* A batch as posthog-node writes it: no two events have one uuid, or one time. */
static size_t write_batch(char *body, int number, int64_t began_ms)
{
	char time[32];
	size_t used = (size_t)sprintf(body, "{\"api_key\":\"phc_made_up\",\"batch\":[");

	for (int i = 0; i < BATCH; i++) {
		write_time(time, began_ms + number * BATCH + i);
		used += (size_t)sprintf(
			body + used,
			"%s{\"event\":\"page_opened\",\"properties\":{\"page\":\"home\",\"count\":%d,\"ratio\":0.25,"
			"\"dark\":true,\"$lib\":\"posthog-node\",\"$lib_version\":\"5.70.0\",\"$is_server\":true,"
			"\"$geoip_disable\":true},\"timestamp\":\"%s\",\"uuid\":\"01a1fd31-915c-7e0f-a4f7-%012x\","
			"\"distinct_id\":\"someone\"}",
			i > 0 ? "," : "", i, time, (unsigned)(number * BATCH + i));
	}
	return used + (size_t)sprintf(body + used, "],\"sent_at\":\"%s\"}", time);
}

static void send_all(int fd, const char *bytes, size_t size_bytes)
{
	while (size_bytes > 0) {
		ssize_t count = send(fd, bytes, size_bytes, MSG_NOSIGNAL);

		assert_true(count > 0);
		bytes += count;
		size_bytes -= (size_t)count;
	}
}

/* Milliseconds for so many events on one connection; *most_kb: the most the sender held. */
static double send_events(const struct relay_run *relay, int events, long *most_kb)
{
	char *body = malloc(BATCH * 512), head[256], answer[1024];
	int64_t began_ms = ((int64_t)time(NULL) - 3600) * 1000;
	int fd = dial(relay), now_at_once = 1;
	double took = 0;

	/* As every client of note does. */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &now_at_once, sizeof(now_at_once));
	for (int i = 0; i < events / BATCH; i++) {
		size_t size_bytes = write_batch(body, i, began_ms);
		int length = snprintf(head, sizeof(head),
				      "POST /r/" RELAY_RUN_TOKEN "/batch/ HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n"
				      "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
				      relay->port, size_bytes);
		double began = measure_now_ms();

		send_all(fd, head, (size_t)length);
		send_all(fd, body, size_bytes);
		assert_true(recv(fd, answer, sizeof(answer), 0) > 12);
		took += measure_now_ms() - began;
		assert_memory_equal(answer, "HTTP/1.1 200", 12);
		if (i % 20 == 0 && pss_kb(relay->pid) > *most_kb)
			*most_kb = pss_kb(relay->pid);
	}
	close(fd);
	free(body);
	return took;
}

/* ---- rows ---- */

static double bench_rate(struct measure *measure, const char *folder, int events)
{
	struct relay_run relay;
	char found[64];
	long most_kb = 0;
	double took, cpu;

	relay_run_start(&relay, folder, DEAF);
	cpu = cpu_seconds(relay.pid);
	took = send_events(&relay, events, &most_kb);
	cpu = cpu_seconds(relay.pid) - cpu;
	snprintf(found, sizeof(found), "%.0f events/s, %.0f per CPU second", events / took * 1e3, events / cpu);
	measure_row(measure, events / cpu >= RATE_WANTED, true, "relay: events into the outbox", found,
		    ">= 20000 per CPU second");
	snprintf(found, sizeof(found), "%.1f MB PSS", (double)most_kb / 1024);
	measure_row(measure, most_kb <= PSS_WANTED_KB, false, "relay: memory with that backlog", found, "<= 15 MB");
	relay_run_end(&relay);
	return took / events;
}

/* Clients that send as much as they can, all at once, and none of them ends: what is held of them is bounded. */
static void bench_hostile(struct measure *measure)
{
	enum { CLIENTS = 64, PIECE = 65536, PIECES = 60 };
	static char piece[PIECE];
	struct relay_run relay;
	char head[256], found[64];
	int fds[CLIENTS];
	long most_kb = 0;

	memset(piece, ' ', sizeof(piece));
	relay_run_start(&relay, NULL, DEAF);
	for (int i = 0; i < CLIENTS; i++) {
		int length = snprintf(head, sizeof(head),
				      "POST /r/" RELAY_RUN_TOKEN "/e/ HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n"
				      "Content-Length: 4000000\r\n\r\n",
				      relay.port);

		fds[i] = dial(&relay);
		send_all(fds[i], head, (size_t)length);
	}
	for (int i = 0; i < PIECES; i++) {
		for (int j = 0; j < CLIENTS; j++)
			(void)!send(fds[j], piece, sizeof(piece), MSG_NOSIGNAL | MSG_DONTWAIT);
		usleep(5000);
		if (pss_kb(relay.pid) > most_kb)
			most_kb = pss_kb(relay.pid);
	}
	for (int i = 0; i < CLIENTS; i++)
		close(fds[i]);
	snprintf(found, sizeof(found), "%.1f MB PSS", (double)most_kb / 1024);
	/* More than any backlog takes: a whole body is held as well. */
	measure_row(measure, most_kb <= PSS_CROWDED_KB, false, "relay: memory, 64 clients of 4 MB at once", found,
		    "<= 20 MB");
	relay_run_end(&relay);
}

/* Milliseconds an event that posthog-node needs to send them to `url`; 0: it is not to be had, for `reason`. */
static double node_ms(const char *url, int events, char reason[128])
{
	char cache[PATH_MAX], *command, line[256];
	double took = 0;
	FILE *output;

	relay_run_cache(cache);
	assert_true(asprintf(&command, "exec tests/sdk/run.sh '%s' node %s %d 2>/dev/null", cache, url, events) > 0);
	output = popen(command, "re");
	assert_non_null(output);
	reason[0] = '\0';
	while (fgets(line, sizeof(line), output)) {
		if (sscanf(line, "ms %lf", &took) != 1)
			snprintf(reason, 128, "%.*s", (int)strcspn(line, "\n"), line);
	}
	pclose(output);
	free(command);
	return took / events;
}

static void bench_node(struct measure *measure, const char *folder, int events, double relay_ms)
{
	char host[64], found[96], reason[128];
	struct receiver receiver;
	struct relay_run relay;
	double straight, through = 0;

	receiver_start(&receiver, folder, "ok", 0, NULL);
	snprintf(host, sizeof(host), "http://127.0.0.1:%d", receiver.port);
	straight = node_ms(host, events, reason);
	receiver_stop(&receiver);
	if (straight > 0) {
		relay_run_start(&relay, NULL, DEAF);
		through = node_ms(relay.url, events, reason);
		relay_run_end(&relay);
	}
	if (straight <= 0 || through <= 0) {
		printf("skipped: posthog-node beside the relay: %s\n", reason);
		return;
	}
	snprintf(found, sizeof(found), "%.0fx: %.1f us, node %.1f, %.1f by relay", straight / relay_ms, relay_ms * 1e3,
		 straight * 1e3, through * 1e3);
	measure_row(measure, straight >= NODE_WANTED * relay_ms, true, "relay: an event, beside posthog-node", found,
		    ">= 5x as fast");
}

int main(int argc, char **argv)
{
	struct measure measure = measure_begin(argc, argv, 1);
	char *folder = children_make_folder();
	int events = measure.strict ? 80000 : 10000;
	double relay_ms;

	measure_heading("relay");
	relay_ms = bench_rate(&measure, folder, events);
	bench_hostile(&measure);
	bench_node(&measure, folder, measure.strict ? 10000 : 1000, relay_ms);
	children_remove_folder(folder);
	return measure_end(&measure);
}
