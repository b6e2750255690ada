/* SPDX-License-Identifier: MIT */
/* How far the fetching of an image is, from what the engine tells of each of its layers. Pure. */
#ifndef UPFRONT_LAUNCHER_ENGINE_PULL_LAYERS_H
#define UPFRONT_LAUNCHER_ENGINE_PULL_LAYERS_H

#include <stddef.h>
#include <stdint.h>

struct cJSON;

/* More layers than an image can have. */
#define PULL_LAYERS_MAX 256u
#define PULL_LAYER_ID_BYTES 80u

struct pull_layer {
	char id[PULL_LAYER_ID_BYTES];
	int64_t done_bytes, total_bytes; /* total 0: not known yet */
};

struct pull_layers {
	struct pull_layer *items;
	size_t count;
	int64_t done_bytes, total_bytes; /* over all layers whose size is known */
};

/* Takes one value of the stream. 0; 1: it is further than before; -ENOMEM. */
int pull_layers_take(struct pull_layers *self, const struct cJSON *value);
void pull_layers_finish(struct pull_layers *self);

#endif
