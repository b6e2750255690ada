/* SPDX-License-Identifier: MIT */
/*
 * What a service writes, any bytes in any pieces on both its streams, on its way to a screen: cut into lines by output, given by its ring, made
 * text by plain. The lines put together again are what was written, none is too long, the ring remembers the last ones
 * as they were, and nothing that a terminal would obey comes out but colours that are well formed, and off at the end of the line.
 *
 * The input: a byte for what comes next (its lowest bit is the stream, the next one "the run ends and another begins"), one for how much.
 */
#include "config/err.h"
#include "launcher/process/output.h"
#include "ui/model.h"
#include "ui/plain.h"
#include "ui/text.h"

#include <limits.h>
#include <locale.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define REMEMBERED 4
/* Longer than the longest line, so that a small input reaches the cut: a piece of this many is repeated. */
#define REPEATS 40

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct text {
	char *bytes;
	size_t size_bytes, room;
};

static struct text written[2], seen[2];
static char last[REMEMBERED][OUTPUT_LINE_MAX];
static size_t last_size[REMEMBERED], line_count;
static bool coloured;

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void text_put(struct text *self, const void *bytes, size_t size_bytes)
{
	if (self->size_bytes + size_bytes > self->room) {
		self->room = (self->size_bytes + size_bytes) * 2;
		self->bytes = realloc(self->bytes, self->room);
		check(self->bytes != NULL);
	}
	memcpy(self->bytes + self->size_bytes, bytes, size_bytes);
	self->size_bytes += size_bytes;
}

/* The colour sequence at `at`, as the header of plain has it; 0: none. */
static size_t colour_length(const char *at, const char *end)
{
	size_t length = 2;

	if (end - at < 3 || at[1] != '[')
		return 0;
	while (at + length < end && (strchr("0123456789;:", at[length]) != NULL && at[length] != '\0'))
		length++;
	return at + length < end && at[length] == 'm' ? length + 1 : 0;
}

static void check_harmless(const char *text, size_t size_bytes, bool colours)
{
	const char *end = text + size_bytes;
	bool styled = false;

	check(size_bytes > 0 && end[-1] == '\n' && memchr(text, '\n', size_bytes - 1) == NULL);
	for (end--; text < end;) {
		char form[TEXT_POINTS_MAX];
		uint32_t point;
		size_t length = *text == '\033' ? colour_length(text, end) : 0;

		if (length > 0) {
			check(colours);
			styled = !(length == 4 && memcmp(text, "\033[0m", 4) == 0);
			text += length;
			continue;
		}
		length = text_point(text, (size_t)(end - text), &point);
		check(length > 0 && (point == '\t' || text_visible(point, form) == 0));
		text += length;
	}
	check(!styled);
}

static void show(const struct output_line *line)
{
	const struct plain_line shown = {
		.service = "web", .bytes = line->bytes, .size_bytes = line->size_bytes, .partial = line->partial};
	struct plain plain = {.color = coloured, .terminal = true, .prefix = true, .timestamps = true};
	char *text = NULL;
	size_t size_bytes = 0;

	plain.out = open_memstream(&text, &size_bytes);
	check(plain.out != NULL);
	plain_write(&plain, &shown);
	fclose(plain.out);
	check_harmless(text, size_bytes, coloured);
	free(text);
}

static void take_line(void *context, const struct output_line *line)
{
	(void)context;
	check(line->size_bytes <= OUTPUT_LINE_MAX && (line->stream == 0 || line->stream == 1));
	text_put(&seen[line->stream], line->bytes, line->size_bytes);
	if (!line->partial)
		text_put(&seen[line->stream], "\n", 1);
	memcpy(last[line_count % REMEMBERED], line->bytes, line->size_bytes);
	last_size[line_count % REMEMBERED] = line->size_bytes;
	line_count++;
	show(line);
}

static void take_remembered(void *context, const struct output_line *line)
{
	size_t *at = context;

	check(line->size_bytes == last_size[*at % REMEMBERED]);
	check(memcmp(line->bytes, last[*at % REMEMBERED], line->size_bytes) == 0);
	(*at)++;
}

static struct output *output_once(void)
{
	static struct output *output;
	struct err err = ERR_INIT;
	const char *base = getenv("TMPDIR");
	char dir[512];

	if (output != NULL)
		return output;
	setlocale(LC_CTYPE, "C.UTF-8");
	snprintf(dir, sizeof(dir), "%s/fuzz-output-%d", base != NULL ? base : "/tmp", (int)getpid());
	output = output_create(dir, &err);
	check(output != NULL && output_add(output, 0, "web", 1 << 20, 2, &err) == 0);
	output_observe(output, take_line, NULL);
	return output;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct output *output = output_once();
	size_t count = 0, at;
	int64_t time_ms = 1000;

	if (size == 0)
		return 0;
	written[0].size_bytes = written[1].size_bytes = seen[0].size_bytes = seen[1].size_bytes = 0;
	line_count = 0;
	coloured = data[0] & 1;
	output_begin(output, 0, time_ms);
	for (data++, size--; size > 2;) {
		const int stream = data[0] & 1;
		unsigned times = data[0] >= 0xf0 ? REPEATS : 1;
		size_t piece = data[1] < size - 2 ? data[1] : size - 2;

		if (data[0] & 2) {
			output_end(output, 0, time_ms);
			output_begin(output, 0, time_ms);
		}
		for (; times > 0; times--) {
			output_write(output, 0, stream, (const char *)data + 2, piece, time_ms++);
			text_put(&written[stream], data + 2, piece);
		}
		data += 2 + piece;
		size -= 2 + piece;
	}
	output_end(output, 0, time_ms);
	for (int stream = 0; stream < 2; stream++) {
		check(written[stream].size_bytes == seen[stream].size_bytes);
		check(seen[stream].size_bytes == 0 ||
		      memcmp(written[stream].bytes, seen[stream].bytes, seen[stream].size_bytes) == 0);
	}
	count = line_count < REMEMBERED ? line_count : REMEMBERED;
	at = line_count - count;
	output_tail(output, 0, count, take_remembered, &at);
	check(at == line_count && output_lost_bytes(output) == 0);
	return 0;
}
