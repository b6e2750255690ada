/* SPDX-License-Identifier: MIT */
#include "ui/line_edit.h"

#include "config/utf8.h"
#include "ui/frame.h"
#include "ui/text.h"

#include <stdlib.h>
#include <string.h>

void line_edit_init(struct line_edit *self)
{
	*self = (struct line_edit){0};
}

static void forget_draft(struct line_edit *self)
{
	free(self->draft);
	self->draft = NULL;
}

void line_edit_finish(struct line_edit *self)
{
	for (size_t i = 0; i < self->kept_count; i++)
		free(self->kept[i]);
	forget_draft(self);
	/* It may have been a password. */
	explicit_bzero(self, sizeof(*self));
}

/* The text becomes `text`, whole characters only, the cursor behind it. */
static void set_text(struct line_edit *self, const char *text)
{
	size_t size = strlen(text), whole = 0;

	if (size >= LINE_EDIT_BYTES_MAX)
		size = LINE_EDIT_BYTES_MAX - 1;
	whole = utf8_valid(text, size);
	memcpy(self->text, text, whole);
	explicit_bzero(self->text + whole, sizeof(self->text) - whole);
	self->size_bytes = self->at = whole;
}

void line_edit_begin(struct line_edit *self, const char *text)
{
	forget_draft(self);
	self->kept_at = self->kept_count;
	set_text(self, text);
}

void line_edit_keep(struct line_edit *self)
{
	size_t i = 0;

	if (self->secret || self->size_bytes == 0)
		return;
	while (i < self->kept_count && strcmp(self->kept[i], self->text) != 0)
		i++;
	char *copy = i < self->kept_count ? self->kept[i] : strdup(self->text);
	if (copy == NULL)
		return;
	/* Known already: it becomes the newest. New and no room: the oldest goes. */
	if (i == self->kept_count && self->kept_count == LINE_EDIT_KEPT) {
		free(self->kept[0]);
		i = 0;
	}
	if (i < self->kept_count)
		memmove(&self->kept[i], &self->kept[i + 1], (self->kept_count - i - 1) * sizeof(self->kept[0]));
	else
		self->kept_count++;
	self->kept[self->kept_count - 1] = copy;
	self->kept_at = self->kept_count;
}

/* Where the character behind `at` ends; combining characters belong to the one before them. */
static size_t next_of(const struct line_edit *self, size_t at)
{
	struct text_char c;

	if (!text_next(self->text + at, self->text + self->size_bytes, true, &c))
		return self->size_bytes;
	return at + c.bytes;
}

static size_t before_of(const struct line_edit *self, size_t at)
{
	size_t before = 0;

	for (size_t next = 0; next < at; next = next_of(self, next))
		before = next;
	return before;
}

static void erase(struct line_edit *self, size_t from, size_t to)
{
	memmove(self->text + from, self->text + to, self->size_bytes - to);
	self->size_bytes -= to - from;
	explicit_bzero(self->text + self->size_bytes, to - from);
	self->at = from;
}

/* Back over blanks, then over a word. */
static size_t word_before(const struct line_edit *self)
{
	size_t at = self->at;

	while (at > 0 && self->text[at - 1] == ' ')
		at--;
	while (at > 0 && self->text[at - 1] != ' ')
		at--;
	return at;
}

static void insert(struct line_edit *self, uint32_t point)
{
	char bytes[4], visible[TEXT_POINTS_MAX];

	if (point >= UI_KEY_OTHER || (point >= 0xd800 && point < 0xe000) || text_visible(point, visible) > 0)
		return;
	size_t size = text_encode(point, bytes);
	if (self->size_bytes + size >= LINE_EDIT_BYTES_MAX)
		return;
	memmove(self->text + self->at + size, self->text + self->at, self->size_bytes - self->at);
	memcpy(self->text + self->at, bytes, size);
	self->size_bytes += size;
	self->text[self->size_bytes] = '\0';
	self->at += size;
}

/* Through what was typed before; the newest end is what was being typed when one left it. */
static void recall(struct line_edit *self, bool older)
{
	if (older ? self->kept_at == 0 : self->kept_at == self->kept_count)
		return;
	if (self->kept_at == self->kept_count) {
		forget_draft(self);
		self->draft = self->secret ? NULL : strdup(self->text);
	}
	if (older)
		self->kept_at--;
	else
		self->kept_at++;
	if (self->kept_at < self->kept_count)
		set_text(self, self->kept[self->kept_at]);
	else
		set_text(self, self->draft != NULL ? self->draft : "");
}

static void perform(struct line_edit *self, enum key_action action, uint32_t key)
{
	switch (action) {
	case ACTION_LEFT:
		self->at = before_of(self, self->at);
		break;
	case ACTION_RIGHT:
		self->at = next_of(self, self->at);
		break;
	case ACTION_FIRST:
		self->at = 0;
		break;
	case ACTION_LAST:
		self->at = self->size_bytes;
		break;
	case ACTION_UP:
	case ACTION_DOWN:
		recall(self, action == ACTION_UP);
		break;
	case ACTION_ERASE:
		erase(self, before_of(self, self->at), self->at);
		break;
	case ACTION_ERASE_NEXT:
		erase(self, self->at, next_of(self, self->at));
		break;
	case ACTION_ERASE_WORD:
		erase(self, word_before(self), self->at);
		break;
	case ACTION_ERASE_LINE:
		erase(self, 0, self->at);
		break;
	case ACTION_NOTHING:
		insert(self, key);
		break;
	default:
		break;
	}
}

enum line_edit_end line_edit_key(struct line_edit *self, const struct keymap *keys, uint32_t key, bool *changed)
{
	enum key_action action = keymap_action(keys, KEY_SCREEN_FIELD, key);
	char before[LINE_EDIT_BYTES_MAX];
	bool unused;

	changed = changed != NULL ? changed : &unused;
	*changed = false;
	if (action == ACTION_CHOOSE)
		return LINE_EDIT_DONE;
	if (action == ACTION_CANCEL || action == ACTION_INTERRUPT || (action == ACTION_ERASE && self->size_bytes == 0))
		return LINE_EDIT_LEFT;
	memcpy(before, self->text, sizeof(before));
	perform(self, action, key);
	*changed = strcmp(before, self->text) != 0;
	explicit_bzero(before, sizeof(before));
	return LINE_EDIT_ON;
}

/* Columns of the character at `at`; a secret's are stars. */
static unsigned columns_at(const struct line_edit *self, size_t at, size_t next, bool utf8)
{
	return self->secret ? 1 : text_columns(self->text + at, next - at, utf8);
}

void line_edit_draw(const struct line_edit *self, const struct theme *theme, struct frame *frame, unsigned row,
		    unsigned column, unsigned columns)
{
	unsigned before = 0, used = 0;
	size_t from = 0;

	if (columns == 0)
		return;
	for (size_t at = 0, next; at < self->at; at = next) {
		next = next_of(self, at);
		before += columns_at(self, at, next, theme->utf8);
	}
	/* The cursor wants a column of its own, behind the text as well. */
	while (before >= columns && from < self->at) {
		size_t next = next_of(self, from);
		before -= columns_at(self, from, next, theme->utf8);
		from = next;
	}
	for (size_t at = from, next; at < self->size_bytes && used < columns; at = next) {
		next = next_of(self, at);
		unsigned wide = columns_at(self, at, next, theme->utf8);
		if (used + wide > columns)
			break;
		if (self->secret)
			frame_put(frame, row, column + used, '*', ROLE_PLAIN);
		else
			frame_text(frame, row, column + used, columns - used, self->text + at, next - at, ROLE_PLAIN,
				   theme->utf8);
		used += wide;
	}
	for (; used < columns; used++)
		frame_put(frame, row, column + used, ' ', ROLE_PLAIN);
	frame_cursor(frame, row, column + before);
}
