/* SPDX-License-Identifier: MIT */
#include "launcher/command/table.h"

#include "ui/text.h"

#include <langinfo.h>
#include <stdlib.h>
#include <string.h>

static bool is_utf8(void)
{
	return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

void table_init(struct table *self, const struct table_column *columns, size_t column_count)
{
	*self = (struct table){.columns = columns, .column_count = column_count};
}

void table_finish(struct table *self)
{
	for (size_t i = 0; i < self->row_count * self->column_count; i++)
		free(self->cells[i]);
	free(self->cells);
	table_init(self, self->columns, self->column_count);
}

static char *make_cell(const char *text, unsigned limit)
{
	char *harmless = text_harmless(text != NULL ? text : "-");
	char *cut = harmless;
	size_t size;

	if (harmless == NULL || limit == 0 || text_columns(harmless, strlen(harmless), is_utf8()) <= limit)
		return harmless;
	size = strlen(harmless) + 8;
	cut = malloc(size);
	if (cut != NULL)
		text_elide(harmless, limit, is_utf8(), cut, size);
	free(harmless);
	return cut;
}

void table_add(struct table *self, const char *const *cells)
{
	const size_t first = self->row_count * self->column_count;
	char **grown = realloc(self->cells, (first + self->column_count) * sizeof(*grown));

	if (grown == NULL)
		return;
	self->cells = grown;
	for (size_t i = 0; i < self->column_count; i++)
		grown[first + i] = make_cell(cells[i], self->columns[i].limit);
	self->row_count++;
}

static unsigned width_of(const char *text)
{
	return text_columns(text, strlen(text), is_utf8());
}

/* Row 0 is the titles. */
static const char *cell_of(const struct table *self, size_t row, size_t column)
{
	const char *cell;

	if (row == 0)
		return self->columns[column].title;
	cell = self->cells[(row - 1) * self->column_count + column];
	return cell != NULL ? cell : "";
}

void table_print(const struct table *self, FILE *out)
{
	unsigned widths[TABLE_COLUMNS_MAX] = {0};

	for (size_t row = 0; row <= self->row_count; row++)
		for (size_t column = 0; column < self->column_count; column++)
			if (width_of(cell_of(self, row, column)) > widths[column])
				widths[column] = width_of(cell_of(self, row, column));
	for (size_t row = 0; row <= self->row_count; row++) {
		for (size_t column = 0; column < self->column_count; column++) {
			const char *cell = cell_of(self, row, column);
			const bool right = self->columns[column].right;
			const int pad = (int)(widths[column] - width_of(cell));
			const bool last = column + 1 == self->column_count;

			fprintf(out, "%*s%s%*s", right ? pad : 0, "", cell, right || last ? 0 : pad, "");
			fputs(last ? "\n" : "  ", out);
		}
	}
}
