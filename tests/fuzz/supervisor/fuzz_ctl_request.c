/* SPDX-License-Identifier: MIT */
/*
 * A client's bytes as the control API takes them: the real server and routes over a real socket, a supervisor of straw behind them.
 * Whatever the bytes were, the connection comes to its end and a plain question is answered after it.
 */
#include "tests/unit/supervisor/ctl_straw.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TURNS_MAX 20000
#define PLAIN "GET /v1/services HTTP/1.1\r\nHost: x\r\n\r\n"

static struct scene only;
static struct sockaddr_un name = {.sun_family = AF_UNIX};

static void tick(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	(void)context;
}

/* An abstract address: nothing is left on disk. */
static void begin(void)
{
	const struct timeval often = {.tv_usec = 1000};
	int written;

	scene = &only;
	scene->services[0] = (struct service){.name = "web", .replicas = 1};
	scene->services[1] = (struct service){.name = "job", .replicas = 1};
	scene->stack = (struct stack){
		.name = "shop", .app = "Shop", .dir = "/srv/shop", .services = scene->services, .service_count = 2};
	strmap_init(&scene->supervisor.telemetry_environment);
	scene->supervisor.consent.state = CONSENT_ON; /* what is told of commands is looked at */
	scene->base = event_base_new();
	scene->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	written = snprintf(name.sun_path + 1, sizeof(name.sun_path) - 1, "fuzz-ctl-request-%d", (int)getpid());
	if (written < 0 || bind(scene->listen_fd, (struct sockaddr *)&name, sizeof(name)) < 0 ||
	    listen(scene->listen_fd, 16) < 0)
		abort();
	scene->ctl = ctl_create(scene->base, scene->listen_fd, &scene->supervisor, NULL);
	if (scene->ctl == NULL)
		abort();
	event_add(event_new(scene->base, -1, EV_PERSIST, tick, NULL), &often);
}

/* Says it all, nothing more, and listens to the end; true when `wanted` was heard. */
static bool converse(const void *bytes, size_t size, const char *wanted)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char heard[8192], more[4096];
	size_t used = 0;
	ssize_t count = -1;

	if (connect(fd, (struct sockaddr *)&name, sizeof(name)) < 0)
		abort();
	send(fd, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT);
	shutdown(fd, SHUT_WR);
	for (int i = 0; i < TURNS_MAX && count != 0; i++) {
		event_base_loop(scene->base, EVLOOP_ONCE);
		while ((count = recv(fd, more, sizeof(more), MSG_DONTWAIT)) > 0) {
			if (used + (size_t)count < sizeof(heard)) {
				memcpy(heard + used, more, (size_t)count);
				used += (size_t)count;
			}
		}
		if (count < 0 && errno == ECONNRESET)
			count = 0;
	}
	close(fd);
	if (count != 0)
		abort();
	return memmem(heard, used, wanted, strlen(wanted)) != NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static unsigned turns;

	if (scene == NULL)
		begin();
	converse(data, size, "");
	if (turns++ % 16 == 0 && !converse(PLAIN, strlen(PLAIN), "\"web\""))
		abort();
	return 0;
}
