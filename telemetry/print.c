/* SPDX-License-Identifier: MIT */
#include "telemetry/print.h"

#include "telemetry/id.h"

#include <cjson/cJSON.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* In pieces that a pipe with room takes whole; what nobody reads is let go rather than waited for. */
static void print_text(int fd, const char *text, size_t size_bytes)
{
	while (size_bytes > 0) {
		struct pollfd ready = {.fd = fd, .events = POLLOUT};
		size_t piece = size_bytes < 4096 ? size_bytes : 4096;
		ssize_t written;

		if (poll(&ready, 1, 0) != 1 || ready.revents != POLLOUT)
			return;
		written = write(fd, text, piece);
		if (written <= 0)
			return;
		text += written;
		size_bytes -= (size_t)written;
	}
}

void print_body(int fd, const char *api_key, const char *event)
{
	char time[TIME_BYTES], *body, *key;
	cJSON *quoted = cJSON_CreateString(api_key);
	int length;

	key = quoted ? cJSON_PrintUnformatted(quoted) : NULL;
	cJSON_Delete(quoted);
	if (!key)
		return;
	time_text(time_now_ms(), time);
	length = asprintf(&body, "{\"api_key\":%s,\"batch\":[%s],\"sent_at\":\"%s\"}\n", key, event, time);
	free(key);
	if (length < 0)
		return;
	print_text(fd, body, (size_t)length);
	free(body);
}
