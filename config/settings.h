/* SPDX-License-Identifier: MIT */
/*
 * The two settings files: managed policy (/etc/upfront/config.yaml) and the person's own. Keys: `telemetry_enabled: BOOL`,
 * `telemetry_off: [APP...]`. A file that cannot be read, or says neither true nor false, counts as off - with one
 * line that says so.
 */
#ifndef UPFRONT_CONFIG_SETTINGS_H
#define UPFRONT_CONFIG_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

struct err;

struct settings {
	char *path;
	bool exists;
	bool off; /* telemetry_enabled: false, or unreadable */
	bool invalid; /* off because the file could not be understood */
	char **telemetry_off; /* apps with a standing no, NULL-terminated; NULL: none */
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
