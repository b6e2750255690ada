/* SPDX-License-Identifier: MIT */
/*
 * What a Compose program prints while it builds images, line by line: the classic builder's "Step 3/7 : RUN ...", BuildKit's plain
 * "#5 [api stage-1 2/4] RUN ...", and "Building api" of version 1. Pure.
 */
#ifndef UPFRONT_LAUNCHER_ENGINE_BUILD_LINE_H
#define UPFRONT_LAUNCHER_ENGINE_BUILD_LINE_H

#include <stddef.h>

#define BUILD_LINE_WORDS_MAX 3u
#define BUILD_LINE_WORD_BYTES 129u

enum build_line_kind {
	BUILD_NOTHING, /* any other line */
	BUILD_BEGINS, /* of the service that words[0] names, from here on */
	BUILD_STEP
};

struct build_line {
	enum build_line_kind kind;
	/* Of a step what the brackets hold beside its number: service, platform and stage, each only if there are several. */
	char words[BUILD_LINE_WORDS_MAX][BUILD_LINE_WORD_BYTES];
	size_t word_count;
	unsigned step, steps; /* 1 <= step <= steps */
	const char *text; /* what is done, within the line */
};

void build_line_read(struct build_line *self, const char *line);

#endif
