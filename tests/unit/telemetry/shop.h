/* SPDX-License-Identifier: MIT */
/*
 * A stack built by hand, for the tests of telemetry/: four services, a declaration that adds and replaces
 * properties.
 */
#ifndef UPFRONT_TESTS_UNIT_TELEMETRY_SHOP_H
#define UPFRONT_TESTS_UNIT_TELEMETRY_SHOP_H

#include "config/stack.h"
#include "telemetry/telemetry.h"

#include <string.h>

struct shop {
	struct stack stack;
	struct service services[4];
	struct telemetry_decl decl;
	struct telemetry_property server_start[4], common[2];
};

static inline void shop_init(struct shop *self)
{
	static const char *const prints[] = {"api", "--version", NULL};

	memset(self, 0, sizeof(*self));
	self->services[0] = (struct service){.name = "web", .version.text = "1.27.0"};
	self->services[1] = (struct service){.name = "api", .version = {.argv = prints, .pattern = "^v"}};
	self->services[2] = (struct service){.name = "cache", .version.text = "7.2"};
	self->services[3] = (struct service){.name = "worker"};
	self->server_start[0] =
		(struct telemetry_property){.name = "front_version", .source = SOURCE_VERSION, .text = "web"};
	self->server_start[1] = (struct telemetry_property){.name = "mem", .source = SOURCE_MEMORY};
	self->server_start[2] = (struct telemetry_property){.name = "node_arch", .source = SOURCE_NODE_ARCH};
	self->server_start[3] = (struct telemetry_property){.name = "tool", .source = SOURCE_EXEC, .argv = prints};
	self->common[0] = (struct telemetry_property){.name = "model", .source = SOURCE_VALUE, .text = "small \"one\""};
	self->common[1] = (struct telemetry_property){.name = "build", .source = SOURCE_EXEC, .argv = prints};
	self->decl = (struct telemetry_decl){.enabled = true,
					     .notice = 3,
					     .controller = "Shop Inc.",
					     .policy = "https://shop.example/telemetry",
					     .purpose = "to learn what is used and what breaks",
					     .host = "https://us.i.posthog.com",
					     .key = "phc_shop",
					     .server_start = self->server_start,
					     .server_start_count = 4,
					     .common = self->common,
					     .common_count = 2};
	strmap_init(&self->decl.env_on);
	strmap_init(&self->decl.env_off);
	self->stack = (struct stack){.name = "shop",
				     .app = "Shop",
				     .version = "0.29.2",
				     .services = self->services,
				     .service_count = 4,
				     .telemetry = &self->decl};
}

static inline void shop_finish(struct shop *self)
{
	strmap_finish(&self->decl.env_on);
	strmap_finish(&self->decl.env_off);
}

/* What its services may send, and its API. */
static inline void shop_declare_events(struct shop *self)
{
	static const char *const modes[] = {"fast", "thorough", NULL};
	static const char *const routes[] = {"/api/v1/charts", "/api/v1/charts/{id}", NULL};
	static const char *const origins[] = {"http://localhost:3000", NULL};
	static const struct telemetry_field ask[] = {{.name = "success", .kind = KIND_BOOL},
						     {.name = "duration_ms", .kind = KIND_NUMBER},
						     {.name = "candidates", .kind = KIND_INT},
						     {.name = "mode", .kind = KIND_WORD, .words = modes}};
	static const struct telemetry_event_decl events[] = {
		{.name = "home_ask_candidate", .fields = ask, .field_count = 4}, {.name = "page_opened"}};

	self->decl.events = events;
	self->decl.event_count = 2;
	self->decl.routes = routes;
	self->decl.origins = origins;
}

/* What is measured when it is ready. */
static inline const struct telemetry_facts *shop_facts(void)
{
	static const struct telemetry_service services[] = {
		{"web", "never used", true}, {"api", "v2.0.1", true}, {"cache", NULL, true}, {"worker", NULL, false}};
	static const char *const exec_values[] = {"9.9", NULL};
	static const struct telemetry_facts facts = {.services = services,
						     .service_count = 4,
						     .native_count = 3,
						     .container_count = 1,
						     .ready_ms = 1234,
						     .services_rss_bytes = 50000000,
						     .services_cpu_user_us = 200,
						     .services_cpu_system_us = 100,
						     .exec_values = exec_values};

	return &facts;
}

#endif
