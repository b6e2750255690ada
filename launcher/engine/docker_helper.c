/* SPDX-License-Identifier: MIT */
#include "launcher/engine/docker_helper.h"

#include "config/strmap.h"
#include "launcher/process/fd.h"
#include "launcher/process/spawn.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAME_BYTES 256

struct docker_helper {
	docker_helper_done *done;
	void *context;
	struct event *readable, *limit;
	int fd; /* its standard output; -1: all was read */
	pid_t pid; /* 0: reaped */
	size_t used;
	char text[DOCKER_HELPER_ANSWER_MAX];
};

/* Its whole group: what it has started waits for nobody either. */
static void end(struct docker_helper *self)
{
	if (self->pid > 0)
		(void)kill(-self->pid, SIGKILL);
}

static void finish(struct docker_helper *self, size_t size_bytes)
{
	event_del(self->readable);
	event_del(self->limit);
	fd_close(&self->fd);
	self->done(self->context, self->text, size_bytes);
	explicit_bzero(self->text, sizeof(self->text));
}

static void on_limit(evutil_socket_t fd, short what, void *context)
{
	struct docker_helper *self = context;

	(void)fd;
	(void)what;
	end(self);
	finish(self, 0);
}

static void on_readable(evutil_socket_t fd, short what, void *context)
{
	struct docker_helper *self = context;
	ssize_t got;

	(void)what;
	if (self->used == sizeof(self->text)) {
		end(self);
		finish(self, 0);
		return;
	}
	got = read(fd, self->text + self->used, sizeof(self->text) - self->used);
	if (got > 0)
		self->used += (size_t)got;
	else if (got == 0)
		finish(self, self->used);
	else if (errno != EINTR && errno != EAGAIN)
		finish(self, 0);
}

/* The registry's name fits a pipe: it is written before there is anybody who could read it, or close it. */
static int write_question(int fd, const char *registry)
{
	const size_t length = strlen(registry);

	return write(fd, registry, length) == (ssize_t)length ? 0 : -EIO;
}

static int start(struct docker_helper *self, const struct strmap *environment, const char *name, const char *registry)
{
	char program[NAME_BYTES];
	const char *const argv[] = {program, "get", NULL};
	char **environ_text = strmap_to_environ(environment);
	int in[2] = {-1, -1}, out[2] = {-1, -1};
	struct spawn_options options = {
		.argv = argv, .environment = environ_text, .stderr_fd = -1, .keep_fd = -1, .death_signal = SIGKILL};
	struct child child;
	int result = -ENOMEM;

	if (environ_text == NULL)
		goto out;
	result = -EINVAL;
	if ((size_t)snprintf(program, sizeof(program), "docker-credential-%s", name) >= sizeof(program))
		goto out;
	result = -EMFILE;
	if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0 || fcntl(in[1], F_SETFL, O_NONBLOCK) < 0 ||
	    fcntl(out[0], F_SETFL, O_NONBLOCK) < 0)
		goto out;
	result = write_question(in[1], registry);
	if (result < 0)
		goto out;
	options.stdin_fd = in[0];
	options.stdout_fd = out[1];
	result = spawn_child(&options, &child, NULL);
	if (result < 0)
		goto out;
	close(child.pidfd);
	self->pid = child.pid;
	self->fd = out[0];
	out[0] = -1;
out:
	fd_close(&in[0]);
	fd_close(&in[1]);
	fd_close(&out[0]);
	fd_close(&out[1]);
	free(environ_text);
	return result;
}

struct docker_helper *docker_helper_start(struct event_base *base, const struct strmap *environment, const char *name,
					  const char *registry, docker_helper_done *done, void *context)
{
	const struct timeval limit = {.tv_sec = DOCKER_HELPER_MS / 1000};
	struct docker_helper *self = calloc(1, sizeof(*self));

	if (self == NULL)
		return NULL;
	self->fd = -1;
	self->done = done;
	self->context = context;
	if (start(self, environment, name, registry) < 0) {
		docker_helper_destroy(self);
		return NULL;
	}
	self->readable = event_new(base, self->fd, EV_READ | EV_PERSIST, on_readable, self);
	self->limit = evtimer_new(base, on_limit, self);
	if (self->readable == NULL || self->limit == NULL || event_add(self->readable, NULL) < 0 ||
	    event_add(self->limit, &limit) < 0) {
		docker_helper_destroy(self);
		return NULL;
	}
	return self;
}

bool docker_helper_is(const struct docker_helper *self, pid_t pid)
{
	return self != NULL && self->pid > 0 && self->pid == pid;
}

bool docker_helper_reaped(struct docker_helper *self, pid_t pid)
{
	if (!docker_helper_is(self, pid))
		return false;
	self->pid = 0;
	return true;
}

void docker_helper_destroy(struct docker_helper *self)
{
	if (self == NULL)
		return;
	end(self);
	if (self->readable != NULL)
		event_free(self->readable);
	if (self->limit != NULL)
		event_free(self->limit);
	fd_close(&self->fd);
	explicit_bzero(self->text, self->used);
	free(self);
}
