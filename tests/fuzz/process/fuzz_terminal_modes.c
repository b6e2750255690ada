/* SPDX-License-Identifier: MIT */
/*
 * What a program writes to its terminal: however it is cut, it leads to the same modes; what brings the terminal back leaves none on; and
 * what is left for a second time asks nothing the third time either.
 */
#include "launcher/process/terminal_modes.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_modes(const char *bytes, size_t size)
{
	struct terminal_modes whole = {0}, cut = {0};
	char text[TERMINAL_MODES_TEXT_MAX], again[TERMINAL_MODES_TEXT_MAX];

	terminal_modes_take(&whole, bytes, size);
	for (size_t i = 0; i < size; i++)
		terminal_modes_take(&cut, bytes + i, 1);
	terminal_modes_begin(&whole, text);
	terminal_modes_begin(&cut, again);
	if (strcmp(text, again) != 0 || whole.line_begun != cut.line_begun)
		abort();
	terminal_modes_end(&whole, text);
	terminal_modes_take(&whole, text, strlen(text));
	terminal_modes_begin(&whole, text);
	if (text[0] != '\0')
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *bytes = malloc(size + 1);
	size_t left;

	memcpy(bytes, data, size);
	check_modes(bytes, size);
	left = terminal_modes_silence(bytes, size);
	if (left > size || terminal_modes_silence(bytes, left) != left)
		abort();
	free(bytes);
	return 0;
}
