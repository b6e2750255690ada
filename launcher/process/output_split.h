/* SPDX-License-Identifier: MIT */
/* Inside output: bytes of one stream taken apart into lines, which come in pieces of OUTPUT_LINE_MAX where they are longer. */
#ifndef UPFRONT_LAUNCHER_PROCESS_OUTPUT_SPLIT_H
#define UPFRONT_LAUNCHER_PROCESS_OUTPUT_SPLIT_H

#include <stdbool.h>
#include <stddef.h>

/* The beginning of a line whose end has not come yet. Zero is empty. */
struct output_held {
	char *bytes; /* OUTPUT_LINE_MAX once there is one */
	size_t size_bytes;
};

typedef void output_split_visit(void *context, const char *bytes, size_t size_bytes, bool partial);

/* Calls `visit` for each line that these bytes finish. Out of memory: what would be kept goes out as a part. */
void output_split(struct output_held *held, const char *bytes, size_t size_bytes, output_split_visit *visit,
		  void *context);
/* What is held becomes a part, and its memory is given back. */
void output_split_end(struct output_held *held, output_split_visit *visit, void *context);

#endif
