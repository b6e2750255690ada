/* SPDX-License-Identifier: MIT */
/* sd_notify: what is taken from a message, who may send one, and what a flood costs. */
#include "launcher/process/notify.h"

#include "config/err.h"
#include "tests/lib/children.h"

#include <event2/event.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/lib/skip.h"

#define STRANGER 61234 /* a user nobody is */

/* ---- What is said ---- */

static struct notify_message parse(const char *text, bool *known)
{
	struct notify_message message = {0};
	/* As long as it is said to be, so that reading on is seen. */
	char *bytes = malloc(strlen(text) + 1);

	memcpy(bytes, text, strlen(text));
	*known = notify_parse(bytes, strlen(text), &message);
	free(bytes);
	return message;
}

static void test_words(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool known;
		struct notify_message wanted;
	} cases[] = {
		{"READY=1", true, {.ready = true}},
		{"READY=1\n", true, {.ready = true}},
		{"READY=0", false, {0}},
		{"READY=11", false, {0}},
		{"READY=", false, {0}},
		{"READY", false, {0}},
		{"ready=1", false, {0}},
		{"XREADY=1\nREADY =1", false, {0}},
		{"=1\n\n\n=", false, {0}},
		{"", false, {0}},
		{"MAINPID=1\nFDSTORE=1\nBARRIER=1\nX_MINE=2", false, {0}},
		{"MAINPID=1\nREADY=1\nnonsense\nWATCHDOG=1", true, {.ready = true, .watchdog = true}},
		{"WATCHDOG=trigger", true, {.trouble = true}},
		{"WATCHDOG=2", false, {0}},
		{"STOPPING=1", true, {.stopping = true}},
		{"RELOADING=1", true, {.reloading = true}},
		{"RELOADING=1\nREADY=1", true, {.ready = true}},
		{"READY=1\nRELOADING=1", true, {.ready = true, .reloading = true}},
		{"ERRNO=2", true, {.error = 2}},
		{"ERRNO=-2\nERRNO=\nERRNO=99999999999999999999\nERRNO=0x2", false, {0}},
		{"EXTEND_TIMEOUT_USEC=5000000", true, {.extend_ms = 5000}},
		{"EXTEND_TIMEOUT_USEC=1", true, {.extend_ms = 1}},
		{"EXTEND_TIMEOUT_USEC=0", false, {0}},
		{"EXTEND_TIMEOUT_USEC=9223372036854775807", true, {.extend_ms = 9223372036854776}},
		{"EXTEND_TIMEOUT_USEC=9223372036854775808", false, {0}},
		{"STATUS=a=b", true, {.has_status = true, .status = "a=b"}},
		{"STATUS=one\nSTATUS=two", true, {.has_status = true, .status = "two"}},
		{"STATUS=", true, {.has_status = true}},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct notify_message *wanted = &cases[i].wanted;
		bool known;
		struct notify_message got = parse(cases[i].text, &known);

		if (known != cases[i].known || got.ready != wanted->ready || got.watchdog != wanted->watchdog ||
		    got.trouble != wanted->trouble || got.stopping != wanted->stopping ||
		    got.reloading != wanted->reloading || got.error != wanted->error ||
		    got.extend_ms != wanted->extend_ms || got.has_status != wanted->has_status ||
		    strcmp(got.status, wanted->status) != 0)
			fail_msg("\"%s\" is understood wrongly", cases[i].text);
	}
}

/* ESC, a control character of two bytes, a broken sequence, what turns the writing direction. */
static void test_status_is_harmless(void **state)
{
	(void)state;
	bool known;

	assert_string_equal(
		parse("STATUS=\xc3\xa9t\xc3\xa9 \x1b[31m \xc2\x9b \xff\xe2\x82 \xe2\x80\xae.\ttab", &known).status,
		"\xc3\xa9t\xc3\xa9 ?[31m ? ??? ?.?tab");
}

static void test_status_is_cut_at_characters(void **state)
{
	(void)state;
	char text[4000] = "STATUS=", wanted[NOTIFY_STATUS_BYTES] = "";
	bool known;

	for (int i = 0; i < 900; i++)
		strcat(text, "\xf0\x9f\x98\x80"); /* four bytes each */
	for (unsigned i = 0; i < NOTIFY_STATUS_CHARS; i++)
		strcat(wanted, "\xf0\x9f\x98\x80");
	assert_string_equal(parse(text, &known).status, wanted);
}

static void test_zero_bytes_end_nothing(void **state)
{
	(void)state;
	static const char bytes[] = "READY=1\0\nSTATUS=a\0b\nWATCHDOG=1";
	struct notify_message message = {0};

	assert_true(notify_parse(bytes, sizeof bytes - 1, &message));
	assert_false(message.ready);
	assert_true(message.watchdog);
	assert_string_equal(message.status, "a?b");
}

/* ---- The socket ---- */

struct scene {
	struct event_base *base;
	struct notify *notify;
	struct notify_message last;
	int heard;
};

static void on_heard(void *context, const struct notify_message *message)
{
	struct scene *self = context;

	self->heard++;
	self->last = *message;
}

static void scene_open(struct scene *self, uid_t user)
{
	struct err err = ERR_INIT;

	*self = (struct scene){.base = event_base_new()};
	self->notify = notify_create(
		&(struct notify_options){.base = self->base, .user = user, .heard = on_heard, .context = self}, &err);
	if (self->notify == NULL)
		fail_msg("%s", err.items[0].message);
	setenv("NOTIFY_SOCKET", notify_address(self->notify), 1);
}

static void scene_close(struct scene *self)
{
	notify_destroy(self->notify);
	event_base_free(self->base);
	unsetenv("NOTIFY_SOCKET");
	assert_true(children_none_left());
}

static void on_end(evutil_socket_t fd, short what, void *context)
{
	(void)fd, (void)what;
	event_base_loopbreak(context);
}

/* The helper with these arguments; the loop runs until it has ended. Its exit code. */
static int speak(struct scene *self, ...)
{
	char *path = children_helper("notifier");
	const char *argv[12] = {path};
	struct event *ended;
	va_list list;
	size_t count = 1;
	pid_t pid;
	int pidfd;

	va_start(list, self);
	while (count < 11 && (argv[count] = va_arg(list, const char *)) != NULL)
		count++;
	va_end(list);
	pid = fork();
	if (pid == 0) {
		execv(path, (char *const *)argv);
		_exit(98);
	}
	pidfd = pidfd_open(pid, 0);
	ended = event_new(self->base, pidfd, EV_READ, on_end, self->base);
	event_add(ended, &(struct timeval){.tv_sec = CHILDREN_DEADLINE_MS / 1000});
	event_base_dispatch(self->base);
	event_free(ended);
	close(pidfd);
	free(path);
	return children_wait(pid);
}

static void test_what_is_sent_is_heard(void **state)
{
	(void)state;
	struct scene scene;

	scene_open(&scene, geteuid());
	assert_int_equal(notify_address(scene.notify)[0], '@');
	assert_int_equal(speak(&scene, "send", "READY=1|STATUS=serving", NULL), 0);
	notify_drain(scene.notify);
	assert_int_equal(scene.heard, 1);
	assert_true(scene.last.ready);
	assert_string_equal(scene.last.status, "serving");
	scene_close(&scene);
}

/* The loop does not run meanwhile: sender and its credentials' pid are gone when the message is read. */
static void test_a_dead_sender_is_heard(void **state)
{
	(void)state;
	struct scene scene;
	struct event_base *busy = event_base_new(), *idle;

	scene_open(&scene, geteuid());
	idle = scene.base;
	scene.base = busy; /* speak() turns another loop */
	assert_int_equal(speak(&scene, "fork", "STATUS=last words", "fork", "READY=1", NULL), 0);
	scene.base = idle;
	assert_int_equal(scene.heard, 0);
	notify_drain(scene.notify);
	assert_int_equal(scene.heard, 1); /* both, put together */
	assert_true(scene.last.ready);
	assert_string_equal(scene.last.status, "last words");
	event_base_free(busy);
	scene_close(&scene);
}

static void test_strangers_are_not_heard(void **state)
{
	(void)state;
	struct scene scene;

	if (geteuid() != 0)
		skip_because("speaking as another user takes root");
	scene_open(&scene, geteuid());
	assert_int_equal(speak(&scene, "as", "61234", "READY=1", NULL), 0);
	notify_drain(scene.notify);
	assert_int_equal(scene.heard, 0);
	assert_int_equal(notify_ignored(scene.notify), 1);
	scene_close(&scene);

	scene_open(&scene, STRANGER); /* now the user the service runs as */
	assert_int_equal(speak(&scene, "as", "61234", "READY=1", NULL), 0);
	notify_drain(scene.notify);
	assert_int_equal(scene.heard, 1);
	assert_int_equal(notify_ignored(scene.notify), 0);
	scene_close(&scene);
}

static void test_too_long_is_ignored(void **state)
{
	(void)state;
	struct scene scene;
	char text[NOTIFY_MESSAGE_BYTES + 2] = "READY=1|STATUS=";

	scene_open(&scene, geteuid());
	memset(text + strlen(text), 'x', NOTIFY_MESSAGE_BYTES + 1 - strlen(text));
	assert_int_equal(speak(&scene, "send", text, NULL), 0);
	notify_drain(scene.notify);
	assert_int_equal(scene.heard, 0);
	assert_int_equal(notify_ignored(scene.notify), 1);
	text[NOTIFY_MESSAGE_BYTES] = '\0'; /* as long as it may be */
	assert_int_equal(speak(&scene, "send", text, NULL), 0);
	notify_drain(scene.notify);
	assert_int_equal(scene.heard, 1);
	scene_close(&scene);
}

static void test_descriptors_are_not_taken_in(void **state)
{
	(void)state;
	struct scene scene;
	int before;

	scene_open(&scene, geteuid());
	before = children_count_fds();
	/* The helper waits until nobody holds its descriptor any more, which is what a barrier is. */
	assert_int_equal(speak(&scene, "barrier", "FDSTORE=1|FDNAME=x|READY=1", NULL), 0);
	assert_true(scene.last.ready);
	assert_int_equal(children_count_fds(), before);
	scene_close(&scene);
}

static void count_turn(evutil_socket_t fd, short what, void *context)
{
	(void)fd, (void)what;
	(*(int *)context)++;
}

/* Others go on being served meanwhile: a timer of the same loop keeps ticking, and what is told is bounded by the rests. */
static void test_a_flood_waits_for_itself(void **state)
{
	(void)state;
	struct scene scene;
	struct event *timer;
	int ticks = 0;
	int64_t began, took_ms;

	scene_open(&scene, geteuid());
	timer = event_new(scene.base, -1, EV_PERSIST, count_turn, &ticks);
	event_add(timer, &(struct timeval){.tv_usec = 10000});
	began = children_now_ms();
	assert_int_equal(speak(&scene, "flood", "5000", "STATUS=again", "send", "READY=1", NULL), 0);
	notify_drain(scene.notify);
	assert_true(scene.last.ready);
	assert_int_equal(notify_ignored(scene.notify), 0);
	took_ms = children_now_ms() - began;
	assert_in_range(scene.heard, 1, 800 * (took_ms / 1000 + 1));
	assert_true(ticks >= 1);
	print_message("5000 messages in %lld ms: told %d times, %d ticks of 10 ms\n", (long long)took_ms, scene.heard,
		      ticks);
	event_free(timer);
	scene_close(&scene);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_status_is_harmless),
		cmocka_unit_test(test_status_is_cut_at_characters),
		cmocka_unit_test(test_zero_bytes_end_nothing),
		cmocka_unit_test(test_what_is_sent_is_heard),
		cmocka_unit_test(test_a_dead_sender_is_heard),
		cmocka_unit_test(test_strangers_are_not_heard),
		cmocka_unit_test(test_too_long_is_ignored),
		cmocka_unit_test(test_descriptors_are_not_taken_in),
		cmocka_unit_test(test_a_flood_waits_for_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
