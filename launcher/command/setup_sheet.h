/* SPDX-License-Identifier: MIT */
/* setup_sheet - a stack's setup questions as a form has them, and the way of its answers into .env: what asking and --set do alike. */
#ifndef UPFRONT_LAUNCHER_COMMAND_SETUP_SHEET_H
#define UPFRONT_LAUNCHER_COMMAND_SETUP_SHEET_H

#include "launcher/command/setup_check.h"
#include "ui/setup_form.h"

#include <stddef.h>

struct cli_context;
struct err;
struct setup;
struct strmap;

/* Ports are left out: nobody is asked for one. */
struct setup_sheet {
	struct setup_model model;
	struct setup_field *fields;
	size_t *questions; /* of setup->questions, by field */
	char *title;
	struct setup_check check;
	struct setup_form form;
};

/* `setup` and the context must outlive it, and it must stay where it is. To be finished also after an error. */
int setup_sheet_init(struct setup_sheet *self, const struct cli_context *context, const struct setup *setup,
		     struct err *err);
void setup_sheet_finish(struct setup_sheet *self);

/* Writes answers into the file of answers; their names go into `kept`, without values. */
int setup_sheet_keep(const struct setup *setup, const struct strmap *answers, struct strmap *kept, struct err *err);
/* Wipes what a map of answers holds, and finishes it. */
void setup_sheet_wipe(struct strmap *answers);

#endif
