/* SPDX-License-Identifier: MIT */
/* What services wrote, as they wrote it: for files, pagers and the clipboard. */
#include "launcher/logs/log_text_private.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define STRETCH_BYTES 65536

/* The next bytes to be given, from `*at` on: all, or of a filtered text one line that passes. 1 when that is not known by the deadline. */
static int next_bytes(struct log_text_file *self, int64_t *at, int64_t to, int64_t deadline_us, const char **bytes,
		      size_t *size)
{
	int64_t stop = to - *at > STRETCH_BYTES ? *at + STRETCH_BYTES : to;

	*size = 0;
	if (self->scan.filter != NULL) {
		enum log_text_found found;

		do {
			found = log_text_find_piece(self, *at, to, LOG_TEXT_ANY, at);
			if (found == LOG_TEXT_LATER && log_text_seek(self, deadline_us))
				return 1;
		} while (found == LOG_TEXT_LATER);
		if (found == LOG_TEXT_NONE)
			return 0;
		stop = log_window_piece_end(&self->view, *at);
	}
	*bytes = log_window_at(&self->view, *at, stop, size);
	return 0;
}

static int write_all(int fd, const char *bytes, size_t size_bytes)
{
	while (size_bytes > 0) {
		ssize_t wrote = write(fd, bytes, size_bytes);

		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote < 0)
			return -errno;
		bytes += wrote;
		size_bytes -= (size_t)wrote;
	}
	return 0;
}

/* Offset of the first byte that does not stand before the place. */
static int64_t offset_of(const struct log_text_file *self, int64_t place)
{
	int64_t v = (log_text_clip(self, place) + LOG_ORDER_PLACES) / LOG_ORDER_PLACES - 1;

	return v > self->order.start ? v : self->order.start;
}

int log_text_print(struct log_text *text, int64_t *from, int64_t to, int fd, int64_t budget_us)
{
	struct log_text_file *self = (struct log_text_file *)text;
	const int64_t deadline_us = log_order_clock_us() + budget_us, end = offset_of(self, to);
	int64_t at = offset_of(self, *from);
	int result = 0;

	while (at < end) {
		const char *bytes;
		size_t size;

		/* From line to line: what was asked for last is where it goes on. */
		result = next_bytes(self, &at, end, deadline_us, &bytes, &size);
		if (result != 0 || size == 0)
			break;
		result = write_all(fd, bytes, size);
		if (result < 0)
			break;
		at += (int64_t)size;
		*from = log_text_place(at);
		if (at < end && log_order_clock_us() >= deadline_us) {
			result = 1;
			break;
		}
	}
	if (result == 0)
		*from = to;
	return result;
}

size_t log_text_copy(struct log_text *text, int64_t from, int64_t to, char *bytes, size_t max, bool *whole)
{
	struct log_text_file *self = (struct log_text_file *)text;
	const int64_t end = offset_of(self, to);
	int64_t at = offset_of(self, from);
	size_t done = 0;

	*whole = true;
	while (at < end) {
		const char *source;
		size_t size;

		if (next_bytes(self, &at, end, INT64_MAX, &source, &size) != 0 || size == 0)
			break;
		if (size > max - done) {
			size = max - done;
			*whole = false;
		}
		memcpy(bytes + done, source, size);
		done += size;
		at += (int64_t)size;
		if (!*whole)
			break;
	}
	return done;
}
