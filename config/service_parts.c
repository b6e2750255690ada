/* SPDX-License-Identifier: MIT */
#include "config/pool.h"
#include "config/reader.h"
#include "config/signal_name.h"
#include "config/stack.h"
#include "config/stack_load.h"

#include <arpa/inet.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define PORT_MAX 65535
#define ENUM_TEXT(name, text) text,

void read_signal(struct reader *self, const char *key, const struct node *value, void *field)
{
	const char *text = reader_scalar(self, key, value, "a signal such as SIGTERM");
	char name[16];

	if (!text || signal_parse(text, field))
		return;
	if (signal_nearest(text, name))
		err_at(self->err, ERR_CONFIG, value->place, "unknown signal '%s' (did you mean '%s'?)", text, name);
	else
		err_at(self->err, ERR_CONFIG, value->place, "unknown signal '%s': wanted a name such as SIGTERM", text);
}

static const struct key withdraw_keys[] = {
	{"signal", read_signal, offsetof(struct withdraw_notice, signal), 0},
	{"exec", read_argv, offsetof(struct withdraw_notice, argv), 0},
};
const struct key_table table_withdraw = {"on_withdraw", "withdraw", withdraw_keys,
					 sizeof(withdraw_keys) / sizeof(*withdraw_keys), false};

void read_withdraw(struct reader *self, const char *key, const struct node *value, void *field)
{
	struct withdraw_notice *notice = field;

	reader_map(self, key, value, &table_withdraw, notice);
	if (value->kind != NODE_MAP && value->kind != NODE_NULL)
		err_hint(self->err, "say {signal: SIGUSR1}, or {exec: [PROGRAM, ARGUMENT]}");
	if (value->kind != NODE_MAP)
		return;
	if (!node_find(value, "signal") == !node_find(value, "exec"))
		err_at(self->err, ERR_CONFIG, value->place,
		       "'on_withdraw': wanted either {signal: NAME} or {exec: [...]}");
	if (notice->signal == SIGKILL || notice->signal == SIGSTOP)
		err_at(self->err, ERR_CONFIG, node_find(value, "signal")->place,
		       "'on_withdraw': no service hears %s: wanted a signal that it can handle",
		       node_find(value, "signal")->text);
}

void read_withdraw_of_service(struct reader *self, const char *key, const struct node *value, void *field)
{
	struct withdraw_notice *notice = pool_alloc(self->pool, sizeof(*notice));

	read_withdraw(self, key, value, notice);
	*(const struct withdraw_notice **)field = notice;
}

void read_restart(struct reader *self, const char *key, const struct node *value, void *field)
{
	static const char limited[] = "on-failure:";
	static const char *const names[] = {RESTART_POLICIES(ENUM_TEXT) NULL};
	struct restart_policy *restart = field;
	bool said;
	int index;

	restart->limit = 0;
	/* YAML 1.1 reads a plain `no` as false, and many tools write it so. */
	if (node_is_bool(value, &said) && !said) {
		restart->when = RESTART_NO;
		return;
	}
	if (value->kind == NODE_SCALAR && strncmp(value->text, limited, sizeof(limited) - 1) == 0) {
		const char *digits = value->text + sizeof(limited) - 1;
		size_t length = strspn(digits, "0123456789");

		if (length == 0 || length > 6 || digits[length])
			err_at(self->err, ERR_CONFIG, value->place,
			       "restart policy '%s': wanted on-failure:N with a number of attempts", value->text);
		else
			restart->limit = atoi(digits);
		restart->when = RESTART_ON_FAILURE;
		return;
	}
	index = reader_word(self, key, value, "restart policy", names);
	if (index >= 0)
		restart->when = (enum restart_when)index;
}

/* ---- depends_on ---- */

static void read_condition(struct reader *self, const char *key, const struct node *value, void *field)
{
	static const char *const names[] = {DEPEND_CONDITIONS(ENUM_TEXT) NULL};
	int index = reader_word(self, key, value, "condition", names);

	if (index >= 0)
		((struct dependency *)field)->condition = (enum depend_condition)index;
}

static const struct key dependency_keys[] = {
	{"condition", read_condition, 0, 0},
	{"required", read_bool, offsetof(struct dependency, required), 0},
	{"restart", read_bool, offsetof(struct dependency, restart), 0},
};
const struct key_table table_dependency = {"depends_on", "dependency", dependency_keys,
					   sizeof(dependency_keys) / sizeof(*dependency_keys), true};

static const char *profiles_of(struct reader *self, const struct node *service)
{
	const struct node *profiles = node_find(service, "profiles");
	const char *list = "";

	for (size_t i = 0; profiles && profiles->kind == NODE_LIST && i < profiles->count; i++) {
		if (profiles->items[i]->kind == NODE_SCALAR)
			list = pool_printf(self->pool, "%s%s%s", list, i ? ", " : "", profiles->items[i]->text);
	}
	return list;
}

static void resolve_dependency(struct reader *self, const struct service *service, struct dependency *dependency)
{
	const struct node_pair *found = node_find_pair(self->services, dependency->service);
	const struct node *inactive = node_find(self->load->inactive, dependency->service);

	dependency->index = found ? (size_t)(found - self->services->pairs) : SIZE_MAX;
	if (strcmp(service->name, dependency->service) == 0) {
		err_at(self->err, ERR_CONFIG, dependency->place, "%s depends on itself", self->where);
	} else if (!found && inactive && dependency->required) {
		err_at(self->err, ERR_CONFIG, dependency->place, "%s depends on '%s', which only comes with profile %s",
		       self->where, dependency->service, profiles_of(self, inactive));
		err_hint(self->err, "add --profile, or say 'required: false' in depends_on");
	} else if (!found && dependency->required) {
		err_at(self->err, ERR_CONFIG, dependency->place, "%s depends on unknown service '%s'%s", self->where,
		       dependency->service,
		       reader_nearest(self, dependency->service, reader_keys(self, self->services)));
	}
}

void read_depends_on(struct reader *self, const char *key, const struct node *value, void *field)
{
	struct service *service = field;
	struct dependency *list;
	bool active = self->services && node_find(self->services, service->name);

	if (value->kind != NODE_MAP) {
		reader_wanted(self, key, value, "a list of services, or a map of them");
		return;
	}
	list = pool_array(self->pool, value->count, sizeof(*list));
	for (size_t i = 0; i < value->count; i++) {
		const struct node_pair *pair = &value->pairs[i];
		struct dependency *dependency = &list[i];

		*dependency = (struct dependency){
			pool_strdup(self->pool, pair->key), SIZE_MAX, DEPEND_STARTED, true, false, pair->key_place};
		reader_map(self, pair->key, pair->value, &table_dependency, dependency);
		if (active)
			resolve_dependency(self, service, dependency);
	}
	service->depends_on = list;
	service->depends_on_count = value->count;
}

/* ---- ports ---- */

static void read_port_number(struct reader *self, const char *key, const struct node *value, void *field)
{
	int64_t number;

	if (reader_int(self, key, value, 1, PORT_MAX, &number))
		*(int *)field = (int)number;
}

/* "8080" or, to choose from, "8080-8090". */
static void read_published(struct reader *self, const char *key, const struct node *value, void *field)
{
	struct service_port *port = field;
	const char *text = reader_scalar(self, key, value, "a port");
	struct node part = *value;
	const char *dash;
	int64_t number;

	if (!text || !*text)
		return;
	dash = strchr(text, '-');
	part.text = dash ? pool_strndup(self->pool, text, (size_t)(dash - text)) : text;
	if (!reader_int(self, key, &part, 1, PORT_MAX, &number))
		return;
	port->published = port->published_end = (int)number;
	if (!dash)
		return;
	part.text = dash + 1;
	if (!reader_int(self, key, &part, 1, PORT_MAX, &number))
		return;
	if (number < port->published)
		err_at(self->err, ERR_CONFIG, value->place, "%s: the port range '%s' ends before it begins",
		       self->where, text);
	else
		port->published_end = (int)number;
}

static void read_host_ip(struct reader *self, const char *key, const struct node *value, void *field)
{
	unsigned char address[sizeof(struct in6_addr)];
	const char *text = reader_scalar(self, key, value, "an IP address");

	if (!text || !*text)
		return;
	if (inet_pton(AF_INET, text, address) != 1 && inet_pton(AF_INET6, text, address) != 1)
		reader_wanted(self, key, value, "an IP address");
	else
		*(const char **)field = pool_strdup(self->pool, text);
}

static void read_protocol(struct reader *self, const char *key, const struct node *value, void *field)
{
	static const char *const names[] = {"tcp", "udp", NULL};
	int index = reader_word(self, key, value, "protocol", names);

	if (index >= 0)
		*(const char **)field = names[index];
}

static const struct key port_keys[] = {
	{"name", NULL, 0, 0},
	{"mode", NULL, 0, 0},
	{"host_ip", read_host_ip, offsetof(struct service_port, host), 0},
	{"target", read_port_number, offsetof(struct service_port, target), 0},
	{"published", read_published, 0, 0},
	{"protocol", read_protocol, offsetof(struct service_port, protocol), 0},
	{"app_protocol", NULL, 0, 0},
};
const struct key_table table_port = {"ports", "port", port_keys, sizeof(port_keys) / sizeof(*port_keys), true};

void read_ports(struct reader *self, const char *key, const struct node *value, void *field)
{
	struct service *service = field;
	struct service_port *ports;

	if (value->kind != NODE_LIST) {
		reader_wanted(self, key, value, "a list of ports");
		return;
	}
	ports = pool_array(self->pool, value->count, sizeof(*ports));
	for (size_t i = 0; i < value->count; i++) {
		const struct node *item = value->items[i];

		ports[i].protocol = "tcp";
		ports[i].place = item->place;
		reader_map(self, key, item, &table_port, &ports[i]);
		if (item->kind == NODE_MAP && !node_find(item, "target"))
			err_at(self->err, ERR_CONFIG, item->place, "%s: this port has no 'target'", self->where);
	}
	service->ports = ports;
	service->port_count = value->count;
}

/* ---- ulimits ---- */

static const struct {
	const char *name;
	int resource;
} limits[] = {
	{"as", RLIMIT_AS},           {"core", RLIMIT_CORE},         {"cpu", RLIMIT_CPU},
	{"data", RLIMIT_DATA},       {"fsize", RLIMIT_FSIZE},       {"locks", RLIMIT_LOCKS},
	{"memlock", RLIMIT_MEMLOCK}, {"msgqueue", RLIMIT_MSGQUEUE}, {"nice", RLIMIT_NICE},
	{"nofile", RLIMIT_NOFILE},   {"nproc", RLIMIT_NPROC},       {"rss", RLIMIT_RSS},
	{"rtprio", RLIMIT_RTPRIO},   {"rttime", RLIMIT_RTTIME},     {"sigpending", RLIMIT_SIGPENDING},
	{"stack", RLIMIT_STACK},
};
#define LIMIT_COUNT (sizeof(limits) / sizeof(*limits))

static void read_limit(struct reader *self, const char *key, const struct node *value, void *field)
{
	int64_t number;

	if (reader_int(self, key, value, -1, INT64_MAX, &number))
		*(int64_t *)field = number;
}

static const struct key ulimit_keys[] = {
	{"soft", read_limit, offsetof(struct service_ulimit, soft), 0},
	{"hard", read_limit, offsetof(struct service_ulimit, hard), 0},
};
const struct key_table table_ulimit = {"ulimits", "ulimit", ulimit_keys, sizeof(ulimit_keys) / sizeof(*ulimit_keys),
				       true};

static void read_one_limit(struct reader *self, const struct node_pair *pair, struct service_ulimit *limit)
{
	if (pair->value->kind == NODE_SCALAR) {
		read_limit(self, pair->key, pair->value, &limit->soft);
		limit->hard = limit->soft;
		return;
	}
	reader_map(self, pair->key, pair->value, &table_ulimit, limit);
	if (pair->value->kind == NODE_MAP && (!node_find(pair->value, "soft") || !node_find(pair->value, "hard")))
		err_at(self->err, ERR_CONFIG, pair->value->place,
		       "%s: ulimit '%s': wanted a number, or both 'soft' and 'hard'", self->where, pair->key);
	else if (limit->hard != -1 && (limit->soft == -1 || limit->soft > limit->hard))
		err_at(self->err, ERR_CONFIG, pair->value->place, "%s: ulimit '%s': 'soft' is above 'hard'",
		       self->where, pair->key);
}

void read_ulimits(struct reader *self, const char *key, const struct node *value, void *field)
{
	struct service *service = field;
	struct service_ulimit *list;
	const char *names[LIMIT_COUNT + 1] = {NULL};

	if (value->kind != NODE_MAP) {
		reader_wanted(self, key, value, "a map of limits");
		return;
	}
	for (size_t i = 0; i < LIMIT_COUNT; i++)
		names[i] = limits[i].name;
	list = pool_array(self->pool, value->count, sizeof(*list));
	for (size_t i = 0; i < value->count; i++) {
		const struct node_pair *pair = &value->pairs[i];
		size_t which = 0;

		while (which < LIMIT_COUNT && strcmp(limits[which].name, pair->key) != 0)
			which++;
		if (which == LIMIT_COUNT) {
			err_at(self->err, ERR_CONFIG, pair->key_place, "%s: unknown ulimit '%s'%s", self->where,
			       pair->key, reader_nearest(self, pair->key, names));
			continue;
		}
		list[service->ulimit_count].resource = limits[which].resource;
		read_one_limit(self, pair, &list[service->ulimit_count]);
		service->ulimit_count++;
	}
	service->ulimits = list;
}
