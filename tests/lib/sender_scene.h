/* SPDX-License-Identifier: MIT */
/*
 * A folder, a receiver and the sender that is to reach it. Meant as state of a cmocka test: sender_scene_setup and sender_scene_teardown fit
 * cmocka_unit_test_setup_teardown.
 */
#ifndef UPFRONT_TESTS_LIB_SENDER_SCENE_H
#define UPFRONT_TESTS_LIB_SENDER_SCENE_H

#include "tests/lib/sender_run.h"

/* Lives no longer than this after its stream's end. */
#define SENDER_GONE_WITHIN_MS 1000

struct sender_scene {
	char *folder;
	char authority[300]; /* in it: whose certificates are trusted */
	struct receiver receiver;
	struct sender_run sender;
	char host[300];
	char uuid[37]; /* of the last event that was given */
	char *event; /* its text */
};

int sender_scene_setup(void **state);
int sender_scene_teardown(void **state);

/* Starts the receiver, as receiver_start, and makes it the host. */
void sender_scene_receive(struct sender_scene *self, const char *mode, int port, const char *const *options);
void sender_scene_start(struct sender_scene *self);
/* Gives events; the last one is known. */
void sender_scene_give(struct sender_scene *self, int count);

#endif
