/* SPDX-License-Identifier: MIT */
#include "telemetry/notice_parts.h"

#include "config/stack.h"
#include "config/strmap.h"
#include "telemetry/telemetry.h"
#include "telemetry/text.h"

#include <stdlib.h>
#include <string.h>

const char *notice_declared(const char *text)
{
	return text && *text ? text : NULL;
}

/* "us.i.posthog.com" of "https://us.i.posthog.com/x"; NULL when it is a file. */
static const char *host_name(const char *host, size_t *length)
{
	const char *name = strstr(host, "://");

	if (strncmp(host, "file:", 5) == 0)
		return NULL;
	name = name ? name + 3 : host;
	*length = strcspn(name, "/?#");
	return name;
}

void notice_write_place(FILE *out, const struct telemetry_decl *decl, size_t limit)
{
	const char *host = decl->host ? decl->host : "";
	size_t length;
	const char *name = host_name(host, &length);
	char *copy;

	if (!name) {
		fputs("a file on this machine, ", out);
		text_write_clean(out, host + 5, limit);
		return;
	}
	copy = strndup(name, length);
	text_write_clean(out, copy, limit);
	free(copy);
}

void notice_write_receiver(FILE *out, const struct telemetry_decl *decl, size_t limit)
{
	fputs("to ", out);
	if (notice_declared(decl->controller)) {
		text_write_clean(out, decl->controller, limit);
		fputs(" (", out);
		notice_write_place(out, decl, limit);
		fputc(')', out);
	} else {
		notice_write_place(out, decl, limit);
	}
}

bool notice_keeps_id(const struct telemetry_decl *decl)
{
	return decl->identity == IDENTITY_INSTALL;
}

static bool are_told_yes_without_relay(const struct stack *stack)
{
	struct strmap told;
	const char *answer;
	bool on = false;

	strmap_init(&told);
	if (telemetry_environment(stack, true, NULL, "", "", &told) == 0)
		on = (answer = strmap_find(&told, "UPFRONT_TELEMETRY")) && strcmp(answer, "on") == 0;
	strmap_finish(&told);
	return on;
}

/* Who would be told no if there were no relay has no other way than that. */
enum services_way notice_services(const struct stack *stack)
{
	if (stack->telemetry->env_on.count == 0)
		return SERVICES_UNTOLD;
	return are_told_yes_without_relay(stack) ? SERVICES_OWN_WAY : SERVICES_BY_RELAY;
}

bool notice_is_remote(const struct telemetry_decl *decl)
{
	size_t length;

	return decl->host && host_name(decl->host, &length) != NULL;
}

void notice_write_terms(FILE *out, const struct telemetry_decl *decl, size_t limit)
{
	const char *space = "";

	if (notice_declared(decl->purpose)) {
		fputs("Why: ", out);
		text_write_clean(out, decl->purpose, limit);
		fputc('.', out);
		space = " ";
	}
	if (notice_declared(decl->retention)) {
		fprintf(out, "%sKept: ", space);
		text_write_clean(out, decl->retention, NOTICE_NAME_MAX);
		fputc('.', out);
		space = " ";
	}
	if (notice_declared(decl->region)) {
		fprintf(out, "%sStored in: ", space);
		text_write_clean(out, decl->region, NOTICE_NAME_MAX);
		fputc('.', out);
		space = " ";
	}
	if (*space)
		fputc('\n', out);
}

void notice_write_question(FILE *out, const struct stack *stack)
{
	fputs("May ", out);
	text_write_clean(out, stack->app, NOTICE_NAME_MAX);
	fputs(" send usage statistics while it runs this time?", out);
}
