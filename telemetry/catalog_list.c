/* SPDX-License-Identifier: MIT */
#include "telemetry/catalog.h"

#include "telemetry/telemetry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What catalog_list_make works on. */
struct listing {
	const struct stack *stack; /* may be NULL */
	const struct telemetry_decl *decl; /* may be NULL */
	struct catalog_list list;
	size_t capacity;
	struct strmap names; /* taken already */
};

static int list_add(struct listing *self, const struct catalog_entry *entry)
{
	struct catalog_entry *added;
	int result;

	if (strmap_has(&self->names, entry->name))
		return 0;
	if (self->list.count == self->capacity) {
		size_t capacity = self->capacity ? self->capacity * 2 : 64;
		struct catalog_entry *entries = realloc(self->list.entries, capacity * sizeof(*entries));

		if (!entries)
			return -ENOMEM;
		self->list.entries = entries;
		self->capacity = capacity;
	}
	result = strmap_set(&self->names, entry->name, NULL);
	if (result < 0)
		return result;
	added = &self->list.entries[self->list.count];
	*added = *entry;
	added->name = strdup(entry->name);
	if (!added->name)
		return -ENOMEM;
	self->list.count++;
	return 0;
}

static int list_declared(struct listing *self, const struct telemetry_property *declared, size_t count,
			 size_t exec_index)
{
	for (size_t i = 0; i < count; i++) {
		struct catalog_entry entry = {.name = (char *)declared[i].name,
					      .row = catalog_of_source((int)declared[i].source),
					      .declared = &declared[i]};
		int result;

		if (declared[i].source == SOURCE_VERSION)
			entry.service = declared[i].text;
		if (declared[i].source == SOURCE_EXEC)
			entry.exec_index = exec_index++;
		/* '$' names steer the receiver: they are ours alone. */
		if (declared[i].name[0] == '$' || !entry.row)
			continue;
		result = list_add(self, &entry);
		if (result < 0)
			return result;
	}
	return 0;
}

/* A declaration of the same name, or of the same source under another name, stands instead of the default; nothing, for its name, too. */
static bool is_replaced(const struct listing *self, const struct catalog_property *row, const char *name,
			const char *service)
{
	const char *const *without = self->decl ? self->decl->server_start_without : NULL;

	for (; without && *without; without++) {
		if (strcmp(*without, name) == 0)
			return true;
	}
	for (size_t i = 0; self->decl && i < self->decl->server_start_count; i++) {
		const struct telemetry_property *declared = &self->decl->server_start[i];

		if (strcmp(declared->name, name) == 0)
			return true;
		if ((int)declared->source == row->source &&
		    (declared->source != SOURCE_VERSION || strcmp(declared->text, service) == 0))
			return true;
	}
	return false;
}

static int list_versions(struct listing *self, const struct catalog_property *row)
{
	for (size_t i = 0; i < self->stack->service_count; i++) {
		struct catalog_entry entry = {.row = row, .service = self->stack->services[i].name};
		size_t size_bytes = strlen(entry.service) + sizeof("-version");
		int result = 0;

		entry.name = malloc(size_bytes);
		if (!entry.name)
			return -ENOMEM;
		memcpy(entry.name, entry.service, size_bytes - sizeof("-version"));
		memcpy(entry.name + size_bytes - sizeof("-version"), "-version", sizeof("-version"));
		if (!is_replaced(self, row, entry.name, entry.service))
			result = list_add(self, &entry);
		free(entry.name);
		if (result < 0)
			return result;
	}
	return 0;
}

static int list_defaults(struct listing *self, unsigned scope)
{
	size_t count;
	const struct catalog_property *rows = catalog_properties(&count);

	for (size_t i = 0; i < count; i++) {
		struct catalog_entry entry = {.name = (char *)rows[i].name, .row = &rows[i]};
		int result;

		if (!(rows[i].scope & scope) || rows[i].source == CATALOG_FROM_MEMBER)
			continue;
		if (rows[i].source == SOURCE_VERSION && self->stack)
			result = list_versions(self, &rows[i]);
		else if ((scope & CATALOG_STARTS) && is_replaced(self, &rows[i], entry.name, ""))
			result = 0;
		else
			result = list_add(self, &entry);
		if (result < 0)
			return result;
	}
	return 0;
}

/* Where exec_index comes from: those of server_start, then those of common. */
static size_t add_exec(const struct telemetry_property *declared, size_t count, const struct telemetry_property **list,
		       size_t room, size_t found)
{
	for (size_t i = 0; i < count; i++) {
		if (declared[i].source != SOURCE_EXEC)
			continue;
		if (found < room)
			list[found] = &declared[i];
		found++;
	}
	return found;
}

static size_t count_server_start_exec(const struct telemetry_decl *decl)
{
	return add_exec(decl->server_start, decl->server_start_count, NULL, 0, 0);
}

size_t telemetry_exec_properties(const struct stack *stack, const struct telemetry_property **list, size_t room)
{
	const struct telemetry_decl *decl = stack->telemetry;
	size_t found;

	if (decl == NULL)
		return 0;
	found = add_exec(decl->server_start, decl->server_start_count, list, room, 0);
	return add_exec(decl->common, decl->common_count, list, room, found);
}

static int list_common(struct listing *self)
{
	int result = list_defaults(self, CATALOG_COMMON);

	if (result == 0 && self->decl)
		result = list_declared(self, self->decl->common, self->decl->common_count,
				       count_server_start_exec(self->decl));
	self->list.common_count = self->list.count;
	return result;
}

static int list_own(struct listing *self, unsigned scope)
{
	int result = list_defaults(self, scope);

	if (result == 0 && self->decl && (scope & CATALOG_STARTS))
		result = list_declared(self, self->decl->server_start, self->decl->server_start_count, 0);
	return result;
}

static int list_fields(struct listing *self, const struct telemetry_event_decl *event)
{
	int result = 0;

	for (size_t i = 0; result == 0 && i < event->field_count; i++) {
		const struct telemetry_field *field = &event->fields[i];
		struct catalog_entry entry = {.name = (char *)field->name,
					      .row = catalog_of_source(CATALOG_FROM_SERVICE + (int)field->kind),
					      .field = field};

		if (field->name[0] != '$')
			result = list_add(self, &entry);
	}
	return result;
}

/* `event` NULL: one of upfront's own, by `scope`. */
static int list_make(const struct stack *stack, unsigned scope, const struct telemetry_event_decl *event,
		     struct catalog_list *list)
{
	struct listing listing = {.stack = stack, .decl = stack ? stack->telemetry : NULL};
	int result;

	strmap_init(&listing.names);
	result = list_common(&listing);
	if (result == 0 && event)
		result = list_fields(&listing, event);
	else if (result == 0 && scope != CATALOG_COMMON)
		result = list_own(&listing, scope);
	strmap_finish(&listing.names);
	if (result < 0)
		catalog_list_finish(&listing.list);
	else
		*list = listing.list;
	return result;
}

int catalog_list_make(const struct stack *stack, unsigned scope, struct catalog_list *list)
{
	return list_make(stack, scope, NULL, list);
}

int catalog_list_make_declared(const struct stack *stack, const struct telemetry_event_decl *event,
			       struct catalog_list *list)
{
	return list_make(stack, 0, event, list);
}

void catalog_list_finish(struct catalog_list *self)
{
	for (size_t i = 0; i < self->count; i++)
		free(self->entries[i].name);
	free(self->entries);
	self->entries = NULL;
	self->count = self->common_count = 0;
}
