/* SPDX-License-Identifier: MIT */
#include "launcher/process/output_split.h"

#include <stdlib.h>
#include <string.h>

#include "launcher/process/output.h"

static void give_held(struct output_held *held, bool partial, output_split_visit *visit, void *context)
{
	visit(context, held->bytes, held->size_bytes, partial);
	held->size_bytes = 0;
}

static void hold(struct output_held *held, const char *bytes, size_t size_bytes, output_split_visit *visit,
		 void *context)
{
	if (!held->bytes)
		held->bytes = malloc(OUTPUT_LINE_MAX);
	if (!held->bytes) {
		visit(context, bytes, size_bytes, true);
		return;
	}
	memcpy(held->bytes + held->size_bytes, bytes, size_bytes);
	held->size_bytes += size_bytes;
}

void output_split(struct output_held *held, const char *bytes, size_t size_bytes, output_split_visit *visit,
		  void *context)
{
	while (size_bytes > 0) {
		size_t room = OUTPUT_LINE_MAX - held->size_bytes;
		/* One more, for a line that is exactly as long as one may be. */
		size_t reach = size_bytes <= room ? size_bytes : room + 1;
		const char *end = memchr(bytes, '\n', reach);
		size_t piece = end ? (size_t)(end - bytes) : size_bytes < room ? size_bytes : room;
		bool complete = end || (piece == room && size_bytes > room);
		if (!complete || held->size_bytes > 0)
			hold(held, bytes, piece, visit, context);
		else
			visit(context, bytes, piece, !end);
		if (complete && held->size_bytes > 0)
			give_held(held, !end, visit, context);
		piece += end != NULL;
		bytes += piece;
		size_bytes -= piece;
	}
}

void output_split_end(struct output_held *held, output_split_visit *visit, void *context)
{
	if (held->size_bytes > 0)
		give_held(held, true, visit, context);
	free(held->bytes);
	*held = (struct output_held){0};
}
