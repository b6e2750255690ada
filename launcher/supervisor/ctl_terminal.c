/* SPDX-License-Identifier: MIT */
#include "launcher/supervisor/ctl_call.h"

#include "config/err.h"
#include "launcher/supervisor/ctl.h"
#include "launcher/supervisor/ctl_routes.h"
#include "launcher/supervisor/ctl_stream.h"
#include "launcher/supervisor/supervisor.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/http.h>
#include <stdbool.h>
#include <stdint.h>

/* False once it is answered that there is none. */
static bool find(struct ctl_call *call, struct supervisor_unit *unit)
{
	const size_t index = ctl_find_unit(call, call->name);

	if (index == SIZE_MAX) {
		ctl_answer_unknown_service(call->request, call->name);
		return false;
	}
	supervisor_unit(call->supervisor, index, unit);
	return true;
}

/* What waits to be read by the program makes room sooner or later; the rest is for a person to change. */
static void answer_refusal(struct ctl_call *call, int result, const struct err *err)
{
	ctl_answer_err(call->request, result == -ENOBUFS || result == -ENOMEM ? 503 : 409, err);
}

void ctl_get_terminal(struct ctl_call *call)
{
	struct supervisor_unit unit;
	struct err err = ERR_INIT;
	int result;

	if (!find(call, &unit))
		return;
	result = supervisor_check_terminal(call->supervisor, unit.id, &err);
	if (result < 0)
		answer_refusal(call, result, &err);
	else
		ctl_answer_stream_result(call, ctl_streams_terminal(call->streams, call->request, unit.id));
	err_finish(&err);
}

void ctl_post_terminal(struct ctl_call *call)
{
	struct evbuffer *body = evhttp_request_get_input_buffer(call->request);
	const size_t size = evbuffer_get_length(body);
	const char *bytes = (const char *)evbuffer_pullup(body, -1);
	struct supervisor_unit unit;
	struct err err = ERR_INIT;
	int result;

	if (!find(call, &unit))
		return;
	if (size > CTL_TERMINAL_TYPED_MAX) {
		ctl_routes_refuse(call->request, 413, "at most 4096 bytes are typed at once");
		return;
	}
	result = supervisor_type(call->supervisor, unit.id, size > 0 ? bytes : "", size, &err);
	if (result < 0)
		answer_refusal(call, result, &err);
	else
		ctl_answer_accepted(call->request);
	err_finish(&err);
}

static bool read_side(const struct ctl_call *call, const char *name, unsigned *value)
{
	const cJSON *number = cJSON_GetObjectItemCaseSensitive(call->body, name);

	if (!cJSON_IsNumber(number) || !(number->valuedouble >= 1 && number->valuedouble <= CTL_TERMINAL_SIDE_MAX))
		return false;
	*value = (unsigned)number->valuedouble;
	return true;
}

void ctl_post_terminal_size(struct ctl_call *call)
{
	struct supervisor_unit unit;
	struct err err = ERR_INIT;
	unsigned rows, columns;
	int result;

	if (!find(call, &unit))
		return;
	if (!read_side(call, "rows", &rows) || !read_side(call, "columns", &columns)) {
		ctl_routes_refuse(call->request, 400, "rows, columns: numbers from 1 to 10000 are wanted");
		return;
	}
	result = supervisor_resize(call->supervisor, unit.id, rows, columns, &err);
	if (result < 0)
		answer_refusal(call, result, &err);
	else
		ctl_answer_accepted(call->request);
	err_finish(&err);
}
