/* SPDX-License-Identifier: MIT */
#include "tests/lib/consent_sample.h"

#include "ui/model.h"

#include <stddef.h>
#include <string.h>

/* In the words of telemetry/notice.c. */
#define SUMMARY(name)                                                                                                \
	"If you say yes, upfront sends to " name ":\n"                                                               \
	"- that the stack started or failed to, how many services, and how fast\n"                                   \
	"- names of commands, options, fixed choices; never values, paths, messages\n"                               \
	"- API routes as shapes (GET /api/charts/{id}), with status and duration\n"                                  \
	"- versions, memory and CPU use of it, OS, kernel and CPU type, CI or not\n"                                 \
	"- a random number made for this run\n"                                                                      \
	"Why: to learn what is used and what breaks. Kept: 90 days. Stored in: EU.\n"                                \
	"Your IP address is not part of an event; the network itself shows it.\n"                                    \
	"If you say no, nothing is sent, no identifier is made, and upfront starts the same services. Change it at " \
	"any time: upfront telemetry off|ask"

#define BRIEF(name)                                                            \
	"To " name ": start, command/option names (no values), route shapes, " \
	"versions, system, number of this run\n"                               \
	"No: nothing sent; it starts the same"

#define PREVIEW                                                                              \
	"{\n"                                                                                \
	"  \"event\": \"server_start\",\n"                                                   \
	"  \"distinct_id\": \"(made only after yes)\",\n"                                    \
	"  \"timestamp\": \"(measured when ready)\",\n"                                      \
	"  \"properties\": {\n"                                                              \
	"    \"$geoip_disable\": true,\n"                                                    \
	"    \"$process_person_profile\": false,\n"                                          \
	"    \"$ip\": \"0.0.0.0\",\n"                                                        \
	"    \"redis-version\": \"7.0.15\",\n"                                               \
	"    \"nginx-version\": \"1.22.1\",\n"                                               \
	"    \"memory_usage\": {\n"                                                          \
	"      \"rss\": \"(measured when ready)\",\n"                                        \
	"      \"heapTotal\": \"(measured when ready)\"\n"                                   \
	"    },\n"                                                                           \
	"    \"note\": \"a declared value so long that its line has to be continued below, " \
	"where it keeps the indentation it began with\"\n"                                   \
	"  }\n"                                                                              \
	"}\n"

#define NOTICE                                                                                                        \
	"WHO RECEIVES IT\n"                                                                                           \
	"It goes to Shop Ltd. (127.0.0.1:8090).\n\n"                                                                  \
	"WHAT IS SENT\n"                                                                                              \
	"Every event:\n"                                                                                              \
	"- uuid: text; so that an event sent twice is counted once\n"                                                 \
	"- distinct_id: text; a random number, so that the events of one run can be told from those of another one\n" \
	"- timestamp: text; when it happened\n\n"                                                                     \
	"YOUR CHOICE\n"                                                                                               \
	"Yes holds for this run only; you are asked again at the next start. Nothing is sent, made or looked up "     \
	"before you answer.\n"                                                                                        \
	"No costs nothing.\n"

#define LONG_NAME                                                                                          \
	"The Remarkably Long Named Distributed Inventory, Ordering and Reconciliation Workbench for Very " \
	"Patient People Everywhere"

static const struct consent_model shop = {
	.title = "Usage statistics - notice 3",
	.question = "May Shop send usage statistics while it runs this time?",
	.summary = SUMMARY("Shop Ltd. (127.0.0.1:8090)"),
	.brief = BRIEF("Shop Ltd."),
	.preview = PREVIEW,
	.notice = NOTICE,
};

/* "商店アプリ", a rocket, a family joined by zero width joiners, and "cafe" + combining acute. */
#define WIDE_NAME                                                                        \
	"\345\225\206\345\272\227\343\202\242\343\203\227\343\203\252 \360\237\232\200 " \
	"\360\237\221\251\342\200\215\360\237\221\247 cafe\314\201"

static const struct consent_model wide = {
	.title = "Usage statistics - " WIDE_NAME,
	.question = "May " WIDE_NAME " send usage statistics while it runs this time?",
	.summary = SUMMARY(WIDE_NAME),
	.brief = BRIEF(WIDE_NAME),
	.preview = PREVIEW,
	.notice = NOTICE,
};

static const struct consent_model long_ = {
	.title = "Usage statistics of " LONG_NAME,
	.question = "May " LONG_NAME " send usage statistics while it runs this time?",
	.summary = SUMMARY(LONG_NAME) "\n" SUMMARY(LONG_NAME),
	.brief = BRIEF(LONG_NAME) "\n" BRIEF("the same people once more"),
	.preview = PREVIEW,
	.notice = NOTICE,
};

/* Clears the screen, forges an answered dialog, turns the direction, rings, and is not UTF-8 in places. */
#define HOSTILE_NAME "\033[2J\033[HShop\r\a\177\302\233\342\200\256evil\342\201\246\377\300\257\t."

static const struct consent_model hostile = {
	.title = "Usage " HOSTILE_NAME,
	.question = "May " HOSTILE_NAME " send usage statistics while it runs this time?",
	.summary = SUMMARY(HOSTILE_NAME),
	.brief = BRIEF(HOSTILE_NAME),
	.preview = "{\n  \"name\": \"" HOSTILE_NAME "\"\n}\n",
	.notice = "Notice of " HOSTILE_NAME,
};

const char *const consent_sample_names[] = {"shop", "wide", "long", "hostile", NULL};

const struct consent_model *consent_sample(const char *name)
{
	static const struct consent_model *const models[] = {&shop, &wide, &long_, &hostile};

	for (size_t i = 0; consent_sample_names[i] != NULL; i++)
		if (strcmp(consent_sample_names[i], name) == 0)
			return models[i];
	return NULL;
}
