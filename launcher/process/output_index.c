/* SPDX-License-Identifier: MIT */
#include "launcher/process/output_index.h"

#include <inttypes.h>
#include <stdio.h>

#define RECORD_BYTES 512

bool output_index_write(struct output_file *index, const struct output_record *record)
{
	char line[RECORD_BYTES];
	int error = 0;
	int length = snprintf(line, sizeof line, "%" PRId64 " %c %s %" PRId64 " %" PRIu64 "%s%s\n", record->time_ms,
			      (char)record->kind, record->unit, record->offset_bytes, record->size_bytes,
			      record->word ? " " : "", record->word ? record->word : "");
	if (length <= 0 || (size_t)length >= sizeof line || output_file_ready(index, NULL) < 0)
		return false;
	size_t size = (size_t)length;
	/* A record that a full disk has torn is ended, so that it spoils no other. */
	if (index->within_line && output_file_append(index, "\n", 1, &error) != 1)
		return false;
	if (output_file_fits(index, line, size) < size &&
	    (output_file_rotate(index) < 0 || output_file_ready(index, NULL) < 0))
		return false;
	return output_file_append(index, line, size, &error) == size;
}
