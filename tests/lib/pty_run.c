/* SPDX-License-Identifier: MIT */
#include "tests/lib/pty_run.h"

#include "tests/lib/measure.h"
#include "tests/lib/world.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <utmp.h>
#include <unistd.h>

#include <cmocka.h>

#define VARIABLES_MAX 32u
#define LEAVE_MS 5000

static void forget(struct pty_run *self)
{
	self->bytes = self->reads = self->text_size = 0;
	self->text[0] = '\0';
	self->last_ms = self->began_ms = measure_now_ms();
}

static void find_program(const struct world *world, const char *name, char *path, size_t size_bytes)
{
	snprintf(path, size_bytes, "%s/%s", world->bin_dir, name);
	if (access(path, X_OK) != 0)
		snprintf(path, size_bytes, "%s", name);
}

void pty_begin(struct pty_run *self, const struct world *world, const char *const *argv, int rows, int columns)
{
	const struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};
	const struct strmap *from = &world->environment;
	char *variables[VARIABLES_MAX + 1] = {NULL}, path[WORLD_PATH_MAX * 2];
	int slave;

	assert_true(from->count <= VARIABLES_MAX);
	for (size_t i = 0; i < from->count; i++)
		assert_true(asprintf(&variables[i], "%s=%s", from->entries[i].key, from->entries[i].value) > 0);
	find_program(world, argv[0], path, sizeof(path));
	assert_int_equal(openpty(&self->master, &slave, NULL, NULL, &size), 0);
	fcntl(self->master, F_SETFD, FD_CLOEXEC);
	fcntl(self->master, F_SETFL, O_NONBLOCK);
	self->escape = PTY_PLAIN;
	forget(self);
	self->pid = fork();
	if (self->pid == 0) {
		if (chdir(world->stack) != 0 || login_tty(slave) != 0)
			_exit(126);
		execvpe(path, (char *const *)(uintptr_t)argv, variables);
		_exit(127);
	}
	assert_true(self->pid > 0);
	close(slave);
	for (size_t i = 0; i < from->count; i++)
		free(variables[i]);
}

void pty_end(struct pty_run *self)
{
	const int64_t since_ms = world_now_ms();
	int status;

	close(self->master);
	self->master = -1;
	while (waitpid(self->pid, &status, WNOHANG) == 0) {
		if (world_now_ms() - since_ms > LEAVE_MS) {
			kill(self->pid, SIGKILL);
			waitpid(self->pid, &status, 0);
			fail_msg("a program did not leave its terminal in %d ms", LEAVE_MS);
		}
		poll(NULL, 0, 1);
	}
}

/* ---- What it writes ---- */

static void keep(struct pty_run *self, char byte)
{
	if (self->text_size == PTY_TEXT_MAX) {
		self->text_size = PTY_TEXT_MAX / 2;
		memmove(self->text, self->text + PTY_TEXT_MAX - self->text_size, self->text_size);
	}
	self->text[self->text_size++] = byte;
}

static void take_byte(struct pty_run *self, char byte)
{
	const unsigned char c = (unsigned char)byte;

	switch (self->escape) {
	case PTY_PLAIN:
		if (c == 033)
			self->escape = PTY_ESC;
		else if (c >= ' ')
			keep(self, byte);
		break;
	case PTY_ESC:
		self->escape = c == '['               ? PTY_CSI
			       : c == ']' || c == 'P' ? PTY_STRING
			       : c == '(' || c == ')' ? PTY_CHARSET
						      : PTY_PLAIN;
		break;
	case PTY_CSI:
		if (c >= '@' && c <= '~')
			self->escape = PTY_PLAIN;
		break;
	case PTY_STRING:
		if (c == 007 || c == '\\')
			self->escape = PTY_PLAIN;
		break;
	case PTY_CHARSET:
		self->escape = PTY_PLAIN;
		break;
	}
}

/* What is there now, at most so long awaited; false when nothing came. */
static bool take(struct pty_run *self, int timeout_ms)
{
	struct pollfd input = {.fd = self->master, .events = POLLIN};
	char buffer[65536];
	ssize_t count;

	if (poll(&input, 1, timeout_ms) <= 0)
		return false;
	count = read(self->master, buffer, sizeof(buffer));
	if (count <= 0 && errno != EAGAIN && errno != EINTR)
		fail_msg("a program has left its terminal, having written: %s", self->text);
	if (count <= 0)
		return false;
	self->last_ms = measure_now_ms();
	self->bytes += (size_t)count;
	self->reads++;
	for (ssize_t i = 0; i < count; i++)
		take_byte(self, buffer[i]);
	self->text[self->text_size] = '\0';
	return true;
}

double pty_until(struct pty_run *self, const char *text)
{
	while (strstr(self->text, text) == NULL)
		if (!take(self, PTY_DEADLINE_MS) || measure_now_ms() - self->began_ms > PTY_DEADLINE_MS)
			fail_msg("'%s' did not come; what came: %s", text, self->text);
	return self->last_ms - self->began_ms;
}

void pty_until_quiet(struct pty_run *self, int quiet_ms)
{
	const double since_ms = measure_now_ms();

	while (take(self, quiet_ms))
		if (measure_now_ms() - since_ms > PTY_DEADLINE_MS)
			fail_msg("a screen does not come to rest; what came last: %.400s",
				 self->text + (self->text_size > 400 ? self->text_size - 400 : 0));
}

size_t pty_listen(struct pty_run *self, int span_ms)
{
	double left_ms = span_ms;

	forget(self);
	for (; left_ms > 0; left_ms = self->began_ms + span_ms - measure_now_ms())
		take(self, (int)left_ms + 1);
	return self->bytes;
}

/* ---- What it is told ---- */

void pty_key(struct pty_run *self, const char *keys)
{
	forget(self);
	assert_int_equal(write(self->master, keys, strlen(keys)), (ssize_t)strlen(keys));
}

void pty_resize(struct pty_run *self, int rows, int columns)
{
	const struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};

	forget(self);
	assert_int_equal(ioctl(self->master, TIOCSWINSZ, &size), 0);
}

/* ---- What it costs ---- */

double pty_cpu_ms(pid_t pid)
{
	unsigned long long ns = 0;
	char path[64];
	FILE *file;
	bool known;

	snprintf(path, sizeof(path), "/proc/%d/schedstat", (int)pid);
	file = fopen(path, "re");
	known = file != NULL && fscanf(file, "%llu", &ns) == 1;
	if (file != NULL)
		fclose(file);
	return known ? (double)ns / 1e6 : -1;
}

long pty_memory_kb(pid_t pid, const char *field)
{
	char path[64], line[128];
	long sum = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)pid);
	file = fopen(path, "re");
	while (file != NULL && fgets(line, sizeof(line), file) != NULL)
		if (strncmp(line, field, strlen(field)) == 0)
			sum = strtol(line + strlen(field), NULL, 10);
	if (file != NULL)
		fclose(file);
	return sum;
}
