/* SPDX-License-Identifier: MIT */
/* Parts of x-upfront that are checked when the file is read and used from the tree. */
#include "config/pool.h"
#include "config/reader.h"

#include <stdlib.h>
#include <string.h>

struct file_copy {
	const char *from, *to, *mode;
};

static void read_mode(struct reader *self, const char *key, const struct node *value, void *field)
{
	const char *text = reader_scalar(self, key, value, "a mode such as \"0600\"");
	size_t length = text ? strspn(text, "01234567") : 0;

	if (text && (length < 3 || length > 4 || text[length] || (length == 4 && *text != '0')))
		reader_wanted(self, key, value, "a mode such as \"0600\"");
	else
		*(const char **)field = text;
}

static const struct key file_keys[] = {
	{"from", read_text, offsetof(struct file_copy, from), 0},
	{"to", read_text, offsetof(struct file_copy, to), 0},
	{"mode", read_mode, offsetof(struct file_copy, mode), 0},
};
const struct key_table table_file = {"files", "file", file_keys, sizeof(file_keys) / sizeof(*file_keys), false};

void check_files(struct reader *self, const char *key, const struct node *value, void *field)
{
	(void)field;
	for (size_t i = 0; reader_want_list(self, key, value) && i < value->count; i++) {
		struct file_copy copy = {NULL, NULL, NULL};

		reader_map(self, key, value->items[i], &table_file, &copy);
		if (value->items[i]->kind == NODE_MAP &&
		    !(node_find(value->items[i], "from") && node_find(value->items[i], "to")))
			err_at(self->err, ERR_CONFIG, value->items[i]->place, "'files': wanted both 'from' and 'to'");
	}
}
