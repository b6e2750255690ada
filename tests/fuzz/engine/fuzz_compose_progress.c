/* SPDX-License-Identifier: MIT */
/* What is told of a pull and of a build, line by line: never further than all there is, and nothing is kept without end. */
#include "launcher/engine/build_line.h"
#include "launcher/engine/pull_layers.h"

#include <cjson/cJSON.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void take_value(struct pull_layers *layers, const char *line)
{
	cJSON *value = cJSON_Parse(line);

	(void)pull_layers_take(layers, value);
	if (layers->done_bytes < 0 || layers->done_bytes > layers->total_bytes || layers->count > PULL_LAYERS_MAX)
		abort();
	cJSON_Delete(value);
}

static void take_line(const char *line)
{
	struct build_line read;

	build_line_read(&read, line);
	if (read.word_count > BUILD_LINE_WORDS_MAX || (read.kind == BUILD_BEGINS && read.word_count != 1))
		abort();
	for (size_t i = 0; i < read.word_count; i++)
		if (memchr(read.words[i], '\0', BUILD_LINE_WORD_BYTES) == NULL)
			abort();
	if (read.kind == BUILD_STEP && (read.step == 0 || read.step > read.steps || strstr(line, read.text) == NULL))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pull_layers layers = {0};
	char *text = calloc(1, size + 1), *rest = NULL;

	if (text == NULL)
		return 0;
	if (size > 0)
		memcpy(text, data, size);
	for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
		if (*line == '{')
			take_value(&layers, line);
		else
			take_line(line);
	}
	pull_layers_finish(&layers);
	free(text);
	return 0;
}
