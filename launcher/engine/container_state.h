/* SPDX-License-Identifier: MIT */
/* What the engine says of one container (GET /containers/ID/json), as far as it is needed. Pure; what comes is taken as hostile. */
#ifndef UPFRONT_LAUNCHER_ENGINE_CONTAINER_STATE_H
#define UPFRONT_LAUNCHER_ENGINE_CONTAINER_STATE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct cJSON;

/* Of what a health check said last, one line. */
#define CONTAINER_DETAIL_BYTES 512u

enum container_health { CONTAINER_UNASKED, CONTAINER_STARTING, CONTAINER_HEALTHY, CONTAINER_UNHEALTHY };

struct container_state {
	bool running; /* its main process is there, paused or not */
	bool paused;
	bool restarting; /* ended, and the engine starts it again */
	bool oom;
	int64_t started_ns, finished_ns; /* of its last run, by the engine's clock; 0: never */
	int code;
	pid_t pid; /* as the engine knows it; 0: none */
	enum container_health health;
	char detail[CONTAINER_DETAIL_BYTES]; /* the first line that says something, cut at whole characters */
	const char *error; /* why it could not be started; "" when nothing is said. Borrowed from the body */
	bool tty, stdin_open;
};

/* 0; -EPROTO for what is no such answer. */
int container_state_read(const struct cJSON *body, struct container_state *self);

#endif
