/* SPDX-License-Identifier: MIT */
#include "tests/pictures/svg.h"

#include "tests/lib/term.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FONT_SIZE 14.0
/* As wide and high as most monospaced fonts are at that size. */
#define CELL_WIDTH 8.43
#define CELL_HEIGHT 18.0
#define BASELINE 13.5
#define MARGIN 14.0
#define BAR_HEIGHT 34.0
#define TIMES_MAX 64u

#define BACKGROUND "#171b22"
#define FOREGROUND "#d7dce4"

static const char *const palette[] = {
	"#2b303b", "#f4716c", "#84cf8a", "#e6c36f", "#78b3f8", "#cf92e8", "#5fcbd8", "#d7dce4",
	"#6b7484", "#ff8f8a", "#a3e6a8", "#f5d98d", "#9ccaff", "#e2b3f5", "#8be3ee", "#ffffff",
};
#define PALETTE_SIZE (sizeof(palette) / sizeof(palette[0]))

struct screen_copy {
	unsigned rows, columns;
	struct vt_cell *cells;
	char times[TIMES_MAX][9]; /* as they were met, "HH:MM:SS" */
	unsigned time_count;
};

static struct vt_cell *cell_at(const struct screen_copy *self, unsigned row, unsigned column)
{
	return &self->cells[row * self->columns + column];
}

static char ascii_at(const struct screen_copy *self, unsigned row, unsigned column)
{
	const uint32_t point = column < self->columns ? cell_at(self, row, column)->points[0] : 0;

	return point == 0 ? ' ' : point < 0x7f ? (char)point : '?';
}

/* ---- What is different each time ---- */

static bool is_like(const struct screen_copy *self, unsigned row, unsigned column, const char *shape)
{
	for (; *shape != '\0'; shape++, column++) {
		const char seen = ascii_at(self, row, column);

		if (*shape == '0' ? seen < '0' || seen > '9' : seen != *shape)
			return false;
	}
	return true;
}

static void put(struct screen_copy *self, unsigned row, unsigned column, const char *text)
{
	for (; *text != '\0' && column < self->columns; text++, column++)
		cell_at(self, row, column)->points[0] = (unsigned char)*text;
}

/* Seconds keep their order: the first is always the same, the others follow it. */
static void settle_time(struct screen_copy *self, unsigned row, unsigned column)
{
	char time[9], told[16];
	unsigned at = 0;

	for (unsigned i = 0; i < 8; i++)
		time[i] = ascii_at(self, row, column + i);
	time[8] = '\0';
	while (at < self->time_count && strcmp(self->times[at], time) != 0)
		at++;
	if (at == self->time_count && at < TIMES_MAX) {
		memcpy(self->times[at], time, sizeof(time));
		self->time_count++;
	}
	snprintf(told, sizeof(told), "14:02:%02u", (11 + at) % 60);
	put(self, row, column, told);
	if (!is_like(self, row, column + 8, ".000"))
		return;
	snprintf(told, sizeof(told), ".%03u", (104 + row * 37) % 1000);
	put(self, row, column + 8, told);
}

static void settle_pid(struct screen_copy *self, unsigned row, unsigned column)
{
	char told[16];

	for (unsigned i = 0, digits = 4711 + row;
	     ascii_at(self, row, column + i) >= '0' && ascii_at(self, row, column + i) <= '9'; i++) {
		snprintf(told, sizeof(told), "%u", digits);
		cell_at(self, row, column + i)->points[0] = i < strlen(told) ? (unsigned char)told[i] : ' ';
	}
}

/* What stands behind moves up. */
static void settle_folder(struct screen_copy *self, unsigned row, unsigned column, const struct svg_options *options)
{
	const unsigned size = (unsigned)strlen(options->folder), told = (unsigned)strlen(options->folder_told);

	for (unsigned i = column; told < size && i + size - told < self->columns; i++)
		*cell_at(self, row, i) = *cell_at(self, row, i + size - told);
	for (unsigned i = self->columns - (size - told); i < self->columns; i++)
		*cell_at(self, row, i) = (struct vt_cell){.foreground = -1, .background = -1};
	put(self, row, column, options->folder_told);
}

/* Random numbers are the same ones each time; those of one screen differ, as they do. */
static void settle_uuid(struct screen_copy *self, unsigned row, unsigned column)
{
	static const char shape[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	char told[] = "5f0c3d1e-8a7b-4c2d-9e6f-1b2a3c4d5e6f";

	for (unsigned i = 0; shape[i] != '\0'; i++) {
		const char seen = ascii_at(self, row, column + i);

		if (shape[i] == 'x' ? strchr("0123456789abcdef", seen) == NULL : seen != shape[i])
			return;
	}
	for (unsigned i = 0; i < 8; i++)
		told[i] = "0123456789abcdef"[row * 2654435761u >> 4 * i & 15];
	put(self, row, column, told);
}

static void settle(struct screen_copy *self, const struct svg_options *options)
{
	for (unsigned row = 0; row < self->rows; row++) {
		for (unsigned column = 0; column < self->columns; column++) {
			if (is_like(self, row, column, "00:00:00"))
				settle_time(self, row, column);
			if (is_like(self, row, column, "0000-00-00T"))
				put(self, row, column, "2026-03-14");
			settle_uuid(self, row, column);
			if (is_like(self, row, column, "pid 0"))
				settle_pid(self, row, column + 4);
			if (options->folder != NULL && is_like(self, row, column, options->folder))
				settle_folder(self, row, column, options);
		}
	}
}

/* ---- Drawing ---- */

static const char *color_of(int color, const char *own)
{
	return color >= 0 && (size_t)color < PALETTE_SIZE ? palette[color] : own;
}

static const char *ink_of(const struct vt_cell *cell)
{
	return cell->reverse ? color_of(cell->background, BACKGROUND) : color_of(cell->foreground, FOREGROUND);
}

static const char *paper_of(const struct vt_cell *cell)
{
	return cell->reverse ? color_of(cell->foreground, FOREGROUND) : color_of(cell->background, BACKGROUND);
}

static double left_of(unsigned column)
{
	return MARGIN + column * CELL_WIDTH;
}

static double top_of(unsigned row)
{
	return BAR_HEIGHT + row * CELL_HEIGHT;
}

/* Which ways a line goes from the middle of the cell: left, right, up, down. */
static unsigned arms_of(uint32_t point)
{
	static const struct {
		uint32_t point;
		unsigned arms;
	} lines[] = {{0x2500, 3}, {0x2502, 12}, {0x250c, 10}, {0x2510, 9},  {0x2514, 6},
		     {0x2518, 5}, {0x251c, 14}, {0x2524, 13}, {0x252c, 11}, {0x2534, 7}};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if (lines[i].point == point)
			return lines[i].arms;
	return 0;
}

static bool is_bar(uint32_t point)
{
	return point >= 0x2581 && point <= 0x2588;
}

static bool is_blank(const struct vt_cell *cell)
{
	return cell->points[0] == 0 || cell->points[0] == ' ';
}

static bool is_text(const struct vt_cell *cell)
{
	return !is_blank(cell) && arms_of(cell->points[0]) == 0 && !is_bar(cell->points[0]);
}

static bool same_look(const struct vt_cell *a, const struct vt_cell *b)
{
	return ink_of(a) == ink_of(b) && a->bold == b->bold && a->underline == b->underline && a->italic == b->italic;
}

static void draw_paper(FILE *out, const struct screen_copy *self, unsigned row)
{
	for (unsigned from = 0, to; from < self->columns; from = to) {
		const char *paper = paper_of(cell_at(self, row, from));

		for (to = from + 1; to < self->columns && paper_of(cell_at(self, row, to)) == paper; to++)
			;
		if (strcmp(paper, BACKGROUND) != 0)
			fprintf(out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"%s\"/>\n",
				left_of(from), top_of(row), (to - from) * CELL_WIDTH, CELL_HEIGHT, paper);
	}
}

/* Lines of one colour in a row that go straight on are one stroke. */
static void draw_lines(FILE *out, const struct screen_copy *self, unsigned row)
{
	const double middle = top_of(row) + CELL_HEIGHT / 2;

	for (unsigned from = 0, to; from < self->columns; from = to) {
		const struct vt_cell *cell = cell_at(self, row, from);
		const unsigned arms = arms_of(cell->points[0]);
		const double x = left_of(from) + CELL_WIDTH / 2;

		to = from + 1;
		if (arms == 0)
			continue;
		while (arms == 3 && to < self->columns && arms_of(cell_at(self, row, to)->points[0]) == 3 &&
		       same_look(cell_at(self, row, to), cell))
			to++;
		fprintf(out, "<path d=\"");
		if ((arms & 3) != 0)
			fprintf(out, "M%.1f %.1fH%.1f", (arms & 1) != 0 ? left_of(from) : x, middle,
				(arms & 2) != 0 ? left_of(to) : x);
		if ((arms & 12) != 0)
			fprintf(out, "M%.1f %.1fV%.1f", x, (arms & 4) != 0 ? top_of(row) : middle,
				(arms & 8) != 0 ? top_of(row) + CELL_HEIGHT : middle);
		fprintf(out, "\" stroke=\"%s\"%s/>\n", ink_of(cell), cell->foreground < 0 ? " opacity=\".45\"" : "");
	}
}

static void draw_bars(FILE *out, const struct screen_copy *self, unsigned row)
{
	for (unsigned column = 0; column < self->columns; column++) {
		const struct vt_cell *cell = cell_at(self, row, column);
		const double height =
			is_bar(cell->points[0]) ? (cell->points[0] - 0x2580) / 8.0 * (CELL_HEIGHT - 3) : 0;

		if (height > 0)
			fprintf(out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"%s\"/>\n",
				left_of(column), top_of(row) + CELL_HEIGHT - 1 - height, CELL_WIDTH - 1, height,
				ink_of(cell));
	}
}

static void put_point(FILE *out, uint32_t point)
{
	if (point == '<' || point == '>' || point == '&')
		fputs(point == '<' ? "&lt;" : point == '>' ? "&gt;" : "&amp;", out);
	else if (point < 0x7f)
		fputc((int)point, out);
	else
		fprintf(out, "&#%u;", (unsigned)point);
}

/* One element a run; its length is given, so that columns stand below each other in any font. */
static void draw_text(FILE *out, const struct screen_copy *self, unsigned row)
{
	for (unsigned from = 0, to; from < self->columns; from = to) {
		const struct vt_cell *cell = cell_at(self, row, from);
		unsigned end;

		to = from + 1;
		if (!is_text(cell))
			continue;
		/* A single blank does not end a run of the same look. */
		for (end = to; to < self->columns; to++) {
			const struct vt_cell *next = cell_at(self, row, to);

			if (is_blank(next) && to == end)
				continue;
			if (!is_text(next) || !same_look(next, cell))
				break;
			end = to + 1;
		}
		to = end;
		fprintf(out, "<text x=\"%.1f\" y=\"%.1f\" textLength=\"%.1f\"", left_of(from), top_of(row) + BASELINE,
			(end - from) * CELL_WIDTH);
		if (strcmp(ink_of(cell), FOREGROUND) != 0)
			fprintf(out, " fill=\"%s\"", ink_of(cell));
		fprintf(out, "%s%s%s>", cell->bold ? " font-weight=\"700\"" : "",
			cell->underline ? " text-decoration=\"underline\"" : "",
			cell->italic ? " font-style=\"italic\"" : "");
		for (unsigned column = from; column < end; column++) {
			const struct vt_cell *at = cell_at(self, row, column);

			if (is_blank(at))
				fputc(' ', out);
			for (size_t i = 0; !is_blank(at) && at->points[i] != 0; i++)
				put_point(out, at->points[i]);
		}
		fputs("</text>\n", out);
	}
}

static void draw_window(FILE *out, const struct svg_options *options)
{
	const double width = 2 * MARGIN + options->columns * CELL_WIDTH;
	const double height = BAR_HEIGHT + options->rows * CELL_HEIGHT + MARGIN;

	fprintf(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" viewBox=\"0 0 %.0f %.0f\" "
		"font-family=\"'DejaVu Sans Mono',ui-monospace,Menlo,Consolas,monospace\" font-size=\"%.0f\" "
		"fill=\"%s\" "
		"xml:space=\"preserve\">\n",
		width, height, width, height, FONT_SIZE, FOREGROUND);
	fprintf(out,
		"<rect x=\".5\" y=\".5\" width=\"%.0f\" height=\"%.0f\" rx=\"9\" fill=\"" BACKGROUND
		"\" stroke=\"#3a414e\"/>\n",
		width - 1, height - 1);
	for (unsigned i = 0; i < 3; i++)
		fprintf(out, "<circle cx=\"%u\" cy=\"15\" r=\"5\" fill=\"#3a414e\"/>\n", 18 + i * 17);
	fprintf(out, "<text x=\"%.1f\" y=\"19.5\" text-anchor=\"middle\" fill=\"#8b94a5\" font-size=\"12\">%s</text>\n",
		width / 2, options->title);
}

void svg_write(const struct vt *vt, const struct svg_options *options, const char *path)
{
	struct screen_copy copy = {.rows = options->rows, .columns = options->columns};
	FILE *out = fopen(path, "we");

	if (out == NULL)
		fail_msg("cannot write %s", path);
	copy.cells = calloc((size_t)copy.rows * copy.columns, sizeof(*copy.cells));
	assert_non_null(copy.cells);
	for (unsigned row = 0; row < copy.rows; row++)
		for (unsigned column = 0; column < copy.columns; column++)
			vt_cell(vt, row, column, cell_at(&copy, row, column));
	settle(&copy, options);
	draw_window(out, options);
	for (unsigned row = 0; row < copy.rows; row++) {
		draw_paper(out, &copy, row);
		draw_lines(out, &copy, row);
		draw_bars(out, &copy, row);
		draw_text(out, &copy, row);
	}
	if (vt_cursor_visible(vt))
		fprintf(out,
			"<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"" FOREGROUND
			"\" opacity=\".4\"/>\n",
			left_of(vt_cursor_column(vt)), top_of(vt_cursor_row(vt)), CELL_WIDTH, CELL_HEIGHT);
	fputs("</svg>\n", out);
	free(copy.cells);
	assert_int_equal(fclose(out), 0);
}
