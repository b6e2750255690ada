/* SPDX-License-Identifier: MIT */
#include "tests/lib/sender_scene.h"

#include "tests/lib/children.h"

#include <stdio.h>
#include <stdlib.h>

int sender_scene_setup(void **state)
{
	struct sender_scene *self = calloc(1, sizeof(*self));

	network_forget_environment();
	self->folder = children_make_folder();
	snprintf(self->authority, sizeof(self->authority), "%s/authority.pem", self->folder);
	*state = self;
	return 0;
}

int sender_scene_teardown(void **state)
{
	struct sender_scene *self = *state;

	network_forget_environment();
	children_remove_folder(self->folder);
	free(self->event);
	free(self);
	return children_none_left() ? 0 : -1;
}

void sender_scene_receive(struct sender_scene *self, const char *mode, int port, const char *const *options)
{
	receiver_start(&self->receiver, self->folder, mode, port, options);
	snprintf(self->host, sizeof(self->host), "http://127.0.0.1:%d", self->receiver.port);
}

void sender_scene_start(struct sender_scene *self)
{
	sender_start(&self->sender, self->folder, &(struct sender_setup){.host = self->host});
}

void sender_scene_give(struct sender_scene *self, int count)
{
	for (int i = 0; i < count; i++) {
		free(self->event);
		self->event = sender_give(&self->sender, self->uuid);
	}
}
