/* SPDX-License-Identifier: MIT */
/* Any bytes as a .env file: an error with a place, or values; and as they stand when nothing is filled in. */
#include "config/dotenv.h"
#include "config/err.h"
#include "config/interpolate.h"
#include "config/strmap.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *environment_find(void *context, const char *name)
{
	(void)context;
	return name[0] == 'A' ? "a value" : name[0] == 'E' ? "" : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct interpolate_source environment = {environment_find, NULL, NULL, NULL};
	/* Not zero-terminated, and exactly as long as it is said to be: reading on is seen. */
	char *text = malloc(size ? size : 1);

	memcpy(text, data, size);
	for (int filled_in = 0; filled_in < 2; filled_in++) {
		struct err err = ERR_INIT;
		struct strmap values;
		int result;

		strmap_init(&values);
		result = dotenv_parse(".env", text, size, filled_in ? &environment : NULL, &values, &err);
		if ((result < 0) != err_is_set(&err))
			abort();
		for (size_t i = 0; i < values.count; i++) {
			if (!values.entries[i].key[0])
				abort();
		}
		strmap_finish(&values);
		err_finish(&err);
	}
	free(text);
	return 0;
}
