/* SPDX-License-Identifier: MIT */
/* x-upfront.telemetry: what the dialog says, where events go and what they carry. */
#include "config/interpolate.h"
#include "config/pool.h"
#include "config/reader.h"
#include "config/stack.h"
#include "config/stack_load.h"
#include "config/stack_source.h"

#include <arpa/inet.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define IN_DECL(member) offsetof(struct telemetry_decl, member)
#define SOURCE_TEXT(name, text) text,

static const char *const source_names[] = {TELEMETRY_SOURCES(SOURCE_TEXT) NULL};

/* ---- host ---- */

const char *authority_host(struct pool *pool, const char *authority, size_t length)
{
	char *copy = pool_strndup(pool, authority, length);
	char *colon = strrchr(copy, ':');
	long port = 1;

	if (*copy == '[') {
		char *close = strchr(copy, ']');

		if (!close)
			return NULL;
		colon = close[1] ? close + 1 : NULL;
		if (colon && *colon != ':')
			return NULL;
	}
	if (colon) {
		size_t digits = strspn(colon + 1, "0123456789");

		port = digits && digits <= 5 && !colon[1 + digits] ? strtol(colon + 1, NULL, 10) : 0;
		*colon = '\0';
	}
	return *copy && port >= 1 && port <= 65535 && !strpbrk(copy, "@ \t\\\"<>") ? copy : NULL;
}

static bool host_is_loopback(struct pool *pool, const char *host)
{
	struct in_addr v4;
	struct in6_addr v6;
	size_t length = strlen(host);

	if (strcmp(host, "localhost") == 0)
		return true;
	if (inet_pton(AF_INET, host, &v4) == 1)
		return ntohl(v4.s_addr) >> 24 == 127;
	return length > 2 && *host == '[' && inet_pton(AF_INET6, pool_strndup(pool, host + 1, length - 2), &v6) == 1 &&
	       IN6_IS_ADDR_LOOPBACK(&v6);
}

static bool text_is_clean(const char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text <= 0x20 || *text == 0x7f)
			return false;
	}
	return true;
}

/* Where events go: encrypted, or not over a network at all. */
static void read_host(struct reader *self, const char *key, const struct node *value, void *field)
{
	const char *text = reader_scalar(self, key, value, "https://..., http:// to this machine, or file:PATH");
	bool https;
	const char *authority;
	const char *host;
	size_t length;

	if (!text)
		return;
	if (strncmp(text, "file:", 5) == 0 && text[5]) {
		const char *path = strncmp(text + 5, "//", 2) == 0 ? text + 7 : text + 5;

		*(const char **)field =
			pool_printf(self->pool, "file:%s",
				    stack_path_join(self->pool, self->stack->dir, path,
						    strmap_find(&self->load->source->environment, "HOME")));
		return;
	}
	https = strncmp(text, "https://", 8) == 0;
	authority = https ? text + 8 : strncmp(text, "http://", 7) == 0 ? text + 7 : "";
	host = authority_host(self->pool, authority, strcspn(authority, "/?#"));
	if (!host || strpbrk(authority, "?#") || !text_is_clean(text)) {
		reader_wanted(self, key, value, "https://HOST, http:// to this machine, or file:PATH");
	} else if (!https && !host_is_loopback(self->pool, host)) {
		err_at(self->err, ERR_CONFIG, value->place, "'%s': %s would send in clear text over the network", key,
		       text);
		err_hint(self->err, "use https://; http:// goes only to localhost, 127.0.0.0/8 and [::1]");
	} else {
		length = strlen(text);
		while (text[length - 1] == '/')
			length--;
		*(const char **)field = pool_strndup(self->pool, text, length);
	}
}

/* ---- Properties ---- */

struct property {
	struct telemetry_property read;
	const char *service; /* {version: S} */
	const char *value;
};

/* The value is kept as it is, the empty text too. */
static void read_value(struct reader *self, const char *key, const struct node *value, void *field)
{
	const char *text = reader_scalar(self, key, value, "text");

	if (text && reader_can_be_sent(self, key, value, text))
		*(const char **)field = pool_strdup(self->pool, text);
}

static void read_version_of(struct reader *self, const char *key, const struct node *value, void *field)
{
	const char *name = reader_scalar(self, key, value, "a service");

	if (!name)
		return;
	*(const char **)field = pool_strdup(self->pool, name);
	if (!node_find(self->services, name) && !node_find(self->load->inactive, name))
		err_at(self->err, ERR_CONFIG, value->place, "'version' names unknown service '%s'%s", name,
		       reader_nearest(self, name, reader_keys(self, self->services)));
}

static const struct key property_keys[] = {
	{"version", read_version_of, offsetof(struct property, service), 0},
	{"value", read_value, offsetof(struct property, value), 0},
	{"exec", read_argv, offsetof(struct property, read.argv), 0},
	{"pattern", read_pattern, offsetof(struct property, read.pattern), 0},
};
const struct key_table table_property = {"a property", "property", property_keys,
					 sizeof(property_keys) / sizeof(*property_keys), false};

bool property_name_is_valid(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_$";

	return *name && strchr(letters, *name) &&
	       name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_$0123456789.-")] == '\0' &&
	       strlen(name) <= 200;
}

/* These keep events anonymous and attributed to us: no stack file changes them. */
static bool property_is_protected(const char *name)
{
	static const char *const names[] = {"$ip",         "$geoip_disable", "$process_person_profile",
					    "$lib",        "$lib_version",   "$set",
					    "$set_once",   "$unset",         "$groups",
					    "distinct_id", "token"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (strcmp(names[i], name) == 0)
			return true;
	}
	return false;
}

bool property_is_ours(const char *name)
{
	static const char *const names[] = {"app_version", "launcher_version", "platform", "platform_version", "arch",
					    "is_ci",       "session_id"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (strcmp(names[i], name) == 0)
			return true;
	}
	return *name == '$' || property_is_protected(name);
}

static void read_source_map(struct reader *self, const struct node_pair *pair, struct telemetry_property *property)
{
	struct property parts = {.read = *property};
	int said;

	reader_map(self, pair->key, pair->value, &table_property, &parts);
	said = !!node_find(pair->value, "version") + !!node_find(pair->value, "value") +
	       !!node_find(pair->value, "exec");
	if (said != 1) {
		err_at(self->err, ERR_CONFIG, pair->value->place,
		       "property '%s': wanted one of {version: SERVICE}, {value: TEXT} and {exec: [...], pattern: "
		       "REGEX}",
		       pair->key);
		return;
	}
	if (node_find(pair->value, "pattern") && !node_find(pair->value, "exec"))
		err_at(self->err, ERR_CONFIG, node_find(pair->value, "pattern")->place,
		       "property '%s': 'pattern' goes with 'exec' only", pair->key);
	if (node_find(pair->value, "exec") && !node_find(pair->value, "pattern"))
		err_at(self->err, ERR_CONFIG, pair->value->place,
		       "property '%s': 'exec' wants a 'pattern' that its output must match", pair->key);
	parts.read.source = node_find(pair->value, "exec")      ? SOURCE_EXEC
			    : node_find(pair->value, "version") ? SOURCE_VERSION
								: SOURCE_VALUE;
	parts.read.text = parts.service ? parts.service : parts.value;
	if (parts.read.source == SOURCE_VALUE && !parts.read.text)
		parts.read.text = "";
	*property = parts.read;
}

static void read_source(struct reader *self, const struct node_pair *pair, struct telemetry_property *property)
{
	int index;

	if (pair->value->kind == NODE_MAP) {
		read_source_map(self, pair, property);
		return;
	}
	index = reader_word(self, pair->key, pair->value, "source", source_names);
	if (index < 0)
		return;
	property->source = (enum telemetry_source)index;
	if (property->source == SOURCE_VERSION || property->source == SOURCE_VALUE || property->source == SOURCE_EXEC)
		err_at(self->err, ERR_CONFIG, pair->value->place, "property '%s': write {%s: ...}", pair->key,
		       source_names[index]);
}

/* Nothing as a source takes a default property out of the start's events. What every event carries is no default of theirs. */
static const char *read_without(struct reader *self, const struct node_pair *pair)
{
	static const char *const names[] = {"memory_usage", "cpu_usage", "services", "time", NULL};
	static const char version[] = "-version";
	size_t length = strlen(pair->key), i = 0;

	while (names[i] && strcmp(names[i], pair->key) != 0)
		i++;
	if (!names[i] && !(length > strlen(version) && strcmp(pair->key + length - strlen(version), version) == 0)) {
		err_at(self->err, ERR_CONFIG, pair->key_place,
		       "property '%s' has no source, and is no default one that could be taken out%s", pair->key,
		       reader_nearest(self, pair->key, names));
		err_hint(self->err, "those are memory_usage, cpu_usage, services, time and SERVICE-version");
	}
	return pool_strdup(self->pool, pair->key);
}

static void check_property_name(struct reader *self, const struct node_pair *pair)
{
	if (!property_name_is_valid(pair->key))
		err_at(self->err, ERR_CONFIG, pair->key_place,
		       "'%s' is no name of a property: wanted letters, digits, '_', '$', '.' and '-', a letter first",
		       pair->key);
	else if (property_is_protected(pair->key))
		err_at(self->err, ERR_CONFIG, pair->key_place,
		       "property '%s' keeps events anonymous and cannot be declared", pair->key);
}

/* `without` NULL: a property without a source is an error. */
static void read_properties(struct reader *self, const char *key, const struct node *value,
			    const struct telemetry_property **properties, size_t *count, const char **without)
{
	struct telemetry_property *list;
	size_t used = 0;

	if (value->kind != NODE_MAP) {
		reader_wanted(self, key, value, "a map of properties");
		return;
	}
	if (!reader_is_within(self, key, value, TELEMETRY_PROPERTIES_MAX, "properties"))
		return;
	list = pool_array(self->pool, value->count, sizeof(*list));
	for (size_t i = 0; i < value->count; i++) {
		const struct node_pair *pair = &value->pairs[i];

		if (without && pair->value->kind == NODE_NULL) {
			*without++ = read_without(self, pair);
			continue;
		}
		check_property_name(self, pair);
		list[used].name = pool_strdup(self->pool, pair->key);
		read_source(self, pair, &list[used++]);
	}
	*properties = list;
	*count = used;
}

static void read_server_start(struct reader *self, const char *key, const struct node *value, void *field)
{
	struct telemetry_decl *decl = field;

	const char **without = pool_array(self->pool, value->count + 1, sizeof(*without));

	read_properties(self, key, value, &decl->server_start, &decl->server_start_count, without);
	decl->server_start_without = without;
}

static void read_common(struct reader *self, const char *key, const struct node *value, void *field)
{
	struct telemetry_decl *decl = field;

	read_properties(self, key, value, &decl->common, &decl->common_count, NULL);
}

/* ---- env ---- */

struct env_check {
	struct reader *reader;
	struct err_place place;
	const char *relay, *ids; /* what they are taken to be */
};

static const char *env_find(void *context, const char *name)
{
	struct env_check *self = context;

	if (strcmp(name, "relay") != 0 && strcmp(name, "distinct_id") != 0 && strcmp(name, "session_id") != 0) {
		err_at(self->reader->err, ERR_CONFIG, self->place,
		       "${%s}: in 'telemetry.env' there are only ${relay}, ${distinct_id} and ${session_id}", name);
		err_hint(self->reader->err, "for a dollar sign write $$");
	}
	return strcmp(name, "relay") == 0 ? self->relay : self->ids;
}

/* Whatever will be there when it is filled: there may be no relay, or nothing at all. */
static void check_env_text(struct env_check *self, const struct node *value)
{
	static const char *const cases[][2] = {{"", ""}, {"", "x"}, {"x", "x"}};
	struct interpolate_source source = {env_find, NULL, self, NULL};
	struct err *err = self->reader->err;
	const size_t before = err->count + err->dropped;

	self->place = value->place;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases) && err->count + err->dropped == before; i++) {
		char *filled = NULL;

		self->relay = cases[i][0];
		self->ids = cases[i][1];
		interpolate_text(value->text, value->place, &source, &filled, err);
		free(filled);
	}
}

static void read_env_side(struct reader *self, const char *key, const struct node *value, void *field)
{
	struct env_check check = {.reader = self};

	read_text_map(self, key, value, field);
	for (size_t i = 0; value->kind == NODE_MAP && i < value->count; i++) {
		const struct node_pair *pair = &value->pairs[i];

		if (!*pair->key || strchr(pair->key, '='))
			err_at(self->err, ERR_CONFIG, pair->key_place, "'%s' is no name of a variable", pair->key);
		if (pair->value->kind == NODE_SCALAR)
			check_env_text(&check, pair->value);
	}
}

static const struct key telemetry_env_keys[] = {
	{"on", read_env_side, IN_DECL(env_on), 0},
	{"off", read_env_side, IN_DECL(env_off), 0},
};
const struct key_table table_telemetry_env = {"env", "telemetry_env", telemetry_env_keys,
					      sizeof(telemetry_env_keys) / sizeof(*telemetry_env_keys), false};

static void read_env(struct reader *self, const char *key, const struct node *value, void *field)
{
	reader_map(self, key, value, &table_telemetry_env, field);
}

/* ---- The block ---- */

static void read_identity(struct reader *self, const char *key, const struct node *value, void *field)
{
	static const char *const names[] = {[IDENTITY_RUN] = "run", [IDENTITY_INSTALL] = "install", NULL};
	int index = reader_word(self, key, value, "identity", names);

	if (index >= 0)
		*(enum telemetry_identity *)field = (enum telemetry_identity)index;
}

static const struct key telemetry_keys[] = {
	{"enabled", read_bool, IN_DECL(enabled), 0},
	{"notice", read_count, IN_DECL(notice), 0},
	{"controller", read_any_text, IN_DECL(controller), 0},
	{"policy", read_url, IN_DECL(policy), 0},
	{"purpose", read_any_text, IN_DECL(purpose), 0},
	{"region", read_any_text, IN_DECL(region), 0},
	{"retention", read_any_text, IN_DECL(retention), 0},
	{"host", read_host, IN_DECL(host), 0},
	{"key", read_any_text, IN_DECL(key), 0},
	{"identity", read_identity, IN_DECL(identity), 0},
	{"server_start", read_server_start, 0, 0},
	{"common", read_common, 0, 0},
	{"services", read_events, 0, 0},
	{"routes", read_routes, 0, 0},
	{"origins", read_origins, 0, 0},
	{"commands", read_commands, 0, 0},
	{"env", read_env, 0, 0},
	{"on_withdraw", read_withdraw, IN_DECL(on_withdraw), 0},
};
const struct key_table table_telemetry = {"telemetry", "telemetry", telemetry_keys,
					  sizeof(telemetry_keys) / sizeof(*telemetry_keys), false};

void read_telemetry(struct reader *self, const char *key, const struct node *value, void *field)
{
	struct telemetry_decl *decl = pool_alloc(self->pool, sizeof(*decl));
	const struct node *host = node_find(value, "host");

	(void)field;
	decl->enabled = true;
	decl->place = value->place;
	strmap_init(&decl->env_on);
	strmap_init(&decl->env_off);
	self->stack->telemetry = decl;
	reader_map(self, key, value, &table_telemetry, decl);
	check_events_and_common(self, decl);
	if (self->load->warnings && decl->enabled && host && !decl->key)
		err_at(self->load->warnings, ERR_CONFIG, host->place,
		       "telemetry has a 'host' and no 'key': nothing is asked or sent");
}
