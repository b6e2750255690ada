/* SPDX-License-Identifier: MIT */
#include "launcher/process/ports_holder.h"

#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "launcher/process/descendants.h"

#define STATE_LISTEN 0x0au
#define STATE_TIME_WAIT 0x06u
#define HEX_BYTES 40 /* of an address in the tables */

struct row {
	char address[HEX_BYTES];
	unsigned port, state, uid;
	unsigned long inode;
};

/* The address as the tables write it: words of the machine's own order. */
static void to_hex(const struct sockaddr *address, char hex[HEX_BYTES])
{
	if (address->sa_family == AF_INET) {
		const struct sockaddr_in *four = (const struct sockaddr_in *)(const void *)address;
		snprintf(hex, HEX_BYTES, "%08X", four->sin_addr.s_addr);
		return;
	}
	uint32_t words[4];
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)(const void *)address;
	memcpy(words, &six->sin6_addr, sizeof words);
	snprintf(hex, HEX_BYTES, "%08X%08X%08X%08X", words[0], words[1], words[2], words[3]);
}

static bool is_any(const char *hex)
{
	return hex[strspn(hex, "0")] == '\0';
}

/* Equal, or one of them stands for all; an IPv4 address may stand at the end of an IPv6 one. */
static bool overlap(const char *wanted, const char *held)
{
	size_t wanted_bytes = strlen(wanted), held_bytes = strlen(held);
	if (is_any(wanted) || is_any(held))
		return true;
	return held_bytes >= wanted_bytes && strcmp(held + held_bytes - wanted_bytes, wanted) == 0;
}

static bool parse_row(const char *line, struct row *row)
{
	return sscanf(line, " %*u: %39[0-9A-Fa-f]:%x %*[0-9A-Fa-f]:%*x %x %*x:%*x %*x:%*x %*x %u %*u %lu", row->address,
		      &row->port, &row->state, &row->uid, &row->inode) == 5;
}

/* A listening socket is the one meant; any other that still holds the port will do. */
static bool find_row(const char *table, const char *wanted, unsigned port, struct row *found)
{
	char *line = NULL;
	size_t room = 0;
	bool any = false;
	FILE *file = fopen(table, "re");
	if (!file)
		return false;
	while (getline(&line, &room, file) > 0 && !(any && found->state == STATE_LISTEN)) {
		struct row row;
		if (!parse_row(line, &row) || row.port != port || row.state == STATE_TIME_WAIT ||
		    !overlap(wanted, row.address))
			continue;
		if (!any || row.state == STATE_LISTEN)
			*found = row;
		any = true;
	}
	free(line);
	fclose(file);
	return any;
}

static bool has_socket(int proc_fd, const char *pid, const char *wanted)
{
	char path[64], target[64];
	bool found = false;
	snprintf(path, sizeof path, "%.20s/fd", pid);
	int fd = openat(proc_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = fd >= 0 ? fdopendir(fd) : NULL;
	if (!folder) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	struct dirent *item;
	while (!found && (item = readdir(folder)) != NULL) {
		ssize_t size = readlinkat(dirfd(folder), item->d_name, target, sizeof target - 1);
		target[size > 0 ? size : 0] = '\0';
		found = strcmp(target, wanted) == 0;
	}
	closedir(folder);
	return found;
}

/* The lowest pid that has it open: where several share it, the one that opened it. */
static pid_t find_process(unsigned long inode)
{
	char wanted[64];
	pid_t pid = 0;
	DIR *folder = opendir("/proc");
	if (!folder)
		return 0;
	snprintf(wanted, sizeof wanted, "socket:[%lu]", inode);
	struct dirent *item;
	while (pid == 0 && (item = readdir(folder)) != NULL) {
		if (item->d_name[0] >= '1' && item->d_name[0] <= '9' && has_socket(dirfd(folder), item->d_name, wanted))
			pid = (pid_t)atoi(item->d_name);
	}
	closedir(folder);
	return pid;
}

void ports_holder_find(const struct sockaddr *address, bool udp, struct ports_holder *holder)
{
	static const char *const tables[2][2] = {{"/proc/net/tcp", "/proc/net/tcp6"},
						 {"/proc/net/udp", "/proc/net/udp6"}};
	char wanted[HEX_BYTES];
	struct row row = {0};
	bool six = address->sa_family == AF_INET6;
	/* The port lies at the same place in both kinds of address. */
	unsigned port = ntohs(((const struct sockaddr_in *)(const void *)address)->sin_port);
	*holder = (struct ports_holder){0};
	to_hex(address, wanted);
	/* An IPv6 socket may hold the port for IPv4 as well. */
	holder->found =
		find_row(tables[udp][six], wanted, port, &row) || find_row(tables[udp][!six], wanted, port, &row);
	if (!holder->found)
		return;
	holder->uid = (uid_t)row.uid;
	holder->pid = row.inode ? find_process(row.inode) : 0;
	if (holder->pid)
		proc_name(holder->pid, holder->name, sizeof holder->name);
}
