/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as a .env file, and any as the answer merged into it: first the answer, a NUL, then the file. What is merged reads back as the
 * answer, all else as before; merged once more it stays as it is; and a file that cannot be edited is left alone, with a message
 * that does not hold the answer.
 */
#include "config/dotenv.h"
#include "config/dotenv_edit.h"
#include "config/err.h"
#include "config/interpolate.h"
#include "config/strmap.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *find_nothing(void *context, const char *name)
{
	(void)context;
	(void)name;
	return NULL;
}

static void check(const char *text, size_t size, const struct strmap *answers)
{
	const struct interpolate_source nothing = {find_nothing, NULL, NULL, NULL};
	struct err err = ERR_INIT;
	struct strmap values;
	char *merged = NULL, *again = NULL;
	size_t merged_size, again_size;
	const char *value;

	strmap_init(&values);
	if (dotenv_merge(".env", text, size, answers, &merged, &merged_size, &err) < 0) {
		if (!err_is_set(&err) || merged)
			abort();
		goto out;
	}
	(void)dotenv_parse(".env", merged, merged_size, &nothing, &values, NULL);
	value = strmap_find(&values, "A");
	if (!value || strcmp(value, strmap_find(answers, "A")) != 0)
		abort();
	if (dotenv_merge(".env", merged, merged_size, answers, &again, &again_size, &err) < 0 ||
	    again_size != merged_size || memcmp(again, merged, again_size) != 0)
		abort();
out:
	free(merged);
	free(again);
	strmap_finish(&values);
	err_finish(&err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *nul = memchr(data, '\0', size);
	size_t answer_size = nul ? (size_t)(nul - data) : 0, text_size = size - answer_size - (nul ? 1 : 0);
	char *answer = strndup((const char *)data, answer_size), *text = malloc(text_size ? text_size : 1);
	struct strmap answers;

	memcpy(text, nul ? nul + 1 : data, text_size);
	strmap_init(&answers);
	strmap_set(&answers, "A", answer);
	check(text, text_size, &answers);
	strmap_finish(&answers);
	free(answer);
	free(text);
	return 0;
}
