/* SPDX-License-Identifier: MIT */
/*
 * What a program started by upfront finds inside itself:  inside FILE [stay]
 * writes to FILE, one "name: value" a line: fds, blocked, ignored, umask, oom_score_adj, nice, nofile, parent_death, and "env: NAME=value"
 * for each variable. Prints "ready"; with "stay" it then waits for a signal.
 */
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

extern char **environ;

static void write_fds(FILE *to)
{
	DIR *folder = opendir("/proc/self/fd");

	fputs("fds:", to);
	for (const struct dirent *entry = folder ? readdir(folder) : NULL; entry; entry = readdir(folder)) {
		int fd = atoi(entry->d_name);

		if (entry->d_name[0] != '.' && fd != dirfd(folder) && fd != fileno(to))
			fprintf(to, " %d", fd);
	}
	fputc('\n', to);
	if (folder)
		closedir(folder);
}

static void write_status(FILE *to, const char *field, const char *name)
{
	FILE *status = fopen("/proc/self/status", "re");
	char line[256];

	while (status && fgets(line, sizeof(line), status))
		if (strncmp(line, field, strlen(field)) == 0)
			fprintf(to, "%s: %llx\n", name, strtoull(line + strlen(field), NULL, 16));
	if (status)
		fclose(status);
}

static int oom_score_adj(void)
{
	FILE *file = fopen("/proc/self/oom_score_adj", "re");
	int value = -10000;

	if (file && fscanf(file, "%d", &value) != 1)
		value = -10000;
	if (file)
		fclose(file);
	return value;
}

int main(int argc, char **argv)
{
	struct rlimit nofile = {0};
	int death = -1;
	char *path = NULL;
	FILE *to;

	if (argc < 2 || asprintf(&path, "%s.new", argv[1]) < 0)
		return 2;
	to = fopen(path, "we");
	if (!to)
		return 2;
	write_fds(to);
	write_status(to, "SigBlk:", "blocked");
	write_status(to, "SigIgn:", "ignored");
	write_status(to, "Umask:", "umask");
	getrlimit(RLIMIT_NOFILE, &nofile);
	prctl(PR_GET_PDEATHSIG, &death);
	fprintf(to, "oom_score_adj: %d\nnice: %d\nnofile: %llu\nparent_death: %d\n", oom_score_adj(),
		getpriority(PRIO_PROCESS, 0), (unsigned long long)nofile.rlim_cur, death);
	for (char **entry = environ; *entry; entry++)
		fprintf(to, "env: %s\n", *entry);
	/* Whole or not there at all: somebody waits for it. */
	if (fclose(to) != 0 || rename(path, argv[1]) < 0)
		return 2;
	free(path);
	puts("ready");
	fflush(stdout);
	if (argc > 2)
		pause();
	return 0;
}
