/* SPDX-License-Identifier: MIT */
#include "launcher/engine/compose_keys.h"

#include "config/node.h"
#include "config/pool.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define WHERE_BYTES_MAX 128u

/*
 * One map of the file each: where it stands (an asterisk is any name or place), and its keys. In front of a key: '-' version 1 refuses it;
 * '#' a number; '?' a truth value. Maps that are not listed may hold anything; in all of them keys that begin with x- do not count.
 */
static const struct {
	const char *where, *keys;
} shapes[] = {
	{"", "version services networks volumes secrets configs"},
	{"services/*",
	 "blkio_config build cap_add cap_drop cgroup_parent command configs container_name #cpu_count #cpu_percent "
	 "cpu_period cpu_quota cpu_rt_period cpu_rt_runtime cpu_shares cpus cpuset credential_spec depends_on deploy "
	 "device_cgroup_rules devices dns dns_opt dns_search domainname entrypoint env_file environment expose extends "
	 "external_links extra_hosts group_add healthcheck hostname image ?init ipc isolation labels links logging "
	 "mac_address mem_limit mem_reservation #mem_swappiness memswap_limit network_mode networks ?oom_kill_disable "
	 "#oom_score_adj pid pids_limit platform ports ?privileged profiles pull_policy ?read_only restart runtime "
	 "#scale secrets security_opt shm_size ?stdin_open stop_grace_period stop_signal storage_opt sysctls tmpfs "
	 "?tty ulimits user userns_mode volumes volumes_from working_dir -?attach -?use_api_socket"},
	{"services/*/build", "context dockerfile args labels cache_from network target shm_size extra_hosts isolation "
			     "-?no_cache -?pull -?privileged"},
	{"services/*/configs/*", "source target uid gid #mode"},
	{"services/*/secrets/*", "source target uid gid #mode"},
	{"services/*/depends_on/*", "condition -?required -?restart"},
	{"services/*/devices/*", ""},
	{"services/*/env_file/*", ""},
	{"services/*/healthcheck", "?disable interval #retries start_period test timeout"},
	{"services/*/logging", "driver options"},
	{"services/*/networks/*", "aliases ipv4_address ipv6_address link_local_ips #priority"},
	{"services/*/ports/*", "mode #target #published protocol"},
	{"services/*/ulimits", "#*"},
	{"services/*/ulimits/*", "#soft #hard"},
	{"services/*/volumes/*", "type source target ?read_only consistency bind volume tmpfs"},
	{"services/*/volumes/*/bind", "propagation -?create_host_path"},
	{"services/*/volumes/*/volume", "?nocopy"},
	{"services/*/volumes/*/tmpfs", "#size"},
	{"services/*/deploy", "endpoint_mode labels mode placement #replicas resources restart_policy rollback_config "
			      "update_config"},
	{"services/*/deploy/placement", "constraints preferences #max_replicas_per_node"},
	{"services/*/deploy/resources", "limits reservations"},
	{"services/*/deploy/resources/limits", "cpus memory -#pids"},
	{"services/*/deploy/resources/reservations", "cpus memory generic_resources devices"},
	{"services/*/deploy/resources/reservations/devices/*", "capabilities count device_ids driver options"},
	{"services/*/deploy/restart_policy", "condition delay #max_attempts window"},
	{"services/*/deploy/rollback_config", "#parallelism delay failure_action monitor #max_failure_ratio order"},
	{"services/*/deploy/update_config", "#parallelism delay failure_action monitor #max_failure_ratio order"},
	{"networks/*", "name driver driver_opts ipam ?external ?internal ?enable_ipv6 ?attachable labels"},
	{"networks/*/ipam", "driver config options"},
	{"networks/*/ipam/config/*", "subnet ip_range gateway aux_addresses"},
	{"volumes/*", "name driver driver_opts ?external labels"},
	{"secrets/*", "name file ?external labels driver driver_opts template_driver"},
	{"configs/*", "name file ?external labels template_driver"},
};

enum value_type { TYPE_ANY, TYPE_NUMBER, TYPE_TRUTH };

struct known {
	bool to_both; /* versions */
	enum value_type type;
};

static const char *keys_of(const char *where)
{
	for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
		if (strcmp(shapes[i].where, where) == 0)
			return shapes[i].keys;
	return NULL;
}

/* What a list of keys says of one. */
static struct known look_up(const char *keys, const char *key)
{
	size_t length = strlen(key);

	for (const char *at = keys; *at != '\0';) {
		struct known known = {true, TYPE_ANY};
		size_t size;

		for (; *at == '-' || *at == '#' || *at == '?'; at++) {
			known.to_both = known.to_both && *at != '-';
			known.type = *at == '#' ? TYPE_NUMBER : *at == '?' ? TYPE_TRUTH : known.type;
		}
		size = strcspn(at, " ");
		if ((size == length && memcmp(at, key, size) == 0) || (size == 1 && *at == '*'))
			return known;
		at += size + (at[size] == ' ');
	}
	return (struct known){strncmp(key, "x-", 2) == 0, TYPE_ANY};
}

/* Where a value below `where` stands: by its own name, or as any of them. */
static void below(const char *where, const char *key, char *inner)
{
	const char *slash = *where != '\0' ? "/" : "";
	int length = snprintf(inner, WHERE_BYTES_MAX, "%s%s%s", where, slash, key);
	size_t size = length < (int)WHERE_BYTES_MAX ? (size_t)length : 0;

	for (size_t i = 0; size > 0 && i < sizeof shapes / sizeof *shapes; i++)
		if (strncmp(shapes[i].where, inner, size) == 0 &&
		    (shapes[i].where[size] == '\0' || shapes[i].where[size] == '/'))
			return;
	snprintf(inner, WHERE_BYTES_MAX, "%s%s*", where, slash);
}

/* ---- The walk ---- */

struct walk {
	const struct node_pair *unknown; /* the first */
	struct pool *pool; /* NULL: nothing is changed */
	const char *stripped;
	bool type;
};

static void make_plain(struct node *value, enum value_type type)
{
	struct node plain = *value;
	int64_t number;
	bool truth;

	plain.style = NODE_PLAIN;
	if (type == TYPE_TRUTH && node_is_bool(&plain, &truth)) {
		value->text = truth ? "true" : "false";
		value->style = NODE_PLAIN;
	} else if (type == TYPE_NUMBER &&
		   (node_is_int(&plain, &number) ||
		    (*plain.text != '\0' && plain.text[strspn(plain.text, "0123456789.")] == '\0'))) {
		value->style = NODE_PLAIN;
	}
}

static void strip(struct walk *self, struct node *map, const char *key)
{
	const char *at = strstr(self->stripped, key);
	size_t length = strlen(key);

	if (at == NULL || (at != self->stripped && at[-1] != ' ') || (at[length] != '\0' && at[length] != ','))
		self->stripped =
			pool_printf(self->pool, "%s%s%s", self->stripped, *self->stripped != '\0' ? ", " : "", key);
	node_remove(map, key);
}

static void walk_node(struct walk *self, struct node *node, const char *where)
{
	const char *keys = keys_of(where);
	char inner[WHERE_BYTES_MAX];

	for (size_t i = 0; node->kind == NODE_LIST && i < node->count; i++) {
		below(where, "*", inner);
		walk_node(self, node->items[i], inner);
	}
	for (size_t i = 0; node->kind == NODE_MAP && i < node->count;) {
		struct node_pair *pair = &node->pairs[i];
		struct known known = {true, TYPE_ANY};

		if (keys != NULL)
			known = look_up(keys, pair->key);
		if (!known.to_both && self->unknown == NULL)
			self->unknown = pair;
		if (!known.to_both && self->pool != NULL) {
			strip(self, node, pair->key);
			continue;
		}
		if (self->type && pair->value->kind == NODE_SCALAR)
			make_plain(pair->value, known.type);
		if (strncmp(pair->key, "x-", 2) != 0 || keys == NULL) {
			below(where, pair->key, inner);
			walk_node(self, pair->value, inner);
		}
		i++;
	}
}

const struct node_pair *compose_keys_unknown(const struct node *root)
{
	struct walk walk = {.pool = NULL};

	/* Without a pool nothing is changed. */
	walk_node(&walk, (struct node *)(uintptr_t)root, "");
	return walk.unknown;
}

const char *compose_keys_strip(struct pool *pool, struct node *root)
{
	struct walk walk = {.pool = pool, .stripped = ""};

	walk_node(&walk, root, "");
	return walk.stripped;
}

void compose_keys_type(struct node *root)
{
	struct walk walk = {.type = true};

	walk_node(&walk, root, "");
}
