/* SPDX-License-Identifier: MIT */
/*
 * The supervisor's side: how the sender is started, what it is told, and that nothing about it ever costs the
 * stack anything.
 */
#include "telemetry/id.h"
#include "telemetry/state.h"
#include "telemetry/wire.h"
#include "tests/lib/posthog.h"
#include "tests/unit/telemetry/client_scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <cjson/cJSON.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void test_the_sender_is_told_all_by_its_socket(void **state)
{
	struct client_scene *self = *state;
	struct telemetry *telemetry;
	char *text, *event;
	cJSON *config;

	client_scene_program(self, "exec cat <&3 >$folder/got");
	telemetry = client_scene_open(self);
	assert_non_null(telemetry);
	assert_true(id_is_valid(telemetry_distinct_id(telemetry), 4));
	assert_true(id_is_valid(telemetry_session_id(telemetry), 4));
	telemetry_capture(telemetry, &(struct telemetry_event){.kind = TELEMETRY_SERVER_START, .facts = shop_facts()});
	assert_int_equal(telemetry_counts(telemetry).dropped, 0);
	text = client_scene_end(self, telemetry, "got");
	assert_int_equal(text[0], 'C');
	event = strstr(text, "}E{");
	assert_non_null(event);
	event[1] = '\0';
	config = cJSON_Parse(text + 1);
	assert_string_equal(cJSON_GetObjectItemCaseSensitive(config, "host")->valuestring, "https://us.i.posthog.com");
	assert_string_equal(cJSON_GetObjectItemCaseSensitive(config, "key")->valuestring, "phc_shop");
	assert_string_equal(cJSON_GetObjectItemCaseSensitive(config, "app")->valuestring, "Shop");
	assert_int_equal(cJSON_GetObjectItemCaseSensitive(config, "notice")->valueint, 3);
	assert_non_null(strstr(cJSON_GetObjectItemCaseSensitive(config, "outbox")->valuestring, "/" STATE_OUTBOX));
	assert_non_null(strstr(cJSON_GetObjectItemCaseSensitive(config, "ledger")->valuestring, "/" STATE_LEDGER));
	assert_null(posthog_json_error(event + 2, strlen(event + 2)));
	assert_non_null(strstr(event + 2, "\"event\":\"server_start\""));
	cJSON_Delete(config);
	free(text);
}

static void test_it_starts_with_nothing_of_ours_but_the_socket(void **state)
{
	struct client_scene *self = *state;
	int stray = fcntl(2, F_DUPFD, 40);
	struct sigaction ignored = {.sa_handler = SIG_IGN}, before;
	struct telemetry *telemetry;
	char *text, line[64];

	assert_true(stray >= 40);
	sigaction(SIGINT, &ignored, &before);
	client_scene_program(self, "exec 9>$folder/seen\n"
				   "for fd in /proc/$$/fd/*; do printf '%s=%s\\n' ${fd##*/} $(readlink $fd) >&9; done\n"
				   "printf 'args=%s\\n' \"$*\" >&9\n"
				   "printf 'proxy=%s\\n' \"$HTTPS_PROXY\" >&9\n"
				   "printf 'session=%s\\n' $(cut -d' ' -f6 /proc/$$/stat) >&9\n"
				   "grep SigIgn /proc/$$/status >&9\n"
				   "tr '\\0' '\\n' </proc/$$/environ >&9\n"
				   "exec cat <&3 >/dev/null");
	telemetry = client_scene_open(self);
	assert_non_null(telemetry);
	snprintf(line, sizeof(line), "session=%d\n", telemetry_sender_pid(telemetry));
	/* Who wakes it goes on first. */
	assert_int_equal(sched_getscheduler(telemetry_sender_pid(telemetry)), SCHED_BATCH);
	text = client_scene_end(self, telemetry, "seen");
	assert_non_null(strstr(text, "0=/dev/null\n1=/dev/null\n"));
	assert_non_null(strstr(text, "2=/dev/null\n3=socket:"));
	assert_null(strstr(text, "\n40="));
	assert_non_null(strstr(text, "args=\n"));
	assert_non_null(strstr(text, "proxy=http://proxy.example:3128\n"));
	assert_non_null(strstr(text, line));
	/* But for two that belong to the C library, which its posix_spawn always leaves ignored. */
	assert_int_equal(strtoull(strstr(text, "SigIgn:\t") + 8, NULL, 16) & ~UINT64_C(0x180000000), 0);
	assert_null(strstr(text, "phc_shop"));
	free(text);
	sigaction(SIGINT, &before, NULL);
	close(stray);
}

/* The services have the machine to themselves until there is something to send. */
static void test_it_is_not_started_before_the_first_event(void **state)
{
	struct client_scene *self = *state;
	struct telemetry *telemetry;
	char *text;

	client_scene_program(self, "exec cat <&3 >$folder/got");
	telemetry = client_open(&self->shop.stack, &self->environment, 2, NULL, self->program);
	assert_non_null(telemetry);
	assert_int_equal(telemetry_sender_pid(telemetry), -1);
	assert_true(children_none_left());
	telemetry_capture(telemetry, &(struct telemetry_event){.kind = TELEMETRY_SERVER_START, .facts = shop_facts()});
	assert_true(telemetry_sender_pid(telemetry) > 0);
	telemetry_start(telemetry); /* once is enough */
	text = client_scene_end(self, telemetry, "got");
	assert_non_null(strstr(text, "}E{"));
	assert_null(strstr(text, "}C{"));
	free(text);
}

/* It takes the end of its stream for the end of the stack, and would try once more. */
static void test_a_withdrawal_leaves_it_no_time_for_a_last_attempt(void **state)
{
	struct client_scene *self = *state;
	struct telemetry *telemetry;
	char *path;
	pid_t pid;

	client_scene_program(self, "while read -r word <&3; do :; done; : >$folder/attempt");
	telemetry = client_scene_open(self);
	telemetry_capture(telemetry, &(struct telemetry_event){.kind = TELEMETRY_SERVER_START, .facts = shop_facts()});
	pid = telemetry_sender_pid(telemetry);
	telemetry_withdraw(telemetry);
	assert_int_equal(children_wait(pid), 128 + SIGKILL);
	assert_true(asprintf(&path, "%s/attempt", self->folder) > 0);
	assert_int_not_equal(access(path, F_OK), 0);
	free(path);
	/* Nothing to kill: not started yet, or not there at all. */
	telemetry_withdraw(client_open(&self->shop.stack, &self->environment, 2, NULL, self->program));
	telemetry_withdraw(NULL);
}

static void test_what_cannot_be_sent_is_counted(void **state)
{
	struct client_scene *self = *state;
	struct telemetry_facts facts = *shop_facts();
	struct telemetry *telemetry;
	char *text;

	client_scene_program(self, "exec cat <&3 >$folder/got");
	telemetry = client_scene_open(self);
	facts.error_type = "no word of ours";
	telemetry_capture(telemetry, &(struct telemetry_event){.kind = TELEMETRY_SERVER_START_FAILED, .facts = &facts});
	assert_int_equal(telemetry_counts(telemetry).dropped, 1);
	telemetry_drop(telemetry);
	assert_int_equal(telemetry_counts(telemetry).dropped, 2);
	telemetry_drop(NULL);
	assert_int_equal(telemetry_counts(NULL).dropped, 0);
	text = client_scene_end(self, telemetry, "got");
	assert_null(strstr(text, "}E{"));
	free(text);
}

static void test_closed_standard_streams_do_not_confuse_it(void **state)
{
	struct client_scene *self = *state;
	int kept[3];
	struct telemetry *telemetry;
	char *text;

	client_scene_program(self, "exec cat <&3 >$folder/got");
	for (int fd = 0; fd < 3; fd++) {
		kept[fd] = fcntl(fd, F_DUPFD_CLOEXEC, 50);
		close(fd);
	}
	telemetry = client_scene_open(self);
	telemetry_capture(telemetry, &(struct telemetry_event){.kind = TELEMETRY_SERVER_START, .facts = shop_facts()});
	for (int fd = 0; fd < 3; fd++) {
		dup2(kept[fd], fd);
		close(kept[fd]);
	}
	assert_non_null(telemetry);
	text = client_scene_end(self, telemetry, "got");
	assert_non_null(strstr(text, "}E{"));
	free(text);
}

static void test_a_sender_that_does_not_read_costs_events_and_no_time(void **state)
{
	struct client_scene *self = *state;
	struct telemetry *telemetry;
	int64_t since;
	pid_t pid;

	/* It holds the socket, and reads something else: a pipe of its own that nobody writes to. */
	client_scene_program(self, "mkfifo $folder/pipe; exec cat <>$folder/pipe");
	telemetry = client_scene_open(self);
	assert_non_null(telemetry);
	since = children_now_ms();
	for (int i = 0; i < 2000; i++)
		telemetry_capture(telemetry,
				  &(struct telemetry_event){.kind = TELEMETRY_SERVER_START, .facts = shop_facts()});
	assert_true(telemetry_counts(telemetry).dropped > 0);
	assert_true(children_now_ms() - since < 10000);
	pid = telemetry_sender_pid(telemetry);
	telemetry_close(telemetry);
	kill(pid, SIGKILL);
	assert_int_equal(children_wait(pid), 128 + SIGKILL);
}

static int count_texts(const char *text, const char *part)
{
	int count = 0;

	for (; (text = strstr(text, part)) != NULL; text++)
		count++;
	return count;
}

/* However full it left the socket. */
static void test_what_follows_a_sender_that_did_not_read_is_configured(void **state)
{
	struct client_scene *self = *state;
	struct telemetry *telemetry;
	uint64_t dropped;
	char *text;
	int sent = 0;

	client_scene_program(self, "[ -e $folder/once ] && exec cat <&3 >$folder/got; : >$folder/once");
	telemetry = client_scene_open(self);
	while (telemetry_counts(telemetry).dropped < 3 && sent < 100000) {
		telemetry_capture(telemetry,
				  &(struct telemetry_event){.kind = TELEMETRY_SERVER_START, .facts = shop_facts()});
		sent++;
	}
	assert_int_equal(telemetry_counts(telemetry).dropped, 3);
	assert_int_equal(children_wait(telemetry_sender_pid(telemetry)), 0);
	telemetry_sender_exited(telemetry);
	telemetry_restart(telemetry);
	dropped = telemetry_counts(telemetry).dropped;
	text = client_scene_end(self, telemetry, "got");
	assert_memory_equal(text, "C{", 2);
	assert_int_equal(count_texts(text, "\"event\":\"server_start\""), sent - (int)dropped);
	assert_int_equal(dropped, 3);
	free(text);
}

static void test_what_a_dead_sender_did_not_read_reaches_the_next(void **state)
{
	struct client_scene *self = *state;
	struct telemetry *telemetry;
	char *text;

	client_scene_program(self, "[ -e $folder/once ] && exec cat <&3 >$folder/got; : >$folder/once");
	telemetry = client_scene_open(self);
	telemetry_capture(telemetry, &(struct telemetry_event){.kind = TELEMETRY_SERVER_START, .facts = shop_facts()});
	assert_int_equal(children_wait(telemetry_sender_pid(telemetry)), 0);
	assert_int_equal(telemetry_sender_exited(telemetry), CLIENT_BACKOFF_MS);
	assert_int_equal(telemetry_sender_pid(telemetry), -1);
	telemetry_restart(telemetry);
	text = client_scene_end(self, telemetry, "got");
	/* The new one was configured too, once and first. */
	assert_memory_equal(text, "C{", 2);
	assert_non_null(strstr(text, "}E{"));
	assert_null(strstr(text, "}C{"));
	assert_int_equal(count_texts(text, "\"event\":\"server_start\""), 1);
	free(text);
}

static void test_it_is_started_again_five_times_with_growing_pauses(void **state)
{
	struct client_scene *self = *state;
	struct telemetry *telemetry;

	client_scene_program(self, "exit 7");
	telemetry = client_scene_open(self);
	for (int64_t i = 0; i < CLIENT_RESTARTS_MAX; i++) {
		assert_int_equal(children_wait(telemetry_sender_pid(telemetry)), 7);
		assert_int_equal(telemetry_sender_exited(telemetry), CLIENT_BACKOFF_MS << i);
		telemetry_restart(telemetry);
	}
	assert_int_equal(children_wait(telemetry_sender_pid(telemetry)), 7);
	assert_int_equal(telemetry_sender_exited(telemetry), -1);
	telemetry_restart(telemetry);
	assert_int_equal(telemetry_sender_pid(telemetry), -1);
	telemetry_capture(telemetry, &(struct telemetry_event){.kind = TELEMETRY_SERVER_START, .facts = shop_facts()});
	assert_int_equal(telemetry_counts(telemetry).dropped, 1);
	telemetry_close(telemetry);
}

static void test_a_missing_sender_is_no_telemetry_and_no_trouble(void **state)
{
	struct client_scene *self = *state;

	assert_null(client_open(&self->shop.stack, &self->environment, 2, NULL, "/nonexistent/upfront-telemetry"));
	telemetry_capture(NULL, &(struct telemetry_event){.kind = TELEMETRY_SERVER_START, .facts = shop_facts()});
	telemetry_close(NULL);
	assert_int_equal(telemetry_sender_pid(NULL), -1);
}

static void test_without_an_endpoint_there_is_nothing_to_open(void **state)
{
	struct client_scene *self = *state;

	self->shop.decl.key = NULL;
	assert_null(client_open(&self->shop.stack, &self->environment, 2, NULL, "/bin/true"));
	self->shop.stack.telemetry = NULL;
	assert_null(client_open(&self->shop.stack, &self->environment, 2, NULL, "/bin/true"));
}

static void test_printing_instead_of_sending_starts_nothing(void **state)
{
	struct client_scene *self = *state;
	struct posthog *posthog = posthog_create("phc_shop");
	struct posthog_verdict verdict;
	struct telemetry *telemetry;
	int ends[2];
	char text[16384], *kept;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	strmap_set(&self->environment, "UPFRONT_TELEMETRY_PRINT", "1");
	self->shop.decl.identity = IDENTITY_INSTALL;
	telemetry = client_open(&self->shop.stack, &self->environment, ends[1], NULL, "/nonexistent");
	assert_non_null(telemetry);
	assert_int_equal(telemetry_sender_pid(telemetry), -1);
	telemetry_capture(telemetry, &(struct telemetry_event){.kind = TELEMETRY_SERVER_START, .facts = shop_facts()});
	telemetry_close(telemetry);
	close(ends[1]);
	children_read(ends[0], NULL, text, sizeof(text));
	close(ends[0]);
	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
	posthog_check(posthog, &(struct posthog_request){"application/json", NULL, text, strlen(text)}, &verdict);
	assert_int_equal(verdict.status, 200);
	assert_int_equal(cJSON_GetArraySize(verdict.findings), 0);
	posthog_verdict_finish(&verdict);
	posthog_destroy(posthog);
	kept = state_file("Shop", STATE_ID);
	assert_int_not_equal(access(kept, F_OK), 0);
	free(kept);
}

static void test_printing_to_a_full_pipe_does_not_wait(void **state)
{
	struct client_scene *self = *state;
	struct telemetry *telemetry;
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	strmap_set(&self->environment, "UPFRONT_TELEMETRY_PRINT", "1");
	telemetry = client_open(&self->shop.stack, &self->environment, ends[1], NULL, NULL);
	for (int i = 0; i < 200; i++)
		telemetry_capture(telemetry,
				  &(struct telemetry_event){.kind = TELEMETRY_SERVER_START, .facts = shop_facts()});
	telemetry_close(telemetry);
	close(ends[0]);
	close(ends[1]);
}

/* SIGPIPE would end the supervisor. */
static void test_printing_to_a_closed_pipe_is_let_be(void **state)
{
	struct client_scene *self = *state;
	struct telemetry *telemetry;
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	close(ends[0]);
	strmap_set(&self->environment, "UPFRONT_TELEMETRY_PRINT", "1");
	telemetry = client_open(&self->shop.stack, &self->environment, ends[1], NULL, NULL);
	telemetry_capture(telemetry, &(struct telemetry_event){.kind = TELEMETRY_SERVER_START, .facts = shop_facts()});
	telemetry_close(telemetry);
	close(ends[1]);
}

static void test_what_the_sender_says_of_itself(void **state)
{
	struct client_scene *self = *state;
	struct telemetry *telemetry;
	struct telemetry_counts counts;

	/* A program that speaks packets: what a shell writes at once is one. */
	client_scene_program(self, "printf 'N{\"queued\":7,\"delivered\":40,\"refused\":1,\"evicted\":2,\"relayed\":30,"
				   "\"relay_dropped\":4,\"relay_refused\":5,\"dropped\":6}' >&3\n"
				   "printf 'Nnonsense' >&3; printf 'X{}' >&3; printf 'N[]' >&3");
	assert_int_equal(telemetry_fd(NULL), -1);
	assert_true(telemetry_counts(NULL).delivered == 0);
	telemetry_hear(NULL);
	telemetry = client_open(&self->shop.stack, &self->environment, 2, NULL, self->program);
	assert_int_equal(telemetry_fd(telemetry), -1);
	for (uint64_t round = 1; round <= 2; round++) {
		if (round == 1)
			telemetry_start(telemetry);
		else
			telemetry_restart(telemetry);
		assert_true(children_readable(telemetry_fd(telemetry), CHILDREN_DEADLINE_MS));
		assert_int_equal(children_wait(telemetry_sender_pid(telemetry)), 0);
		telemetry_hear(telemetry);
		counts = telemetry_counts(telemetry);
		assert_true(counts.queued == 7);
		/* What was delivered before it died stays delivered. */
		assert_true(counts.delivered == 40 * round && counts.refused == round && counts.evicted == 2 * round);
		assert_true(counts.relayed == 30 * round && counts.relay_dropped == 4 * round &&
			    counts.relay_refused == 5 * round && counts.dropped == 6 * round);
		assert_false(children_readable(telemetry_fd(telemetry), 0));
		telemetry_sender_exited(telemetry);
		assert_true(telemetry_counts(telemetry).delivered == 40 * round);
	}
	telemetry_close(telemetry);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_the_sender_is_told_all_by_its_socket),
		CASE(test_it_starts_with_nothing_of_ours_but_the_socket),
		CASE(test_it_is_not_started_before_the_first_event),
		CASE(test_a_withdrawal_leaves_it_no_time_for_a_last_attempt),
		CASE(test_what_cannot_be_sent_is_counted),
		CASE(test_closed_standard_streams_do_not_confuse_it),
		CASE(test_a_sender_that_does_not_read_costs_events_and_no_time),
		CASE(test_what_a_dead_sender_did_not_read_reaches_the_next),
		CASE(test_what_follows_a_sender_that_did_not_read_is_configured),
		CASE(test_what_the_sender_says_of_itself),
		CASE(test_it_is_started_again_five_times_with_growing_pauses),
		CASE(test_a_missing_sender_is_no_telemetry_and_no_trouble),
		CASE(test_without_an_endpoint_there_is_nothing_to_open),
		CASE(test_printing_instead_of_sending_starts_nothing),
		CASE(test_printing_to_a_full_pipe_does_not_wait),
		CASE(test_printing_to_a_closed_pipe_is_let_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
