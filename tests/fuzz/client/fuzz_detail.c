/* SPDX-License-Identifier: MIT */
/*
 * A supervisor's bytes as the story of a unit: whatever they are, what is read of them is bounded, all of it can be looked at, and all
 * is given back.
 */
#include "launcher/client/detail.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t length(const char *text)
{
	return text != NULL ? strlen(text) : 0;
}

static size_t look_at(const struct detail *detail)
{
	size_t sum = length(detail->name) + length(detail->service) + length(detail->command) + length(detail->dir);

	for (size_t i = 0; i < detail->need_count; i++)
		sum += length(detail->needs[i].service) + length(detail->needs[i].condition) +
		       length(detail->needs[i].state);
	for (size_t i = 0; i < detail->needed_by_count; i++)
		sum += length(detail->needed_by[i]);
	for (size_t i = 0; i < detail->answer_count; i++)
		sum += length(detail->answers[i].text) + (size_t)detail->answers[i].count;
	for (size_t i = 0; i < detail->exit_count; i++)
		sum += length(detail->exits[i].signal);
	for (size_t i = 0; i < detail->process_count; i++)
		sum += length(detail->processes[i].name);
	for (size_t i = 0; i < detail->variable_count; i++)
		sum += length(detail->variables[i].name) + length(detail->variables[i].value);
	return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct detail detail;
	size_t sum = 0;

	if (detail_read(&detail, (const char *)data, size, NULL) == 0) {
		sum = look_at(&detail);
		if (detail.name == NULL || detail.service == NULL || detail.stop_grace_ms < 0 || detail.log_bytes < 0 ||
		    detail.answer_count > DETAIL_ANSWERS_MAX || detail.exit_count > DETAIL_EXITS_MAX ||
		    detail.process_count > DETAIL_PROCESSES_MAX)
			abort();
	} else if (detail.name != NULL || detail.need_count > 0) {
		abort();
	}
	detail_finish(&detail);
	return sum == SIZE_MAX;
}
