/* SPDX-License-Identifier: MIT */
/* Keys on their way to a service: in order, one request at a time, offered again where there was no room, dropped where they are refused. */
#include "launcher/client/ctl_client.h"
#include "launcher/command/attach_typing.h"
#include "tests/lib/children.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

/* A supervisor that is played by the test. */
struct stage {
	char *folder, *path;
	int listener;
	struct ctl_client client;
	struct attach_typing *typing;
	char asked[8192];
};

static int set_up(void **state)
{
	struct stage *self = calloc(1, sizeof(*self));
	struct sockaddr_un name = {.sun_family = AF_UNIX};

	self->folder = children_make_folder();
	assert_true(asprintf(&self->path, "%s/control.sock", self->folder) > 0);
	snprintf(name.sun_path, sizeof(name.sun_path), "%s", self->path);
	self->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(self->listener, (struct sockaddr *)&name, sizeof(name)), 0);
	assert_int_equal(listen(self->listener, 8), 0);
	self->client.socket_path = self->path;
	self->typing = malloc(sizeof(*self->typing));
	assert_int_equal(attach_typing_init(self->typing, &self->client, "we b"), 0);
	*state = self;
	return 0;
}

static int tear_down(void **state)
{
	struct stage *self = *state;

	attach_typing_finish(self->typing);
	free(self->typing);
	close(self->listener);
	children_remove_folder(self->folder);
	free(self->path);
	free(self);
	return 0;
}

static bool is_asked(const struct stage *self)
{
	return children_readable(self->listener, 0);
}

/* Takes the one request that is there, and answers it; its body. */
static const char *answer(struct stage *self, int64_t now_ms, const char *status_line)
{
	char text[256];
	int fd = accept(self->listener, NULL, NULL);
	ssize_t size = recv(fd, self->asked, sizeof(self->asked) - 1, 0);

	assert_true(size > 0);
	self->asked[size] = '\0';
	assert_false(is_asked(self));
	snprintf(text, sizeof(text), "HTTP/1.1 %s\r\nContent-Length: 2\r\n\r\n{}", status_line);
	if (status_line[0] != '\0')
		assert_int_equal(send(fd, text, strlen(text), 0), strlen(text));
	close(fd);
	attach_typing_take(self->typing, now_ms);
	assert_int_equal(attach_typing_fd(self->typing), -1);
	return strstr(self->asked, "\r\n\r\n") + 4;
}

static void put(struct stage *self, const char *text)
{
	attach_typing_put(self->typing, text, strlen(text));
}

static void test_what_gathers_goes_next(void **state)
{
	struct stage *self = *state;

	assert_true(attach_typing_is_done(self->typing));
	attach_typing_send(self->typing, 0);
	assert_false(is_asked(self));
	put(self, "a");
	attach_typing_send(self->typing, 0);
	put(self, "b");
	put(self, "c");
	attach_typing_send(self->typing, 0);
	assert_string_equal(answer(self, 0, "202 Accepted"), "a");
	assert_ptr_equal(strstr(self->asked, "POST /v1/services/we%20b/terminal HTTP/1.1\r\n"), self->asked);
	assert_false(attach_typing_is_done(self->typing));
	attach_typing_send(self->typing, 0);
	assert_string_equal(answer(self, 0, "202 Accepted"), "bc");
	assert_true(attach_typing_is_done(self->typing));
	assert_false(self->typing->was_refused);
}

static void test_what_finds_no_room_is_offered_again(void **state)
{
	static const char *const answers[] = {"503 Service Unavailable", ""};
	struct stage *self = *state;

	put(self, "key");
	for (size_t i = 0; i < 2; i++) {
		const int64_t now_ms = (int64_t)i * 1000;

		attach_typing_send(self->typing, now_ms);
		assert_string_equal(answer(self, now_ms, answers[i]), "key");
		/* Not at once: that would be all that either side does. */
		attach_typing_send(self->typing, now_ms);
		assert_false(is_asked(self));
		assert_true(attach_typing_next_ms(self->typing) > now_ms);
	}
	put(self, "s");
	attach_typing_send(self->typing, 9000);
	assert_string_equal(answer(self, 9000, "202 Accepted"), "keys");
	assert_true(attach_typing_is_done(self->typing));
}

static void test_what_is_refused_is_dropped(void **state)
{
	struct stage *self = *state;

	put(self, "lost");
	attach_typing_send(self->typing, 0);
	put(self, "kept");
	answer(self, 0, "409 Conflict");
	assert_true(self->typing->was_refused);
	attach_typing_send(self->typing, 0);
	assert_string_equal(answer(self, 0, "202 Accepted"), "kept");
}

static void test_much_goes_in_pieces(void **state)
{
	struct stage *self = *state;
	char *much = malloc(2 * ATTACH_TYPING_BYTES);
	size_t got = 0;

	memset(much, 'x', 2 * ATTACH_TYPING_BYTES);
	attach_typing_put(self->typing, much, 2 * ATTACH_TYPING_BYTES);
	assert_int_equal(attach_typing_room(self->typing), 0);
	while (!attach_typing_is_done(self->typing)) {
		attach_typing_send(self->typing, 0);
		got += strlen(answer(self, 0, "202 Accepted"));
	}
	assert_int_equal(got, ATTACH_TYPING_BYTES);
	free(much);
}

/* The last one counts, and one that did not arrive is said again; what is refused (nothing runs) is said with the next run. */
static void test_size(void **state)
{
	struct stage *self = *state;

	attach_typing_resize(self->typing, 24, 80);
	attach_typing_send(self->typing, 0);
	attach_typing_resize(self->typing, 25, 81);
	attach_typing_resize(self->typing, 50, 132);
	assert_string_equal(answer(self, 0, "202 Accepted"), "{\"rows\":24,\"columns\":80}");
	assert_ptr_equal(strstr(self->asked, "POST /v1/services/we%20b/terminal/size HTTP/1.1\r\n"), self->asked);
	put(self, "key");
	attach_typing_send(self->typing, 0);
	assert_string_equal(answer(self, 0, "503 Service Unavailable"), "{\"rows\":50,\"columns\":132}");
	attach_typing_send(self->typing, 1000);
	assert_string_equal(answer(self, 1000, "409 Conflict"), "{\"rows\":50,\"columns\":132}");
	assert_false(self->typing->was_refused);
	attach_typing_send(self->typing, 1000);
	assert_string_equal(answer(self, 1000, "202 Accepted"), "key");
	assert_true(attach_typing_is_done(self->typing));
}

#define STAGE_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		STAGE_TEST(test_what_gathers_goes_next),
		STAGE_TEST(test_what_finds_no_room_is_offered_again),
		STAGE_TEST(test_what_is_refused_is_dropped),
		STAGE_TEST(test_much_goes_in_pieces),
		STAGE_TEST(test_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
