/* SPDX-License-Identifier: MIT */
/*
 * setup_form - a product's setup questions while they are being answered: what they are (plain data, as in model.h), and what is typed so far.
 * Knows no screen: screen_form draws it and takes keys, setup_prompt asks the same in line mode.
 *
 * Some answers are checked by a program before they are kept (setup_checks runs it): what came of that is kept beside the answer, and
 * holds as long as the answer is the same.
 *
 * A question is there while the question that it depends on has the answer it wants. What is typed into one that goes away stays for when
 * it comes back.
 */
#ifndef UPFRONT_UI_SETUP_FORM_H
#define UPFRONT_UI_SETUP_FORM_H

#include "ui/line_edit.h"

#include <stdbool.h>
#include <stddef.h>

/* setup_field.when: whatever the others say. */
#define SETUP_ALWAYS ((size_t)-1)
/* setup_form_choice: none yet. */
#define SETUP_UNCHOSEN ((size_t)-1)

struct setup_field {
	const char *key; /* the variable */
	const char *label; /* the question */
	const char *const *choices; /* NULL-terminated; NULL: any text */
	bool secret;
	const char *pattern; /* POSIX ERE; NULL: anything but nothing */
	size_t when; /* an earlier field that decides whether this one is asked */
	const char *when_value; /* the answer it has to have */
	const char *value; /* as it is now; NULL: none */
	bool fixed; /* the environment says it: shown, and not to be changed here */
	bool checked; /* by the model's checker, before it is kept */
};

/* What came of a check so far. */
enum setup_verdict { SETUP_CHECK_RUNS, SETUP_CHECK_FINE, SETUP_CHECK_REFUSED };

/* How answers are checked: the launcher's, one at a time. `words` says of a refusal why, in one plain line. */
struct setup_checker {
	void *context;
	/* Begins with an answer. False: it could not be, which refuses it. */
	bool (*begin)(void *context, size_t index, const char *answer, char *words, size_t size_bytes);
	/* Can be read when there is something for step; -1: nothing runs. */
	int (*poll_fd)(void *context);
	enum setup_verdict (*step)(void *context, char *words, size_t size_bytes);
	/* Ends what runs; harmless when nothing does. */
	void (*cancel)(void *context);
};

/* Longest word of a check on an answer, with its zero. */
#define SETUP_VERDICT_BYTES 256u

struct setup_model {
	const char *title; /* "Set up WrenAI" */
	const char *file; /* where the answers are kept: ".env" */
	const struct setup_field *fields;
	size_t count;
	const struct setup_checker *checker; /* NULL: no field is checked */
};

/* What can be wrong with an answer. */
enum setup_problem {
	SETUP_FINE,
	SETUP_EMPTY, /* nothing is typed or chosen */
	SETUP_NO_MATCH, /* the pattern does not match */
	SETUP_NO_CHOICE, /* what holds now is none of the choices */
	SETUP_REFUSED /* its check said no */
};

struct setup_entry {
	struct line_edit edit;
	size_t choice; /* SETUP_UNCHOSEN: none */
	bool kept; /* what holds now fits no line: it stays unless something is typed */
	char *judged; /* the answer that was checked; NULL: none was */
	char verdict[SETUP_VERDICT_BYTES]; /* why it was refused; "": it is fine */
};

struct setup_form {
	const struct setup_model *model;
	struct setup_entry *entries; /* one for each field */
};

/* Begins with what holds now. The model must outlive the form. -ENOMEM. */
int setup_form_init(struct setup_form *self, const struct setup_model *model);
/* What was typed is wiped. */
void setup_form_finish(struct setup_form *self);

bool setup_form_applies(const struct setup_form *self, size_t index);
/* The answer so far; "" when there is none. Valid until the form changes. */
const char *setup_form_text(const struct setup_form *self, size_t index);
/* Of a field that is fixed: SETUP_FINE, there is nothing to be done about it here. */
enum setup_problem setup_form_problem(const struct setup_form *self, size_t index);
/* Takes a text as if it had been typed, or chosen; false when it is none of the choices, or too long. */
bool setup_form_take(struct setup_form *self, size_t index, const char *text);
/* How many questions that apply have a problem, but for what a check refused; *first (may be NULL) is the first of them. */
size_t setup_form_open_count(const struct setup_form *self, size_t *first);
/* The answer to be kept: NULL when the question does not apply, is fixed, or the answer is what it was. */
const char *setup_form_answer(const struct setup_form *self, size_t index);
/* True when leaving would lose something. */
bool setup_form_is_changed(const struct setup_form *self);

/* The next field from `from` on whose answer is to be checked and was not; the number of fields: there is none. */
size_t setup_form_unchecked(const struct setup_form *self, size_t from);
/* Notes what a check said of the answer as it is; NULL: it is fine. -ENOMEM: it was not noted. */
int setup_form_judge(struct setup_form *self, size_t index, const char *words);
/* What was refused is to be checked again. */
void setup_form_forget_refusals(struct setup_form *self);
/* The first field whose answer was refused; the number of fields: there is none. */
size_t setup_form_refused(const struct setup_form *self);

/* What is to be said of the answer, kindly; "" when it is fine. `brief`: in half the room. */
void setup_form_words(const struct setup_form *self, size_t index, bool brief, char *words, size_t size_bytes);

#endif
