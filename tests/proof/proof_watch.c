/* SPDX-License-Identifier: MIT */
#include "tests/lib/children.h"
#include "tests/lib/trace.h"
#include "tests/lib/world.h"
#include "tests/proof/proof.h"

#include <ctype.h>
#include <fnmatch.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

void proof_note(struct proof_found *found, size_t column, const char *what, const char *where)
{
	if (found->count[column]++ == 0)
		snprintf(found->first[column], sizeof(found->first[column]), "%.120s%s%.160s", what,
			 where[0] != '\0' ? ": " : "", where);
}

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static bool holds_any(const char *text, const char *const *words)
{
	for (; *words != NULL; words++)
		if (strstr(text, *words) != NULL)
			return true;
	return false;
}

/* ---- Sockets and names ---- */

/* Any family but that of the control socket: an address of the network, a question to the kernel about it, a raw packet. */
static bool is_network(const char *call)
{
	static const char *const calls[] = {"socket(", "socketpair(", "<... socket", NULL};
	bool is_socket = false;

	for (size_t i = 0; calls[i] != NULL; i++)
		is_socket = is_socket || begins(call, calls[i]);
	if (is_socket)
		return strstr(call, "AF_UNIX") == NULL && strstr(call, "resumed>") == NULL;
	return strstr(call, "sa_family=AF_") != NULL && strstr(call, "sa_family=AF_UNIX") == NULL &&
	       strstr(call, "sa_family=AF_UNSPEC") == NULL;
}

/* The addresses that a stack with probes declares, and sockets for no more than these. */
struct probes {
	size_t sockets, declared;
};

static bool is_probe(const char *call, struct probes *probes)
{
	static const char *const ports[] = {"htons(" PROOF_HTTP_PORT ")", "htons(" PROOF_TCP_PORT ")", NULL};
	static const char *const hosts[] = {"\"127.0.0.1\"", "\"0.0.0.0\"", "\"::1\"", "\"::\"", NULL};

	if (begins(call, "socket(AF_INET")) {
		probes->sockets++;
		return true;
	}
	if (begins(call, "getsockname(") || begins(call, "<... getsockname"))
		return true;
	if (!holds_any(call, ports) || !holds_any(call, hosts))
		return false;
	if (begins(call, "connect(") || begins(call, "bind("))
		probes->declared++;
	return true;
}

static bool is_lookup(const char *call)
{
	static const char *const files[] = {"\"/etc/resolv.conf\"",
					    "\"/etc/hosts\"",
					    "\"/etc/host.conf\"",
					    "\"/etc/nsswitch.conf\"",
					    "\"/etc/gai.conf\"",
					    "nscd/socket",
					    "systemd/resolve",
					    "libnss_dns",
					    "htons(53)",
					    NULL};

	return (begins(call, "open") || begins(call, "connect(") || begins(call, "send")) && holds_any(call, files);
}

/* ---- Files ---- */

/* Path below the world's folder, NULL when it lies elsewhere. */
static const char *below(const struct world *world, const char *path)
{
	size_t size = strlen(world->dir);

	return strncmp(path, world->dir, size) == 0 && path[size] == '/' ? path + size + 1 : NULL;
}

static const struct proof_path *find_allowed(const char *path, const struct proof_way *way)
{
	for (size_t i = 0; i < proof_path_count; i++) {
		const struct proof_path *allowed = &proof_paths[i];

		if ((allowed->receipt && !way->keeps_receipt) || (allowed->settings && !way->keeps_settings) ||
		    (allowed->record && !way->withdrawn))
			continue;
		if (fnmatch(allowed->pattern, path, FNM_PATHNAME) == 0)
			return allowed;
	}
	return NULL;
}

/* Settings that were there before are no find. */
static bool is_allowed(const char *path, const struct proof_way *way)
{
	static const char *const settings_before = "config/upfront/config.yaml";

	if (find_allowed(path, way) != NULL)
		return true;
	return way->file != NULL && (strcmp(path, settings_before) == 0 || strcmp(path, "config/upfront") == 0);
}

/* The n-th quoted text of a call, unescaped as far as paths of tests need it: not at all. */
static bool quoted(const char *call, size_t n, char *text, size_t size)
{
	const char *at = call, *end;

	for (;;) {
		at = strchr(at, '"');
		end = at != NULL ? strchr(at + 1, '"') : NULL;
		if (end == NULL)
			return false;
		if (n-- == 0)
			break;
		at = end + 1;
	}
	snprintf(text, size, "%.*s", (int)(end - at - 1), at + 1);
	return true;
}

/* The path that a call made. A relative one stands behind its folder, which strace -y names: "5</path>", "AT_FDCWD</path>". */
static bool made_path(const char *call, char *path, size_t size)
{
	static const char *const makes[] = {"creat(", "mkdir", "rename", "link", "symlink", "mknod", NULL};
	bool moves = begins(call, "rename") || begins(call, "link") || begins(call, "symlink");
	bool made = (begins(call, "open") && strstr(call, "O_CREAT") != NULL) ||
		    (begins(call, "bind(") && strstr(call, "sun_path=\"") != NULL);
	char name[600];
	const char *folder, *end;

	for (size_t i = 0; makes[i] != NULL; i++)
		made = made || begins(call, makes[i]);
	if (!made || strstr(call, " = -1 ") != NULL || !quoted(call, moves ? 1 : 0, name, sizeof(name)))
		return false;
	folder = moves ? strstr(call, "\", ") : call;
	folder = folder != NULL ? strchr(folder, '<') : NULL;
	end = folder != NULL ? strchr(folder, '>') : NULL;
	if (name[0] == '/' || end == NULL)
		snprintf(path, size, "%s", name);
	else
		snprintf(path, size, "%.*s/%s", (int)(end - folder - 1), folder + 1, name);
	return true;
}

static void watch_made(const char *call, const struct world *world, const struct proof_way *way,
		       struct proof_found *found)
{
	char path[1300];

	if (!made_path(call, path, sizeof(path)) || begins(path, "/dev/"))
		return;
	if (below(world, path) == NULL || !is_allowed(below(world, path), way))
		proof_note(found, LOOK_FILE, "made", path);
}

void proof_watch_trace(const char *file, const struct world *world, const struct proof_way *way, size_t from,
		       struct proof_found *found)
{
	char program[WORLD_PATH_MAX * 2];
	struct probes probes = {0, 0};
	struct trace trace;

	snprintf(program, sizeof(program), "%s/upfront", world->bin_dir);
	trace_read(&trace, file, program);
	for (size_t i = 0; i < trace.count; i++) {
		const char *call = trace.lines[i].call;

		if ((size_t)(call - trace.text) < from || !trace.lines[i].own)
			continue;
		if (is_network(call) && (!way->probed || !is_probe(call, &probes)))
			proof_note(found, LOOK_SOCKET, call, "");
		if (is_lookup(call))
			proof_note(found, LOOK_LOOKUP, call, "");
		if (begins(call, "execve") && strstr(call, "upfront-telemetry") != NULL)
			proof_note(found, LOOK_SENDER, call, "");
		watch_made(call, world, way, found);
	}
	found->probes += probes.declared;
	if (probes.sockets > probes.declared)
		proof_note(found, LOOK_SOCKET, "more sockets than declared addresses", "");
	trace_finish(&trace);
}

/* ---- What is left ---- */

static const struct world *walked;
static const struct proof_way *walked_way;
static struct proof_found *walk_found;

/* 8-4-4-4-12 hex digits. */
static bool is_uuid(const char *at, size_t left)
{
	if (left < 36)
		return false;
	for (size_t i = 0; i < 36; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? at[i] != '-' : !isxdigit((unsigned char)at[i]))
			return false;
	}
	return true;
}

static void watch_bytes(const char *path, const char *name)
{
	size_t size = 0;
	char *bytes = children_slurp("", path, &size);

	for (size_t i = 0; bytes != NULL && i < size; i++)
		if (is_uuid(bytes + i, size - i)) {
			proof_note(walk_found, LOOK_ID, "a UUID in", name);
			break;
		}
	free(bytes);
}

/* The world's own folders are its tests', as are the stack's files and the traces. */
static int visit(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
	static const char *const given[] = {"stack/compose.yaml", "stack/worker.sh", "trace*", "etc*", NULL};
	static const char *const told = "stack/worker.env"; /* what a service was told when it started last */
	const char *name = below(walked, path);
	const struct proof_path *allowed;

	(void)status;
	for (size_t i = 0; name != NULL && given[i] != NULL; i++)
		if (fnmatch(given[i], name, 0) == 0)
			return 0;
	if (name == NULL || walk->level < 2)
		return 0;
	allowed = find_allowed(name, walked_way);
	if (kind == FTW_F && (allowed == NULL || !allowed->record))
		watch_bytes(path, name);
	if (fnmatch("*/id", name, 0) == 0)
		proof_note(walk_found, LOOK_ID, "an id", name);
	if (!is_allowed(name, walked_way) && strcmp(name, told) != 0)
		proof_note(walk_found, LOOK_FILE, "left", name);
	return 0;
}

void proof_watch_files(const struct world *world, const struct proof_way *way, struct proof_found *found)
{
	walked = world;
	walked_way = way;
	walk_found = found;
	assert_int_equal(nftw(world->dir, visit, 16, FTW_PHYS), 0);
}
