/* SPDX-License-Identifier: MIT */
/* A client with a shell script in the sender's place, in a folder of its own. */
#ifndef UPFRONT_TESTS_UNIT_TELEMETRY_CLIENT_SCENE_H
#define UPFRONT_TESTS_UNIT_TELEMETRY_CLIENT_SCENE_H

#include "telemetry/client.h"
#include "tests/lib/children.h"
#include "tests/unit/telemetry/shop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

struct client_scene {
	char *folder, *program;
	struct shop shop;
	struct strmap environment;
	int fds;
};

/* In the sender's place stands a shell script. */
static inline void client_scene_program(struct client_scene *self, const char *script)
{
	FILE *file;

	free(self->program);
	assert_true(asprintf(&self->program, "%s/program", self->folder) > 0);
	file = fopen(self->program, "we");
	assert_non_null(file);
	fprintf(file, "#!/bin/sh\nfolder=%s\n%s\n", self->folder, script);
	fclose(file);
	assert_int_equal(chmod(self->program, 0700), 0);
}

static inline int client_scene_setup(void **state)
{
	struct client_scene *self = calloc(1, sizeof(*self));

	self->folder = children_make_folder();
	setenv("XDG_STATE_HOME", self->folder, 1);
	shop_init(&self->shop);
	strmap_init(&self->environment);
	strmap_set(&self->environment, "PATH", "/usr/bin:/bin");
	strmap_set(&self->environment, "HTTPS_PROXY", "http://proxy.example:3128");
	self->fds = children_count_fds();
	*state = self;
	return 0;
}

static inline int client_scene_teardown(void **state)
{
	struct client_scene *self = *state;
	int well = children_none_left() && children_count_fds() == self->fds;

	strmap_finish(&self->environment);
	shop_finish(&self->shop);
	children_remove_folder(self->folder);
	free(self->program);
	free(self);
	return well ? 0 : -1;
}

/* With the sender running. */
static inline struct telemetry *client_scene_open(struct client_scene *self)
{
	struct telemetry *telemetry = client_open(&self->shop.stack, &self->environment, 2, NULL, self->program);

	telemetry_start(telemetry);
	return telemetry;
}

/* Ends the stream, waits for the program, and returns what it wrote to `name`. */
static inline char *client_scene_end(struct client_scene *self, struct telemetry *telemetry, const char *name)
{
	pid_t pid = telemetry_sender_pid(telemetry);
	size_t size_bytes;

	telemetry_close(telemetry);
	assert_int_equal(children_wait(pid), 0);
	return children_slurp(self->folder, name, &size_bytes);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, client_scene_setup, client_scene_teardown)

#endif
