/* SPDX-License-Identifier: MIT */
#include "tests/lib/ctl_ask.h"

#include "tests/lib/children.h"

#include <cjson/cJSON.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#define ANSWER_MAX 1048576
#define PAUSE_MS 10

char *ctl_ask(const char *socket_path, const char *method, const char *target, const char *body)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char *answer = NULL;

	assert_true(strlen(socket_path) < sizeof address.sun_path);
	strcpy(address.sun_path, socket_path);
	if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0) {
		answer = calloc(1, ANSWER_MAX);
		assert_non_null(answer);
		dprintf(fd, "%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n%s", method,
			target, strlen(body), body);
		children_read(fd, NULL, answer, ANSWER_MAX);
	}
	close(fd);
	return answer;
}

void ctl_ask_post(const char *socket_path, const char *target, const char *body, const char *wanted)
{
	char *answer = ctl_ask(socket_path, "POST", target, body);

	if (answer == NULL || strstr(answer, wanted) == NULL)
		fail_msg("%s %s: \"%s\" is not in\n%s", target, body, wanted, answer != NULL ? answer : "(nothing)");
	free(answer);
}

void ctl_ask_services(const char *socket_path, const char *text, bool there)
{
	int64_t deadline = children_now_ms() + CHILDREN_DEADLINE_MS;

	for (;;) {
		char *answer = ctl_ask(socket_path, "GET", "/v1/services", "");
		bool found = answer != NULL && strstr(answer, text) != NULL;

		if (found != there && children_now_ms() > deadline)
			fail_msg("%s: never %s in\n%s", text, there ? "there" : "gone",
				 answer != NULL ? answer : "(nothing)");
		free(answer);
		if (found == there)
			return;
		poll(NULL, 0, PAUSE_MS);
	}
}

int ctl_ask_pid(const char *socket_path, const char *name)
{
	char *answer = ctl_ask(socket_path, "GET", "/v1/services", "");
	const char *body = answer != NULL ? strstr(answer, "\r\n\r\n") : NULL;
	cJSON *object = body != NULL ? cJSON_Parse(body + 4) : NULL;
	const cJSON *unit;
	int pid = 0;

	assert_non_null(object);
	cJSON_ArrayForEach(unit, cJSON_GetObjectItem(object, "services"))
	{
		const cJSON *number = cJSON_GetObjectItem(unit, "pid");

		if (strcmp(cJSON_GetStringValue(cJSON_GetObjectItem(unit, "name")), name) == 0)
			pid = cJSON_IsNumber(number) ? number->valueint : 0;
	}
	cJSON_Delete(object);
	free(answer);
	return pid;
}
