/* SPDX-License-Identifier: MIT */
#include "ui/term_output.h"

#include "config/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const char begin_update[] = "\033[?2026h", end_update[] = "\033[?2026l";
#define BEGIN_BYTES (sizeof(begin_update) - 1)
#define END_BYTES (sizeof(end_update) - 1)

static int open_own(int terminal)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", terminal);
	return open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

int term_output_init(struct term_output *self, int terminal)
{
	*self = (struct term_output){.terminal = terminal, .own = -1, .memory = -1};
	int descriptor = fcntl(terminal, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (descriptor < 0)
		return -errno;
	self->stream = fdopen(descriptor, "w");
	if (self->stream == NULL) {
		close(descriptor);
		return -ENOMEM;
	}
	self->memory = memfd_create("upfront-frame", MFD_CLOEXEC);
	self->own = open_own(terminal);
	return 0;
}

void term_output_finish(struct term_output *self)
{
	if (self->stream != NULL)
		fclose(self->stream);
	if (self->memory >= 0)
		close(self->memory);
	if (self->own >= 0)
		close(self->own);
	free(self->buffer);
	free(self->waiting);
	self->stream = NULL;
	self->buffer = self->waiting = NULL;
	self->memory = self->own = -1;
}

/* ---- Sending ---- */

static int target_of(const struct term_output *self)
{
	return self->own >= 0 ? self->own : self->terminal;
}

/* How many were taken; less than all when the terminal takes no more for now, -errno when it is gone. */
static ssize_t write_some(const struct term_output *self, const char *bytes, size_t size)
{
	size_t sent = 0;

	while (sent < size) {
		ssize_t count = write(target_of(self), bytes + sent, size - sent);
		if (count > 0)
			sent += (size_t)count;
		else if (count < 0 && errno == EAGAIN)
			break;
		else if (count == 0 || errno != EINTR)
			return count == 0 ? -EIO : -errno;
	}
	return (ssize_t)sent;
}

static bool keep(struct term_output *self, const char *bytes, size_t size)
{
	const size_t needed = self->waiting_bytes + size;

	if (needed > OUTPUT_WAITING_MAX)
		return false;
	if (needed > self->waiting_capacity) {
		char *larger = realloc(self->waiting, needed + needed / 2);
		if (larger == NULL)
			return false;
		self->waiting = larger;
		self->waiting_capacity = needed + needed / 2;
	}
	memcpy(self->waiting + self->waiting_bytes, bytes, size);
	self->waiting_bytes = needed;
	return true;
}

static void wait_for_room(const struct term_output *self, int limit_ms)
{
	struct pollfd output = {.fd = target_of(self), .events = POLLOUT};

	(void)poll(&output, 1, limit_ms);
}

size_t term_output_send(struct term_output *self, const char *bytes, size_t size)
{
	size_t sent = 0;

	while (sent < size) {
		/* The order of what is sent must hold. */
		ssize_t count = self->waiting_bytes > 0 ? 0 : write_some(self, bytes + sent, size - sent);
		if (count < 0)
			break;
		sent += (size_t)count;
		if (sent == size)
			break;
		if (self->never_wait)
			return keep(self, bytes + sent, size - sent) ? size : sent;
		wait_for_room(self, -1);
	}
	return sent;
}

bool term_output_flush(struct term_output *self)
{
	ssize_t count;

	if (self->waiting_bytes == 0)
		return true;
	count = write_some(self, self->waiting, self->waiting_bytes);
	/* A terminal that is gone takes nothing any more. */
	if (count < 0)
		count = (ssize_t)self->waiting_bytes;
	self->waiting_bytes -= (size_t)count;
	memmove(self->waiting, self->waiting + count, self->waiting_bytes);
	return self->waiting_bytes == 0;
}

bool term_output_drain(struct term_output *self, int limit_ms)
{
	const int64_t deadline_ms = clock_monotonic_ms() + limit_ms;

	while (!term_output_flush(self)) {
		const int64_t left_ms = deadline_ms - clock_monotonic_ms();
		if (left_ms <= 0) {
			self->waiting_bytes = 0;
			return false;
		}
		wait_for_room(self, (int)left_ms);
	}
	return true;
}

int term_output_fd(const struct term_output *self)
{
	return self->waiting_bytes > 0 ? target_of(self) : -1;
}

/* ---- Gathering ---- */

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
static size_t send_pieces(struct term_output *self, size_t size)
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
