/* SPDX-License-Identifier: MIT */
#include "telemetry/sender/transport.h"

#include <string.h>

struct transport *transport_create(struct event_base *base, const char *host)
{
	if (strncmp(host, "file:", 5) == 0)
		return transport_file_create(base, host + 5);
	return transport_curl_create(base, host);
}
