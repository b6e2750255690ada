/* SPDX-License-Identifier: MIT */
/*
 * A body as a client may send it: the first byte says how it is packed, the second how large the pieces are in which it comes. Whatever it is,
 * what is made of it is what was declared (relay_check.h); and the size of the pieces changes nothing.
 */
#include "telemetry/sender/relay_body.h"
#include "telemetry/sender/relay_event.h"
#include "telemetry/sender/relay_rules.h"
#include "tests/fuzz/sender/relay_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NOW INT64_C(1795249246555)

struct outcome {
	const struct relay_rules *rules;
	enum relay_fault fault;
	size_t made, other;
};

static int on_event(void *context, const char *text, size_t size_bytes)
{
	struct outcome *self = context;
	struct relay_event event = {.rules = self->rules, .now_ms = NOW};
	struct relay_text out = {0};

	if (text && relay_event_make(&event, text, size_bytes, &out) == RELAY_MADE) {
		relay_demand(out.bytes[out.size_bytes - 1] == '\0' && strlen(out.bytes) == out.size_bytes - 1);
		relay_demand(
			relay_is_one_of(&(cJSON){.type = cJSON_String, .valuestring = (char *)(uintptr_t)event.name},
					(const char *const[]){"page_opened", "started", "api_request", NULL}));
		relay_check_event(out.bytes);
		self->made++;
	} else {
		relay_demand(out.size_bytes == 0);
		self->other++;
	}
	relay_text_finish(&out);
	return 0;
}

static void read_body(const struct relay_packing *packing, const uint8_t *data, size_t size, size_t step,
		      struct outcome *outcome)
{
	struct relay_body *body = relay_body_create(packing, on_event, outcome);

	outcome->fault = RELAY_FINE;
	for (size_t at = 0; at < size && outcome->fault == RELAY_FINE; at += step) {
		size_t count = size - at < step ? size - at : step;
		char *piece = malloc(count);

		memcpy(piece, data + at, count);
		outcome->fault = relay_body_feed(body, piece, count);
		free(piece);
	}
	if (outcome->fault == RELAY_FINE)
		outcome->fault = relay_body_end(body);
	relay_body_destroy(body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct relay_rules *rules;
	struct outcome whole = {0}, pieces = {0};
	struct relay_packing packing;

	if (!rules) {
		char *text = scene_config(1);
		cJSON *config = cJSON_Parse(text);

		rules = relay_rules_create(config);
		cJSON_Delete(config);
		free(text);
	}
	if (size < 2)
		return 0;
	packing = (struct relay_packing){.is_form = data[0] & 1, .is_base64 = data[0] & 2, .is_gzip = data[0] & 4};
	whole.rules = pieces.rules = rules;
	read_body(&packing, data + 2, size - 2, size, &whole);
	read_body(&packing, data + 2, size - 2, (size_t)data[1] % 64 + 1, &pieces);
	/* How far one came before it was wrong may differ: that it was wrong may not. */
	relay_demand((whole.fault == RELAY_FINE) == (pieces.fault == RELAY_FINE));
	relay_demand(whole.fault != RELAY_FINE || (whole.made == pieces.made && whole.other == pieces.other));
	return 0;
}
