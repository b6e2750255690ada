/* SPDX-License-Identifier: MIT */
#include "tests/lib/attempt.h"

#include "tests/lib/children.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int attempt_setup(void **state)
{
	struct attempt *self = calloc(1, sizeof(*self));

	network_forget_environment();
	self->folder = children_make_folder();
	self->base = event_base_new();
	*state = self;
	return 0;
}

int attempt_teardown(void **state)
{
	struct attempt *self = *state;

	network_forget_environment();
	event_base_free(self->base);
	children_remove_folder(self->folder);
	free(self);
	return children_none_left() ? 0 : -1;
}

void attempt_done(void *context, const struct transport_answer *answer)
{
	struct attempt *self = context;

	self->answers++;
	self->answer = *answer;
	event_base_loopbreak(self->base);
}

void attempt_run(struct attempt *self, const char *host, const char *body)
{
	struct transport *transport = transport_create(self->base, host);
	int64_t since = children_now_ms();

	assert_non_null(transport);
	self->answers = 0;
	assert_int_equal(transport->send(transport, body, strlen(body), ATTEMPT_MS, attempt_done, self), 0);
	/* Never from within the call. */
	assert_int_equal(self->answers, 0);
	event_base_dispatch(self->base);
	self->took_ms = children_now_ms() - since;
	assert_int_equal(self->answers, 1);
	transport->destroy(transport);
	if (children_now_ms() - since > ATTEMPT_MS + ATTEMPT_SLACK_MS)
		fail_msg("%s: the attempt took %lld ms", host, (long long)(children_now_ms() - since));
}

int attempt_at(struct attempt *self, const char *mode, const char *const *options, const char *body)
{
	char host[64];

	receiver_start(&self->receiver, self->folder, mode, 0, options);
	snprintf(host, sizeof(host), "http://127.0.0.1:%d/", self->receiver.port);
	attempt_run(self, host, body);
	return self->answer.status;
}
