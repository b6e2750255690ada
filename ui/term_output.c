/* SPDX-License-Identifier: MIT */
#include "ui/term_output.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const char begin_update[] = "\033[?2026h", end_update[] = "\033[?2026l";
#define BEGIN_BYTES (sizeof(begin_update) - 1)
#define END_BYTES (sizeof(end_update) - 1)

int term_output_init(struct term_output *self, int terminal)
{
	*self = (struct term_output){.terminal = terminal, .memory = -1};
	int descriptor = fcntl(terminal, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (descriptor < 0)
		return -errno;
	self->stream = fdopen(descriptor, "w");
	if (self->stream == NULL) {
		close(descriptor);
		return -ENOMEM;
	}
	self->memory = memfd_create("upfront-frame", MFD_CLOEXEC);
	return 0;
}

void term_output_finish(struct term_output *self)
{
	if (self->stream != NULL)
		fclose(self->stream);
	if (self->memory >= 0)
		close(self->memory);
	free(self->buffer);
	self->stream = NULL;
	self->buffer = NULL;
	self->memory = -1;
}

size_t term_output_send(const struct term_output *self, const char *bytes, size_t size)
{
	size_t sent = 0;

	while (sent < size) {
		ssize_t count = write(self->terminal, bytes + sent, size - sent);
		if (count > 0) {
			sent += (size_t)count;
		} else if (count < 0 && errno == EAGAIN) {
			struct pollfd output = {.fd = self->terminal, .events = POLLOUT};
			if (poll(&output, 1, -1) < 0 && errno != EINTR)
				break;
		} else if (count == 0 || errno != EINTR) {
			break;
		}
	}
	return sent;
}

void term_output_begin(struct term_output *self)
{
	if (self->memory >= 0)
		dup3(self->memory, fileno(self->stream), O_CLOEXEC);
}

/* Room for what lies in memory and the marks around it. */
static bool reserve(struct term_output *self, size_t size)
{
	if (size <= self->capacity)
		return true;
	char *larger = realloc(self->buffer, size + size / 2);
	if (larger == NULL)
		return false;
	self->buffer = larger;
	self->capacity = size + size / 2;
	return true;
}

/* In pieces, when there is no memory for all of it. */
static size_t send_pieces(const struct term_output *self, size_t size)
{
	size_t sent = 0;

	while (sent < size) {
		char piece[4096];
		size_t wanted = size - sent < sizeof(piece) ? size - sent : sizeof(piece);
		ssize_t count = pread(self->memory, piece, wanted, (off_t)sent);
		if (count <= 0 || term_output_send(self, piece, (size_t)count) < (size_t)count)
			break;
		sent += (size_t)count;
	}
	return sent;
}

static size_t send_gathered(struct term_output *self, size_t size, bool synchronised)
{
	if (!reserve(self, BEGIN_BYTES + size + END_BYTES))
		return send_pieces(self, size);
	ssize_t count = pread(self->memory, self->buffer + BEGIN_BYTES, size, 0);
	if (count <= 0)
		return 0;
	if (!synchronised)
		return term_output_send(self, self->buffer + BEGIN_BYTES, (size_t)count);
	memcpy(self->buffer, begin_update, BEGIN_BYTES);
	memcpy(self->buffer + BEGIN_BYTES + count, end_update, END_BYTES);
	return term_output_send(self, self->buffer, BEGIN_BYTES + (size_t)count + END_BYTES);
}

size_t term_output_end(struct term_output *self, bool synchronised)
{
	size_t sent = 0;

	if (self->memory < 0)
		return 0;
	dup3(self->terminal, fileno(self->stream), O_CLOEXEC);
	off_t size = lseek(self->memory, 0, SEEK_CUR);
	if (size > 0) {
		sent = send_gathered(self, (size_t)size, synchronised);
		/* What is written over needs no new room. */
		lseek(self->memory, 0, SEEK_SET);
	}
	return sent;
}
