/* SPDX-License-Identifier: MIT */
#include "tests/lib/shot.h"

#include <stdio.h>
#include <stdlib.h>

static void put_point(FILE *out, uint32_t point)
{
	if (point < 0x80) {
		fputc((int)point, out);
	} else if (point < 0x800) {
		fprintf(out, "%c%c", (int)(0xc0 | point >> 6), (int)(0x80 | (point & 0x3f)));
	} else {
		if (point < 0x10000)
			fputc((int)(0xe0 | point >> 12), out);
		else
			fprintf(out, "%c%c", (int)(0xf0 | point >> 18), (int)(0x80 | (point >> 12 & 0x3f)));
		fprintf(out, "%c%c", (int)(0x80 | (point >> 6 & 0x3f)), (int)(0x80 | (point & 0x3f)));
	}
}

static void put_row(FILE *out, const struct shot_source *source, unsigned row)
{
	unsigned blanks = 0;

	for (unsigned column = 0; column < source->columns; column++) {
		struct shot_cell cell = {0};
		source->cell(source->subject, row, column, &cell);
		if (cell.count == 1 && cell.points[0] == ' ') {
			blanks++;
			continue;
		}
		for (; cell.count > 0 && blanks > 0; blanks--)
			fputc(' ', out);
		for (unsigned i = 0; i < cell.count; i++)
			put_point(out, cell.points[i]);
	}
	fputc('\n', out);
}

static void put_letters(FILE *out, const struct shot_source *source, unsigned row)
{
	unsigned plain = 0;
	char letter = '.';

	for (unsigned column = 0; column < source->columns; column++) {
		struct shot_cell cell = {0};
		source->cell(source->subject, row, column, &cell);
		/* The right half of a wide character looks as its left half does. */
		if (cell.count > 0)
			letter = cell.letter;
		if (letter == '.') {
			plain++;
			continue;
		}
		for (; plain > 0; plain--)
			fputc('.', out);
		fputc(letter, out);
	}
	fputc('\n', out);
}

char *shot_rows(const struct shot_source *source, unsigned first, unsigned count)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (out == NULL)
		abort();
	for (unsigned row = first; row < first + count && row < source->rows; row++)
		put_row(out, source, row);
	if (fclose(out) != 0)
		abort();
	return text;
}

char *shot_make(const struct shot_source *source)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (out == NULL)
		abort();
	fputs("screen\n", out);
	for (unsigned row = 0; row < source->rows; row++)
		put_row(out, source, row);
	fputs("attributes\n", out);
	for (unsigned row = 0; row < source->rows; row++)
		put_letters(out, source, row);
	fprintf(out, "cursor %u,%u\n", source->cursor_row, source->cursor_column);
	if (fclose(out) != 0)
		abort();
	return text;
}
