/* SPDX-License-Identifier: MIT */
/*
 * The body of a container's logs or attach stream, cut into what its program wrote: without a terminal the engine packs each piece with a
 * header of eight bytes (stream, size), with one it does not. With timestamps each line begins with "2026-11-21T10:00:00.123456789Z ",
 * which is taken off again. A line too long for the engine comes in pieces with a time each; they become one line again. Pure: bytes in,
 * pieces out; any cut, any bytes.
 */
#ifndef UPFRONT_LAUNCHER_ENGINE_DOCKER_FRAMES_H
#define UPFRONT_LAUNCHER_ENGINE_DOCKER_FRAMES_H

#include "launcher/engine/engine.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DOCKER_STAMP_BYTES_MAX 40u

/* One of the two streams: the engine stamps each on its own, so that their lines may come out of order to each other. */
struct docker_frames_line {
	char stamp[DOCKER_STAMP_BYTES_MAX];
	size_t stamp_bytes;
	bool in_line;
	bool open; /* what was last had of it did not end its line */
	size_t piece_bytes; /* since its last stamp */
	int64_t time_ns;
	/* What was given: all before this time, and so many bytes of this time. A long line may come as several pieces of one time. */
	int64_t had_ns;
	uint64_t had_bytes;
	bool again; /* until there it is left out */
	uint64_t again_bytes; /* of had_ns, come once more so far */
};

struct docker_frames {
	bool raw; /* no headers: the container has a terminal */
	bool stamped; /* lines begin with their time */
	int64_t last_ns; /* time of the last line that was given */
	/* Private. */
	unsigned char header[8];
	size_t header_bytes;
	size_t left; /* of the piece */
	enum engine_stream stream;
	struct docker_frames_line lines[2]; /* by stream */
};

/* Lines of since_ns or before were had already: left out. 0: none were. */
void docker_frames_init(struct docker_frames *self, bool raw, bool stamped, int64_t since_ns);
/*
 * The output was cut off, wherever that was, and is fed once more from some place before the cut: what was given already, to the byte, is left
 * out. Only where it is stamped.
 */
void docker_frames_again(struct docker_frames *self);
/* Seconds to ask for with `since`, so that nothing is missing; 0: from the beginning. */
int64_t docker_frames_since(const struct docker_frames *self);

/* `time_ms` since the epoch; 0: not known. */
typedef bool docker_frames_take(void *context, enum engine_stream stream, const char *bytes, size_t size_bytes,
				int64_t time_ms);
/* 0; -EPROTO for what is no such stream: nothing more can be had of it. `take` returning false is noted in *held (may be NULL). */
int docker_frames_feed(struct docker_frames *self, const char *bytes, size_t size_bytes, docker_frames_take *take,
		       void *context, bool *held);

#endif
