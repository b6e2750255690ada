/* SPDX-License-Identifier: MIT */
#include "telemetry/sender/batch.h"

#include "telemetry/sender/outbox.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

char *batch_body(const char *key, const struct outbox_batch *batch, const char *sent_at, size_t *size_bytes)
{
	cJSON *quoted = cJSON_CreateString(key);
	char *key_text = quoted ? cJSON_PrintUnformatted(quoted) : NULL, *body = NULL;
	FILE *out = key_text ? open_memstream(&body, size_bytes) : NULL;
	bool is_whole;

	cJSON_Delete(quoted);
	if (!out)
		goto out;
	fprintf(out, "{\"api_key\":%s,\"batch\":[", key_text);
	for (size_t i = 0; i < batch->count; i++) {
		if (i > 0)
			fputc(',', out);
		fwrite(batch->events[i].text, 1, batch->events[i].size_bytes, out);
	}
	fprintf(out, "],\"sent_at\":\"%s\"}", sent_at);
	is_whole = !ferror(out);
	if (fclose(out) != 0 || !is_whole) {
		free(body);
		body = NULL;
	}
out:
	free(key_text);
	return body;
}
