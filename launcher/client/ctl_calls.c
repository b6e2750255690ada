/* SPDX-License-Identifier: MIT */
#include "launcher/client/ctl_calls.h"

#include "config/clock.h"
#include "config/err.h"
#include "launcher/client/ctl_client.h"
#include "launcher/client/view.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#define ANSWER_FIRST_BYTES 8192u

void ctl_calls_init(struct ctl_calls *self, const struct ctl_client *client, ctl_call_done *done, void *context)
{
	*self = (struct ctl_calls){.client = client, .done = done, .context = context};
}

static void call_finish(struct ctl_call *self)
{
	ctl_stream_close(self->stream);
	free(self->bytes);
	*self = (struct ctl_call){0};
}

void ctl_calls_finish(struct ctl_calls *self)
{
	for (size_t i = 0; i < CTL_CALLS_MAX; i++)
		call_finish(&self->calls[i]);
}

/* Freed first: `done` may begin another. */
static void tell(struct ctl_calls *self, struct ctl_call *call, const struct err *err)
{
	struct ctl_call ended = *call;
	struct ctl_call_end end = {.number = call->number, .err = err};

	*call = (struct ctl_call){0};
	if (err == NULL) {
		ended.bytes[ended.size_bytes] = '\0';
		end.answer = ended.bytes;
		end.size_bytes = ended.size_bytes;
	}
	self->done(self->context, &end);
	call_finish(&ended);
}

void ctl_calls_begin(struct ctl_calls *self, int number, const char *method, const char *target, const char *body)
{
	struct err err = ERR_INIT;
	struct ctl_call *call = NULL;

	for (size_t i = 0; i < CTL_CALLS_MAX && call == NULL; i++)
		if (self->calls[i].stream == NULL)
			call = &self->calls[i];
	if (call == NULL) {
		err_set(&err, ERR_FAILED, "too much is asked of the supervisor at once");
		err_hint(&err, "try again in a moment");
	} else {
		*call = (struct ctl_call){.number = number,
					  .capacity = ANSWER_FIRST_BYTES,
					  .bytes = malloc(ANSWER_FIRST_BYTES),
					  .deadline_ms = clock_monotonic_ms() + CTL_CALLS_TIMEOUT_MS};
		if (call->bytes == NULL)
			err_set(&err, ERR_INTERNAL, "out of memory");
		else
			ctl_stream_ask(self->client, method, target, body, &call->stream, &err);
		if (err_is_set(&err))
			call_finish(call);
	}
	if (err_is_set(&err))
		self->done(self->context, &(struct ctl_call_end){.number = number, .err = &err});
	err_finish(&err);
}

bool ctl_calls_has(const struct ctl_calls *self, int number)
{
	for (size_t i = 0; i < CTL_CALLS_MAX; i++)
		if (self->calls[i].stream != NULL && self->calls[i].number == number)
			return true;
	return false;
}

void ctl_calls_fill_polls(const struct ctl_calls *self, struct pollfd *polls)
{
	for (size_t i = 0; i < CTL_CALLS_MAX; i++)
		polls[i] = (struct pollfd){
			.fd = self->calls[i].stream != NULL ? ctl_stream_fd(self->calls[i].stream) : -1,
			.events = POLLIN,
		};
}

int64_t ctl_calls_due_ms(const struct ctl_calls *self)
{
	int64_t due_ms = 0;

	for (size_t i = 0; i < CTL_CALLS_MAX; i++)
		if (self->calls[i].stream != NULL && (due_ms == 0 || self->calls[i].deadline_ms < due_ms))
			due_ms = self->calls[i].deadline_ms;
	return due_ms;
}

int64_t ctl_calls_since_ms(const struct ctl_calls *self)
{
	const int64_t due_ms = ctl_calls_due_ms(self);

	return due_ms != 0 ? due_ms - CTL_CALLS_TIMEOUT_MS : 0;
}

/* Room for one byte more than the answer: its end. */
static int make_room(struct ctl_call *call)
{
	char *grown;

	if (call->capacity - call->size_bytes > 1)
		return 0;
	if (call->capacity >= CTL_CLIENT_BODY_MAX)
		return -EFBIG;
	grown = realloc(call->bytes, call->capacity * 2);
	if (grown == NULL)
		return -ENOMEM;
	call->bytes = grown;
	call->capacity *= 2;
	return 0;
}

/* 0 at the end of the answer, -EAGAIN when there is more to come. */
static int read_answer(struct ctl_call *call)
{
	for (;;) {
		int result = make_room(call);
		ssize_t count = result < 0 ? result
					   : ctl_stream_read(call->stream, call->bytes + call->size_bytes,
							     call->capacity - call->size_bytes - 1);

		if (count <= 0)
			return (int)count;
		call->size_bytes += (size_t)count;
	}
}

static void take_end(struct ctl_calls *self, struct ctl_call *call, int result)
{
	struct err err = ERR_INIT;
	int status = ctl_stream_status(call->stream);

	if (result == -ETIMEDOUT) {
		err_set(&err, ERR_TIMEOUT, "the supervisor did not answer within %d s", CTL_CALLS_TIMEOUT_MS / 1000);
	} else if (result < 0) {
		err_set(&err, ERR_FAILED, "no usable answer from the supervisor: %s", strerror(-result));
	} else if (status >= 400) {
		call->bytes[call->size_bytes] = '\0';
		view_take_error(call->bytes, status, &err);
	}
	tell(self, call, err_is_set(&err) ? &err : NULL);
	err_finish(&err);
}

void ctl_calls_step(struct ctl_calls *self, const struct pollfd *polls)
{
	for (size_t i = 0; i < CTL_CALLS_MAX; i++) {
		struct ctl_call *call = &self->calls[i];
		int result = -EAGAIN;

		if (call->stream == NULL)
			continue;
		if (polls[i].fd == ctl_stream_fd(call->stream) && polls[i].revents != 0)
			result = read_answer(call);
		if (result == -EAGAIN && clock_monotonic_ms() >= call->deadline_ms)
			result = -ETIMEDOUT;
		if (result != -EAGAIN)
			take_end(self, call, result);
	}
}
