/* SPDX-License-Identifier: MIT */
/*
 * From a tree to structs. Each map the stack file knows has one key table; the reader walks a map by its table, so that an
 * unknown key is an error everywhere, with the nearest known one, and the tables are also what the JSON schema is checked against.
 * Errors are collected, reading goes on.
 */
#ifndef UPFRONT_CONFIG_READER_H
#define UPFRONT_CONFIG_READER_H

#include "config/err.h"
#include "config/node.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pool;
struct service;
struct stack;
struct stack_load;
struct strmap;
struct telemetry_decl;

struct reader {
	struct stack_load *load;
	struct pool *pool;
	struct stack *stack;
	struct err *err;
	const char *where; /* "service 'web'", for messages */
	const struct node *services; /* active ones; the place in it is the index into stack.services */
	struct env_file *env_files; /* read so far: many services share one */
	size_t env_files_bytes; /* what they hold */
};

/* Reads one value into `field`. */
typedef void reader_function(struct reader *self, const char *key, const struct node *value, void *field);

enum key_flags {
	KEY_ANYWHERE = 0,
	KEY_CONTAINER = 1, /* a native service cannot honour it */
};

struct key {
	const char *name;
	reader_function *read; /* NULL: known, and not for us to read */
	size_t offset; /* of the field in the struct the map is read into */
	unsigned flags;
};

struct key_table {
	const char *name; /* of the map in messages */
	const char *definition; /* below $defs in upfront.schema.json; "": the document itself */
	const struct key *keys;
	size_t count;
	bool extensions; /* other keys that begin with x- are let pass */
};

/* Every table there is, NULL-terminated. */
const struct key_table *const *reader_tables(void);

/* The table's entry for a key, or NULL. */
const struct key *reader_key(const struct key_table *table, const char *name);
/* Reads a map by its table; nothing (NODE_NULL) is an empty map. */
void reader_map(struct reader *self, const char *key, const struct node *value, const struct key_table *table,
		void *into);
/* "unknown key 'x' in TABLE (did you mean 'y'?)" */
void reader_unknown(struct reader *self, const struct node_pair *pair, const struct key_table *table);
/* "WHERE: 'key': wanted WANTED, found ..." */
void reader_wanted(struct reader *self, const char *key, const struct node *value, const char *wanted);
/* The text of a scalar, or NULL after an error. */
const char *reader_scalar(struct reader *self, const char *key, const struct node *value, const char *wanted);
/* Names `word` is compared with in " (did you mean 'x'?)"; "" when none is near. In the pool. */
const char *reader_nearest(struct reader *self, const char *word, const char *const *names);
/* The keys of a map, for reader_nearest; none once no further message would be kept. */
const char *const *reader_keys(struct reader *self, const struct node *map);
/* True for a map, and for a list; else an error, but nothing (NODE_NULL) is an empty map. */
bool reader_want_map(struct reader *self, const char *key, const struct node *value);
bool reader_want_list(struct reader *self, const char *key, const struct node *value);
/* A closed list of words that an event can carry, NULL-terminated; NULL after an error. */
const char *const *reader_word_list(struct reader *self, const char *key, const struct node *value);
/* False, with an error at the first item too many, when there are more than `max`. */
bool reader_is_within(struct reader *self, const char *key, const struct node *value, size_t max, const char *noun);
/* Remembers `name` in `seen`, a map; false when it is there already. */
bool reader_is_new(struct reader *self, struct node *seen, const char *name);
/* True when the pattern compiles; else an error. */
bool reader_pattern(struct reader *self, const char *key, const struct node *value);

/* True for text that an event can carry (what is shown before the answer must be what is sent); else an error. */
bool reader_can_be_sent(struct reader *self, const char *key, const struct node *value, const char *text);

/* Functions for tables; the field's type is in the name. `$$` and quotes are gone: a number may be quoted. */
reader_function read_text; /* const char *; empty text is an error */
reader_function read_any_text; /* const char *; NULL for nothing */
reader_function read_sent_text; /* const char *, as read_any_text, and such as an event can carry */
reader_function read_bool; /* bool */
reader_function read_count; /* int, not negative */
reader_function read_duration; /* int64_t ms */
reader_function read_size; /* int64_t bytes */
reader_function read_argv; /* const char *const *; a list of text, not empty */
reader_function read_argv_any; /* the same, may be empty */
reader_function read_pattern; /* const char *, POSIX ERE */
reader_function read_url; /* const char *, http or https */
reader_function read_text_map; /* struct strmap, values text */

/* An index into `names`, or -1 after an error that says what was wanted. */
int reader_word(struct reader *self, const char *key, const struct node *value, const char *noun,
		const char *const *names);
/* An integer within bounds; false after an error. */
bool reader_int(struct reader *self, const char *key, const struct node *value, int64_t min, int64_t max,
		int64_t *number);

/* ---- Parts of the tree, each in its own file ---- */

/* service_read.c */
void read_service(struct reader *self, const struct node_pair *pair, struct service *service, bool active);
/* container_check.c: what Compose programs refuse of a container's service */
void check_container(struct reader *self, const struct node *service, const struct service *read);
/* section_check.c: keys of what is only handed on */
reader_function check_network_section, check_volume_section, check_config_section, check_secret_section, check_build;
/* service_parts.c */
reader_function read_depends_on; /* struct service */
reader_function read_ports; /* struct service */
reader_function read_ulimits; /* struct service */
reader_function read_restart; /* struct restart_policy */
reader_function read_signal; /* int */
/* service_environment.c: env_file and environment of one service, in that order */
void read_environment(struct reader *self, const struct node *node, struct service *service);
void env_files_finish(struct reader *self);
/* probe_read.c */
reader_function read_healthcheck; /* struct probe_spec */
reader_function read_ready; /* struct probe_spec */
/* upfront_read.c */
reader_function read_upfront; /* struct stack */
/* telemetry_read.c */
reader_function read_telemetry; /* struct stack */
bool property_name_is_valid(const char *name);
/* True for what every event has already, and for what keeps events anonymous: not for a stack file to declare. */
bool property_is_ours(const char *name);
/* The host part of an authority, whose port, if it has one, is valid; NULL when it is none. In the pool. */
const char *authority_host(struct pool *pool, const char *authority, size_t length);
/* telemetry_events.c */
reader_function read_events, read_routes, read_origins; /* struct telemetry_decl */
/* Says which properties of services' events `common` has already. */
void check_events_and_common(struct reader *self, const struct telemetry_decl *decl);
/* telemetry_commands.c */
reader_function read_commands; /* struct telemetry_decl */
/* service_parts.c */
reader_function read_withdraw; /* struct withdraw_notice */
reader_function read_withdraw_of_service; /* const struct withdraw_notice * */
/* setup_read.c */
reader_function read_setup; /* struct stack */
/* template_read.c */
reader_function read_templates; /* struct stack */

extern const struct key_table table_top, table_service, table_deploy, table_dependency, table_port, table_ulimit,
	table_env_file, table_healthcheck, table_service_upfront, table_ready, table_backoff, table_log, table_version,
	table_upfront, table_setup, table_setup_check, table_file, table_telemetry, table_telemetry_env, table_property,
	table_withdraw;

#endif
