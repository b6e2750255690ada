/* SPDX-License-Identifier: MIT */
/* A supervisor's bytes as clients take them: the HTTP answer, then its body as an event stream. */
#include "launcher/client/view.h"
#include "launcher/process/http_answer.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void take_figures(void *context, const struct view *view, const struct view_unit *unit)
{
	const struct view_usage *usage = unit != NULL ? &unit->usage : &view->usage;

	(void)context;
	if (usage->rss_bytes < -1 || !(usage->cpu_percent >= -1))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct http_answer http;
	const char *bytes = (const char *)data;
	size_t step = size > 0 ? 1 + data[0] % 64 : 1, at = 0;
	bool views = true;
	struct view view;
	char body[256];

	http_answer_init(&http);
	view_init(&view);
	view.usage_changed = take_figures;
	while (at < size && !http_answer_is_done(&http)) {
		size_t used, count = size - at < step ? size - at : step;
		ssize_t placed = http_answer_feed(&http, bytes + at, count, &used, body, sizeof(body));

		if (placed < 0 || (placed == 0 && used == 0))
			break;
		at += used;
		views = views && view_feed(&view, body, (size_t)placed, NULL, NULL) == 0;
	}
	http_answer_end(&http);
	view_finish(&view);
	return 0;
}
