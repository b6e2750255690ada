/* SPDX-License-Identifier: MIT */
/*
 * Takes the log stream of the control API apart: frames "UNIT STREAM TIME_MS SIZE FLAGS\n", SIZE bytes, "\n" (ctl.h). The flag 'd' marks
 * a frame whose text is the number of lines that were left out because the reader was too slow. Pure; every field is bounded.
 */
#ifndef UPFRONT_LAUNCHER_LOGS_LOG_READER_H
#define UPFRONT_LAUNCHER_LOGS_LOG_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOG_FRAME_MAX 65536u

struct log_frame {
	unsigned unit;
	int stream;
	int64_t time_ms;
	const char *bytes;
	size_t size_bytes;
	bool partial;
	bool dropped;
};

struct log_reader {
	char header[96];
	size_t header_bytes;
	bool in_body;
	struct log_frame frame;
	size_t body_bytes;
	char body[LOG_FRAME_MAX];
};

typedef void log_frame_visit(void *context, const struct log_frame *frame);

void log_reader_init(struct log_reader *self);
/* -EPROTO for anything that is no log stream. */
int log_reader_feed(struct log_reader *self, const char *bytes, size_t size_bytes, log_frame_visit *visit,
		    void *context);

#endif
