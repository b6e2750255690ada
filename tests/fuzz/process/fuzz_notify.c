/* SPDX-License-Identifier: MIT */
/* Any bytes as a message of sd_notify: what is taken from it is within its bounds and can be shown. */
#include "config/utf8.h"
#include "launcher/process/notify.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct notify_message message = {0};
	const struct notify_message nothing = {0};
	/* Not zero-terminated, and exactly as long as it is said to be: reading on is seen. */
	char *bytes = malloc(size ? size : 1);
	bool known;

	memcpy(bytes, data, size);
	known = notify_parse(bytes, size, &message);
	if (!utf8_is_plain(message.status, NOTIFY_STATUS_BYTES - 1) ||
	    utf8_count(message.status, strlen(message.status)) > NOTIFY_STATUS_CHARS)
		abort();
	if (message.error < 0 || message.extend_ms < 0)
		abort();
	if (!known && memcmp(&message, &nothing, sizeof message) != 0)
		abort();
	free(bytes);
	return 0;
}
