/* SPDX-License-Identifier: MIT */
/* An image's name as people write it, taken apart as an engine wants to be asked for it. Pure. */
#ifndef UPFRONT_LAUNCHER_ENGINE_IMAGE_NAME_H
#define UPFRONT_LAUNCHER_ENGINE_IMAGE_NAME_H

/* What Docker's client calls its own registry, in its configuration too. */
#define IMAGE_NAME_HUB "https://index.docker.io/v1/"

struct image_name {
	char *repository; /* "redis", "localhost:5000/a/redis" */
	char *tag; /* "latest" where none is said, since without one all of them would come; or a digest, "sha256:..." */
	char *registry; /* "localhost:5000", IMAGE_NAME_HUB */
};

/* 0; -EINVAL: no name of an image; -ENOMEM. To be finished in any case. */
int image_name_read(struct image_name *self, const char *text);
void image_name_finish(struct image_name *self);

#endif
