/* SPDX-License-Identifier: MIT */
/*
 * The stack: what the files say, resolved and checked. Two steps:
 *
 *   stack_source   the files found and parsed, nothing interpolated yet. Kept, because the telemetry answer is itself an
 *                  interpolation source: after the question the same source is resolved again.
 *   stack          one resolution of a source: merged, interpolated, validated, plain data.
 *
 * Nothing here executes anything from the file, opens a socket or fetches. Times are milliseconds, sizes bytes.
 * All text and arrays belong to the stack and live until stack_destroy; argv arrays end with NULL.
 */
#ifndef UPFRONT_CONFIG_STACK_H
#define UPFRONT_CONFIG_STACK_H

#include "config/err.h"
#include "config/secrets.h"
#include "config/strmap.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct command_table;
struct node;
struct pool;
struct stack_source;
struct withdraw_notice;

/* X-macro tables: one line an enumerator, `NAME, "as written in the file"`. */
#define SERVICE_KINDS(X)            \
	X(SERVICE_NATIVE, "native") \
	X(SERVICE_CONTAINER, "container")
#define DEPEND_CONDITIONS(X)                 \
	X(DEPEND_STARTED, "service_started") \
	X(DEPEND_HEALTHY, "service_healthy") \
	X(DEPEND_COMPLETED, "service_completed_successfully")
#define RESTART_POLICIES(X)                 \
	X(RESTART_NO, "no")                 \
	X(RESTART_ALWAYS, "always")         \
	X(RESTART_ON_FAILURE, "on-failure") \
	X(RESTART_UNLESS_STOPPED, "unless-stopped")
/* The last is no word of a stack file: a container engine asks by itself, and tells. */
#define PROBE_KINDS(X)            \
	X(PROBE_NONE, "none")     \
	X(PROBE_HTTP, "http")     \
	X(PROBE_TCP, "tcp")       \
	X(PROBE_UNIX, "unix")     \
	X(PROBE_LOG, "log")       \
	X(PROBE_EXEC, "exec")     \
	X(PROBE_NOTIFY, "notify") \
	X(PROBE_ENGINE, "engine")

#define STACK_ENUMERATOR(name, text) name,
enum service_kind { SERVICE_KINDS(STACK_ENUMERATOR) };
enum depend_condition { DEPEND_CONDITIONS(STACK_ENUMERATOR) };
enum restart_when { RESTART_POLICIES(STACK_ENUMERATOR) };
enum probe_kind { PROBE_KINDS(STACK_ENUMERATOR) };
#undef STACK_ENUMERATOR

const char *service_kind_name(enum service_kind kind);
const char *depend_condition_name(enum depend_condition condition);
const char *restart_when_name(enum restart_when when);
const char *probe_kind_name(enum probe_kind kind);

/* "Is it well?": how to ask, how often, how long to wait. */
struct probe_spec {
	enum probe_kind kind;
	const char *url; /* http: http://HOST[:PORT]/PATH */
	const char *host; /* tcp and http */
	int port;
	const char *path; /* unix: socket path, absolute; http: request target */
	const char *regex; /* log: POSIX extended regular expression, checked to compile */
	const char *const *argv; /* exec */
	int status_min, status_max; /* http: answers counted as well */
	int64_t interval_ms, timeout_ms, start_period_ms, start_interval_ms;
	int retries; /* failures in a row that make it unhealthy */
	int64_t watchdog_ms; /* notify: longest time between two signs of life; 0: none are wanted */
	struct err_place place;
};

/* What an exec probe runs, as it was written: the line given to a shell, else the program. NULL when it runs nothing. */
const char *probe_exec_text(const struct probe_spec *self);

struct restart_policy {
	enum restart_when when;
	int limit; /* on-failure:N; 0: no limit */
	int64_t backoff_initial_ms, backoff_max_ms, backoff_reset_ms;
	bool on_unhealthy;
};

struct stop_policy {
	int signal; /* first signal to the process group */
	int64_t grace_ms; /* then SIGKILL */
};

struct dependency {
	const char *service; /* exists in the stack, except when !required */
	size_t index; /* into stack.services; SIZE_MAX when not there and not required */
	enum depend_condition condition;
	bool required;
	bool restart; /* restarted when the dependency is */
	struct err_place place;
};

struct service_port {
	const char *host; /* address to bind, NULL: any */
	int published; /* on this machine; 0: none */
	int published_end; /* last of a range, else == published */
	int target;
	const char *protocol; /* "tcp" or "udp" */
	struct err_place place;
};

struct service_ulimit {
	int resource; /* RLIMIT_* */
	int64_t soft, hard; /* -1: unlimited */
};

/* Where a version text comes from. Exactly one of text and argv is set, or neither: unknown (null). */
struct version_source {
	const char *text;
	const char *const *argv; /* run after a yes only, without a shell, 1 s */
	const char *pattern; /* POSIX ERE; output that does not match is dropped */
};

struct service {
	const char *name;
	enum service_kind kind;
	const char *image; /* NULL for a native service */
	const char *pull_policy; /* as written; NULL: not said */
	const char *platform; /* of the image, "linux/amd64"; NULL: the engine's own */
	bool has_build; /* the image is made here */
	const char *const *argv; /* entrypoint and command, split; NULL when the engine decides */
	bool shell; /* argv is {"/bin/sh", "-c", TEXT} */
	struct strmap environment; /* env_file, then environment; value NULL: inherited if set */
	const char *working_dir; /* absolute */
	const char *user; /* "name", "name:group", "uid:gid", or NULL: as we are */
	const struct dependency *depends_on;
	size_t depends_on_count;
	struct probe_spec healthcheck; /* kind PROBE_NONE when there is none */
	struct probe_spec ready;
	struct restart_policy restart;
	struct stop_policy stop;
	const struct service_ulimit *ulimits;
	size_t ulimit_count;
	const struct service_port *ports;
	size_t port_count;
	struct strmap labels;
	bool tty, stdin_open;
	bool init; /* for container engines: orphans of native services are always adopted and reaped by us */
	int replicas;
	struct version_source version;
	const char *open; /* URL, or NULL */
	const struct withdraw_notice *on_withdraw; /* NULL: as telemetry.on_withdraw says */
	int64_t log_max_size_bytes;
	int log_max_files;
	struct err_place place;
};

/* Readiness decides when the service counts as healthy: x-upfront.ready if declared, else the healthcheck, else NULL. */
const struct probe_spec *service_readiness(const struct service *self);
/* What is asked from then on: the healthcheck if it stands beside x-upfront.ready, else NULL: the same probe goes on. */
const struct probe_spec *service_liveness(const struct service *self);

#define TELEMETRY_SOURCES(X)                           \
	X(SOURCE_VERSION, "version")                   \
	X(SOURCE_APP_VERSION, "app_version")           \
	X(SOURCE_LAUNCHER_VERSION, "launcher_version") \
	X(SOURCE_PLATFORM, "platform")                 \
	X(SOURCE_PLATFORM_VERSION, "platform_version") \
	X(SOURCE_ARCH, "arch")                         \
	X(SOURCE_NODE_ARCH, "node_arch")               \
	X(SOURCE_MEMORY, "memory")                     \
	X(SOURCE_CPU, "cpu")                           \
	X(SOURCE_SERVICES, "services")                 \
	X(SOURCE_TIME, "time")                         \
	X(SOURCE_IS_CI, "is_ci")                       \
	X(SOURCE_VALUE, "value")                       \
	X(SOURCE_EXEC, "exec")
#define STACK_ENUMERATOR(name, text) name,
enum telemetry_source { TELEMETRY_SOURCES(STACK_ENUMERATOR) };
const char *telemetry_source_name(enum telemetry_source source);

/* Longest text in an event, in bytes, and most properties that one block declares: an event must stay of a size to be sent. */
#define TELEMETRY_TEXT_MAX 200u
#define TELEMETRY_PROPERTIES_MAX 100u
/* The same of what is declared beside: events of services, words of a closed list, bytes of such a word or of a name, the API's routes. */
#define TELEMETRY_EVENTS_MAX 200u
#define TELEMETRY_WORDS_MAX 100u
#define TELEMETRY_NAME_BYTES_MAX 64u
#define TELEMETRY_ROUTES_MAX 500u
#define TELEMETRY_ROUTE_SEGMENTS_MAX 32u
#define TELEMETRY_ORIGINS_MAX 20u

struct telemetry_property {
	const char *name;
	enum telemetry_source source;
	const char *text; /* SOURCE_VERSION: service name; SOURCE_VALUE: the text */
	const char *const *argv; /* SOURCE_EXEC */
	const char *pattern;
};

enum telemetry_identity { IDENTITY_RUN, IDENTITY_INSTALL };

/* What a service may say in a property of its own events: no free text. X(name, word in the stack file); a list of words is KIND_WORD. */
#define TELEMETRY_KINDS(X)                               \
	X(KIND_BOOL, "bool")                             \
	X(KIND_NUMBER, "number") /* any finite number */ \
	X(KIND_INT, "int") /* a whole one */             \
	X(KIND_WORD, "enum")
enum telemetry_kind { TELEMETRY_KINDS(STACK_ENUMERATOR) };
#undef STACK_ENUMERATOR

struct telemetry_field {
	const char *name;
	enum telemetry_kind kind;
	const char *const *words; /* KIND_WORD: NULL-terminated */
	struct err_place place;
};

/* An event that services may send through the relay. */
struct telemetry_event_decl {
	const char *name;
	const struct telemetry_field *fields;
	size_t field_count;
	struct err_place place;
};

/* How a service is told of a withdrawal: one of the two, or neither. */
struct withdraw_notice {
	int signal; /* 0: none; goes to the service's main process */
	const char *const *argv; /* NULL: none */
};

/* x-upfront.telemetry. Without host and key there is nothing to ask or send. */
struct telemetry_decl {
	bool enabled;
	int notice;
	const char *controller, *policy, *purpose, *region, *retention; /* NULL when not declared */
	const char *host; /* https://..., http://LOOPBACK..., or file:/ABSOLUTE */
	const char *key;
	enum telemetry_identity identity;
	const struct telemetry_property *server_start;
	size_t server_start_count;
	const char *const
		*server_start_without; /* names of default properties that are taken out, NULL-terminated; NULL: none */
	const struct telemetry_property *common;
	size_t common_count;
	struct strmap env_on, env_off; /* ${relay} ${distinct_id} ${session_id} still unfilled */
	const struct telemetry_event_decl *events; /* `services` */
	size_t event_count;
	/* Templates of the product's API (telemetry/route.h), without a final slash, NULL-terminated; NULL: none declared. */
	const char *const *routes;
	/* As a browser spells them, "http://localhost:3000", NULL-terminated; NULL: none. */
	const char *const *origins;
	const struct command_table *commands; /* of the product's programs, by command_table.program */
	size_t command_count;
	struct withdraw_notice on_withdraw; /* for every service that says nothing of its own */
	struct err_place place;
};

/* Most questions of x-upfront.setup, most choices of one, longest question, longest answer that can be chosen or typed. */
#define SETUP_QUESTIONS_MAX 100u
#define SETUP_ASK_BYTES_MAX 200u
#define SETUP_CHOICES_MAX 100u
#define SETUP_ANSWER_BYTES_MAX 511u

/* One question of x-upfront.setup. The answer is the value of the variable `key`, kept in .env (config/setup.h). */
struct setup_question {
	const char *key;
	const char *ask; /* what people read; NULL with `port` */
	const char *const *choices; /* answers to choose from, NULL-terminated; NULL: any text */
	bool secret; /* not shown */
	const char *pattern; /* POSIX ERE that the answer matches, checked to compile; NULL: any but the empty one */
	const char *when_key, *when_value; /* asked only while that earlier question's answer is this; NULL: always */
	int port; /* the next free port from this one on is taken, nothing is asked; 0: it is asked */
	const char *const *
		check; /* run on the answer before it is kept (setup and up only), the answer on its standard input; NULL: none */
	struct err_place place;
};

/* Most templates of x-upfront.files, and how much one may hold. */
#define STACK_TEMPLATES_MAX 100u
#define STACK_TEMPLATE_BYTES_MAX (1024u * 1024u)

/* A file that is made from a template where it is missing (config/template.h). Paths are relative to the stack's folder, and below it. */
struct stack_template {
	const char *from, *to;
	unsigned mode; /* of the file made: permission bits */
	struct err_place place;
};

enum on_hangup { HANGUP_STOP, HANGUP_DETACH };

struct stack {
	struct pool *pool;
	const char *name; /* project name, spelled as Compose does */
	const char *dir; /* real path of the first file's folder */
	const char *const *files; /* absolute, NULL-terminated, as given and included */
	const char *app; /* x-upfront.app, else the project name */
	const char *version; /* x-upfront.version, or NULL */
	const char *open;
	enum on_hangup on_hangup;
	const struct setup_question *setup; /* in the order of the file */
	size_t setup_count;
	const struct stack_template *templates; /* `files`, in the order of the file */
	size_t template_count;
	struct service *services; /* those of the active profiles, in the order of the file */
	size_t service_count;
	const struct telemetry_decl *telemetry; /* NULL: none declared */
	const struct node *root; /* merged, interpolated, normalised: what `upfront config` prints */
	struct secrets secrets; /* values that are not to be shown */
	struct err warnings; /* one message each; not errors */
	struct strmap asked; /* names of the variables whose values went into it, set or not */
};

struct stack_options {
	const char *const *files; /* -f, NULL-terminated; NULL or empty: search */
	const char *directory; /* -C; NULL: the current folder */
	const char *const *env_files; /* --env-file; NULL: .env beside the first file */
	const char *project; /* -p, or NULL */
	const char *const *services; /* named on the command line: they count whatever their profiles say; or NULL */
	const char *const *profiles; /* --profile; none: COMPOSE_PROFILES, of the environment or of .env */
	const struct strmap *environment; /* of this process */
};

/*
 * Finds and parses the files (design: search order, ownership rules). Errors: ERR_CONFIG with place; no file at all:
 * ERR_CONFIG that names what was looked for and where. The options are copied.
 */
int stack_source_open(const struct stack_options *options, struct stack_source **source, struct err *err);
void stack_source_destroy(struct stack_source *self);
/* The files it was read from: absolute paths in their order, NULL behind the last; those of variables; and the active profiles. */
const char *stack_source_path(const struct stack_source *self, size_t index);
const char *const *stack_source_env_files(const struct stack_source *self);
const char *const *stack_source_profiles(const struct stack_source *self);
/* Forgets what the files said, which is most of it: from here on it can only be opened again, or destroyed. */
void stack_source_forget(struct stack_source *self);
/*
 * Reads the files again into a source of its own, from the folder, the environment and the names of the first time; what `changes`
 * says of files, env_files, profiles and project (NULL: nothing) counts instead. A file that was standard input: ERR_CONFIG.
 */
int stack_source_reopen(const struct stack_source *self, const struct stack_options *changes,
			struct stack_source **source, struct err *err);

/*
 * What every process of the stack starts with, a service or a one-off command: `base` (that of the upfront that starts it) and, where a
 * Procfile is among the files, .env over it, as the programs that run Procfiles do it. A Compose file's .env only interpolates.
 * `out` is initialised by the caller.
 */
int stack_environment(const struct stack_source *self, const struct strmap *base, struct strmap *out);

struct stack_resolve_options {
	const struct strmap *overrides; /* interpolated above .env and environment; NULL: none */
	bool mask_secrets; /* variables whose names speak of secrets give "********": for printing only */
};

/* Resolves into *stack (the caller destroys). Content errors are collected, syntax errors end at the first. */
int stack_resolve(struct stack_source *source, const struct stack_resolve_options *options, struct stack **stack,
		  struct err *err);
void stack_destroy(struct stack *self);
/* True when resolving with these overrides, and not without any, could have made another stack of it. */
bool stack_depends_on(const struct stack *self, const struct strmap *overrides);

/* NULL when there is no such service. */
const struct service *stack_find_service(const struct stack *self, const char *name);
/* The name that may have been meant by one that no service has; NULL: none is near. The stack's. */
const char *stack_nearest_service(const struct stack *self, const char *name);

/*
 * The environment a native service starts with, over `base` (that of the `up` that started it): env_file and environment, then
 * `telemetry` over all. `out` is initialised by the caller.
 */
int service_environment(const struct service *self, const struct strmap *base, const struct strmap *telemetry,
			struct strmap *out);

/* True when the name of a variable speaks of a secret: the words stand in the manual page, under config --show-secrets. */
bool stack_name_is_secret(const char *name);

/* "My Shop" of a folder, a `name` or COMPOSE_PROJECT_NAME spelled as Compose does: lower case, [a-z0-9_-]. The caller frees. */
char *stack_project_name(const char *text);
/* A name asked for with -p is that name or none: folders are respelled, what a person typed is refused (ERR_USAGE). */
int stack_project_check(const char *given, struct err *err);

#endif
