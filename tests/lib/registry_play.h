/* SPDX-License-Identifier: MIT */
/*
 * A registry of images that is played on 127.0.0.1, which container engines pull from without certificates: one image of one repository
 * (OCI distribution: /v2/, manifests, blobs), made of what the test puts into it. It is a process of its own, since who pulls is another
 * program; it ends with the test.
 */
#ifndef UPFRONT_TESTS_LIB_REGISTRY_PLAY_H
#define UPFRONT_TESTS_LIB_REGISTRY_PLAY_H

#include <stddef.h>

struct registry_play;

/* One file of the image. */
struct registry_file {
	const char *name; /* "bin/busybox"; folders are made by who unpacks it */
	const void *bytes;
	size_t size_bytes;
	unsigned mode; /* 0755 */
};

struct registry_options {
	const char *repository; /* "shop/api" */
	const char *tag; /* "1" */
	const struct registry_file *files; /* the first layer */
	size_t file_count;
	size_t padding_bytes; /* a second layer of so many bytes that do not get smaller; 0: none */
	const char *command; /* the image's Cmd, JSON: ["/bin/busybox","sleep","1000"]; NULL: none */
	const char *user, *password; /* NULL: everybody may pull */
	/* Blobs come in pieces of so many bytes with so long in between, until registry_play_hurry. 0: at once. */
	size_t piece_bytes;
	int pause_ms;
};

struct registry_play *registry_play_start(const struct registry_options *options);
void registry_play_stop(struct registry_play *self);

/* "127.0.0.1:PORT", and with repository and tag behind it. */
const char *registry_play_address(const struct registry_play *self);
const char *registry_play_image(const struct registry_play *self);

/* All that still comes in pieces comes at once. */
void registry_play_hurry(struct registry_play *self);
/* How many requests were refused for want of user and password, and how many blobs were asked for by who may. */
size_t registry_play_refused(const struct registry_play *self);
size_t registry_play_blobs(const struct registry_play *self);

#endif
