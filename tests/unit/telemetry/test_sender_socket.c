/* SPDX-License-Identifier: MIT */
/* The socket to the senders: what it takes and keeps, and how a configuration gets to its front. */
#include "telemetry/sender_socket.h"

#include "telemetry/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static int setup(void **state)
{
	struct sender_socket *self = calloc(1, sizeof(*self));

	*state = self;
	return sender_socket_open(self);
}

static int teardown(void **state)
{
	sender_socket_close(*state);
	free(*state);
	return 0;
}

static int send_text(struct sender_socket *self, char kind, const char *text)
{
	return sender_socket_send(self, kind, text, strlen(text));
}

/* The next message, as the sender gets it; "" when there is none. Valid until the next call. */
static const char *next(const struct sender_socket *self)
{
	static char text[64];
	ssize_t length = recv(self->sender_fd, text, sizeof(text) - 1, MSG_DONTWAIT);

	text[length > 0 ? length : 0] = '\0';
	return text;
}

static void send_config(void *context)
{
	assert_int_equal(send_text(context, WIRE_CONFIG, "{}"), 0);
}

static void test_a_configuration_gets_in_front_of_what_waits(void **state)
{
	struct sender_socket *self = *state;

	assert_int_equal(sender_socket_configure(self, send_config, self), 0);
	assert_int_equal(send_text(self, WIRE_EVENT, "1"), 0);
	assert_int_equal(send_text(self, WIRE_COMMON, "{}"), 0);
	assert_int_equal(send_text(self, WIRE_EVENT, "2"), 0);
	/* What was not an event speaks of a configuration that is gone. */
	assert_int_equal(sender_socket_configure(self, send_config, self), 0);
	assert_string_equal(next(self), "C{}");
	assert_string_equal(next(self), "E1");
	assert_string_equal(next(self), "E2");
	assert_string_equal(next(self), "");
}

static void test_a_full_one_has_room_for_a_configuration(void **state)
{
	struct sender_socket *self = *state;
	char *event = malloc(10000);
	int sent = 0, got = 0;

	memset(event, 'x', 10000);
	assert_int_equal(sender_socket_configure(self, send_config, self), 0);
	while (sender_socket_send(self, WIRE_EVENT, event, 10000) == 0)
		sent++;
	assert_true(sent > 0);
	assert_int_equal(sender_socket_send(self, WIRE_EVENT, event, 10000), -EAGAIN);
	assert_int_equal(sender_socket_configure(self, send_config, self), 0);
	assert_string_equal(next(self), "C{}");
	while (*next(self) == WIRE_EVENT)
		got++;
	assert_int_equal(got, sent);
	free(event);
}

static void test_what_it_never_takes_is_told_from_what_it_does_not_take_now(void **state)
{
	struct sender_socket *self = *state;
	size_t size = 8u * WIRE_BUFFER_BYTES;
	char *text = calloc(1, size);

	assert_int_equal(sender_socket_send(self, WIRE_CONFIG, text, size), -EMSGSIZE);
	free(text);
	sender_socket_close(self);
	assert_int_equal(send_text(self, WIRE_EVENT, "1"), -ENOTCONN);
	sender_socket_close(self);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_configuration_gets_in_front_of_what_waits, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_full_one_has_room_for_a_configuration, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_it_never_takes_is_told_from_what_it_does_not_take_now, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
