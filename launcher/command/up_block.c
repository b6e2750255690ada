/* SPDX-License-Identifier: MIT */
/* Live progress while `up` follows a stack in lines: what is written on its terminal goes through the block. */
#include "config/clock.h"
#include "launcher/command/up_report.h"
#include "launcher/project.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_same_terminal(int fd, int other)
{
	struct stat one, two;

	return isatty(fd) == 1 && isatty(other) == 1 && fstat(fd, &one) == 0 && fstat(other, &two) == 0 &&
	       one.st_rdev == two.st_rdev;
}

void follow_open_block(struct follow *self)
{
	const struct up_follow_options *options = self->options;

	outlet_init(&self->terminal, STDERR_FILENO);
	if (self->screen != NULL)
		return;
	live_open(&self->live, options->context, &self->view, options->project->name);
	self->shared = self->live.block != NULL && is_same_terminal(STDOUT_FILENO, STDERR_FILENO);
}

void follow_close_block(struct follow *self)
{
	/* Its last state is there already. */
	block_close(self->live.block);
	self->live.block = NULL;
	live_close(&self->live);
	outlet_finish(&self->terminal);
}

void follow_begin_block(struct follow *self, bool stops)
{
	const char *name = self->view.app != NULL ? self->view.app : self->options->project->name;
	char title[128];

	if (self->live.block == NULL)
		return;
	follow_end_block(self);
	snprintf(title, sizeof(title), "%s%s", stops ? "Stopping " : "", name);
	if (stops)
		block_begin(self->live.block, title, "stopped", clock_monotonic_ms(), block_judge_stopped, NULL);
	else
		block_begin(self->live.block, title, "ready", block_begin_ms(&self->view), block_judge_ready,
			    &self->view);
}

void follow_end_block(struct follow *self)
{
	if (!block_is_on(self->live.block))
		return;
	block_end(self->live.block);
	follow_write_block(self, true);
}

void follow_write_block(struct follow *self, bool at_once)
{
	const struct outlet *parts[] = {self->shared ? &self->out : NULL, &self->news};
	char *above = NULL;
	const char *bytes;
	size_t above_bytes = 0, size_bytes;
	FILE *gathered;

	if (self->live.block == NULL || (!at_once && !outlet_is_empty(&self->terminal)))
		return;
	gathered = open_memstream(&above, &above_bytes);
	if (gathered == NULL)
		return;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (parts[i] != NULL && !outlet_is_empty(parts[i]))
			fwrite(parts[i]->bytes + parts[i]->start, 1, parts[i]->end - parts[i]->start, gathered);
	if (fclose(gathered) == 0) {
		bytes = block_take(self->live.block, above, above_bytes, &size_bytes);
		outlet_put(&self->terminal, bytes, size_bytes);
		outlet_drop(&self->news);
		if (self->shared)
			outlet_drop(&self->out);
	}
	free(above);
}

/* What is drawn begins and ends with the phases of the stack. */
void follow_track_block(struct follow *self)
{
	const struct view *view = &self->view;

	if (self->live.block == NULL)
		return;
	block_change(self->live.block);
	if (!self->blocks_start && view_is(view, "starting")) {
		self->blocks_start = true;
		follow_begin_block(self, false);
	} else if (!self->blocks_stop && view_is(view, "stopping")) {
		self->blocks_stop = true;
		follow_begin_block(self, true);
	} else if (view_is(view, "over")) {
		follow_end_block(self);
	}
}
