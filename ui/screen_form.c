/* SPDX-License-Identifier: MIT */
#include "ui/screen_form.h"

#include "ui/keys.h"
#include "ui/screen_form_parts.h"
#include "ui/setup_form.h"

#include <ctype.h>
#include <string.h>

static bool can_focus(const struct setup_form *form, size_t index)
{
	return index == form->model->count || (setup_form_applies(form, index) && !form->model->fields[index].fixed);
}

static void fit(const struct setup_form *form, struct form_view *view)
{
	struct form_layout layout = form_layout_make(form, view);

	view->top = form_fitted_top(form, view, &layout);
}

void form_begin(const struct setup_form *form, struct form_view *view)
{
	size_t first = 0;

	if (setup_form_open_count(form, &first) == 0)
		while (!can_focus(form, first))
			first++;
	view->focus = first;
}

void form_resize(const struct setup_form *form, struct form_view *view, unsigned rows, unsigned columns)
{
	view->rows = rows;
	view->columns = columns;
	fit(form, view);
}

/* ---- Keys ---- */

static void go_to(struct form_view *view, size_t index)
{
	if (index != view->focus)
		view->shown = false;
	view->focus = index;
}

/* The next or the one before that can be answered; at either end it stays, or goes `round`. */
static void go_by(const struct setup_form *form, struct form_view *view, bool forward, bool round)
{
	size_t places = form->model->count + 1, at = view->focus;

	for (size_t tries = 0; tries < places; tries++) {
		if (!round && at == (forward ? places - 1 : 0))
			return;
		at = (at + (forward ? 1 : places - 1)) % places;
		if (can_focus(form, at)) {
			go_to(view, at);
			return;
		}
	}
}

static void choose_by(struct setup_form *form, size_t index, bool forward)
{
	const char *const *choices = form->model->fields[index].choices;
	struct setup_entry *entry = &form->entries[index];
	size_t count = 0;

	while (choices[count] != NULL)
		count++;
	if (entry->choice == SETUP_UNCHOSEN)
		entry->choice = forward ? 0 : count - 1;
	else
		entry->choice = (entry->choice + (forward ? 1 : count - 1)) % count;
}

/* The next choice that begins with this letter, round again from the first. */
static void choose_letter(struct setup_form *form, size_t index, uint32_t key)
{
	const char *const *choices = form->model->fields[index].choices;
	struct setup_entry *entry = &form->entries[index];
	size_t count = 0, from = entry->choice == SETUP_UNCHOSEN ? 0 : entry->choice + 1;

	while (choices[count] != NULL)
		count++;
	if (key >= 0x80 || !isgraph((int)key))
		return;
	for (size_t i = 0; i < count; i++) {
		size_t at = (from + i) % count;
		if (tolower((unsigned char)choices[at][0]) == tolower((int)key)) {
			entry->choice = at;
			return;
		}
	}
}

static enum form_move save(const struct setup_form *form, struct form_view *view)
{
	size_t first;

	if (setup_form_open_count(form, &first) == 0)
		return FORM_SAVE;
	view->refused = true;
	go_to(view, first);
	return FORM_STAY;
}

/* A key for what has focus. */
static void step_field(struct setup_form *form, struct form_view *view, const struct keymap *keys, uint32_t key)
{
	const struct setup_field *field = &form->model->fields[view->focus];
	enum key_action action = keymap_action(keys, KEY_SCREEN_FORM, key);

	if (field->choices == NULL)
		line_edit_key(&form->entries[view->focus].edit, keys, key, NULL);
	else if (action == ACTION_LEFT || action == ACTION_RIGHT || key == ' ')
		choose_by(form, view->focus, action != ACTION_LEFT);
	else
		choose_letter(form, view->focus, key);
}

/* Text, whatever it would stand for as a key: line ends, which a copied secret often has, are left out. */
static void step_paste(struct setup_form *form, struct form_view *view, const struct keymap *keys, uint32_t key)
{
	bool is_text = key >= ' ' && key < UI_KEY_OTHER && key != UI_KEY_BACKSPACE;

	if (key == UI_KEY_PASTE_END)
		view->pasting = false;
	else if (is_text && view->focus < form->model->count && form->model->fields[view->focus].choices == NULL)
		line_edit_key(&form->entries[view->focus].edit, keys, key, NULL);
}

static enum form_move leave(const struct setup_form *form, struct form_view *view, bool asked)
{
	if (asked || !setup_form_is_changed(form))
		return FORM_LEAVE;
	view->leaving = true;
	return FORM_STAY;
}

static enum key_action action_of(const struct keymap *keys, uint32_t key)
{
	enum key_action action = keymap_action(keys, KEY_SCREEN_FORM, key);

	/* Up and down go through what was typed before on a line by itself; here there are fields above and below. */
	if (action == ACTION_NOTHING) {
		action = keymap_action(keys, KEY_SCREEN_FIELD, key);
		action = action == ACTION_UP || action == ACTION_DOWN ? action : ACTION_NOTHING;
	}
	return action;
}

static enum form_move step(struct setup_form *form, struct form_view *view, const struct keymap *keys, uint32_t key,
			   bool asked)
{
	bool on_save = view->focus == form->model->count;

	switch (action_of(keys, key)) {
	case ACTION_INTERRUPT:
		return FORM_QUIT;
	case ACTION_SUSPEND:
		return FORM_SUSPEND;
	case ACTION_REPAINT:
		return FORM_REPAINT;
	case ACTION_CANCEL:
		return leave(form, view, asked);
	case ACTION_CHOOSE:
		if (on_save)
			return save(form, view);
		go_by(form, view, true, false);
		return FORM_STAY;
	case ACTION_NEXT:
	case ACTION_PREVIOUS:
		go_by(form, view, action_of(keys, key) == ACTION_NEXT, true);
		return FORM_STAY;
	case ACTION_UP:
	case ACTION_DOWN:
		go_by(form, view, action_of(keys, key) == ACTION_DOWN, false);
		return FORM_STAY;
	case ACTION_SHOW_SECRET:
		view->shown = !view->shown && !on_save && form->model->fields[view->focus].secret;
		return FORM_STAY;
	default:
		if (on_save)
			return key == ' ' ? save(form, view) : FORM_STAY;
		step_field(form, view, keys, key);
		return FORM_STAY;
	}
}

void form_check(struct form_view *view, size_t index)
{
	view->checking = true;
	view->checked = index;
	view->stopped = false;
}

void form_checked(const struct setup_form *form, struct form_view *view, bool stopped)
{
	size_t refused = setup_form_refused(form);

	view->checking = false;
	view->stopped = stopped;
	if (refused < form->model->count)
		go_to(view, refused);
	fit(form, view);
}

/* While a program looks at the answers they stay what they are. */
static enum form_move step_checking(const struct keymap *keys, uint32_t key)
{
	switch (keymap_action(keys, KEY_SCREEN_FORM, key)) {
	case ACTION_INTERRUPT:
	case ACTION_CANCEL:
		return FORM_STOP_CHECK;
	case ACTION_SUSPEND:
		return FORM_SUSPEND;
	case ACTION_REPAINT:
		return FORM_REPAINT;
	default:
		return FORM_STAY;
	}
}

enum form_move form_step(struct setup_form *form, struct form_view *view, const struct keymap *keys, uint32_t key)
{
	bool asked = view->leaving;
	enum form_move move = FORM_STAY;

	if (view->checking)
		return step_checking(keys, key);
	view->stopped = false;
	/* A paste whose end never comes must not hold anybody. */
	if (view->pasting && keymap_action(keys, KEY_SCREEN_FORM, key) != ACTION_INTERRUPT) {
		step_paste(form, view, keys, key);
		return FORM_STAY;
	}
	view->leaving = false;
	if (key == UI_KEY_PASTE)
		view->pasting = true;
	/* "Any other key: stay", and nothing more: it was pressed to answer. */
	else if (!asked || keymap_action(keys, KEY_SCREEN_FORM, key) != ACTION_NOTHING)
		move = step(form, view, keys, key, asked);
	if (setup_form_open_count(form, NULL) == 0)
		view->refused = false;
	fit(form, view);
	return move;
}
