/* SPDX-License-Identifier: MIT */
#include "tests/lib/run.h"

#include "tests/lib/world.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define ARGS_MAX 64

static void text_init(struct run_text *self)
{
	memset(self, 0, sizeof(*self));
	self->bytes = calloc(1, 1);
	assert_non_null(self->bytes);
}

static void text_add(struct run_text *self, const char *bytes, size_t size_bytes)
{
	size_t room = RUN_OUTPUT_MAX - self->size_bytes;
	size_t taken = size_bytes < room ? size_bytes : room;
	char *larger = realloc(self->bytes, self->size_bytes + taken + 1);

	assert_non_null(larger);
	self->bytes = larger;
	memcpy(larger + self->size_bytes, bytes, taken);
	self->size_bytes += taken;
	self->dropped_bytes += size_bytes - taken;
	larger[self->size_bytes] = '\0';
}

/* NUL bytes do not end the search. */
static bool text_has(const struct run_text *self, const char *text)
{
	return memmem(self->bytes, self->size_bytes, text, strlen(text)) != NULL;
}

#define fail_run(self, ...)                                                                                   \
	do {                                                                                                  \
		print_error(__VA_ARGS__);                                                                     \
		print_error("\n--- stdout\n%s\n--- stderr\n%s\n---\n", (self)->out.bytes, (self)->err.bytes); \
		fail();                                                                                       \
	} while (0)

/* The program's path: one we built, or the name itself. */
static void find_program(const struct world *world, const char *name, char *path, size_t size_bytes)
{
	snprintf(path, size_bytes, "%s/%s", world->bin_dir, name);
	if (strchr(name, '/') != NULL || access(path, X_OK) != 0)
		snprintf(path, size_bytes, "%s", name);
}

struct child_setup {
	const char *argv[ARGS_MAX];
	char **environment;
	const char *directory;
	int in_fd, out_fd, err_fd; /* in_fd -1: closed */
	bool terminal;
};

static _Noreturn void child_run(const struct child_setup *setup)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (setup->terminal) {
		setsid();
		ioctl(setup->in_fd, TIOCSCTTY, 0);
	} else {
		setpgid(0, 0);
	}
	if (setup->in_fd >= 0)
		dup2(setup->in_fd, 0);
	else
		close(0);
	dup2(setup->out_fd, 1);
	dup2(setup->err_fd, 2);
	if (chdir(setup->directory) == 0)
		execvpe(setup->argv[0], (char *const *)setup->argv, setup->environment);
	dprintf(2, "test: cannot run %s: %s\n", setup->argv[0], strerror(errno));
	_exit(127);
}

/* The ends the child gets go into `setup`, ours into `self`. */
static void open_streams(struct run *self, const struct run_options *options, struct child_setup *setup)
{
	int in[2] = {-1, -1}, out[2], err[2];

	if (options->terminal) {
		struct winsize size = {.ws_col = (unsigned short)(options->columns > 0 ? options->columns : 80),
				       .ws_row = (unsigned short)(options->rows > 0 ? options->rows : 24)};
		int master, slave;

		assert_int_equal(openpty(&master, &slave, NULL, NULL, &size), 0);
		fcntl(master, F_SETFD, FD_CLOEXEC);
		fcntl(slave, F_SETFD, FD_CLOEXEC);
		assert_int_equal(tcgetattr(master, &self->settings), 0);
		self->out_fd = master;
		self->in_fd = fcntl(master, F_DUPFD_CLOEXEC, 0);
		setup->in_fd = setup->out_fd = setup->err_fd = slave;
		setup->terminal = true;
		return;
	}
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	assert_int_equal(pipe2(err, O_CLOEXEC), 0);
	if (options->input_kind == RUN_STDIN_NULL) {
		in[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	} else if (options->input_kind != RUN_STDIN_CLOSED) {
		assert_int_equal(pipe2(in, O_CLOEXEC), 0);
		self->in_fd = in[1];
	}
	setup->in_fd = in[0];
	setup->out_fd = out[1];
	setup->err_fd = err[1];
	self->out_fd = out[0];
	self->err_fd = err[0];
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void run_begin(struct run *self, const struct world *world, const struct run_options *options)
{
	struct child_setup setup = {.directory = options->directory != NULL ? options->directory : world->stack};
	char program[WORLD_PATH_MAX * 2], trace[256];
	size_t count = 0;

	memset(self, 0, sizeof(*self));
	self->world = world;
	self->in_fd = self->out_fd = self->err_fd = -1;
	text_init(&self->out);
	text_init(&self->err);
	find_program(world, options->argv[0], program, sizeof(program));
	if (options->trace_file != NULL) {
		static const char *const strace[] = {"strace", "-f", "-qq", "-s", "256", "-y"};

		snprintf(trace, sizeof(trace), "trace=%s", options->trace_calls);
		for (; count < sizeof(strace) / sizeof(*strace); count++)
			setup.argv[count] = strace[count];
		setup.argv[count++] = "-e";
		setup.argv[count++] = trace;
		setup.argv[count++] = "-o";
		setup.argv[count++] = options->trace_file;
	}
	setup.argv[count++] = program;
	for (size_t i = 1; options->argv[i] != NULL; i++) {
		assert_true(count < ARGS_MAX - 1);
		setup.argv[count++] = options->argv[i];
	}
	setup.environment = strmap_to_environ(&world->environment);
	assert_non_null(setup.environment);
	open_streams(self, options, &setup);
	self->began_ms = world_now_ms();
	self->deadline_ms = self->began_ms + (options->deadline_ms > 0 ? options->deadline_ms : RUN_DEADLINE_MS);
	self->pid = fork();
	if (self->pid == 0)
		child_run(&setup);
	assert_true(self->pid > 0);
	self->pidfd = (int)syscall(SYS_pidfd_open, self->pid, 0);
	assert_true(self->pidfd >= 0);
	fcntl(self->pidfd, F_SETFD, FD_CLOEXEC);
	close_fd(&setup.in_fd);
	if (!setup.terminal) {
		close_fd(&setup.out_fd);
		close_fd(&setup.err_fd);
	}
	free(setup.environment);
	if (options->input_kind == RUN_STDIN_TEXT && !options->terminal) {
		run_type(self, options->input);
		close_fd(&self->in_fd);
	}
}

/* Reads what is there; closes the stream at its end. A terminal ends with EIO. */
static void drain(int *fd, struct run_text *text)
{
	char buffer[65536];
	ssize_t got = read(*fd, buffer, sizeof(buffer));

	if (got > 0)
		text_add(text, buffer, (size_t)got);
	else if (got == 0 || errno != EINTR)
		close_fd(fd);
}

static void take_end(struct run *self)
{
	siginfo_t info = {0};

	if (waitid(P_PID, (id_t)self->pid, &info, WEXITED | WNOHANG) != 0 || info.si_pid == 0)
		return;
	self->ended = true;
	self->took_ms = world_now_ms() - self->began_ms;
	self->code = info.si_code == CLD_EXITED ? info.si_status : -1;
	self->signal = info.si_code == CLD_EXITED ? 0 : info.si_status;
}

/* Waits for anything to happen, at most wait_ms. False when nothing can happen any more. */
static bool pump(struct run *self, int wait_ms)
{
	struct pollfd polled[3] = {{.fd = self->out_fd, .events = POLLIN},
				   {.fd = self->err_fd, .events = POLLIN},
				   {.fd = self->ended ? -1 : self->pidfd, .events = POLLIN}};

	if (self->out_fd < 0 && self->err_fd < 0 && self->ended)
		return false;
	poll(polled, 3, wait_ms);
	if (polled[0].revents != 0)
		drain(&self->out_fd, &self->out);
	if (polled[1].revents != 0)
		drain(&self->err_fd, &self->err);
	if (polled[2].revents != 0)
		take_end(self);
	return true;
}

static int time_left(const struct run *self)
{
	int64_t left_ms = self->deadline_ms - world_now_ms();

	return left_ms > 0 ? (int)left_ms : 0;
}

void run_wait(struct run *self)
{
	while (pump(self, time_left(self)))
		if (time_left(self) == 0)
			fail_run(self, "%s",
				 self->ended ? "it ended, but somebody still holds its output" : "it did not end");
}

void run_expect(struct run *self, const char *text)
{
	while (!text_has(&self->out, text) && !text_has(&self->err, text)) {
		if (!pump(self, time_left(self)))
			fail_run(self, "it ended (code %d, signal %d) without saying: %s", self->code, self->signal,
				 text);
		if (time_left(self) == 0)
			fail_run(self, "it did not say in time: %s", text);
	}
}

void run_forget(struct run *self)
{
	self->out.size_bytes = self->err.size_bytes = 0;
	self->out.bytes[0] = self->err.bytes[0] = '\0';
}

void run_until(struct run *self, bool (*pred)(void *context), void *context, const char *what)
{
	while (!pred(context)) {
		if (time_left(self) == 0)
			fail_run(self, "waited too long for: %s", what);
		if (!pump(self, 10))
			poll(NULL, 0, 10);
	}
}

void run_type(struct run *self, const char *text)
{
	size_t size = strlen(text);

	/* A program that ended early is the test's to notice, not a SIGPIPE of the test program. */
	signal(SIGPIPE, SIG_IGN);
	while (size > 0) {
		ssize_t written = write(self->in_fd, text, size);

		if (written < 0 && errno == EPIPE)
			return;
		assert_true(written > 0);
		text += written;
		size -= (size_t)written;
	}
}

void run_press(struct run *self, const char *keys, const char *text)
{
	size_t before = self->out.size_bytes;

	for (;;) {
		int64_t again_ms = world_now_ms() + 250;

		run_type(self, keys);
		while (world_now_ms() < again_ms && pump(self, 10))
			if (memmem(self->out.bytes + before, self->out.size_bytes - before, text, strlen(text)) != NULL)
				return;
		if (time_left(self) == 0 || self->ended)
			fail_run(self, "'%s' was pressed, but it did not say: %s", keys, text);
	}
}

void run_hang_up(struct run *self)
{
	close_fd(&self->in_fd);
	if (self->err_fd < 0)
		close_fd(&self->out_fd);
}

void run_signal(struct run *self, int signal)
{
	assert_int_equal(kill(self->pid, signal), 0);
}

void run_finish(struct run *self)
{
	if (!self->ended && self->pid > 0) {
		kill(self->pid, SIGKILL);
		waitpid(self->pid, NULL, 0);
	}
	close_fd(&self->pidfd);
	close_fd(&self->in_fd);
	close_fd(&self->out_fd);
	close_fd(&self->err_fd);
	free(self->out.bytes);
	free(self->err.bytes);
	self->out.bytes = self->err.bytes = NULL;
}

void run_command(struct run *self, const struct world *world, const struct run_options *options)
{
	run_begin(self, world, options);
	run_wait(self);
}

void run_upfront(struct run *self, const struct world *world, ...)
{
	const char *argv[ARGS_MAX] = {"upfront"};
	struct run_options options = {.argv = argv};
	va_list list;

	va_start(list, world);
	for (size_t i = 1; i < ARGS_MAX - 1 && (argv[i] = va_arg(list, const char *)) != NULL; i++)
		;
	va_end(list);
	run_command(self, world, &options);
}

void run_assert_code(const struct run *self, int code)
{
	if (self->code != code || self->signal != 0)
		fail_run(self, "wanted exit code %d, found %d (signal %d)", code, self->code, self->signal);
}

void run_assert_says(const struct run *self, const char *text)
{
	if (!text_has(&self->err, text))
		fail_run(self, "stderr does not say: %s", text);
}

void run_assert_silent(const struct run *self, const char *text)
{
	if (text_has(&self->out, text) || text_has(&self->err, text))
		fail_run(self, "it says, and should not: %s", text);
}

void run_assert_one_error(const struct run *self)
{
	size_t errors = 0;

	for (const char *line = self->err.bytes; line != NULL && *line != '\0';) {
		errors += strncmp(line, "upfront: ", 9) == 0 ? 1 : 0;
		line = strchr(line, '\n');
		line = line != NULL ? line + 1 : NULL;
	}
	if (errors != 1)
		fail_run(self, "wanted one error, found %zu", errors);
}
