/* SPDX-License-Identifier: MIT */
#include "config/pool.h"
#include "config/reader.h"
#include "config/stack.h"
#include "config/stack_load.h"
#include "config/stack_source.h"

#include <limits.h>
#include <stddef.h>
#include <string.h>

#define IN_PROBE(member) offsetof(struct probe_spec, member)
#define PORT_MAX 65535
#define UNIX_PATH_MAX 107 /* what a socket address holds */

static void read_period(struct reader *self, const char *key, const struct node *value, void *field)
{
	int64_t duration_ms = 1;

	read_duration(self, key, value, &duration_ms);
	if (duration_ms <= 0)
		reader_wanted(self, key, value, "a duration above zero");
	else
		*(int64_t *)field = duration_ms;
}

/* Docker: zero retries mean the usual number. */
static void read_retries(struct reader *self, const char *key, const struct node *value, void *field)
{
	int retries = 0;

	read_count(self, key, value, &retries);
	if (retries > 0)
		*(int *)field = retries;
}

/* ---- healthcheck ---- */

struct healthcheck {
	bool disable;
	struct probe_spec read;
};

#define IN_HEALTH(member) offsetof(struct healthcheck, read.member)

/* ["CMD", program...], ["CMD-SHELL", line] or ["NONE"]. */
static void read_test(struct reader *self, const char *key, const struct node *value, void *field)
{
	struct probe_spec *probe = field;
	const char *const *words = NULL;
	const char **argv;

	read_argv_any(self, key, value, &words);
	if (!words || !words[0])
		return;
	if (strcmp(words[0], "NONE") == 0)
		return;
	if (strcmp(words[0], "CMD") == 0 && words[1] && *words[1]) {
		probe->argv = words + 1;
	} else if (strcmp(words[0], "CMD-SHELL") == 0 && words[1] && *words[1] && !words[2]) {
		argv = pool_array(self->pool, 4, sizeof(*argv));
		argv[0] = "/bin/sh";
		argv[1] = "-c";
		argv[2] = words[1];
		probe->argv = argv;
	} else {
		err_at(self->err, ERR_CONFIG, value->place,
		       "%s: '%s': wanted text, [CMD, program, ...], [CMD-SHELL, line] or [NONE], found a list that "
		       "begins with '%s'",
		       self->where, key, words[0]);
		return;
	}
	probe->kind = PROBE_EXEC;
}

static const struct key healthcheck_keys[] = {
	{"test", read_test, offsetof(struct healthcheck, read), 0},
	{"interval", read_period, IN_HEALTH(interval_ms), 0},
	{"timeout", read_period, IN_HEALTH(timeout_ms), 0},
	{"retries", read_retries, IN_HEALTH(retries), 0},
	{"start_period", read_duration, IN_HEALTH(start_period_ms), 0},
	{"start_interval", read_period, IN_HEALTH(start_interval_ms), 0},
	{"disable", read_bool, offsetof(struct healthcheck, disable), 0},
};
const struct key_table table_healthcheck = {"healthcheck", "healthcheck", healthcheck_keys,
					    sizeof(healthcheck_keys) / sizeof(*healthcheck_keys), true};

void read_healthcheck(struct reader *self, const char *key, const struct node *value, void *field)
{
	struct healthcheck health = {.read = {.interval_ms = 30000,
					      .timeout_ms = 30000,
					      .retries = 3,
					      .start_interval_ms = 5000,
					      .place = value->place}};

	reader_map(self, key, value, &table_healthcheck, &health);
	if (health.disable)
		health.read.kind = PROBE_NONE;
	*(struct probe_spec *)field = health.read;
}

/* ---- x-upfront.ready ---- */

/* "HOST:PORT" or "[V6]:PORT", or with a port that may be missing; false when it is none. */
static bool host_port(struct pool *pool, const char *text, size_t length, int default_port, const char **host,
		      int *port)
{
	char *copy = pool_strndup(pool, text, length);
	char *colon;
	int value = 0;

	if (*copy == '[') {
		char *close = strchr(copy, ']');

		if (!close || close == copy + 1)
			return false;
		*close = '\0';
		*host = copy + 1;
		colon = close[1] ? close + 1 : NULL;
		if (colon && *colon != ':')
			return false;
	} else {
		colon = strrchr(copy, ':');
		*host = copy;
	}
	if (colon)
		*colon++ = '\0';
	if (!**host || strpbrk(*host, " \t/@") || (*copy != '[' && strchr(*host, ':')))
		return false;
	if (!colon) {
		*port = default_port;
		return default_port > 0;
	}
	for (; *colon >= '0' && *colon <= '9' && value <= PORT_MAX; colon++)
		value = value * 10 + (*colon - '0');
	*port = value;
	return *colon == '\0' && value >= 1 && value <= PORT_MAX;
}

static void read_http(struct reader *self, const char *key, const struct node *value, void *field)
{
	static const char scheme[] = "http://";
	struct probe_spec *probe = field;
	const char *text = reader_scalar(self, key, value, "a URL");
	const char *rest;
	size_t length;

	probe->kind = PROBE_HTTP;
	if (!text)
		return;
	if (strncmp(text, "https://", 8) == 0) {
		err_at(self->err, ERR_CONFIG, value->place, "%s: 'http' cannot ask %s: https is probed by 'exec'",
		       self->where, text);
		err_hint(self->err, "for example {exec: [curl, -fsS, %s]}", text);
		return;
	}
	rest = text + sizeof(scheme) - 1;
	length = strncmp(text, scheme, sizeof(scheme) - 1) == 0 ? strcspn(rest, "/?#") : 0;
	if (!length || strpbrk(text, " \t\r\n") ||
	    !host_port(self->pool, rest, length, 80, &probe->host, &probe->port)) {
		reader_wanted(self, key, value, "a URL such as http://localhost:8080/health");
		return;
	}
	probe->url = pool_strdup(self->pool, text);
	rest += length;
	length = strcspn(rest, "#");
	probe->path = pool_printf(self->pool, "%s%.*s", *rest == '/' ? "" : "/", (int)length, rest);
}

static void read_tcp(struct reader *self, const char *key, const struct node *value, void *field)
{
	struct probe_spec *probe = field;
	const char *text = reader_scalar(self, key, value, "HOST:PORT");

	probe->kind = PROBE_TCP;
	if (text && !host_port(self->pool, text, strlen(text), 0, &probe->host, &probe->port))
		reader_wanted(self, key, value, "HOST:PORT such as localhost:5432");
}

static void read_unix(struct reader *self, const char *key, const struct node *value, void *field)
{
	struct probe_spec *probe = field;
	const char *text = reader_scalar(self, key, value, "the path of a socket");

	probe->kind = PROBE_UNIX;
	if (!text)
		return;
	if (*text)
		probe->path = stack_path_join(self->pool, self->stack->dir, text,
					      strmap_find(&self->load->source->environment, "HOME"));
	if (!*text || strlen(probe->path) > UNIX_PATH_MAX)
		reader_wanted(self, key, value, "the path of a socket, at most 107 bytes");
}

static void read_log_line(struct reader *self, const char *key, const struct node *value, void *field)
{
	struct probe_spec *probe = field;

	probe->kind = PROBE_LOG;
	read_pattern(self, key, value, &probe->regex);
}

static void read_exec(struct reader *self, const char *key, const struct node *value, void *field)
{
	struct probe_spec *probe = field;

	probe->kind = PROBE_EXEC;
	read_argv(self, key, value, &probe->argv);
}

static void read_notify(struct reader *self, const char *key, const struct node *value, void *field)
{
	bool wanted = true;

	read_bool(self, key, value, &wanted);
	if (!wanted)
		reader_wanted(self, key, value, "true");
	((struct probe_spec *)field)->kind = PROBE_NOTIFY;
}

static bool status_number(const char *text, size_t length, int *status)
{
	if (length != 3 || text[0] < '1' || text[0] > '5' || strspn(text, "0123456789") < 3)
		return false;
	*status = (text[0] - '0') * 100 + (text[1] - '0') * 10 + (text[2] - '0');
	return true;
}

/* "200" or "200-399". */
static void read_status(struct reader *self, const char *key, const struct node *value, void *field)
{
	struct probe_spec *probe = field;
	const char *text = reader_scalar(self, key, value, "an HTTP status such as 200-399");
	const char *dash;
	int min, max;

	if (!text)
		return;
	dash = strchr(text, '-');
	if (!status_number(text, dash ? (size_t)(dash - text) : strlen(text), &min) ||
	    !status_number(dash ? dash + 1 : text, strlen(dash ? dash + 1 : text), &max) || min > max) {
		reader_wanted(self, key, value, "an HTTP status such as 200-399");
		return;
	}
	probe->status_min = min;
	probe->status_max = max;
}

static const struct key ready_keys[] = {
	{"http", read_http, 0, 0},
	{"tcp", read_tcp, 0, 0},
	{"unix", read_unix, 0, 0},
	{"log", read_log_line, 0, 0},
	{"exec", read_exec, 0, 0},
	{"notify", read_notify, 0, 0},
	{"status", read_status, 0, 0},
	{"interval", read_period, IN_PROBE(interval_ms), 0},
	{"timeout", read_period, IN_PROBE(timeout_ms), 0},
	{"retries", read_retries, IN_PROBE(retries), 0},
	{"start_period", read_duration, IN_PROBE(start_period_ms), 0},
	{"start_interval", read_period, IN_PROBE(start_interval_ms), 0},
};
const struct key_table table_ready = {"ready", "ready", ready_keys, sizeof(ready_keys) / sizeof(*ready_keys), false};

/* How many of the probe kinds a map names: exactly one is wanted. */
static int kinds_named(const struct node *map)
{
	int named = 0;

	for (int kind = PROBE_HTTP; kind <= PROBE_NOTIFY; kind++) {
		const struct node *value = node_find(map, probe_kind_name((enum probe_kind)kind));

		named += value && value->kind != NODE_NULL;
	}
	return named;
}

void read_ready(struct reader *self, const char *key, const struct node *value, void *field)
{
	struct probe_spec probe = {.status_min = 200,
				   .status_max = 399,
				   .interval_ms = 10000,
				   .timeout_ms = 2000,
				   .retries = 3,
				   .start_period_ms = 60000,
				   .start_interval_ms = 100,
				   .place = value->place};
	const struct node *interval;

	reader_map(self, key, value, &table_ready, &probe);
	if (value->kind == NODE_MAP && kinds_named(value) != 1)
		err_at(self->err, ERR_CONFIG, value->place,
		       "%s: 'ready': wanted exactly one of http, tcp, unix, log, exec and notify, found %d",
		       self->where, kinds_named(value));
	else if (value->kind == NODE_MAP && node_find(value, "status") && !node_find(value, "http"))
		err_at(self->err, ERR_CONFIG, node_find(value, "status")->place, "%s: 'status' goes with 'http' only",
		       self->where);
	/* Nothing is asked of it, so an interval can only be how often it is to say that it is alive. */
	interval = value->kind == NODE_MAP ? node_find(value, "interval") : NULL;
	if (probe.kind == PROBE_NOTIFY && interval && interval->kind != NODE_NULL)
		probe.watchdog_ms = probe.interval_ms;
	*(struct probe_spec *)field = probe;
}
