/* SPDX-License-Identifier: MIT */
#include "config/duration.h"
#include "config/pool.h"
#include "config/reader.h"
#include "config/stack.h"
#include "config/stack_load.h"

#include <limits.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>

#define REPLICAS_MAX 1000
#define STOP_GRACE_MS 10000
#define BACKOFF_INITIAL_MS 100
#define BACKOFF_MAX_MS 30000
#define BACKOFF_RESET_MS 60000
#define LOG_SIZE_BYTES ((int64_t)10 << 20)
#define LOG_FILES 5
#define LOG_FILES_MAX 1000

/* What several keys of one service say together, put together once all are read. */
struct service_parts {
	struct service service;
	const char *const *command;
	const char *command_text; /* x-upfront.shell: not split */
	const char *const *entrypoint;
	const char *const *profiles; /* read here only to check them */
	int scale, replicas; /* -1: not said */
	bool shell;
	bool command_unread; /* an error has been reported */
	const struct node *node;
};

#define IN_PARTS(member) offsetof(struct service_parts, member)
#define IN_SERVICE(member) offsetof(struct service_parts, service.member)

/* ---- x-upfront.version ---- */

static const struct key version_keys[] = {
	{"exec", read_argv, offsetof(struct version_source, argv), 0},
	{"pattern", read_pattern, offsetof(struct version_source, pattern), 0},
};
const struct key_table table_version = {"version", "version", version_keys,
					sizeof(version_keys) / sizeof(*version_keys), false};

static void read_version(struct reader *self, const char *key, const struct node *value, void *field)
{
	struct version_source *version = field;

	*version = (struct version_source){NULL, NULL, NULL};
	if (value->kind != NODE_MAP) {
		read_sent_text(self, key, value, &version->text);
		return;
	}
	reader_map(self, key, value, &table_version, version);
	if (!version->argv && !node_find(value, "exec"))
		err_at(self->err, ERR_CONFIG, value->place,
		       "%s: 'version': wanted text or {exec: [...], pattern: REGEX}", self->where);
}

/* The tag of an image reference: what stands behind the last colon of its last part, without a digest. */
static const char *image_tag(struct pool *pool, const char *image)
{
	const char *digest = strchr(image, '@');
	const char *name = pool_strndup(pool, image, digest ? (size_t)(digest - image) : strlen(image));
	const char *slash = strrchr(name, '/');
	const char *colon = strrchr(slash ? slash : name, ':');

	return colon && colon[1] ? colon + 1 : NULL;
}

static void read_image_version(struct reader *self, const struct node *image, struct service *service)
{
	const char *tag = image_tag(self->pool, service->image);

	if (tag && reader_can_be_sent(self, "image", image, tag))
		service->version.text = tag;
}

/* ---- x-upfront ---- */

static const struct key backoff_keys[] = {
	{"initial", read_duration, offsetof(struct restart_policy, backoff_initial_ms), 0},
	{"max", read_duration, offsetof(struct restart_policy, backoff_max_ms), 0},
	{"reset", read_duration, offsetof(struct restart_policy, backoff_reset_ms), 0},
};
const struct key_table table_backoff = {"backoff", "backoff", backoff_keys,
					sizeof(backoff_keys) / sizeof(*backoff_keys), false};

static void read_backoff(struct reader *self, const char *key, const struct node *value, void *field)
{
	struct restart_policy *restart = field;

	reader_map(self, key, value, &table_backoff, restart);
	if (restart->backoff_initial_ms > restart->backoff_max_ms)
		err_at(self->err, ERR_CONFIG, value->place, "%s: 'backoff': 'initial' is longer than 'max'",
		       self->where);
}

static void read_log_files(struct reader *self, const char *key, const struct node *value, void *field)
{
	int64_t number;

	if (reader_int(self, key, value, 1, LOG_FILES_MAX, &number))
		*(int *)field = (int)number;
}

static void read_log_size(struct reader *self, const char *key, const struct node *value, void *field)
{
	int64_t size_bytes = 1;

	read_size(self, key, value, &size_bytes);
	if (size_bytes <= 0)
		reader_wanted(self, key, value, "a size above zero");
	else
		*(int64_t *)field = size_bytes;
}

static const struct key log_keys[] = {
	{"max_size", read_log_size, offsetof(struct service, log_max_size_bytes), 0},
	{"max_files", read_log_files, offsetof(struct service, log_max_files), 0},
};
const struct key_table table_log = {"log", "log", log_keys, sizeof(log_keys) / sizeof(*log_keys), false};

static void read_log(struct reader *self, const char *key, const struct node *value, void *field)
{
	reader_map(self, key, value, &table_log, field);
}

static const struct key service_upfront_keys[] = {
	{"version", read_version, IN_SERVICE(version), 0},
	{"ready", read_ready, IN_SERVICE(ready), 0},
	{"open", read_url, IN_SERVICE(open), 0},
	{"backoff", read_backoff, IN_SERVICE(restart), 0},
	{"restart_on_unhealthy", read_bool, IN_SERVICE(restart.on_unhealthy), 0},
	{"log", read_log, 0, 0},
	{"shell", read_bool, IN_PARTS(shell), 0},
	{"on_withdraw", read_withdraw_of_service, IN_SERVICE(on_withdraw), 0},
};
const struct key_table table_service_upfront = {"x-upfront of a service", "service_upfront", service_upfront_keys,
						sizeof(service_upfront_keys) / sizeof(*service_upfront_keys), false};

static void read_service_upfront(struct reader *self, const char *key, const struct node *value, void *field)
{
	reader_map(self, key, value, &table_service_upfront, field);
}

/* ---- Compose's keys ---- */

static void read_command(struct reader *self, const char *key, const struct node *value, void *field)
{
	struct service_parts *parts = field;

	if (value->kind == NODE_SCALAR) {
		parts->command_text = pool_strdup(self->pool, value->text);
		return;
	}
	read_argv_any(self, key, value, &parts->command);
	parts->command_unread = parts->command_unread || !parts->command;
}

static void read_entrypoint(struct reader *self, const char *key, const struct node *value, void *field)
{
	struct service_parts *parts = field;

	read_argv_any(self, key, value, &parts->entrypoint);
	parts->command_unread = parts->command_unread || !parts->entrypoint;
}

static void read_replicas(struct reader *self, const char *key, const struct node *value, void *field)
{
	int64_t number;

	if (reader_int(self, key, value, 0, REPLICAS_MAX, &number))
		*(int *)field = (int)number;
}

static const struct key deploy_keys[] = {
	{"replicas", read_replicas, IN_PARTS(replicas), 0},
	{"endpoint_mode", NULL, 0, KEY_CONTAINER},
	{"labels", NULL, 0, KEY_CONTAINER},
	{"mode", NULL, 0, KEY_CONTAINER},
	{"placement", NULL, 0, KEY_CONTAINER},
	{"resources", NULL, 0, KEY_CONTAINER},
	{"restart_policy", NULL, 0, KEY_CONTAINER},
	{"rollback_config", NULL, 0, KEY_CONTAINER},
	{"update_config", NULL, 0, KEY_CONTAINER},
};
const struct key_table table_deploy = {"deploy", "deploy", deploy_keys, sizeof(deploy_keys) / sizeof(*deploy_keys),
				       true};

static void read_deploy(struct reader *self, const char *key, const struct node *value, void *field)
{
	reader_map(self, key, value, &table_deploy, field);
}

/* All keys the Compose Specification knows for a service; environment and env_file are read once their order is known. */
static const struct key service_keys[] = {
	{"annotations", NULL, 0, KEY_CONTAINER},
	{"attach", NULL, 0, KEY_CONTAINER},
	{"blkio_config", NULL, 0, KEY_CONTAINER},
	{"build", check_build, 0, 0},
	{"cap_add", NULL, 0, KEY_CONTAINER},
	{"cap_drop", NULL, 0, KEY_CONTAINER},
	{"cgroup", NULL, 0, KEY_CONTAINER},
	{"cgroup_parent", NULL, 0, KEY_CONTAINER},
	{"command", read_command, 0, 0},
	{"configs", NULL, 0, KEY_CONTAINER},
	{"container_name", NULL, 0, KEY_CONTAINER},
	{"cpu_count", NULL, 0, KEY_CONTAINER},
	{"cpu_percent", NULL, 0, KEY_CONTAINER},
	{"cpu_period", NULL, 0, KEY_CONTAINER},
	{"cpu_quota", NULL, 0, KEY_CONTAINER},
	{"cpu_rt_period", NULL, 0, KEY_CONTAINER},
	{"cpu_rt_runtime", NULL, 0, KEY_CONTAINER},
	{"cpu_shares", NULL, 0, KEY_CONTAINER},
	{"cpus", NULL, 0, KEY_CONTAINER},
	{"cpuset", NULL, 0, KEY_CONTAINER},
	{"credential_spec", NULL, 0, KEY_CONTAINER},
	{"depends_on", read_depends_on, IN_PARTS(service), 0},
	{"deploy", read_deploy, 0, 0},
	{"develop", NULL, 0, KEY_CONTAINER},
	{"device_cgroup_rules", NULL, 0, KEY_CONTAINER},
	{"devices", NULL, 0, KEY_CONTAINER},
	{"dns", NULL, 0, KEY_CONTAINER},
	{"dns_opt", NULL, 0, KEY_CONTAINER},
	{"dns_search", NULL, 0, KEY_CONTAINER},
	{"domainname", NULL, 0, KEY_CONTAINER},
	{"entrypoint", read_entrypoint, IN_PARTS(service), 0},
	{"env_file", NULL, 0, 0},
	{"environment", NULL, 0, 0},
	{"expose", NULL, 0, KEY_CONTAINER},
	{"extends", NULL, 0, 0},
	{"external_links", NULL, 0, KEY_CONTAINER},
	{"extra_hosts", NULL, 0, KEY_CONTAINER},
	{"gpus", NULL, 0, KEY_CONTAINER},
	{"group_add", NULL, 0, KEY_CONTAINER},
	{"healthcheck", read_healthcheck, IN_SERVICE(healthcheck), 0},
	{"hostname", NULL, 0, KEY_CONTAINER},
	{"image", read_text, IN_SERVICE(image), 0},
	{"init", read_bool, IN_SERVICE(init), 0},
	{"ipc", NULL, 0, KEY_CONTAINER},
	{"isolation", NULL, 0, KEY_CONTAINER},
	{"label_file", NULL, 0, KEY_CONTAINER},
	{"labels", read_text_map, IN_SERVICE(labels), 0},
	{"links", NULL, 0, KEY_CONTAINER},
	{"logging", NULL, 0, KEY_CONTAINER},
	{"mac_address", NULL, 0, KEY_CONTAINER},
	{"mem_limit", NULL, 0, KEY_CONTAINER},
	{"mem_reservation", NULL, 0, KEY_CONTAINER},
	{"mem_swappiness", NULL, 0, KEY_CONTAINER},
	{"memswap_limit", NULL, 0, KEY_CONTAINER},
	{"models", NULL, 0, KEY_CONTAINER},
	{"network_mode", NULL, 0, KEY_CONTAINER},
	{"networks", NULL, 0, KEY_CONTAINER},
	{"oom_kill_disable", NULL, 0, KEY_CONTAINER},
	{"oom_score_adj", NULL, 0, KEY_CONTAINER},
	{"pid", NULL, 0, KEY_CONTAINER},
	{"pids_limit", NULL, 0, KEY_CONTAINER},
	{"platform", read_any_text, IN_SERVICE(platform), KEY_CONTAINER},
	{"ports", read_ports, IN_PARTS(service), 0},
	{"post_start", NULL, 0, KEY_CONTAINER},
	{"pre_stop", NULL, 0, KEY_CONTAINER},
	{"privileged", NULL, 0, KEY_CONTAINER},
	{"profiles", read_argv_any, IN_PARTS(profiles), 0},
	{"provider", NULL, 0, KEY_CONTAINER},
	{"pull_policy", read_any_text, IN_SERVICE(pull_policy), KEY_CONTAINER},
	{"pull_refresh_after", NULL, 0, KEY_CONTAINER},
	{"read_only", NULL, 0, KEY_CONTAINER},
	{"restart", read_restart, IN_SERVICE(restart), 0},
	{"runtime", NULL, 0, KEY_CONTAINER},
	{"scale", read_replicas, IN_PARTS(scale), 0},
	{"secrets", NULL, 0, KEY_CONTAINER},
	{"security_opt", NULL, 0, KEY_CONTAINER},
	{"shm_size", NULL, 0, KEY_CONTAINER},
	{"stdin_open", read_bool, IN_SERVICE(stdin_open), 0},
	{"stop_grace_period", read_duration, IN_SERVICE(stop.grace_ms), 0},
	{"stop_signal", read_signal, IN_SERVICE(stop.signal), 0},
	{"storage_opt", NULL, 0, KEY_CONTAINER},
	{"sysctls", NULL, 0, KEY_CONTAINER},
	{"tmpfs", NULL, 0, KEY_CONTAINER},
	{"tty", read_bool, IN_SERVICE(tty), 0},
	{"ulimits", read_ulimits, IN_PARTS(service), 0},
	{"use_api_socket", NULL, 0, KEY_CONTAINER},
	{"user", read_any_text, IN_SERVICE(user), 0},
	{"userns_mode", NULL, 0, KEY_CONTAINER},
	{"uts", NULL, 0, KEY_CONTAINER},
	{"volumes", NULL, 0, KEY_CONTAINER},
	{"volumes_from", NULL, 0, KEY_CONTAINER},
	{"working_dir", read_any_text, IN_SERVICE(working_dir), 0},
	{"x-upfront", read_service_upfront, 0, 0},
};
const struct key_table table_service = {"a service", "service", service_keys,
					sizeof(service_keys) / sizeof(*service_keys), true};

/* ---- Putting it together ---- */

static const char *list_ignored(struct reader *self, const struct node *map, const struct key_table *table,
				const char *prefix, const char *list)
{
	for (size_t i = 0; map && map->kind == NODE_MAP && i < map->count; i++) {
		const struct node_pair *pair = &map->pairs[i];
		const struct key *known = reader_key(table, pair->key);

		if (known && known->flags & KEY_CONTAINER)
			list = pool_printf(self->pool, "%s%s%s%s (line %d)", list, *list ? ", " : "", prefix, pair->key,
					   pair->key_place.line);
	}
	return list;
}

/* One warning for all keys that only a container could honour. */
static void warn_ignored(struct reader *self, const struct node *node)
{
	const char *list;

	if (!self->load->warnings)
		return;
	list = list_ignored(self, node, &table_service, "", "");
	list = list_ignored(self, node_find(node, "deploy"), &table_deploy, "deploy.", list);
	if (*list)
		err_at(self->load->warnings, ERR_CONFIG, node->place,
		       "%s is a process of this machine, where these have no effect: %s", self->where, list);
}

static void join_argv(struct reader *self, struct service_parts *parts)
{
	size_t count = 0;
	const char **argv;

	for (const char *const *word = parts->entrypoint; word && *word; word++)
		count++;
	for (const char *const *word = parts->command; word && *word; word++)
		count++;
	if (!count)
		return;
	argv = pool_array(self->pool, count + 1, sizeof(*argv));
	count = 0;
	for (const char *const *word = parts->entrypoint; word && *word; word++)
		argv[count++] = *word;
	for (const char *const *word = parts->command; word && *word; word++)
		argv[count++] = *word;
	parts->service.argv = argv;
}

static void shell_argv(struct reader *self, struct service_parts *parts)
{
	const struct node *command = node_find(parts->node, "command");
	const char **argv;

	if (node_find(parts->node, "entrypoint")) {
		err_at(self->err, ERR_CONFIG, parts->node->place,
		       "%s: 'x-upfront.shell' and 'entrypoint' exclude each other", self->where);
		return;
	}
	if (!parts->command_text || !*parts->command_text) {
		err_at(self->err, ERR_CONFIG, command ? command->place : parts->node->place,
		       "%s: 'x-upfront.shell' wants 'command' as one text", self->where);
		return;
	}
	argv = pool_array(self->pool, 4, sizeof(*argv));
	argv[0] = "/bin/sh";
	argv[1] = "-c";
	argv[2] = parts->command_text;
	parts->service.argv = argv;
	parts->service.shell = true;
}

/* A key that nobody knows may be a 'command' with a slip in it. */
static bool has_unknown_key(const struct service_parts *parts)
{
	for (size_t i = 0; i < parts->node->count; i++)
		if (!reader_key(&table_service, parts->node->pairs[i].key) &&
		    strncmp(parts->node->pairs[i].key, "x-", 2) != 0)
			return true;
	return false;
}

static void settle_argv(struct reader *self, struct service_parts *parts)
{
	const struct node *command = node_find(parts->node, "command");
	const char *const *argv;

	if (parts->service.kind == SERVICE_CONTAINER) {
		join_argv(self, parts);
		return;
	}
	if (parts->shell) {
		shell_argv(self, parts);
		return;
	}
	join_argv(self, parts);
	argv = parts->service.argv;
	/* A command that could not be read has been spoken of already. */
	if ((argv && **argv) || parts->command_unread || has_unknown_key(parts))
		return;
	err_at(self->err, ERR_CONFIG, command ? command->place : parts->node->place, "%s has no 'command' to run",
	       self->where);
	err_hint(self->err, "a service with 'image' or 'build' runs in a container, any other needs a 'command'");
}

static void settle_replicas(struct reader *self, struct service_parts *parts)
{
	const struct node *scale = node_find(parts->node, "scale");

	if (parts->scale >= 0 && parts->replicas >= 0 && parts->scale != parts->replicas)
		err_at(self->err, ERR_CONFIG, scale->place, "%s: 'scale' says %d and 'deploy.replicas' %d", self->where,
		       parts->scale, parts->replicas);
	parts->service.replicas = parts->scale >= 0 ? parts->scale : parts->replicas >= 0 ? parts->replicas : 1;
}

static void set_defaults(struct service *service)
{
	service->restart.backoff_initial_ms = BACKOFF_INITIAL_MS;
	service->restart.backoff_max_ms = BACKOFF_MAX_MS;
	service->restart.backoff_reset_ms = BACKOFF_RESET_MS;
	service->stop = (struct stop_policy){SIGTERM, STOP_GRACE_MS};
	service->log_max_size_bytes = LOG_SIZE_BYTES;
	service->log_max_files = LOG_FILES;
	strmap_init(&service->environment);
	strmap_init(&service->labels);
}

static bool name_is_valid(const char *name)
{
	size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");

	/* Names become names of files and of containers. */
	return *name && *name != '.' && *name != '-' && name[length] == '\0' && length <= 128;
}

static void read_map(struct reader *self, const struct node_pair *pair, struct service_parts *parts, bool active)
{
	struct service *service = &parts->service;
	bool contained = node_find(pair->value, "image") || node_find(pair->value, "build");

	service->kind = contained ? SERVICE_CONTAINER : SERVICE_NATIVE;
	service->has_build = node_find(pair->value, "build") != NULL;
	self->where = pool_printf(self->pool, "service '%s'", pair->key);
	reader_map(self, pair->key, pair->value, &table_service, parts);
	if (active)
		read_environment(self, pair->value, service);
	settle_argv(self, parts);
	settle_replicas(self, parts);
	if (!service->version.text && !service->version.argv && service->image)
		read_image_version(self, node_find(pair->value, "image"), service);
	if (service->kind == SERVICE_NATIVE && active)
		warn_ignored(self, pair->value);
	if (service->kind == SERVICE_CONTAINER && active)
		check_container(self, pair->value, service);
	self->where = NULL;
}

void read_service(struct reader *self, const struct node_pair *pair, struct service *service, bool active)
{
	struct service_parts parts = {.scale = -1, .replicas = -1, .node = pair->value};

	parts.service.name = pool_strdup(self->pool, pair->key);
	parts.service.place = pair->key_place;
	set_defaults(&parts.service);
	if (!name_is_valid(pair->key))
		err_at(self->err, ERR_CONFIG, pair->key_place,
		       "'%s' is no name of a service: wanted letters, digits, '.', '_' and '-', at most 128",
		       pair->key);
	if (pair->value->kind == NODE_MAP)
		read_map(self, pair, &parts, active);
	else
		reader_wanted(self, pair->key, pair->value, "a service, which is a map");
	*service = parts.service;
}
