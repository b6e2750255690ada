/* SPDX-License-Identifier: MIT */
/*
 * Parts of a Compose file that upfront hands on without reading them: networks, volumes, configs, secrets and builds. Their keys are
 * checked all the same, so that a slip is found before anything is asked, and with its place.
 */
#include "config/reader.h"

#define KEY(name)                \
	{                        \
		name, NULL, 0, 0 \
	}
#define TABLE(name, keys)                                            \
	{                                                            \
		name, name, keys, sizeof(keys) / sizeof(*keys), true \
	}

static const struct key network_keys[] = {
	KEY("attachable"), KEY("driver"),   KEY("driver_opts"), KEY("enable_ipv4"), KEY("enable_ipv6"),
	KEY("external"),   KEY("internal"), KEY("ipam"),        KEY("labels"),      KEY("name"),
};
static const struct key volume_keys[] = {
	KEY("driver"), KEY("driver_opts"), KEY("external"), KEY("labels"), KEY("name"),
};
static const struct key config_keys[] = {
	KEY("content"), KEY("environment"), KEY("external"),        KEY("file"),
	KEY("labels"),  KEY("name"),        KEY("template_driver"),
};
static const struct key secret_keys[] = {
	KEY("driver"), KEY("driver_opts"), KEY("environment"), KEY("external"),
	KEY("file"),   KEY("labels"),      KEY("name"),        KEY("template_driver"),
};
static const struct key build_keys[] = {
	KEY("additional_contexts"),
	KEY("args"),
	KEY("cache_from"),
	KEY("cache_to"),
	KEY("context"),
	KEY("dockerfile"),
	KEY("dockerfile_inline"),
	KEY("entitlements"),
	KEY("extra_hosts"),
	KEY("isolation"),
	KEY("labels"),
	KEY("network"),
	KEY("no_cache"),
	KEY("no_cache_filter"),
	KEY("platforms"),
	KEY("privileged"),
	KEY("provenance"),
	KEY("pull"),
	KEY("sbom"),
	KEY("secrets"),
	KEY("shm_size"),
	KEY("ssh"),
	KEY("tags"),
	KEY("target"),
	KEY("ulimits"),
};
static const struct key_table table_network = TABLE("networks", network_keys);
static const struct key_table table_volume = TABLE("volumes", volume_keys);
static const struct key_table table_config = TABLE("configs", config_keys);
static const struct key_table table_secret = TABLE("secrets", secret_keys);
static const struct key_table table_build = TABLE("build", build_keys);

static void check_each(struct reader *self, const char *key, const struct node *value, const struct key_table *table)
{
	if (value->kind != NODE_MAP) {
		reader_wanted(self, key, value, "a map");
		return;
	}
	for (size_t i = 0; i < value->count; i++)
		reader_map(self, value->pairs[i].key, value->pairs[i].value, table, NULL);
}

void check_network_section(struct reader *self, const char *key, const struct node *value, void *field)
{
	(void)field;
	check_each(self, key, value, &table_network);
}

void check_volume_section(struct reader *self, const char *key, const struct node *value, void *field)
{
	(void)field;
	check_each(self, key, value, &table_volume);
}

void check_config_section(struct reader *self, const char *key, const struct node *value, void *field)
{
	(void)field;
	check_each(self, key, value, &table_config);
}

void check_secret_section(struct reader *self, const char *key, const struct node *value, void *field)
{
	(void)field;
	check_each(self, key, value, &table_secret);
}

void check_build(struct reader *self, const char *key, const struct node *value, void *field)
{
	(void)field;
	reader_map(self, key, value, &table_build, NULL);
}
