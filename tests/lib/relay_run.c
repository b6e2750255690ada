/* SPDX-License-Identifier: MIT */
#include "tests/lib/relay_run.h"

#include "tests/lib/children.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char relay[] =
	"{\"listeners\":1,\"addresses\":[\"127.0.0.1:%d\"],\"token\":\"" RELAY_RUN_TOKEN
	"\",\"origins\":[\"http://localhost:3000\"],\"distinct_id\":\"" RELAY_RUN_ID
	"\",\"common\":{\"$geoip_disable\":true,\"$process_person_profile\":false,\"$ip\":\"0.0.0.0\","
	"\"$lib\":\"upfront\",\"$lib_version\":\"0.1.0\",\"app_version\":\"1.4.2\",\"is_ci\":false},"
	"\"events\":{\"page_opened\":{\"page\":[\"home\",\"chart\"],\"count\":\"int\",\"ratio\":\"number\","
	"\"dark\":\"bool\"},\"started\":{}},\"routes\":[\"/api/charts/{id}\"]}";

static void sender_path(char path[PATH_MAX])
{
	const char *folder = getenv("UPFRONT_BIN_DIR");
	char own[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", own, sizeof(own) - 1);

	assert_true(length > 0);
	own[length] = '\0';
	if (folder)
		snprintf(path, PATH_MAX, "%s/upfront-telemetry", folder);
	else
		snprintf(path, PATH_MAX, "%.4000s/../../upfront-telemetry", dirname(own));
}

static void listen_on_any(struct relay_run *self)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);

	self->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(self->listen_fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(self->listen_fd, 128), 0);
	assert_int_equal(getsockname(self->listen_fd, (struct sockaddr *)&address, &size), 0);
	self->port = ntohs(address.sin_port);
	snprintf(self->url, sizeof(self->url), "http://127.0.0.1:%d/r/" RELAY_RUN_TOKEN, self->port);
}

static void give_config(const struct relay_run *self, const char *folder, const char *host)
{
	char *text, *outbox = NULL, *object;

	assert_true(asprintf(&object, relay, self->port) > 0);
	if (folder)
		assert_true(asprintf(&outbox, ",\"outbox\":\"%s/outbox.db\"", folder) > 0);
	assert_true(asprintf(&text,
			     "C{\"host\":\"%s\",\"key\":\"phc_test\",\"app\":\"Shop\",\"notice\":3%s,\"relay\":%s}",
			     host, outbox ? outbox : "", object) > 0);
	assert_int_equal(send(self->fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
	free(object);
	free(outbox);
	free(text);
}

void relay_run_again(struct relay_run *self, const char *folder, const char *host)
{
	char program[PATH_MAX];
	int ends[2];

	sender_path(program);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	self->pid = fork();
	assert_true(self->pid >= 0);
	if (self->pid == 0) {
		/* Out of the way first: either may stand where the other is to be. */
		int end = fcntl(ends[1], F_DUPFD_CLOEXEC, 10), door = fcntl(self->listen_fd, F_DUPFD_CLOEXEC, 10);

		dup2(end, 3);
		dup2(door, 4);
		execl(program, "upfront-telemetry", (char *)NULL);
		_exit(127);
	}
	close(ends[1]);
	self->fd = ends[0];
	give_config(self, folder, host);
}

void relay_run_start(struct relay_run *self, const char *folder, const char *host)
{
	*self = (struct relay_run){0};
	listen_on_any(self);
	relay_run_again(self, folder, host);
}

void relay_run_kill(struct relay_run *self)
{
	kill(self->pid, SIGKILL);
	close(self->fd);
	assert_int_equal(children_wait(self->pid), 128 + SIGKILL);
}

void relay_run_end(struct relay_run *self)
{
	close(self->fd);
	assert_int_equal(children_wait(self->pid), 0);
	close(self->listen_fd);
}

int relay_run_say(const struct relay_run *self, const void *bytes, size_t size_bytes)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				      .sin_port = htons((uint16_t)self->port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), status = 0;
	char answer[256];
	ssize_t count;

	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	for (size_t said = 0; said < size_bytes; said += (size_t)count) {
		count = send(fd, (const char *)bytes + said, size_bytes - said, MSG_NOSIGNAL);
		if (count < 0)
			break;
	}
	if (children_readable(fd, CHILDREN_DEADLINE_MS)) {
		count = recv(fd, answer, sizeof(answer) - 1, 0);
		answer[count > 0 ? count : 0] = '\0';
		if (strncmp(answer, "HTTP/1.1 ", 9) == 0)
			status = atoi(answer + 9);
	}
	close(fd);
	return status;
}

void relay_run_cache(char path[PATH_MAX])
{
	char own[PATH_MAX], *build;
	ssize_t length = readlink("/proc/self/exe", own, sizeof(own) - 1);

	assert_true(length > 0);
	own[length] = '\0';
	build = strstr(own, "/build/");
	if (build)
		snprintf(path, PATH_MAX, "%.*s/build/sdk", (int)(build - own), own);
	else
		snprintf(path, PATH_MAX, "%.4000s/../../sdk", dirname(own));
}
