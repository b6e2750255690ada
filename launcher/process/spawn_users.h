/* SPDX-License-Identifier: MIT */
/*
 * Users that programs are started as. Names are looked up by the machine's name services, which may take as long as a directory
 * server far away: so each text is looked up once, before there is a loop that would wait, and known from then on.
 */
#ifndef UPFRONT_LAUNCHER_PROCESS_SPAWN_USERS_H
#define UPFRONT_LAUNCHER_PROCESS_SPAWN_USERS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct err;

struct spawn_user {
	bool change; /* false: we are this user already */
	uid_t uid;
	gid_t gid;
	gid_t *groups; /* supplementary ones; owned */
	size_t group_count;
};

/*
 * "name", "name:group", "uid", "uid:gid"; two numbers need no look-up. Not found: ERR_MISSING. The caller frees user->groups, also
 * after an error.
 */
int spawn_user_find(const char *text, struct spawn_user *user, struct err *err);

struct spawn_users_entry;

/* All zero: nobody known. */
struct spawn_users {
	struct spawn_users_entry *first;
};

void spawn_users_finish(struct spawn_users *self);

/* The user, looked up unless known; *user lives as long as `self`. What is not found is not noted. */
int spawn_users_get(struct spawn_users *self, const char *text, const struct spawn_user **user, struct err *err);

#endif
