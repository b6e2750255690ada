/* SPDX-License-Identifier: MIT */
#include "ui/setup_form.h"

#include "config/setup.h"
#include "config/utf8.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t find_choice(const struct setup_field *field, const char *text)
{
	for (size_t i = 0; field->choices[i] != NULL; i++)
		if (strcmp(field->choices[i], text) == 0)
			return i;
	return SETUP_UNCHOSEN;
}

static bool fits_line(const char *text)
{
	return strlen(text) < LINE_EDIT_BYTES_MAX && utf8_is_plain(text, LINE_EDIT_BYTES_MAX);
}

int setup_form_init(struct setup_form *self, const struct setup_model *model)
{
	*self = (struct setup_form){.model = model};
	self->entries = calloc(model->count + 1, sizeof(*self->entries));
	if (self->entries == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < model->count; i++) {
		const struct setup_field *field = &model->fields[i];
		struct setup_entry *entry = &self->entries[i];
		const char *value = field->value != NULL ? field->value : "";

		line_edit_init(&entry->edit);
		entry->edit.secret = field->secret;
		entry->choice = field->choices != NULL ? find_choice(field, value) : SETUP_UNCHOSEN;
		entry->kept = field->choices == NULL && !fits_line(value);
		line_edit_begin(&entry->edit, field->choices == NULL && !entry->kept ? value : "");
	}
	return 0;
}

/* It may be a secret. */
static void forget_verdict(struct setup_entry *entry)
{
	if (entry->judged != NULL)
		explicit_bzero(entry->judged, strlen(entry->judged));
	free(entry->judged);
	entry->judged = NULL;
}

void setup_form_finish(struct setup_form *self)
{
	for (size_t i = 0; self->entries != NULL && i < self->model->count; i++) {
		forget_verdict(&self->entries[i]);
		line_edit_finish(&self->entries[i].edit);
	}
	free(self->entries);
	self->entries = NULL;
}

bool setup_form_applies(const struct setup_form *self, size_t index)
{
	/* Each depends on one before it, so this ends. */
	for (size_t when; (when = self->model->fields[index].when) != SETUP_ALWAYS && when < index; index = when)
		if (strcmp(setup_form_text(self, when), self->model->fields[index].when_value) != 0)
			return false;
	return true;
}

const char *setup_form_text(const struct setup_form *self, size_t index)
{
	const struct setup_field *field = &self->model->fields[index];
	const struct setup_entry *entry = &self->entries[index];

	if (field->fixed || (entry->kept && entry->edit.size_bytes == 0))
		return field->value != NULL ? field->value : "";
	if (field->choices == NULL)
		return entry->edit.text;
	return entry->choice != SETUP_UNCHOSEN ? field->choices[entry->choice] : "";
}

/* What was said of another answer than the one that stands there now says nothing. */
static bool is_judged(const struct setup_form *self, size_t index)
{
	const struct setup_entry *entry = &self->entries[index];

	return entry->judged != NULL && strcmp(entry->judged, setup_form_text(self, index)) == 0;
}

static bool is_refused(const struct setup_form *self, size_t index)
{
	return is_judged(self, index) && self->entries[index].verdict[0] != '\0';
}

enum setup_problem setup_form_problem(const struct setup_form *self, size_t index)
{
	const struct setup_field *field = &self->model->fields[index];
	const char *text = setup_form_text(self, index);

	if (field->fixed)
		return SETUP_FINE;
	if (field->choices != NULL && *text == '\0')
		return field->value != NULL && *field->value != '\0' ? SETUP_NO_CHOICE : SETUP_EMPTY;
	if (field->choices != NULL || setup_text_fits(field->pattern, text))
		return is_refused(self, index) ? SETUP_REFUSED : SETUP_FINE;
	return *text == '\0' ? SETUP_EMPTY : SETUP_NO_MATCH;
}

bool setup_form_take(struct setup_form *self, size_t index, const char *text)
{
	const struct setup_field *field = &self->model->fields[index];
	struct setup_entry *entry = &self->entries[index];

	if (field->choices == NULL) {
		if (!fits_line(text))
			return false;
		line_edit_begin(&entry->edit, text);
		return true;
	}
	if (find_choice(field, text) == SETUP_UNCHOSEN)
		return false;
	entry->choice = find_choice(field, text);
	return true;
}

size_t setup_form_open_count(const struct setup_form *self, size_t *first)
{
	size_t count = 0;

	for (size_t i = 0; i < self->model->count; i++) {
		enum setup_problem problem = setup_form_problem(self, i);

		if (!setup_form_applies(self, i) || problem == SETUP_FINE || problem == SETUP_REFUSED)
			continue;
		if (count++ == 0 && first != NULL)
			*first = i;
	}
	return count;
}

const char *setup_form_answer(const struct setup_form *self, size_t index)
{
	const struct setup_field *field = &self->model->fields[index];
	const char *text = setup_form_text(self, index);

	if (field->fixed || !setup_form_applies(self, index))
		return NULL;
	return field->value != NULL && strcmp(field->value, text) == 0 ? NULL : text;
}

bool setup_form_is_changed(const struct setup_form *self)
{
	for (size_t i = 0; i < self->model->count; i++) {
		const char *value = self->model->fields[i].value, *text = setup_form_text(self, i);

		/* A choice that is none any more was not changed by anybody. */
		if (*text != '\0' ? value == NULL || strcmp(value, text) != 0
				  : value != NULL && *value != '\0' && self->model->fields[i].choices == NULL)
			return true;
	}
	return false;
}

size_t setup_form_unchecked(const struct setup_form *self, size_t from)
{
	const struct setup_model *model = self->model;

	while (from < model->count && (model->checker == NULL || !model->fields[from].checked ||
				       model->fields[from].fixed || !setup_form_applies(self, from) ||
				       setup_form_problem(self, from) != SETUP_FINE || is_judged(self, from)))
		from++;
	return from;
}

int setup_form_judge(struct setup_form *self, size_t index, const char *words)
{
	struct setup_entry *entry = &self->entries[index];

	forget_verdict(entry);
	entry->judged = strdup(setup_form_text(self, index));
	snprintf(entry->verdict, sizeof(entry->verdict), "%s", words != NULL ? words : "");
	return entry->judged != NULL ? 0 : -ENOMEM;
}

void setup_form_forget_refusals(struct setup_form *self)
{
	for (size_t i = 0; i < self->model->count; i++)
		if (self->entries[i].verdict[0] != '\0')
			forget_verdict(&self->entries[i]);
}

size_t setup_form_refused(const struct setup_form *self)
{
	size_t i = 0;

	while (i < self->model->count && !(setup_form_applies(self, i) && setup_form_problem(self, i) == SETUP_REFUSED))
		i++;
	return i;
}

void setup_form_words(const struct setup_form *self, size_t index, bool brief, char *words, size_t size_bytes)
{
	const struct setup_field *field = &self->model->fields[index];

	switch (setup_form_problem(self, index)) {
	case SETUP_FINE:
		snprintf(words, size_bytes, "%s",
			 !field->fixed ? ""
			 : brief       ? "set in the environment"
				       : "set in the environment, so it cannot be changed here");
		break;
	case SETUP_EMPTY:
		snprintf(words, size_bytes, "%s", field->choices != NULL ? "please choose" : "not answered yet");
		break;
	case SETUP_NO_CHOICE:
		snprintf(words, size_bytes, brief ? "please choose" : "what holds now is none of these: please choose");
		break;
	case SETUP_REFUSED:
		snprintf(words, size_bytes, "%s", self->entries[index].verdict);
		break;
	case SETUP_NO_MATCH:
		if (field->pattern == NULL)
			words[0] = '\0';
		else
			snprintf(words, size_bytes, brief ? "must match %s" : "does not look right: it must match %s",
				 field->pattern);
		break;
	}
}
