/* SPDX-License-Identifier: MIT */
/*
 * The two settings files: managed policy (/etc/upfront/config.yaml) and the person's own. Keys: `telemetry_enabled: BOOL`,
 * `telemetry_off: [APP...]`, and those of struct settings_screen. A file that cannot be read, or says neither true nor false, counts as
 * off - with one line that says so.
 */
#ifndef UPFRONT_CONFIG_SETTINGS_H
#define UPFRONT_CONFIG_SETTINGS_H

#include "config/err.h"
#include "config/strmap.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * What the person wants of the screen. From their own file only: a managed policy has no say on colours. Which actions, roles and colours there
 * are is not known here, so places are kept for who knows (ui/wish.h). A wrong value is left out, and no reason to count telemetry as off.
 */
struct settings_screen {
	struct strmap keys; /* `keys: {restart: R}`: names of actions to names of keys (ui/keys.h) */
	char *theme; /* `theme`: a built-in one's name; NULL: not said */
	struct strmap colors; /* `colors: {bad: magenta}`: roles to colours (ui/theme.h) */
	bool mouse; /* true unless `mouse: false` */
	bool ascii; /* `ascii: true`: no other signs than ASCII */
	bool ask_before_leaving; /* true unless `ask_before_leaving: false` */
	bool open_browser; /* `up` may open the page by itself: true unless `open_browser: false` */
	struct err_place *key_places,
		*color_places; /* of the values, as many as entries of the maps; NULL: no entries */
	struct err_place theme_place;
	struct err trouble; /* what is wrong with these, a message each */
};

struct settings {
	char *path;
	bool exists;
	bool off; /* telemetry_enabled: false, or unreadable */
	bool invalid; /* off because the file could not be understood */
	char **telemetry_off; /* apps with a standing no, NULL-terminated; NULL: none */
	struct settings_screen screen;
};

/*
 * Reads `path`; a missing file (or NULL) is no settings. Always leaves a usable `self`; what is wrong with the file is put
 * into `warning` (may be NULL), one message. Finish with settings_finish.
 */
void settings_read(struct settings *self, const char *path, struct err *warning);
void settings_finish(struct settings *self);

/* True when `app` (compared without case) is listed in telemetry_off. */
bool settings_has_off(const struct settings *self, const char *app);

/*
 * Edits the person's file: `app` NULL sets `telemetry_enabled: false` (off) or removes it (not off); else the app is added to or
 * removed from `telemetry_off`. Comments, order and unknown keys are kept. A file that is no valid YAML is left
 * untouched (ERR_CONFIG). Written whole (temp, fsync, rename); the folder is made if it is missing.
 */
int settings_edit(const char *path, const char *app, bool off, struct err *err);

#endif
