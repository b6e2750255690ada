/* SPDX-License-Identifier: MIT */
#include "launcher/command/up_open.h"

#include "config/err.h"
#include "config/paths.h"
#include "config/settings.h"
#include "config/strmap.h"
#include "launcher/cli.h"
#include "launcher/client/view.h"
#include "launcher/command/consent_sources.h"
#include "launcher/process/browser.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool settings_allow(void)
{
	char *path = paths_user_settings();
	struct settings settings;
	bool allow;

	settings_read(&settings, path, NULL);
	allow = settings.screen.open_browser;
	settings_finish(&settings);
	free(path);
	return allow;
}

int up_open_decide(const struct cli_context *context, const struct up_open_options *options, enum up_open *open,
		   struct err *err)
{
	if (options->open && options->no_open)
		return err_set(err, ERR_USAGE, "--open and --no-open exclude each other");
	*open = UP_OPEN_NEVER;
	if (options->open)
		*open = UP_OPEN_ASKED;
	else if (!options->no_open && !options->leaves && !context->globals.json &&
		 consent_not_interactive(context) == NULL && settings_allow())
		*open = UP_OPEN_DECLARED;
	return 0;
}

static bool is_well(const struct view_unit *unit)
{
	return strcmp(unit->state, "ready") == 0 || strcmp(unit->state, "running") == 0;
}

const char *up_open_url(const struct view *view, const char *const *named)
{
	const bool all = named == NULL || named[0] == NULL;

	if (all && view->open != NULL)
		return view->open;
	for (size_t i = 0; i < view->count; i++) {
		const struct view_unit *unit = &view->units[i];
		bool meant = all;

		for (size_t k = 0; !meant && named[k] != NULL; k++)
			meant = strcmp(named[k], unit->service) == 0;
		if (meant && unit->open != NULL && is_well(unit))
			return unit->open;
	}
	return NULL;
}

char *up_open_page(const struct cli_context *context, enum up_open open, const char *url, bool told)
{
	char **environment = strmap_to_environ(&context->environment);
	char *line = NULL;
	int fd = -1, result = -ENOMEM;

	if (environment != NULL)
		result = browser_open(url, (const char *const *)environment, &fd);
	if (fd >= 0)
		close(fd);
	/* Who did not ask for a page, and has read where it is, need not hear why there is none. */
	if (result == 0 || (open == UP_OPEN_DECLARED && told))
		goto out;
	if (result == -EINVAL)
		result = asprintf(&line, "not opened, as it is no web address: %s", url);
	else if (result == -ENOENT)
		result = asprintf(&line, "open this page yourself, as there is no xdg-open here: %s", url);
	else
		result = asprintf(&line, "open this page in a browser: %s", url);
	if (result < 0)
		line = NULL;
out:
	free(environment);
	return line;
}
