/* SPDX-License-Identifier: MIT */
/* An image as a registry keeps it: blobs by their digest, and the manifest that names them. For registry_play. */
#ifndef UPFRONT_TESTS_LIB_REGISTRY_IMAGE_H
#define UPFRONT_TESTS_LIB_REGISTRY_IMAGE_H

#include <stddef.h>

struct registry_options;

#define REGISTRY_BLOBS_MAX 3
#define REGISTRY_DIGEST_BYTES 80 /* "sha256:", 64 digits */
#define REGISTRY_MANIFEST_TYPE "application/vnd.docker.distribution.manifest.v2+json"

struct registry_blob {
	char *bytes;
	size_t size_bytes;
	char digest[REGISTRY_DIGEST_BYTES];
};

struct registry_image {
	struct registry_blob blobs[REGISTRY_BLOBS_MAX]; /* layers, and behind them the configuration */
	size_t count;
	struct registry_blob manifest;
};

void registry_image_make(struct registry_image *self, const struct registry_options *options);
void registry_image_finish(struct registry_image *self);

#endif
