/* SPDX-License-Identifier: MIT */
#include "launcher/engine/image_name.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What stands before the first '/' is a host when no part of a name could be spelled like it. */
static char *registry_of(const char *repository)
{
	const char *slash = strchr(repository, '/');
	const size_t length = slash != NULL ? (size_t)(slash - repository) : 0;
	char *host = strndup(repository, length);

	if (host == NULL)
		return NULL;
	if ((strpbrk(host, ".:") != NULL || strcmp(host, "localhost") == 0) && strcmp(host, "docker.io") != 0 &&
	    strcmp(host, "index.docker.io") != 0)
		return host;
	free(host);
	return strdup(IMAGE_NAME_HUB);
}

int image_name_read(struct image_name *self, const char *text)
{
	const char *digest = strchr(text, '@');
	const size_t length = digest != NULL ? (size_t)(digest - text) : strlen(text);
	char *colon, *slash;

	*self = (struct image_name){.repository = strndup(text, length)};
	if (self->repository == NULL)
		return -ENOMEM;
	slash = strrchr(self->repository, '/');
	colon = strrchr(slash != NULL ? slash : self->repository, ':');
	self->tag = strdup(digest != NULL ? digest + 1 : colon != NULL ? colon + 1 : "latest");
	if (colon != NULL)
		*colon = '\0';
	self->registry = registry_of(self->repository);
	if (self->tag == NULL || self->registry == NULL)
		return -ENOMEM;
	return self->repository[0] != '\0' && self->tag[0] != '\0' ? 0 : -EINVAL;
}

void image_name_finish(struct image_name *self)
{
	free(self->repository);
	free(self->tag);
	free(self->registry);
	*self = (struct image_name){.tag = NULL};
}
