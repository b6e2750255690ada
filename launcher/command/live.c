/* SPDX-License-Identifier: MIT */
#include "launcher/command/live.h"

#include "config/paths.h"
#include "launcher/cli.h"
#include "ui/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void live_open(struct live *self, const struct cli_context *context, const struct view *view, const char *project)
{
	const struct block_options options = {
		.ui = &context->ui,
		.settings = &self->settings.screen,
		.view = view,
		.project = project,
	};

	*self = (struct live){.block = NULL};
	self->settings_path = paths_user_settings();
	settings_read(&self->settings, self->settings_path, NULL);
	if (!context->globals.quiet && !context->globals.json)
		self->block = block_open(&options);
}

static void take(struct live *self, const char *above, size_t above_bytes)
{
	size_t size = 0;
	const char *bytes = block_take(self->block, above, above_bytes, &size);

	if (size > 0)
		fwrite(bytes, 1, size, stderr);
	fflush(stderr);
}

void live_close(struct live *self)
{
	block_end(self->block);
	live_step(self);
	block_close(self->block);
	settings_finish(&self->settings);
	free(self->settings_path);
	*self = (struct live){.block = NULL};
}

void live_step(struct live *self)
{
	if (self->block != NULL)
		take(self, "", 0);
}

int64_t live_until_ms(const struct live *self, int64_t until_ms)
{
	const int64_t due_ms = block_due_ms(self->block);

	return due_ms != 0 && (until_ms == 0 || due_ms < until_ms) ? due_ms : until_ms;
}

void live_say(struct live *self, const char *line)
{
	char *harmless = text_harmless(line), *text = NULL;

	if (harmless == NULL || asprintf(&text, "upfront: %s\n", harmless) < 0)
		text = NULL;
	if (text != NULL && self->block != NULL)
		take(self, text, strlen(text));
	else if (text != NULL)
		fputs(text, stderr);
	free(text);
	free(harmless);
}
