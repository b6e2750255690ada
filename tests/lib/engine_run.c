/* SPDX-License-Identifier: MIT */
#include "tests/lib/engine_run.h"

#include "tests/lib/children.h"
#include "tests/lib/skip.h"
#include "tests/lib/world.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define ENGINE_LIMIT_MS 30000
#define LOOK_MS 20
#define OUTPUT_MAX 65536u

/* ---- The shell ---- */

/* Runs a line by the shell; its output, both streams, to *text (may be NULL; the caller frees). The exit code. */
static int shell(const struct engine_run *self, const char *line, char **text)
{
	char buffer[4096];
	size_t used = 0;
	FILE *pipe;
	int status;

	setenv("DOCKER_HOST", self->host, 1);
	unsetenv("DOCKER_CONTEXT");
	pipe = popen(line, "r");
	assert_non_null(pipe);
	if (text != NULL)
		*text = calloc(1, OUTPUT_MAX);
	while (fgets(buffer, sizeof buffer, pipe) != NULL) {
		const size_t size = strlen(buffer);

		if (text == NULL || used + size >= OUTPUT_MAX)
			continue;
		memcpy(*text + used, buffer, size + 1);
		used += size;
	}
	status = pclose(pipe);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static char *__attribute__((format(printf, 1, 0))) docker_line(const char *format, va_list args)
{
	char *line = NULL, *whole = NULL;

	assert_true(vasprintf(&line, format, args) >= 0);
	assert_true(asprintf(&whole, "docker %s 2>&1", line) >= 0);
	free(line);
	return whole;
}

char *engine_run_docker(const struct engine_run *self, const char *format, ...)
{
	char *line, *text = NULL;
	va_list args;
	int code;

	va_start(args, format);
	line = docker_line(format, args);
	va_end(args);
	code = shell(self, line, &text);
	if (code != 0)
		fail_msg("%s: exit code %d: %s", line, code, text);
	free(line);
	return text;
}

int engine_run_try(const struct engine_run *self, const char *format, ...)
{
	va_list args;
	char *line;
	int code;

	va_start(args, format);
	line = docker_line(format, args);
	va_end(args);
	code = shell(self, line, NULL);
	free(line);
	return code;
}

size_t engine_run_count(const struct engine_run *self, const char *docker_args)
{
	char *text = engine_run_docker(self, "%s", docker_args);
	size_t count = 0;

	for (const char *at = text; *at != '\0'; at++)
		count += *at == '\n';
	free(text);
	return count;
}

/* ---- The engine ---- */

static bool answers(const struct engine_run *self)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	static const char request[] = "GET /_ping HTTP/1.0\r\nHost: engine\r\n\r\n";
	char answer[16] = "";
	bool well = false;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_true(strlen(self->socket) < sizeof address.sun_path);
	memcpy(address.sun_path, self->socket, strlen(self->socket) + 1);
	if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0 &&
	    write(fd, request, sizeof request - 1) == (ssize_t)sizeof request - 1 &&
	    children_readable(fd, ENGINE_LIMIT_MS) && read(fd, answer, sizeof answer - 1) > 12)
		well = strncmp(answer + 9, "200", 3) == 0;
	close(fd);
	return well;
}

static void launch(struct engine_run *self)
{
	char data[ENGINE_PATH_MAX + 64], run[ENGINE_PATH_MAX + 64], pid[ENGINE_PATH_MAX + 64],
		log[ENGINE_PATH_MAX + 64];
	const char *const argv[] = {"dockerd", "--data-root", data,       "--exec-root",        run, "--pidfile",
				    pid,       "-H",          self->host, "--shutdown-timeout", "5", NULL};
	const pid_t parent = getpid();

	snprintf(data, sizeof data, "%s/data", self->dir);
	snprintf(run, sizeof run, "%s/run", self->dir);
	snprintf(pid, sizeof pid, "%s/pid", self->dir);
	snprintf(log, sizeof log, "%s/log", self->dir);
	self->pid = fork();
	assert_true(self->pid >= 0);
	if (self->pid == 0) {
		int fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

		if (getppid() != parent || setsid() < 0 || fd < 0)
			_exit(127);
		dup2(fd, STDOUT_FILENO);
		dup2(fd, STDERR_FILENO);
		/* It may outlive a case that fails, and is no process of upfront's. */
		unsetenv("UPFRONT_TEST_MARK");
		/* Where containerd leaves the state it was in when it is told to end. */
		setenv("TMPDIR", self->dir, 1);
		execvp(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
}

/* True once it answers; false when it has ended instead. */
static bool wait_for_answer(struct engine_run *self)
{
	const int64_t since_ms = children_now_ms();

	while (!answers(self)) {
		if (waitpid(self->pid, NULL, WNOHANG) == self->pid) {
			self->pid = 0;
			return false;
		}
		if (children_now_ms() - since_ms > ENGINE_LIMIT_MS)
			fail_msg("the container engine does not answer");
		(void)poll(NULL, 0, LOOK_MS);
	}
	return true;
}

void engine_run_start(struct engine_run *self)
{
	char *log;

	launch(self);
	if (wait_for_answer(self))
		return;
	log = children_slurp(self->dir, "log", NULL);
	fail_msg("the container engine does not start: %s", log != NULL ? log : "");
}

/*
 * Its containerd dies with it, and the next engine takes one that nobody has reaped for one that lives: so it becomes our child
 * and is waited for.
 */
void engine_run_kill(struct engine_run *self)
{
	char *text = children_slurp(self->dir, "run/containerd/containerd.pid", NULL);
	const pid_t containerd = text != NULL ? (pid_t)strtol(text, NULL, 10) : 0;

	free(text);
	assert_true(self->pid > 0 && containerd > 0);
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	kill(self->pid, SIGKILL);
	assert_int_equal(children_wait(self->pid), 128 + SIGKILL);
	kill(containerd, SIGKILL);
	(void)children_wait(containerd);
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 0), 0);
	self->pid = 0;
}

/* For good: a process has no way back, and a test program needs none. */
static bool enter_namespace(struct engine_run *self)
{
	static bool entered;

	if (!entered && unshare(CLONE_NEWNET) < 0)
		return false;
	entered = true;
	return shell(self, "ip link set lo up", NULL) == 0;
}

static void make_dir(struct engine_run *self)
{
	/* Its sockets' names must be short. */
	snprintf(self->dir, sizeof self->dir, "/tmp/upft-engine.XXXXXX");
	assert_non_null(mkdtemp(self->dir));
	assert_true(snprintf(self->socket, sizeof self->socket, "%.200s/docker.sock", self->dir) > 0);
	snprintf(self->host, sizeof self->host, "unix://%s", self->socket);
}

static void clear(struct engine_run *self)
{
	char line[3 * ENGINE_PATH_MAX];

	/* What a killed engine had mounted is not there to be removed otherwise. */
	snprintf(line, sizeof line,
		 "sed -n 's,^[^ ]* \\(%s/[^ ]*\\) .*,\\1,p' /proc/mounts | sort -r | xargs -r umount -l; rm -rf '%s'",
		 self->dir, self->dir);
	assert_int_equal(shell(self, line, NULL), 0);
	memset(self, 0, sizeof *self);
}

void engine_run_begin(struct engine_run *self)
{
	char *log;

	memset(self, 0, sizeof *self);
	if (shell(self, "command -v dockerd docker ip >/dev/null", NULL) != 0)
		skip_because("no container engine is installed (dockerd, docker, ip)");
	if (geteuid() != 0)
		skip_because("a container engine needs root");
	if (!enter_namespace(self))
		skip_because("no network namespace can be made here");
	make_dir(self);
	launch(self);
	if (wait_for_answer(self))
		return;
	log = children_slurp(self->dir, "log", NULL);
	clear(self);
	if (log != NULL && strstr(log, "ermission denied") == NULL && strstr(log, "not permitted") == NULL)
		fail_msg("the container engine does not start: %s", log);
	free(log);
	skip_because("the kernel lets no container engine run here");
}

void engine_run_end(struct engine_run *self)
{
	if (self->dir[0] == '\0')
		return;
	if (self->pid == 0)
		engine_run_start(self);
	(void)shell(self, "docker ps -aq | xargs -r docker rm -f >/dev/null 2>&1", NULL);
	kill(self->pid, SIGTERM);
	(void)children_wait(self->pid);
	clear(self);
}

void engine_run_image(const struct engine_run *self, const char *name, const char *change)
{
	char *line;

	assert_true(asprintf(&line,
			     "d=$(mktemp -d) && mkdir $d/bin $d/tmp && cp /bin/busybox $d/bin/ && "
			     "for a in $(/bin/busybox --list); do [ $a = busybox ] || ln -s busybox $d/bin/$a; done && "
			     "tar -C $d -c . | docker import %s%s%s - %s >/dev/null && rm -rf $d",
			     change != NULL ? "-c '" : "", change != NULL ? change : "", change != NULL ? "'" : "",
			     name) > 0);
	assert_int_equal(shell(self, line, NULL), 0);
	free(line);
}

/* Docker's client finds plugins in its folder of settings: of the caller's the world gets this one, and neither settings nor credentials. */
static void lend_compose(struct world *world)
{
	static const char name[] = "cli-plugins/docker-compose";
	const char *folder = getenv("DOCKER_CONFIG");
	char *source = NULL, *target = NULL;

	world_write(world, "../docker-config/cli-plugins/README", "");
	assert_true(asprintf(&target, "%s/docker-config", world->dir) > 0);
	world_setenv(world, "DOCKER_CONFIG", target);
	free(target);
	if (folder == NULL || folder[0] != '/')
		return;
	assert_true(asprintf(&source, "%s/%s", folder, name) > 0);
	assert_true(asprintf(&target, "%s/docker-config/%s", world->dir, name) > 0);
	if (access(source, X_OK) == 0)
		assert_int_equal(symlink(source, target), 0);
	free(source);
	free(target);
}

void engine_run_lend(const struct engine_run *self, struct world *world)
{
	world_setenv(world, "DOCKER_HOST", self->host);
	world_setenv(world, "DOCKER_CONTEXT", NULL);
	lend_compose(world);
}
