/* SPDX-License-Identifier: MIT */
/* Containers that a run of the project has left with their engine, as its note says (engine/containers_end.h). */
#include "config/err.h"
#include "config/strmap.h"
#include "launcher/engine/containers_end.h"
#include "launcher/project.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A command that finds some waits for them, but not for an engine that hangs. */
#define END_LIMIT_MS 5000

/* The same name with another marker is a project of another folder, or of another machine: its own commands see to it. */
static bool is_ours(const struct project *self, const struct containers_note *note)
{
	static const char variable[] = "UPFRONT_STACK=";
	char *marker = project_marker(self);
	const char *noted = note->marker;
	bool same;

	if (noted != NULL && strncmp(noted, variable, sizeof(variable) - 1) == 0)
		noted += sizeof(variable) - 1;
	same = marker != NULL && noted != NULL && strcmp(marker, noted) == 0;

	free(marker);
	return same;
}

bool project_has_containers(const struct project *self)
{
	struct containers_note note;
	bool ours;

	if (containers_note_read(self->state_dir, &note) < 0)
		return false;
	ours = is_ours(self, &note);
	containers_note_finish(&note);
	return ours;
}

void project_end_containers(const struct project *self)
{
	static const struct strmap none = {0};
	struct err err = ERR_INIT;
	size_t ended = 0;
	int result = containers_sweep(self->state_dir, self->environment != NULL ? self->environment : &none,
				      END_LIMIT_MS, &ended, &err);

	if (ended > 0)
		fprintf(stderr, "upfront: ended %zu container%s that an earlier run of project '%s' had left\n", ended,
			ended == 1 ? "" : "s", self->name);
	/* They are looked for again by the next command; what this one is for may not need them. */
	if (result < 0 || err_is_set(&err))
		fprintf(stderr, "upfront: %s of an earlier run of project '%s' may still be there: %s\n",
			result < 0 ? "containers" : "what was made for containers", self->name,
			err.count > 0 ? err.items[0].message : strerror(-result));
	err_finish(&err);
}
