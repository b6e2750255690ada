/* SPDX-License-Identifier: MIT */
/* Any text with variables: an error with a place, or a result within the limit; and doubled dollar signs give the text itself. */
#include "config/err.h"
#include "config/interpolate.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *source_find(void *context, const char *name)
{
	(void)context;
	return name[0] == 'A' ? "a value" : name[0] == 'E' ? "" : NULL;
}

static void source_unset(void *context, const char *name, struct err_place place)
{
	(void)context;
	if (!*name || place.column < 1)
		abort();
}

static char *doubled(const char *text)
{
	char *result = malloc(strlen(text) * 2 + 1);
	char *out = result;

	for (; *text; text++) {
		*out++ = *text;
		if (*text == '$')
			*out++ = '$';
	}
	*out = '\0';
	return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct interpolate_source source = {source_find, source_unset, NULL, NULL};
	const struct err_place place = {"f.yaml", 1, 1};
	struct err err = ERR_INIT;
	char *text = strndup((const char *)data, size);
	char *escaped = doubled(text);
	char *result = NULL;

	if ((interpolate_text(text, place, &source, &result, &err) < 0) != err_is_set(&err))
		abort();
	if (result && strlen(result) > INTERPOLATE_BYTES_MAX)
		abort();
	free(result);
	result = NULL;
	if (strlen(text) <= INTERPOLATE_BYTES_MAX && interpolate_text(escaped, place, &source, &result, NULL) < 0)
		abort();
	if (result && strcmp(result, text) != 0)
		abort();
	free(result);
	free(escaped);
	free(text);
	err_finish(&err);
	return 0;
}
