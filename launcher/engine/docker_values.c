/* SPDX-License-Identifier: MIT */
#include "launcher/engine/docker_parts.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdlib.h>

#define FIRST_BYTES 1024u

static int add(struct docker_values *self, char byte)
{
	if (self->size_bytes == self->capacity) {
		size_t capacity = self->capacity == 0 ? FIRST_BYTES : self->capacity * 2;
		char *grown;

		if (self->size_bytes >= DOCKER_LINE_MAX)
			return -EFBIG;
		grown = realloc(self->bytes, capacity);
		if (grown == NULL)
			return -ENOMEM;
		self->bytes = grown;
		self->capacity = capacity;
	}
	self->bytes[self->size_bytes++] = byte;
	return 0;
}

/* Takes one byte inside of a value, or that begins one; true when it was the value's last. */
static bool step(struct docker_values *self, char byte)
{
	if (self->in_text) {
		if (self->escaped)
			self->escaped = false;
		else if (byte == '\\')
			self->escaped = true;
		else if (byte == '"')
			self->in_text = false;
		return false;
	}
	if (byte == '"')
		self->in_text = true;
	else if (byte == '{' || byte == '[')
		self->depth++;
	else if (byte == '}' || byte == ']')
		return --self->depth == 0;
	return false;
}

/* 1: go on; 0: whoever takes them has had enough. */
static int give(struct docker_values *self, docker_values_take *take, void *context)
{
	cJSON *value = cJSON_ParseWithLength(self->bytes, self->size_bytes);
	bool more;

	if (value == NULL)
		return -EPROTO;
	self->size_bytes = 0;
	/* May end who owns us: nothing of `self` is touched after a false. */
	more = take(context, value);
	cJSON_Delete(value);
	return more ? 1 : 0;
}

int docker_values_feed(struct docker_values *self, const char *bytes, size_t size_bytes, docker_values_take *take,
		       void *context)
{
	for (size_t i = 0; i < size_bytes; i++) {
		int result;

		if (self->depth == 0) {
			if (bytes[i] == ' ' || bytes[i] == '\t' || bytes[i] == '\r' || bytes[i] == '\n')
				continue;
			if (bytes[i] != '{')
				return -EPROTO;
		}
		result = add(self, bytes[i]);
		if (result < 0)
			return result;
		if (!step(self, bytes[i]))
			continue;
		result = give(self, take, context);
		if (result <= 0)
			return result;
	}
	return 0;
}

void docker_values_finish(struct docker_values *self)
{
	free(self->bytes);
	*self = (struct docker_values){0};
}
