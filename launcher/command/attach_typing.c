/* SPDX-License-Identifier: MIT */
#include "launcher/command/attach_typing.h"

#include "launcher/client/ctl_client.h"
#include "launcher/supervisor/ctl.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Until what was not taken is offered again. */
#define AGAIN_MS 10

static char *make_target(const char *unit, const char *end)
{
	char *target = NULL;
	size_t size;
	FILE *out = open_memstream(&target, &size);

	if (out == NULL)
		return NULL;
	fputs("/v1/services/", out);
	for (const char *at = unit; *at != '\0'; at++) {
		if (isalnum((unsigned char)*at) || strchr("-_.", *at) != NULL)
			fputc(*at, out);
		else
			fprintf(out, "%%%02X", (unsigned char)*at);
	}
	fputs(end, out);
	if (fclose(out) != 0) {
		free(target);
		return NULL;
	}
	return target;
}

int attach_typing_init(struct attach_typing *self, const struct ctl_client *client, const char *unit)
{
	memset(self, 0, sizeof(*self));
	self->client = client;
	self->target = make_target(unit, "/terminal");
	self->size_target = make_target(unit, "/terminal/size");
	return self->target != NULL && self->size_target != NULL ? 0 : -ENOMEM;
}

void attach_typing_finish(struct attach_typing *self)
{
	ctl_stream_close(self->answer);
	self->answer = NULL;
	free(self->target);
	free(self->size_target);
	self->target = self->size_target = NULL;
}

size_t attach_typing_room(const struct attach_typing *self)
{
	return sizeof(self->bytes) - self->count;
}

void attach_typing_put(struct attach_typing *self, const char *bytes, size_t size_bytes)
{
	if (size_bytes > attach_typing_room(self))
		size_bytes = attach_typing_room(self);
	memcpy(self->bytes + self->count, bytes, size_bytes);
	self->count += size_bytes;
}

void attach_typing_resize(struct attach_typing *self, unsigned rows, unsigned columns)
{
	self->rows = rows;
	self->columns = columns;
	self->size_due = true;
}

bool attach_typing_is_done(const struct attach_typing *self)
{
	return self->answer == NULL && self->count == 0 && !self->size_due;
}

static int send_size(struct attach_typing *self)
{
	char body[64];
	int length = snprintf(body, sizeof(body), "{\"rows\":%u,\"columns\":%u}", self->rows, self->columns);

	return ctl_stream_post(self->client, self->size_target, "application/json", body, (size_t)length,
			       &self->answer);
}

static int send_keys(struct attach_typing *self, size_t size_bytes)
{
	return ctl_stream_post(self->client, self->target, "application/octet-stream", self->bytes, size_bytes,
			       &self->answer);
}

void attach_typing_send(struct attach_typing *self, int64_t now_ms)
{
	size_t size_bytes = self->count < CTL_TERMINAL_TYPED_MAX ? self->count : CTL_TERMINAL_TYPED_MAX;
	int result;

	if (self->answer != NULL || now_ms < self->again_ms || attach_typing_is_done(self))
		return;
	self->sends_size = self->size_due;
	result = self->sends_size ? send_size(self) : send_keys(self, size_bytes);
	if (result == 0) {
		self->sent = self->sends_size ? 0 : size_bytes;
		self->size_due = self->size_due && !self->sends_size;
	} else {
		self->again_ms = now_ms + AGAIN_MS;
	}
}

int attach_typing_fd(const struct attach_typing *self)
{
	return self->answer != NULL ? ctl_stream_fd(self->answer) : -1;
}

static void settle(struct attach_typing *self, int status, int64_t now_ms)
{
	ctl_stream_close(self->answer);
	self->answer = NULL;
	/* No room, or an answer that broke off before anything was said: the keys are still to be typed. */
	if (status == 503 || (status == 0 && !self->sends_size)) {
		self->again_ms = now_ms + AGAIN_MS;
		self->size_due = self->size_due || self->sends_size;
	} else {
		self->was_refused = self->was_refused || (status >= 300 && !self->sends_size);
		self->count -= self->sent;
		memmove(self->bytes, self->bytes + self->sent, self->count);
	}
	self->sent = 0;
}

void attach_typing_take(struct attach_typing *self, int64_t now_ms)
{
	char ignored[4096];
	ssize_t count;

	if (self->answer == NULL)
		return;
	do
		count = ctl_stream_read(self->answer, ignored, sizeof(ignored));
	while (count > 0);
	if (count != -EAGAIN)
		settle(self, ctl_stream_status(self->answer), now_ms);
}

int64_t attach_typing_next_ms(const struct attach_typing *self)
{
	return self->answer == NULL && !attach_typing_is_done(self) ? self->again_ms : 0;
}
