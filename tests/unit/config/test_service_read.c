/* SPDX-License-Identifier: MIT */
/* One service: every key a native process honours, its defaults, and what is said when it is wrong. */
#include "config/node.h"
#include "tests/lib/stack_text.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

/* "<word><word>" */
static const char *argv_text(const char *const *argv)
{
	static char text[512];

	text[0] = '\0';
	for (; argv && *argv; argv++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "<%s>", *argv);
	return text;
}

/* A stack of one service `web` whose body this is, one line a key. */
static void resolve(struct stack_text *text, const char *body)
{
	char yaml[4096];
	size_t length = (size_t)snprintf(yaml, sizeof(yaml), "services:\n  web:\n    ");

	for (; *body; body++)
		length +=
			(size_t)snprintf(yaml + length, sizeof(yaml) - length, *body == '\n' ? "\n    " : "%c", *body);
	stack_text_resolve(text, yaml, NULL);
}

static void test_defaults(void **state)
{
	struct stack_text text;
	const struct service *service;

	(void)state;
	resolve(&text, "command: sleep 1");
	service = stack_text_service(&text, "web");
	assert_int_equal(service->kind, SERVICE_NATIVE);
	assert_string_equal(argv_text(service->argv), "<sleep><1>");
	assert_false(service->shell);
	assert_string_equal(service->working_dir, "/app");
	assert_null(service->user);
	assert_int_equal(service->stop.signal, SIGTERM);
	assert_int_equal(service->stop.grace_ms, 10000);
	assert_int_equal(service->restart.when, RESTART_NO);
	assert_int_equal(service->restart.backoff_initial_ms, 100);
	assert_int_equal(service->restart.backoff_max_ms, 30000);
	assert_int_equal(service->restart.backoff_reset_ms, 60000);
	assert_false(service->restart.on_unhealthy);
	assert_int_equal(service->log_max_size_bytes, 10 << 20);
	assert_int_equal(service->log_max_files, 5);
	assert_int_equal(service->replicas, 1);
	assert_int_equal(service->ready.kind, PROBE_NONE);
	assert_null(service_readiness(service));
	assert_null(service->version.text);
	assert_int_equal(service->place.line, 2);
	stack_text_finish(&text);
}

static void test_commands(void **state)
{
	static const struct {
		const char *body, *argv;
	} cases[] = {
		{"command: echo 'a b' c", "<echo><a b><c>"},
		{"command: [echo, a b, '1', 'true', yes, 1.2.3, -x]", "<echo><a b><1><true><yes><1.2.3><-x>"},
		{"entrypoint: /bin/e x\ncommand: [y]", "</bin/e><x><y>"},
		{"entrypoint: [/bin/e]", "</bin/e>"},
		{"command: a | b > c\nx-upfront: {shell: true}", "</bin/sh><-c><a | b > c>"},
		{"command: >-\n  a\n  b", "<a><b>"},
		/* An image brings its own. */
		{"image: redis", ""},
		{"image: redis\ncommand: redis-server --port 1", "<redis-server><--port><1>"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct stack_text text;

		resolve(&text, cases[i].body);
		assert_string_equal(argv_text(stack_text_service(&text, "web")->argv), cases[i].argv);
		stack_text_finish(&text);
	}
}

static void test_scalars(void **state)
{
	struct stack_text text;
	const struct service *service;

	(void)state;
	resolve(&text, "command: a\n"
		       "working_dir: srv/../www\n"
		       "user: postgres:postgres\n"
		       "stop_signal: int\n"
		       "stop_grace_period: 1m30s\n"
		       "restart: on-failure:7\n"
		       "tty: 'true'\n"
		       "stdin_open: true\n"
		       "init: yes\n"
		       "deploy: {replicas: 3}\n"
		       "labels: [a=1, b]\n"
		       "ulimits: {nofile: 1024, nproc: {soft: 10, hard: -1}}\n"
		       "x-upfront: {version: 1.2, open: 'http://localhost:1', restart_on_unhealthy: true,\n"
		       "  backoff: {initial: 1s, max: 2s, reset: 3s}, log: {max_size: 1k, max_files: 2}}");
	service = stack_text_service(&text, "web");
	assert_string_equal(service->working_dir, "/app/www");
	assert_string_equal(service->user, "postgres:postgres");
	assert_int_equal(service->stop.signal, SIGINT);
	assert_int_equal(service->stop.grace_ms, 90000);
	assert_int_equal(service->restart.when, RESTART_ON_FAILURE);
	assert_int_equal(service->restart.limit, 7);
	assert_true(service->restart.on_unhealthy);
	assert_int_equal(service->restart.backoff_initial_ms, 1000);
	assert_int_equal(service->restart.backoff_max_ms, 2000);
	assert_int_equal(service->restart.backoff_reset_ms, 3000);
	assert_true(service->tty && service->stdin_open && service->init);
	assert_int_equal(service->replicas, 3);
	assert_string_equal(strmap_find(&service->labels, "a"), "1");
	assert_string_equal(strmap_find(&service->labels, "b"), "");
	assert_int_equal(service->ulimit_count, 2);
	assert_int_equal(service->ulimits[0].resource, RLIMIT_NOFILE);
	assert_int_equal(service->ulimits[0].soft, 1024);
	assert_int_equal(service->ulimits[0].hard, 1024);
	assert_int_equal(service->ulimits[1].soft, 10);
	assert_int_equal(service->ulimits[1].hard, -1);
	assert_string_equal(service->version.text, "1.2");
	assert_string_equal(service->open, "http://localhost:1");
	assert_int_equal(service->log_max_size_bytes, 1024);
	assert_int_equal(service->log_max_files, 2);
	stack_text_finish(&text);
}

static void test_restart_policies(void **state)
{
	static const struct {
		const char *text;
		enum restart_when when;
		int limit;
	} cases[] = {
		{"no", RESTART_NO, 0},
		{"'no'", RESTART_NO, 0},
		{"false", RESTART_NO, 0},
		{"always", RESTART_ALWAYS, 0},
		{"on-failure", RESTART_ON_FAILURE, 0},
		{"on-failure:3", RESTART_ON_FAILURE, 3},
		{"unless-stopped", RESTART_UNLESS_STOPPED, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct stack_text text;
		const struct service *service;
		char body[64];

		snprintf(body, sizeof(body), "command: a\nrestart: %s", cases[i].text);
		resolve(&text, body);
		service = stack_text_service(&text, "web");
		assert_int_equal(service->restart.when, cases[i].when);
		assert_int_equal(service->restart.limit, cases[i].limit);
		stack_text_finish(&text);
	}
}

static void test_images(void **state)
{
	static const struct {
		const char *body, *image, *pull_policy, *platform;
		bool has_build;
	} cases[] = {
		{"image: redis", "redis", "", "", false},
		{"image: redis\npull_policy: always\nplatform: linux/arm64", "redis", "always", "linux/arm64", false},
		/* Filled in with nothing: as if it were not there. */
		{"image: redis\npull_policy: ''\nplatform: ''", "redis", "", "", false},
		{"image: shop\nbuild: .", "shop", "", "", true},
		{"build: {context: ., target: final}", "", "", "", true},
		{"command: [redis]\npull_policy: never", "", "never", "", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct service *service;
		struct stack_text text;

		resolve(&text, cases[i].body);
		service = stack_text_service(&text, "web");
		assert_string_equal(service->image ? service->image : "", cases[i].image);
		assert_string_equal(service->pull_policy ? service->pull_policy : "", cases[i].pull_policy);
		assert_string_equal(service->platform ? service->platform : "", cases[i].platform);
		assert_int_equal(service->has_build, cases[i].has_build);
		stack_text_finish(&text);
	}
}

static void test_versions(void **state)
{
	static const struct {
		const char *body, *version;
	} cases[] = {
		{"image: redis:7.2", "7.2"},
		{"image: localhost:5000/a/redis:7.2@sha256:0123", "7.2"},
		{"image: localhost:5000/redis", NULL},
		{"image: redis@sha256:0123", NULL},
		{"image: redis:7.2\nx-upfront: {version: '8'}", "8"},
		{"build: .", NULL},
	};
	struct stack_text text;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *version;

		resolve(&text, cases[i].body);
		version = stack_text_service(&text, "web")->version.text;
		if (!version || !cases[i].version)
			assert_ptr_equal(version, cases[i].version);
		else
			assert_string_equal(version, cases[i].version);
		stack_text_finish(&text);
	}
	resolve(&text, "image: a:1\nx-upfront: {version: {exec: [node, --version], pattern: '^v[0-9.]+$$'}}");
	assert_null(stack_text_service(&text, "web")->version.text);
	assert_string_equal(argv_text(text.stack->services[0].version.argv), "<node><--version>");
	assert_string_equal(text.stack->services[0].version.pattern, "^v[0-9.]+$");
	stack_text_finish(&text);
}

static void test_ports(void **state)
{
	static const struct {
		const char *ports, *shown; /* HOST PUBLISHED-END:TARGET/PROTOCOL; */
	} cases[] = {
		{"[3000]", "- 0-0:3000/tcp;"},
		{"['8080:80']", "- 8080-8080:80/tcp;"},
		{"[8000-8001]", "- 0-0:8000/tcp;- 0-0:8001/tcp;"},
		{"['9090-9091:8080-8081']", "- 9090-9090:8080/tcp;- 9091-9091:8081/tcp;"},
		{"['8000-9000:80']", "- 8000-9000:80/tcp;"},
		{"['127.0.0.1:8001:8002']", "127.0.0.1 8001-8001:8002/tcp;"},
		{"['127.0.0.1::5']", "127.0.0.1 0-0:5/tcp;"},
		{"['[::1]:6001:6002']", "::1 6001-6001:6002/tcp;"},
		{"['::1:6001:6002']", "::1 6001-6001:6002/tcp;"},
		{"['6060:6061/udp']", "- 6060-6060:6061/udp;"},
		{"[{target: 80, published: 8080, protocol: udp, host_ip: 127.0.0.1}]", "127.0.0.1 8080-8080:80/udp;"},
		{"[{target: 80, published: '8080-8090'}]", "- 8080-8090:80/tcp;"},
		{"[{target: 80, name: web, mode: host, app_protocol: http}]", "- 0-0:80/tcp;"},
		/* Said twice, in whatever way. */
		{"['80:80', {target: 80, published: 80}, '80:80/udp', '80:80/tcp']", "- 80-80:80/tcp;- 80-80:80/udp;"},
		{"[]", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct stack_text text;
		const struct service *service;
		char body[128];
		char shown[256] = "";

		snprintf(body, sizeof(body), "command: a\nports: %s", cases[i].ports);
		resolve(&text, body);
		service = stack_text_service(&text, "web");
		for (size_t k = 0; k < service->port_count; k++) {
			const struct service_port *port = &service->ports[k];

			snprintf(shown + strlen(shown), sizeof(shown) - strlen(shown), "%s %d-%d:%d/%s;",
				 port->host ? port->host : "-", port->published, port->published_end, port->target,
				 port->protocol);
		}
		assert_string_equal(shown, cases[i].shown);
		stack_text_finish(&text);
	}
}

/* KIND HOST:PORT PATH REGEX ARGV STATUS | interval timeout start_period start_interval retries */
static const char *probe_text(const struct probe_spec *probe)
{
	static char text[512];

	snprintf(text, sizeof(text), "%s %s:%d %s %s %s %d-%d|%lld %lld %lld %lld %d", probe_kind_name(probe->kind),
		 probe->host ? probe->host : "", probe->port, probe->path ? probe->path : "",
		 probe->regex ? probe->regex : "", argv_text(probe->argv), probe->status_min, probe->status_max,
		 (long long)probe->interval_ms, (long long)probe->timeout_ms, (long long)probe->start_period_ms,
		 (long long)probe->start_interval_ms, probe->retries);
	return text;
}

static void test_readiness(void **state)
{
#define USUAL "|10000 2000 60000 100 3"
#define HEALTH "|30000 30000 0 5000 3"
	static const struct {
		const char *body, *probe; /* of service_readiness; NULL: none */
	} cases[] = {
		{"x-upfront: {ready: {http: 'http://localhost'}}", "http localhost:80 /   200-399" USUAL},
		{"x-upfront: {ready: {http: 'http://[::1]:8080/a?b#c', status: 204}}",
		 "http ::1:8080 /a?b   204-204" USUAL},
		{"x-upfront: {ready: {http: 'http://h:1?q', status: 200-299}}", "http h:1 /?q   200-299" USUAL},
		{"x-upfront: {ready: {tcp: 'localhost:5432'}}", "tcp localhost:5432    200-399" USUAL},
		{"x-upfront: {ready: {tcp: '[::1]:5432'}}", "tcp ::1:5432    200-399" USUAL},
		{"x-upfront: {ready: {unix: run/pg.sock}}", "unix :0 /app/run/pg.sock   200-399" USUAL},
		{"x-upfront: {ready: {log: 'listening on [0-9]+'}}", "log :0  listening on [0-9]+  200-399" USUAL},
		{"x-upfront: {ready: {exec: [pg_isready, -q]}}", "exec :0   <pg_isready><-q> 200-399" USUAL},
		{"x-upfront: {ready: {notify: true}}", "notify :0    200-399" USUAL},
		{"x-upfront: {ready: {tcp: 'a:1', interval: 1s, timeout: 3s, retries: 9, start_period: 0s, "
		 "start_interval: 5ms}}",
		 "tcp a:1    200-399|1000 3000 0 5 9"},
		{"healthcheck: {test: curl -f localhost}", "exec :0   </bin/sh><-c><curl -f localhost> 0-0" HEALTH},
		{"healthcheck: {test: [CMD-SHELL, 'a && b']}", "exec :0   </bin/sh><-c><a && b> 0-0" HEALTH},
		{"healthcheck: {test: [CMD, a, b]}", "exec :0   <a><b> 0-0" HEALTH},
		{"healthcheck: {test: [CMD, a], interval: 1s, timeout: 2s, start_period: 3s, start_interval: 4s, "
		 "retries: 5}",
		 "exec :0   <a> 0-0|1000 2000 3000 4000 5"},
		{"healthcheck: {test: [CMD, a], retries: 0}", "exec :0   <a> 0-0" HEALTH},
		{"healthcheck: {test: [NONE]}", NULL},
		{"healthcheck: {test: [CMD, a], disable: true}", NULL},
		/* ready wins over healthcheck */
		{"healthcheck: {test: [CMD, a]}\nx-upfront: {ready: {tcp: 'b:1'}}", "tcp b:1    200-399" USUAL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct stack_text text;
		const struct probe_spec *probe;
		char body[256];

		snprintf(body, sizeof(body), "command: a\n%s", cases[i].body);
		resolve(&text, body);
		probe = service_readiness(stack_text_service(&text, "web"));
		if (cases[i].probe)
			assert_string_equal(probe ? probe_text(probe) : "none", cases[i].probe);
		else
			assert_null(probe);
		stack_text_finish(&text);
	}
}

/* An interval beside `notify` asks for signs of life; nothing else does, not even the usual interval. */
static void test_watchdog(void **state)
{
	static const struct {
		const char *body;
		int64_t watchdog_ms;
	} cases[] = {
		{"{notify: true}", 0},
		{"{notify: true, interval: 1500ms}", 1500},
		{"{notify: true, interval: null}", 0},
		{"{notify: true, timeout: 5s, retries: 1, start_period: 5m}", 0},
		{"{log: ready, interval: 1500ms}", 0},
		{"{tcp: 'a:1', interval: 1500ms}", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct stack_text text;
		char body[128];

		snprintf(body, sizeof(body), "command: a\nx-upfront: {ready: %s}", cases[i].body);
		resolve(&text, body);
		assert_int_equal(stack_text_service(&text, "web")->ready.watchdog_ms, cases[i].watchdog_ms);
		stack_text_finish(&text);
	}
}

static void test_errors(void **state)
{
	static const struct {
		const char *body, *error;
	} cases[] = {
		/* Versions are part of an event. */
		{"command: a\nx-upfront: {version: \"1\\t2\"}",
		 "stack.yaml:4:27: service 'web': 'version': a text with control characters"},
		{"image: \"redis:7\\x07\"", "stack.yaml:3:13: service 'web': 'image': a text with control characters"},
		{"comand: a",
		 "stack.yaml:3:5: service 'web': unknown key 'comand' in a service (did you mean 'command'?)"},
		{"restart: no", "stack.yaml:3:5: service 'web' has no 'command' to run"},
		{"command: []", "service 'web' has no 'command' to run"},
		{"command: ''", "service 'web' has no 'command' to run"},
		{"command: {a: b}", "service 'web': 'command': wanted a list of words"},
		{"command: [a, [b]]", "service 'web': 'command': wanted words only, found a list"},
		{"command: a 'b", "stack.yaml:3:14: command of service 'web': a quote is not closed"},
		{"command: [a]\nx-upfront: {shell: true}", "'x-upfront.shell' wants 'command' as one text"},
		{"command: a\nentrypoint: b\nx-upfront: {shell: true}",
		 "'x-upfront.shell' and 'entrypoint' exclude each other"},
		{"command: a\nrestart: alwyas",
		 "stack.yaml:4:14: unknown restart policy 'alwyas' (did you mean 'always'?)"},
		{"command: a\nrestart: on-failure:x", "restart policy 'on-failure:x': wanted on-failure:N"},
		{"command: a\nrestart: 'on-failure:'", "restart policy 'on-failure:': wanted on-failure:N"},
		{"command: a\nstop_signal: SIGTREM", "unknown signal 'SIGTREM' (did you mean 'SIGTERM'?)"},
		{"command: a\nstop_signal: 0", "unknown signal '0'"},
		{"command: [sleep, 60]", "'command': wanted text: put it in quotes, \"60\", found '60'"},
		{"command: [a, 1.50]", "put it in quotes, \"1.50\""},
		{"command: [a, 0x10]", "put it in quotes, \"0x10\""},
		{"command: [a, true]", "put it in quotes, \"true\""},
		{"entrypoint: [5]", "'entrypoint': wanted text"},
		{"command: a\nhealthcheck: {test: [CMD, a, 5]}", "'test': wanted text"},
		{"command: a\nstop_signal: 99", "unknown signal '99'"},
		{"command: a\nstop_grace_period: 10",
		 "'stop_grace_period': wanted a duration with a unit such as 10s, found '10'"},
		{"command: a\nstop_grace_period: soon", "wanted a duration such as 1m30s or 100ms, found 'soon'"},
		{"command: a\ntty: maybe", "'tty': wanted true or false, found 'maybe'"},
		{"command: a\nscale: -1", "'scale': wanted a number from 0 to 1000, found '-1'"},
		{"command: a\nscale: 2\ndeploy: {replicas: 3}", "'scale' says 2 and 'deploy.replicas' 3"},
		{"command: a\ndeploy: {replicsa: 3}", "unknown key 'replicsa' in deploy (did you mean 'replicas'?)"},
		{"command: a\nenvironment: 5", "'environment': wanted a map, or a list of NAME=value, found '5'"},
		{"command: a\nenvironment: ['=x']", "environment: '=x' has no name"},
		{"command: a\nenvironment: {a: [b]}", "'a': wanted text, found a list"},
		{"command: a\nlabels: {a: {b: c}}", "'a': wanted text, found a map"},
		{"command: a\nulimits: {nofiles: 1}", "unknown ulimit 'nofiles' (did you mean 'nofile'?)"},
		{"command: a\nulimits: {nofile: {soft: 2, hard: 1}}", "ulimit 'nofile': 'soft' is above 'hard'"},
		{"command: a\nulimits: {nofile: {soft: 2}}",
		 "ulimit 'nofile': wanted a number, or both 'soft' and 'hard'"},
		{"command: a\nports:\n- 0:80", "stack.yaml:5:7: '0' is no port: wanted a number from 1 to 65535"},
		{"command: a\nports: ['80:65536']", "'65536' is no port"},
		{"command: a\nports: [90-80]", "the port range '90-80' ends before it begins"},
		{"command: a\nports: [1-1001]", "the port range '1-1001' is longer than 1000 ports"},
		{"command: a\nports: ['1-3:1-2']", "the port ranges '1-3' and '1-2' differ in length"},
		{"command: a\nports: ['x:80']", "'x' is no port"},
		{"command: a\nports: ['80:']", "'' is no port"},
		{"command: a\nports: ['80/sctp']", "unknown protocol 'sctp'"},
		{"command: a\nports: ['host:1:2']", "'host' is no address to bind a port to"},
		{"command: a\nports: [[80]]", "a port wants text such as \"8080:80\" or a map, found a list"},
		{"command: a\nports: 80", "'ports': wanted a list of ports, found '80'"},
		{"command: a\nports: [{published: 80}]", "this port has no 'target'"},
		{"command: a\nports: [{target: 0}]", "'target': wanted a number from 1 to 65535, found '0'"},
		{"command: a\nports: [{target: 1, published: 5-4}]", "the port range '5-4' ends before it begins"},
		{"command: a\nports: [{target: 1, publshed: 5}]",
		 "unknown key 'publshed' in ports (did you mean 'published'?)"},
		{"command: a\nhealthcheck: {test: [CMDX, a]}", "found a list that begins with 'CMDX'"},
		{"command: a\nhealthcheck: {test: [CMD]}", "'test': wanted text, [CMD, program, ...]"},
		{"command: a\nhealthcheck: {test: b, interval: 0s}", "'interval': wanted a duration above zero"},
		{"command: a\nhealthcheck: {intervall: 1s}",
		 "unknown key 'intervall' in healthcheck (did you mean 'interval'?)"},
		{"command: a\nx-upfront: {redy: 1}",
		 "unknown key 'redy' in x-upfront of a service (did you mean 'ready'?)"},
		{"command: a\nx-upfront: {ready: {tcp: 'a:1', log: b}}",
		 "wanted exactly one of http, tcp, unix, log, exec and notify, found 2"},
		{"command: a\nx-upfront: {ready: {interval: 1s}}",
		 "wanted exactly one of http, tcp, unix, log, exec and notify, found 0"},
		{"command: a\nx-upfront: {ready: {http: 'https://h/'}}", "https is probed by 'exec'"},
		{"command: a\nx-upfront: {ready: {http: 'localhost:80'}}",
		 "wanted a URL such as http://localhost:8080/health"},
		{"command: a\nx-upfront: {ready: {http: 'http://u@h/'}}", "wanted a URL such as"},
		{"command: a\nx-upfront: {ready: {http: 'http://h:0/'}}", "wanted a URL such as"},
		{"command: a\nx-upfront: {ready: {tcp: '5432'}}",
		 "wanted HOST:PORT such as localhost:5432, found '5432'"},
		{"command: a\nx-upfront: {ready: {tcp: '::1:5432'}}", "wanted HOST:PORT"},
		{"command: a\nx-upfront: {ready: {tcp: 'h:65536'}}", "wanted HOST:PORT"},
		{"command: a\nx-upfront: {ready: {log: '('}}", "'log': '(' is no regular expression: "},
		{"command: a\nx-upfront: {ready: {log: '((a{200}){200}){200}'}}",
		 "'log': wanted a smaller regular expression"},
		{"command: a\nx-upfront: {ready: {exec: []}}", "'exec' names no program"},
		{"command: a\nx-upfront: {ready: {notify: false}}", "'notify': wanted true, found 'false'"},
		{"command: a\nx-upfront: {ready: {tcp: 'a:1', status: 200}}", "'status' goes with 'http' only"},
		{"command: a\nx-upfront: {ready: {http: 'http://a', status: 399-200}}",
		 "wanted an HTTP status such as 200-399"},
		{"command: a\nx-upfront: {ready: {http: 'http://a', status: 99}}",
		 "wanted an HTTP status such as 200-399"},
		{"command: a\nx-upfront: {version: {pattern: x}}",
		 "'version': wanted text or {exec: [...], pattern: REGEX}"},
		{"command: a\nx-upfront: {backoff: {initial: 5s, max: 1s}}",
		 "'backoff': 'initial' is longer than 'max'"},
		{"command: a\nx-upfront: {log: {max_size: 0}}", "'max_size': wanted a size above zero"},
		{"command: a\nx-upfront: {log: {max_files: 0}}", "'max_files': wanted a number from 1 to 1000"},
		{"command: a\nx-upfront: {open: 'ftp://x'}", "'open': wanted a URL such as http://localhost:8080"},
		{"command: a\nx-upfront: {on_withdraw: {signal: SIGUSR1, exec: [a]}}",
		 "wanted either {signal: NAME} or {exec: [...]}"},
		{"command: a\nenv_file: /nowhere/x.env",
		 "cannot read env_file /nowhere/x.env: No such file or directory"},
		{"command: a\nenv_file: [{required: true}]", "'env_file' names no path"},
		{"command: a\nenv_file: [{path: x, format: ini}]", "'format': wanted raw, or nothing, found 'ini'"},
		{"command: a\ndepends_on: b", "'depends_on': wanted a list of services, or a map of them"},
		{"command: a\ndepends_on: [b, b]", "depends_on: 'b' is there twice"},
		{"command: a\ndepends_on: {web: {}}", "service 'web' depends on itself"},
		{"command: a\ndepends_on: [wbe]",
		 "service 'web' depends on unknown service 'wbe' (did you mean 'web'?)"},
		{"command: a\ndepends_on: {b: {condition: healthy}}", "unknown condition 'healthy'"},
		{"command: a\ndepends_on: {b: {conditon: x}}",
		 "unknown key 'conditon' in depends_on (did you mean 'condition'?)"},
	};
	size_t wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct stack_text text;

		resolve(&text, cases[i].body);
		wrong += !stack_text_has_error(&text, cases[i].error);
		stack_text_finish(&text);
	}
	assert_int_equal(wrong, 0);
}

/* A slip in the one key that is needed is one mistake, not two. */
static void test_a_slip_is_told_once(void **state)
{
	struct stack_text text;

	(void)state;
	stack_text_resolve(&text, "services: {web: {comand: a}}", NULL);
	stack_text_assert_error(&text, "unknown key 'comand'");
	assert_null(strstr(text.errors, "has no 'command'"));
	stack_text_finish(&text);
	stack_text_resolve(&text, "services: {web: {x-mine: a}}", NULL);
	stack_text_assert_error(&text, "has no 'command' to run");
	stack_text_finish(&text);
}

static void test_names(void **state)
{
	static const char *const bad[] = {"a b", "../x", ".x", "-x", "a/b", "\xc3\xa4"};
	struct stack_text text;
	char yaml[256];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		snprintf(yaml, sizeof(yaml), "services: {\"%s\": {command: a}}", bad[i]);
		stack_text_resolve(&text, yaml, NULL);
		stack_text_assert_error(&text, "is no name of a service");
		stack_text_finish(&text);
	}
	stack_text_resolve(&text, "services: {a.b_C-9: {command: a}}", NULL);
	stack_text_assert_error(&text, "");
	stack_text_finish(&text);
}

static void test_ignored_keys(void **state)
{
	struct stack_text text;

	(void)state;
	resolve(&text,
		"command: a\nnetworks: [x]\nvolumes: ['a:/b']\ndeploy: {replicas: 2, resources: {}}\nx-mine: {a: b}");
	stack_text_assert_error(&text, "");
	assert_string_equal(
		text.warnings,
		"upfront: app/stack.yaml:3:5: service 'web' is a process of this machine, where these have no "
		"effect: networks (line 4), volumes (line 5), deploy.resources (line 6)\n");
	stack_text_finish(&text);
	/* A container engine honours them all. */
	resolve(&text, "image: a\nnetworks: [default]\nvolumes: ['/a:/b']\ncap_add: [ALL]\ngpus: all");
	stack_text_assert_error(&text, "");
	assert_string_equal(text.warnings, "");
	stack_text_finish(&text);
	/* No shell runs a command that looks as if. */
	resolve(&text, "command: a && b");
	assert_non_null(strstr(text.warnings, "'&&' is handed to the program as it is: no shell runs it"));
	stack_text_finish(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_commands),
		cmocka_unit_test(test_scalars),
		cmocka_unit_test(test_restart_policies),
		cmocka_unit_test(test_images),
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_ports),
		cmocka_unit_test(test_readiness),
		cmocka_unit_test(test_watchdog),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_a_slip_is_told_once),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_ignored_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
