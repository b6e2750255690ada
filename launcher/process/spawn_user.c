/* SPDX-License-Identifier: MIT */
#include "launcher/process/spawn_users.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/err.h"

#define ENTRY_BYTES_MAX (1024u * 1024u) /* of one passwd or group entry */
#define GROUPS_MAX 65536 /* the kernel's NGROUPS_MAX */
#define NAME_BYTES_MAX 256u

struct account {
	bool known;
	uid_t uid;
	gid_t gid;
	char name[NAME_BYTES_MAX];
};

/* A number as user or group id: all digits, and not the "no change" value of the set*id calls. */
static bool parse_id(const char *text, uint32_t *id)
{
	uint64_t value = 0;
	if (!*text)
		return false;
	for (const char *p = text; *p; p++) {
		if (*p < '0' || *p > '9')
			return false;
		value = value * 10 + (uint64_t)(*p - '0');
		if (value >= UINT32_MAX)
			return false;
	}
	*id = (uint32_t)value;
	return true;
}

/* Looks one passwd entry up, by name or (name NULL) by uid. 0 also when there is none. */
static int find_account(const char *name, uid_t uid, struct account *account)
{
	int result = ERANGE;
	char *buffer = NULL;
	for (size_t size = 1024; result == ERANGE && size <= ENTRY_BYTES_MAX; size *= 4) {
		struct passwd entry, *found = NULL;
		free(buffer);
		buffer = malloc(size);
		if (!buffer)
			return -ENOMEM;
		result = name ? getpwnam_r(name, &entry, buffer, size, &found)
			      : getpwuid_r(uid, &entry, buffer, size, &found);
		if (result != 0 || !found || strlen(found->pw_name) >= NAME_BYTES_MAX)
			continue;
		account->known = true;
		account->uid = found->pw_uid;
		account->gid = found->pw_gid;
		strcpy(account->name, found->pw_name);
	}
	free(buffer);
	/* Some name services say "no such entry" by an error. */
	if (result == ENOENT || result == ESRCH || result == EPERM || result == EBADF)
		result = 0;
	return -result;
}

static int find_group(const char *name, bool *known, gid_t *gid)
{
	int result = ERANGE;
	char *buffer = NULL;
	*known = false;
	for (size_t size = 1024; result == ERANGE && size <= ENTRY_BYTES_MAX; size *= 4) {
		struct group entry, *found = NULL;
		free(buffer);
		buffer = malloc(size);
		if (!buffer)
			return -ENOMEM;
		result = getgrnam_r(name, &entry, buffer, size, &found);
		if (result == 0 && found) {
			*known = true;
			*gid = found->gr_gid;
		}
	}
	free(buffer);
	if (result == ENOENT || result == ESRCH || result == EPERM || result == EBADF)
		result = 0;
	return -result;
}

static int list_groups(const struct account *account, struct spawn_user *user)
{
	int room = 32;
	for (;;) {
		gid_t *groups = realloc(user->groups, (size_t)room * sizeof *groups);
		if (!groups)
			return -ENOMEM;
		user->groups = groups;
		int count = room;
		if (getgrouplist(account->name, account->gid, groups, &count) >= 0) {
			user->group_count = (size_t)count;
			return 0;
		}
		if (room >= GROUPS_MAX)
			return -ENOMEM;
		room = count > room ? count : room * 2;
	}
}

/* An explicit group is the only one, as for containers; else the account's own. */
static int choose_groups(const char *text, const char *group, const struct account *account, struct spawn_user *user,
			 struct err *err)
{
	uint32_t id = 0;
	if (!group) {
		if (!account->known) {
			err_set(err, ERR_MISSING, "user '%s': no account has this number, so its group is not known",
				text);
			err_hint(err, "name the group too: user: \"%s:GID\"", text);
			return -ENOENT;
		}
		user->gid = account->gid;
		return list_groups(account, user);
	}
	if (parse_id(group, &id)) {
		user->gid = id;
	} else {
		bool known = false;
		int result = find_group(group, &known, &user->gid);
		if (result < 0)
			return result;
		if (!known) {
			err_set(err, ERR_MISSING, "user '%s': there is no group '%s'", text, group);
			err_hint(err, "correct 'user', or create the group");
			return -ENOENT;
		}
	}
	user->groups = malloc(sizeof *user->groups);
	if (!user->groups)
		return -ENOMEM;
	user->groups[0] = user->gid;
	user->group_count = 1;
	return 0;
}

int spawn_user_find(const char *text, struct spawn_user *user, struct err *err)
{
	struct account account = {0};
	uint32_t id = 0;
	char *name = strdup(text);
	char *group = name ? strchr(name, ':') : NULL;
	int result = -ENOMEM;
	if (!name)
		goto out;
	if (group)
		*group++ = '\0';

	bool numeric = parse_id(name, &id);
	/* With a group of its own a number is all there is to know. */
	result = numeric && group ? 0 : find_account(numeric ? NULL : name, (uid_t)id, &account);
	if (result < 0)
		goto out;
	if (!numeric && !account.known) {
		err_set(err, ERR_MISSING, "there is no user '%s'", name);
		err_hint(err, "correct 'user', or create the account");
		result = -ENOENT;
		goto out;
	}
	user->uid = numeric ? (uid_t)id : account.uid;
	result = choose_groups(text, group, &account, user, err);
	if (result < 0)
		goto out;
	/* Being who we are already needs no privilege. */
	user->change = geteuid() == 0 || user->uid != geteuid() || user->gid != getegid();
out:
	free(name);
	if (result < 0 && result != -ENOENT)
		err_set(err, ERR_FAILED, "cannot look up user '%s': %s", text, strerror(-result));
	return result;
}
