/* SPDX-License-Identifier: MIT */
#include "telemetry/sender/transport.h"

#include "tests/lib/children.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

struct fixture {
	char *folder, *path;
	struct event_base *base;
	int answers, status;
};

static int setup(void **state)
{
	struct fixture *self = calloc(1, sizeof(*self));

	self->folder = children_make_folder();
	self->base = event_base_new();
	assert_true(asprintf(&self->path, "%s/sent.jsonl", self->folder) > 0);
	*state = self;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *self = *state;

	event_base_free(self->base);
	children_remove_folder(self->folder);
	free(self->path);
	free(self);
	return 0;
}

static void on_answer(void *context, const struct transport_answer *answer)
{
	struct fixture *self = context;

	self->answers++;
	self->status = answer->status;
}

/* One attempt; the answer comes from the loop, never from within the call. */
static int attempt(struct fixture *self, const char *body)
{
	struct transport *transport = transport_file_create(self->base, self->path);

	assert_non_null(transport);
	self->answers = 0;
	self->status = -1;
	assert_int_equal(transport->send(transport, body, strlen(body), 1000, on_answer, self), 0);
	assert_int_equal(self->answers, 0);
	event_base_dispatch(self->base);
	assert_int_equal(self->answers, 1);
	transport->destroy(transport);
	return self->status;
}

static void assert_file(const struct fixture *self, const char *wanted)
{
	size_t size_bytes;
	char *text = children_slurp(self->folder, "sent.jsonl", &size_bytes);

	assert_non_null(text);
	assert_string_equal(text, wanted);
	free(text);
}

static void test_each_body_is_a_line_of_a_private_file(void **state)
{
	struct fixture *self = *state;
	struct stat status;
	mode_t mask = umask(0);

	assert_int_equal(attempt(self, "{\"a\":1}"), 200);
	assert_int_equal(attempt(self, "{\"b\":2}"), 200);
	umask(mask);
	assert_file(self, "{\"a\":1}\n{\"b\":2}\n");
	assert_int_equal(stat(self->path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
}

static void test_what_is_no_file_is_no_place_to_write(void **state)
{
	struct fixture *self = *state;

	assert_int_equal(mkdir(self->path, 0700), 0);
	assert_int_equal(attempt(self, "{}"), 0);
	assert_int_equal(rmdir(self->path), 0);
	assert_int_equal(mkfifo(self->path, 0600), 0);
	assert_int_equal(attempt(self, "{}"), 0);
	assert_null(transport_file_create(self->base, "relative.jsonl"));
	assert_null(transport_create(self->base, "file:relative.jsonl"));
}

static void test_a_line_is_written_whole_or_not_at_all(void **state)
{
	struct fixture *self = *state;
	struct rlimit before, limit;
	struct sigaction ignored = {.sa_handler = SIG_IGN}, old;

	assert_int_equal(attempt(self, "{\"a\":1}"), 200);
	/* As a full disk does: the write is cut short. */
	getrlimit(RLIMIT_FSIZE, &before);
	limit = before;
	limit.rlim_cur = 12;
	sigaction(SIGXFSZ, &ignored, &old);
	setrlimit(RLIMIT_FSIZE, &limit);
	assert_int_equal(attempt(self, "{\"b\":2}"), 0);
	setrlimit(RLIMIT_FSIZE, &before);
	sigaction(SIGXFSZ, &old, NULL);
	assert_file(self, "{\"a\":1}\n");
	assert_int_equal(attempt(self, "{\"b\":2}"), 200);
	assert_file(self, "{\"a\":1}\n{\"b\":2}\n");
}

static void test_a_locked_file_is_not_waited_for(void **state)
{
	struct fixture *self = *state;
	int fd = open(self->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_int_equal(attempt(self, "{}"), 0);
	close(fd);
	assert_int_equal(attempt(self, "{}"), 200);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_each_body_is_a_line_of_a_private_file),
		CASE(test_what_is_no_file_is_no_place_to_write),
		CASE(test_a_line_is_written_whole_or_not_at_all),
		CASE(test_a_locked_file_is_not_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
