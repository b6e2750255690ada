/* SPDX-License-Identifier: MIT */
/* The first message to the sender: where events go and, when services may report, what they may report (telemetry/wire.h). */
#ifndef UPFRONT_TELEMETRY_CONFIG_MESSAGE_H
#define UPFRONT_TELEMETRY_CONFIG_MESSAGE_H

struct cJSON;
struct stack;
struct telemetry_relay;

/* `relay` NULL: none. NULL: out of memory. The caller deletes it with cJSON_Delete. */
struct cJSON *config_message_create(const struct stack *stack, const struct telemetry_relay *relay,
				    const char *distinct_id);

/*
 * As text, with the common properties as they are now (JSON text; not used without a relay); the caller frees. NULL: out of memory.
 */
char *config_message_text(struct cJSON *message, const char *common);

#endif
