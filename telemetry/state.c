/* SPDX-License-Identifier: MIT */
#include "telemetry/state.h"

#include "config/err.h"
#include "config/paths.h"
#include "telemetry/ledger.h"
#include "telemetry/records.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char *state_file(const char *app, const char *name)
{
	char *folder = NULL, *path = NULL;

	if (paths_app_state(app, &folder, NULL) < 0)
		return NULL;
	if (asprintf(&path, "%s/%s", folder, name) < 0)
		path = NULL;
	free(folder);
	return path;
}

static int make_part(const char *folder, size_t length, struct err *err)
{
	char *part = strndup(folder, length);
	int result = part ? paths_make_private(part, err) : err_set(err, ERR_INTERNAL, "out of memory");

	free(part);
	return result;
}

int state_make(const char *app, struct err *err)
{
	char *folder = NULL;
	int result = paths_app_state(app, &folder, err);

	/* Those above it - all apps' and all of upfront's - are made and checked first. */
	for (int above = 2; result == 0 && above >= 0; above--) {
		size_t length = strlen(folder);

		for (int i = 0; i < above; i++)
			length = (size_t)((const char *)memrchr(folder, '/', length) - folder);
		result = make_part(folder, length, err);
	}
	free(folder);
	return result;
}

/* All are tried, also when one cannot be removed. Returns how many there were. */
static int remove_all(const char *app, const char *const *names, struct err *err)
{
	char *folder = NULL;
	int result = paths_app_state(app, &folder, err), found = 0;

	for (; folder && *names; names++) {
		char *path;

		if (asprintf(&path, "%s/%s", folder, *names) < 0) {
			result = err_set(err, ERR_INTERNAL, "cannot remove what telemetry kept: out of memory");
			break;
		}
		if (unlink(path) == 0)
			found++;
		else if (errno != ENOENT && errno != ENOTDIR)
			result = err_set(err, ERR_FAILED, "cannot remove what telemetry kept: %s: %s", path,
					 strerror(errno));
		free(path);
	}
	free(folder);
	return result < 0 ? result : found;
}

#define WIPED STATE_OUTBOX, STATE_OUTBOX "-wal", STATE_OUTBOX "-shm", STATE_OUTBOX "-journal", STATE_ID

int telemetry_wipe(const char *app, struct err *err)
{
	static const char *const names[] = {WIPED, NULL};
	int result = remove_all(app, names, err);

	if (result >= 0)
		ledger_note_deleted(app);
	return result < 0 ? result : 0;
}

/* Wall clock, in milliseconds; 0: there is no such file of ours. */
static int64_t last_used_ms(const char *app, const char *name)
{
	struct stat status = {0};
	char *path = state_file(app, name);
	bool found = path && lstat(path, &status) == 0 && S_ISREG(status.st_mode);

	free(path);
	return found ? (int64_t)status.st_mtim.tv_sec * 1000 + status.st_mtim.tv_nsec / 1000000 : 0;
}

void telemetry_expire(const char *app, int64_t now_ms)
{
	/* What belongs together goes together. */
	static const char *const groups[][5] = {
		{STATE_OUTBOX, STATE_OUTBOX "-wal", STATE_OUTBOX "-shm", STATE_OUTBOX "-journal", NULL},
		{STATE_ID, NULL},
		{STATE_LEDGER, NULL},
		{STATE_LEDGER_BEFORE, NULL},
	};

	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		int64_t last_ms = 0;

		for (const char *const *name = groups[i]; *name; name++) {
			int64_t used_ms = last_used_ms(app, *name);

			last_ms = used_ms > last_ms ? used_ms : last_ms;
		}
		if (last_ms > 0 && now_ms - last_ms > STATE_AGE_MAX_MS)
			remove_all(app, groups[i], NULL);
	}
}

int telemetry_forget(const char *app, struct err *err)
{
	/* The outbox first: a sender that is at work finds it gone, and writes no new ledger. */
	static const char *const names[] = {WIPED, STATE_LEDGER, STATE_LEDGER_BEFORE, STATE_LEDGER ".new",
					    STATE_LEDGER_BEFORE ".new",
					    /* of earlier versions */
					    "ledger.db", "ledger.db-wal", "ledger.db-shm", STATE_RECEIPTS, NULL};

	return remove_all(app, names, err);
}
