/* SPDX-License-Identifier: MIT */
#include "launcher/engine/docker_parts.h"

#include "config/clock.h"
#include "config/err.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <event2/event.h>

struct asked {
	const struct docker_endpoint *endpoint;
	struct err *err;
	cJSON *body;
	bool is_over;
	int result;
};

static void on_answer(void *context, const struct docker_answer *answer)
{
	struct asked *self = context;

	self->is_over = true;
	if (answer->error == 0 && answer->status < 300) {
		self->body = cJSON_Duplicate(answer->body, true);
		self->result = answer->body != NULL && self->body == NULL ? -ENOMEM : 0;
		return;
	}
	self->result = answer->error != 0 ? answer->error : -EREMOTEIO;
	docker_explain(self->endpoint, answer, self->err);
}

static void on_limit(evutil_socket_t fd, short what, void *context)
{
	(void)fd, (void)what;
	event_base_loopbreak(context);
}

bool docker_wait(struct event_base *base, const bool *is_over, int limit_ms)
{
	int64_t end_ms = clock_monotonic_ms() + limit_ms;
	struct event *limit = evtimer_new(base, on_limit, base);

	while (limit != NULL && !*is_over) {
		int64_t left_ms = end_ms - clock_monotonic_ms();
		struct timeval left = {.tv_sec = left_ms / 1000, .tv_usec = left_ms % 1000 * 1000};

		if (left_ms <= 0 || event_add(limit, &left) < 0 || event_base_loop(base, EVLOOP_ONCE) < 0)
			break;
	}
	if (limit != NULL)
		event_free(limit);
	return *is_over;
}

int docker_ask(const struct docker_endpoint *endpoint, const struct strmap *environment, const char *method,
	       const char *path, int timeout_ms, struct cJSON **body, struct err *err)
{
	struct asked asked = {.endpoint = endpoint, .err = err};
	const struct docker_request request = {
		.method = method,
		.path = path,
		.timeout_ms = timeout_ms,
		.done = on_answer,
		.context = &asked,
	};
	struct event_base *base = event_base_new();
	struct docker *docker = base != NULL ? docker_create_still(base, endpoint, environment) : NULL;
	int result = -ENOMEM;

	if (docker == NULL || docker_begin(docker, &request) == NULL) {
		err_set(err, ERR_INTERNAL, "out of memory");
		goto out;
	}
	/* The request's own limit ends it; this one is for a loop that cannot go on. */
	if (!docker_wait(base, &asked.is_over, timeout_ms > 0 ? timeout_ms + 1000 : INT32_MAX)) {
		err_set(err, ERR_INTERNAL, "waiting for the container engine failed");
		result = -EIO;
		goto out;
	}
	result = asked.result;
	if (result == 0 && body != NULL) {
		*body = asked.body;
		asked.body = NULL;
	}
out:
	cJSON_Delete(asked.body);
	docker_destroy(docker);
	if (base != NULL)
		event_base_free(base);
	return result;
}
