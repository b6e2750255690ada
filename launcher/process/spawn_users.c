/* SPDX-License-Identifier: MIT */
#include "launcher/process/spawn_users.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/err.h"

struct spawn_users_entry {
	struct spawn_users_entry *next;
	struct spawn_user user;
	char text[];
};

void spawn_users_finish(struct spawn_users *self)
{
	while (self->first) {
		struct spawn_users_entry *entry = self->first;
		self->first = entry->next;
		free(entry->user.groups);
		free(entry);
	}
}

int spawn_users_get(struct spawn_users *self, const char *text, const struct spawn_user **user, struct err *err)
{
	struct spawn_users_entry *entry = self->first;
	while (entry && strcmp(entry->text, text) != 0)
		entry = entry->next;
	if (!entry) {
		entry = calloc(1, sizeof *entry + strlen(text) + 1);
		if (!entry) {
			err_set(err, ERR_FAILED, "cannot look up user '%s': out of memory", text);
			return -ENOMEM;
		}
		strcpy(entry->text, text);
		int result = spawn_user_find(text, &entry->user, err);
		if (result < 0) {
			free(entry->user.groups);
			free(entry);
			return result;
		}
		entry->next = self->first;
		self->first = entry;
	}
	*user = &entry->user;
	return 0;
}
