/* SPDX-License-Identifier: MIT */
#include "launcher/supervisor/source_job.h"

#include "launcher/process/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <regex.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define VALUE_BYTES_MAX 256
#define VERSION_PATTERN "^v?[0-9][0-9A-Za-z.+_-]{0,63}$"

int source_job_start(struct source_job *self, char *const *environment, const char *cwd)
{
	struct spawn_options options = {.argv = self->argv,
					.environment = environment,
					.cwd = cwd,
					.stdin_fd = -1,
					.stderr_fd = -1,
					.keep_fd = -1,
					.death_signal = SIGKILL};
	struct child child;
	int ends[2], rc;

	if (self->argv == NULL || self->argv[0] == NULL)
		return -EINVAL;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	options.stdout_fd = ends[1];
	rc = fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0 ? -errno : spawn_child(&options, &child, NULL);
	close(ends[1]);
	if (rc < 0) {
		close(ends[0]);
		return rc;
	}
	close(child.pidfd);
	self->pid = child.pid;
	self->fd = ends[0];
	return 0;
}

static bool matches(const char *pattern, const char *text)
{
	regex_t regex;
	bool result;

	if (regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB) != 0)
		return false;
	result = regexec(&regex, text, 0, NULL, 0) == 0;
	regfree(&regex);
	return result;
}

static void take_value(struct source_job *self)
{
	char text[VALUE_BYTES_MAX];
	ssize_t got = read(self->fd, text, sizeof text);
	size_t length;

	if (got <= 0)
		return;
	length = strnlen(text, (size_t)got);
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '\n' || text[i] == '\r')
			length = i;
	}
	if (length == sizeof text)
		return;
	text[length] = '\0';
	if (matches(self->pattern != NULL ? self->pattern : VERSION_PATTERN, text))
		self->value = strdup(text);
}

static void let_go(struct source_job *self)
{
	self->pid = 0;
	if (self->fd >= 0)
		close(self->fd);
	self->fd = -1;
}

bool source_job_reaped(struct source_job *self, pid_t pid, bool well)
{
	if (self->pid == 0 || self->pid != pid)
		return false;
	if (well)
		take_value(self);
	let_go(self);
	return true;
}

void source_job_cancel(struct source_job *self)
{
	if (self->pid != 0)
		(void)kill(-self->pid, SIGKILL);
	let_go(self);
}

void source_job_finish(struct source_job *self)
{
	source_job_cancel(self);
	free(self->value);
	self->value = NULL;
}
