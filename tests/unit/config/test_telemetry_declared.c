/* SPDX-License-Identifier: MIT */
/* What x-upfront.telemetry says of a product's services, its API, its pages and its command lines. */
#include "config/command_table.h"
#include "config/stack_print.h"
#include "tests/lib/stack_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SERVICES "services: {web: {command: a}}\n"
#define TEN "0123456789"
#define SIXTY TEN TEN TEN TEN TEN TEN

/* A stack with this in x-upfront.telemetry, one line. */
static void resolve(struct stack_text *text, const char *telemetry)
{
	char yaml[65536];

	snprintf(yaml, sizeof(yaml), "x-upfront: {telemetry: {%s}}\n" SERVICES, telemetry);
	stack_text_resolve(text, yaml, NULL);
}

static void assert_words(const char *const *words, const char *expected)
{
	char joined[256] = "";

	for (size_t i = 0; words && words[i]; i++)
		snprintf(joined + strlen(joined), sizeof(joined) - strlen(joined), "%s%s", i ? " " : "", words[i]);
	assert_string_equal(joined, expected);
}

/* ---- Events ---- */

static void test_events(void **state)
{
	struct stack_text text;
	const struct telemetry_decl *decl;

	(void)state;
	resolve(&text, "services: {asked: {ok: bool, ms: number, n: int, how: [fast, slow]}, 'user signed up': }");
	stack_text_assert_error(&text, "");
	decl = text.stack->telemetry;
	assert_int_equal(decl->event_count, 2);
	assert_string_equal(decl->events[0].name, "asked");
	assert_int_equal(decl->events[0].place.line, 1);
	assert_int_equal(decl->events[0].place.column, 36);
	assert_int_equal(decl->events[0].field_count, 4);
	assert_string_equal(decl->events[0].fields[0].name, "ok");
	assert_int_equal(decl->events[0].fields[0].kind, KIND_BOOL);
	assert_null(decl->events[0].fields[0].words);
	assert_int_equal(decl->events[0].fields[1].kind, KIND_NUMBER);
	assert_int_equal(decl->events[0].fields[2].kind, KIND_INT);
	assert_int_equal(decl->events[0].fields[3].kind, KIND_WORD);
	assert_words(decl->events[0].fields[3].words, "fast slow");
	assert_string_equal(decl->events[1].name, "user signed up");
	assert_int_equal(decl->events[1].field_count, 0);
	stack_text_finish(&text);
}

static void test_nothing_declared(void **state)
{
	struct stack_text text;
	const struct telemetry_decl *decl;

	(void)state;
	resolve(&text, "services: , commands: {tool: }, routes: [], origins: [], on_withdraw: ");
	stack_text_assert_error(&text, "");
	decl = text.stack->telemetry;
	assert_int_equal(decl->event_count, 0);
	assert_null(decl->routes);
	assert_null(decl->origins);
	assert_int_equal(decl->command_count, 1);
	assert_int_equal(decl->commands[0].entry_count, 0);
	assert_int_equal(decl->on_withdraw.signal, 0);
	assert_null(decl->on_withdraw.argv);
	assert_null(stack_text_service(&text, "web")->on_withdraw);
	stack_text_finish(&text);
}

/* ---- Routes and origins ---- */

static void test_routes(void **state)
{
	static const struct {
		const char *route, *result; /* NULL: refused */
		const char *why;
	} cases[] = {
		{"/", "/", NULL},
		{"/api/v1/charts", "/api/v1/charts", NULL},
		{"/api/v1/charts/", "/api/v1/charts", NULL},
		{"/api/{id}/x/{other_id2}", "/api/{id}/x/{other_id2}", NULL},
		{"/assets/{path...}", "/assets/{path...}", NULL},
		{"/a.b/.well-known/x~y", "/a.b/.well-known/x~y", NULL},
		{"/users:batch", "/users:batch", NULL},
		{"/{id}", "/{id}", NULL},
		{"api", NULL, "wanted a route such as"},
		{"", NULL, "wanted a route such as"},
		{"/a?b=1", NULL, "wanted a route such as"},
		{"/a#b", NULL, "wanted a route such as"},
		{"/a b", NULL, "wanted a route such as"},
		{"/a%20b", NULL, "wanted a route such as"},
		{"/a;v=1", NULL, "wanted a route such as"},
		{"/<id>", NULL, "wanted a route such as"},
		{"/a//b", NULL, "has an empty segment"},
		{"//", NULL, "has an empty segment"},
		{"/a/./b", NULL, "'.' or '..'"},
		{"/a/..", NULL, "'.' or '..'"},
		{"/a/x{id}", NULL, "{name} takes a whole one"},
		{"/a/{id}x", NULL, "{name} takes a whole one"},
		{"/a/{id}.{format}", NULL, "{name} takes a whole one"},
		{"/a/id}", NULL, "{name} takes a whole one"},
		{"/a/{}", NULL, "a parameter without a plain name"},
		{"/a/{", NULL, "a parameter without a plain name"},
		{"/a/{id", NULL, "a parameter without a plain name"},
		{"/a/{1}", NULL, "a parameter without a plain name"},
		{"/a/{id:int}", NULL, "a parameter without a plain name"},
		{"/a/{...}", NULL, "a parameter without a plain name"},
		{"/a/{rest...}/b", NULL, "before its end"},
		{"/a/{rest...}x", NULL, "{name} takes a whole one"},
		{"/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/18/19/20/21/22/23/24/25/26/27/28/29/30/31/32/33", NULL,
		 "more than 32 segments"},
		{"/" SIXTY SIXTY SIXTY TEN TEN, NULL, "longer than 200 bytes"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct stack_text text;
		char telemetry[512];

		snprintf(telemetry, sizeof(telemetry), "routes: ['%s']", cases[i].route);
		resolve(&text, telemetry);
		if (!text.stack != !cases[i].result)
			fail_msg("%s: %s", cases[i].route, text.errors);
		if (text.stack)
			assert_words(text.stack->telemetry->routes, cases[i].result);
		else
			stack_text_assert_error(&text, cases[i].why);
		stack_text_finish(&text);
	}
}

static void test_origins(void **state)
{
	static const struct {
		const char *origin, *result; /* NULL: refused */
	} cases[] = {
		{"http://localhost:3000", "http://localhost:3000"},
		{"HTTP://LocalHost:3000", "http://localhost:3000"},
		{"http://localhost:80", "http://localhost"},
		{"https://localhost:443", "https://localhost"},
		{"https://shop.example.org:80", "https://shop.example.org:80"},
		{"http://localhost:443", "http://localhost:443"},
		{"http://localhost:08080", "http://localhost:8080"},
		/* ${HOST_PORT} that is not set yet */
		{"http://localhost:", "http://localhost"},
		{"http://[0:0:0:0:0:0:0:1]:3000", "http://[::1]:3000"},
		{"http://[::1]", "http://[::1]"},
		{"*", NULL},
		{"null", NULL},
		{"localhost:3000", NULL},
		{"http://", NULL},
		{"http://:80", NULL},
		{"http://localhost:0", NULL},
		{"http://localhost:65536", NULL},
		{"http://localhost:x", NULL},
		{"http://localhost/", NULL},
		{"http://localhost?x", NULL},
		{"http://u:p@localhost", NULL},
		{"http://*.example.org", NULL},
		{"http://[::1", NULL},
		{"http://[]", NULL},
		{"http://[x]", NULL},
		{"http://b\xc3\xbc"
		 "cher.example",
		 NULL},
		{"ws://localhost", NULL},
		{"file:///x", NULL},
		{"", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct stack_text text;
		char telemetry[256];

		snprintf(telemetry, sizeof(telemetry), "origins: ['%s']", cases[i].origin);
		resolve(&text, telemetry);
		if (!text.stack != !cases[i].result)
			fail_msg("%s: %s", cases[i].origin, text.errors);
		if (text.stack)
			assert_words(text.stack->telemetry->origins, cases[i].result);
		else
			stack_text_assert_error(&text, "'origins': wanted an origin such as http://localhost:3000");
		stack_text_finish(&text);
	}
}

static void test_what_is_said_twice_counts_once(void **state)
{
	struct stack_text text;

	(void)state;
	resolve(&text, "routes: [/a, /b, /a/], origins: ['http://h', 'HTTP://H:80', 'https://h']");
	stack_text_assert_error(&text, "");
	assert_words(text.stack->telemetry->routes, "/a /b");
	assert_words(text.stack->telemetry->origins, "http://h https://h");
	stack_text_finish(&text);
}

/* ---- Commands ---- */

static const char *option_text(const struct command_option *option)
{
	static char text[256];

	snprintf(text, sizeof(text), "%s %c %s %d%s", option->name, option->letter ? option->letter : '.',
		 option->negated ? option->negated : ".", (int)option->kind, option->ends_telemetry ? " ends" : "");
	return text;
}

static void test_commands(void **state)
{
	static const char *const options[] = {
		"--dag-filter . . 0", "--threads t . 6",        "--output-dir . . 1",        "--token . . 3",
		"--format f . 7",     "--cache c --no-cache 4", "--no-telemetry . . 4 ends", "-v v . 5",
		"--host . . 2",
	};
	struct stack_text text;
	const struct command_table *table;
	const struct command_entry *run;

	(void)state;
	resolve(&text, "commands: {visivo: {'*': {'-e, --env-file': path, '-h,--help': bool},"
		       " run: {--dag-filter: value, '-t, --threads': int, --output-dir: path, --token: secret,"
		       " '--format, -f': [json, csv], '-c, --cache, --no-cache': bool, --no-telemetry: bool, -v: count,"
		       " --host: url, <site>: path, <mode>: [a, b], <file...>: path, aliases: [r, do it]},"
		       " dbt run: {--select: value, track: false}, dbt: }, other: {x: {}}}");
	stack_text_assert_error(&text, "");
	assert_int_equal(text.stack->telemetry->command_count, 2);
	table = &text.stack->telemetry->commands[0];
	assert_string_equal(table->program, "visivo");
	assert_null(table->implied);
	assert_int_equal(table->option_count, 2);
	assert_string_equal(option_text(&table->options[0]), "--env-file e . 1");
	assert_string_equal(option_text(&table->options[1]), "--help h . 4");
	assert_int_equal(table->entry_count, 3);
	run = &table->entries[0];
	assert_string_equal(run->name, "run");
	assert_words(run->aliases, "r do it");
	assert_false(run->untracked);
	assert_int_equal(run->option_count, sizeof(options) / sizeof(*options));
	for (size_t i = 0; i < run->option_count; i++)
		assert_string_equal(option_text(&run->options[i]), options[i]);
	assert_words(run->options[4].words, "json csv");
	assert_int_equal(run->operand_count, 3);
	assert_int_equal(run->operands[0].kind, COMMAND_PATH);
	assert_int_equal(run->operands[1].kind, COMMAND_ENUM);
	assert_words(run->operands[1].words, "a b");
	assert_true(run->operands_repeat);
	assert_string_equal(table->entries[1].name, "dbt run");
	assert_true(table->entries[1].untracked);
	assert_null(table->entries[1].aliases);
	assert_false(table->entries[1].operands_repeat);
	assert_string_equal(table->entries[2].name, "dbt");
	assert_string_equal(text.stack->telemetry->commands[1].program, "other");
	stack_text_finish(&text);
}

/* ---- Withdrawal ---- */

static void test_on_withdraw(void **state)
{
	struct stack_text text;
	const struct withdraw_notice *notice;

	(void)state;
	stack_text_resolve(&text,
			   "x-upfront: {telemetry: {on_withdraw: {signal: USR2}}}\n"
			   "services:\n"
			   "  a: {command: a, x-upfront: {on_withdraw: {exec: [reload, now]}}}\n"
			   "  b: {command: b, x-upfront: {on_withdraw: {signal: SIGHUP}}}\n"
			   "  c: {command: c}\n",
			   NULL);
	stack_text_assert_error(&text, "");
	assert_int_equal(text.stack->telemetry->on_withdraw.signal, SIGUSR2);
	assert_null(text.stack->telemetry->on_withdraw.argv);
	notice = stack_text_service(&text, "a")->on_withdraw;
	assert_int_equal(notice->signal, 0);
	assert_words(notice->argv, "reload now");
	notice = stack_text_service(&text, "b")->on_withdraw;
	assert_int_equal(notice->signal, SIGHUP);
	assert_null(notice->argv);
	assert_null(stack_text_service(&text, "c")->on_withdraw);
	stack_text_finish(&text);
}

/* ---- What is wrong ---- */

static void test_errors(void **state)
{
	static const struct {
		const char *telemetry, *error;
	} cases[] = {
		{"services: {$pageview: {}}", "stack.yaml:1:36: '$pageview' is no name of an event"},
		{"services: {'': {}}", "'' is no name of an event"},
		{"services: {\"a\\nb\": {}}", "is no name of an event"},
		{"services: {" SIXTY "12345: {}}", "is no name of an event: wanted at most 64 bytes"},
		{"services: {server_start: {}}", "event 'server_start' is upfront's own, and no service can report it"},
		{"services: {server_start_failed: {}}", "event 'server_start_failed' is upfront's own"},
		{"services: {cli_command: {}}", "event 'cli_command' is upfront's own"},
		{"services: {api_request: {}}", "services report it without a declaration"},
		{"services: {api_request: {}}", "hint: declare the API's routes in 'telemetry.routes'"},
		{"services: [a]", "'services': wanted a map, found a list"},
		{"services: {a: bool}", "'a': wanted a map, found 'bool'"},
		{"services: {a: {b: boolean}}", "stack.yaml:1:43: unknown kind 'boolean'"},
		{"services: {a: {b: string}}", "property 'b': 'string' is no kind: free text could carry anything"},
		{"services: {a: {b: text}}", "hint: list the words it may be, for example [fast, slow]"},
		{"services: {a: {b: enum}}", "hint: list the words it may be"},
		{"services: {a: {b: }}", "'b': wanted text (kind), found nothing"},
		{"services: {a: {b: {}}}", "'b': wanted text (kind), found a map"},
		{"services: {a: {b: []}}", "'b': wanted at least one word"},
		{"services: {a: {b: [x, x]}}", "stack.yaml:1:47: 'b': 'x' is there twice"},
		{"services: {a: {b: ['']}}", "'b': wanted a word of at most 64 bytes, found ''"},
		{"services: {a: {b: [[x]]}}", "'b': wanted a word of at most 64 bytes, found a list"},
		{"services: {a: {b: [" SIXTY "12345]}}", "'b': wanted a word of at most 64 bytes"},
		{"services: {a: {b: [\"\\u202e\"]}}", "'b': wanted a word of at most 64 bytes"},
		{"services: {a: {$ip: int}}", "property '$ip' is one of upfront's own"},
		{"services: {a: {distinct_id: int}}", "property 'distinct_id' is one of upfront's own"},
		{"services: {a: {session_id: int}}", "property 'session_id' is one of upfront's own"},
		{"services: {a: {platform: int}}", "property 'platform' is one of upfront's own"},
		{"services: {a: {a$b: int}}", "'a$b' is no name of a property"},
		{"services: {a: {1b: int}}", "'1b' is no name of a property"},
		{"services: {a: {b c: int}}", "'b c' is no name of a property"},
		{"services: {a: {model: int}}, common: {model: {value: x}}",
		 "stack.yaml:1:40: property 'model' of event 'a' is declared in 'common' already"},
		{"routes: [a]", "stack.yaml:1:34: 'routes': wanted a route such as /api/v1/charts/{id}, found 'a'"},
		{"routes: /a", "'routes': wanted a list, found '/a'"},
		{"routes: [[/a]]", "'routes': wanted a route such as /api/v1/charts/{id}, found a list"},
		{"origins: http://a", "'origins': wanted a list, found 'http://a'"},
		{"origins: ['http://a/b']",
		 "stack.yaml:1:36: 'origins': wanted an origin such as http://localhost:3000"},
		{"commands: {t: run}", "'t': wanted a map, found 'run'"},
		{"commands: {t: {run: x}}", "'run': wanted a map, found 'x'"},
		{"commands: {a b: {}}", "'a b' is no name of a program: wanted one word, without its folder"},
		{"commands: {/bin/t: {}}", "'/bin/t' is no name of a program"},
		{"commands: {-t: {}}", "'-t' is no name of a program"},
		{"commands: {t: {--run: {}}}", "'--run' is no name of a command: wanted words such as 'run'"},
		{"commands: {t: {<none>: {}}}", "'<none>' is no name of a command"},
		{"commands: {t: {'run ': {}}}", "'run ' is no name of a command"},
		{"commands: {t: {'a  b': {}}}", "'a  b' is no name of a command"},
		{"commands: {t: {'a -b': {}}}", "'a -b' is no name of a command"},
		{"commands: {t: {'': {}}}", "'' is no name of a command"},
		{"commands: {t: {run: {filter: value}}}",
		 "stack.yaml:1:46: command 't run': 'filter' is neither an option"},
		{"commands: {t: {run: {<>: value}}}", "command 't run': '<>' is neither an option"},
		{"commands: {t: {run: {--f: vaule}}}", "unknown kind 'vaule' (did you mean 'value'?)"},
		{"commands: {t: {run: {--f: enum}}}", "'--f': wanted the words of the enumeration, as in [json, csv]"},
		{"commands: {t: {run: {--f: [a, a]}}}", "'--f': 'a' is there twice"},
		{"commands: {t: {run: {--f: {}}}}", "'--f': wanted text (kind), found a map"},
		{"commands: {t: {run: {-threads: int}}}",
		 "command 't run': '-threads' is no option: wanted -x, --name, or both"},
		{"commands: {t: {run: {--: int}}}", "command 't run': '--' is no option"},
		{"commands: {t: {run: {'-t, threads': int}}}", "command 't run': 'threads' is no option"},
		{"commands: {t: {run: {'--f=x': int}}}", "command 't run': '--f=x' is no option"},
		{"commands: {t: {run: {'--f <x>': int}}}", "command 't run': '<x>' is no option"},
		{"commands: {t: {run: {'-a, -b': int}}}", "command 't run': option '-a, -b' has two letters"},
		{"commands: {t: {run: {'--a, --b': int}}}", "command 't run': option '--a, --b' has two names"},
		{"commands: {t: {run: {'--a, --no-b': bool}}}", "option '--a, --no-b' has two names"},
		{"commands: {t: {run: {'--a, --no-a, --no-a': bool}}}", "has two names"},
		{"commands: {t: {run: {'--a, --no-a': int}}}",
		 "command 't run': option '--a' can be negated, and so its kind is bool"},
		{"commands: {t: {run: {-t: int, '-t, --threads': int}}}",
		 "command 't run': option '-t' is there twice"},
		{"commands: {t: {run: {'-a, --t': int, '-b, --t': int}}}", "option '--t' is there twice"},
		{"commands: {t: {run: {--no-a: bool, '--a, --no-a': bool}}}", "option '--no-a' is there twice"},
		{"commands: {t: {run: {<a>: bool}}}", "only an option can be of kind 'bool'"},
		{"commands: {t: {run: {<a>: count}}}", "only an option can be of kind 'count'"},
		{"commands: {t: {run: {<a...>: path, <b>: path}}}",
		 "'<b>' stands behind an operand that takes all the rest"},
		{"commands: {t: {run: {track: x}}}", "'track': wanted true or false"},
		{"commands: {t: {run: {aliases: x}}}", "'aliases': wanted a list"},
		{"commands: {t: {run: {aliases: [-x]}}}", "'aliases': wanted another name of the command, found '-x'"},
		{"commands: {t: {run: {aliases: [stop]}, stop: }}",
		 "command 't run': its alias 'stop' is the name of another command too"},
		{"commands: {t: {run: {aliases: [r]}, rm: {aliases: [r]}}}",
		 "command 't rm': its alias 'r' is the name of another command too"},
		{"commands: {t: {'*': {<a>: path}}}",
		 "'<a>' is no option, and only options are common to all commands"},
		{"commands: {t: {'*': {track: false}}}", "'track' is no option"},
		{"commands: {t: {'*': {-a: int, '-a, --b': int}}}", "command 't *': option '-a' is there twice"},
		{"on_withdraw: SIGHUP", "hint: say {signal: SIGUSR1}, or {exec: [PROGRAM, ARGUMENT]}"},
		{"on_withdraw: {}", "'on_withdraw': wanted either {signal: NAME} or {exec: [...]}"},
		{"on_withdraw: {signal: SIGUSR1, exec: [a]}", "'on_withdraw': wanted either {signal: NAME}"},
		{"on_withdraw: {signal: SIGFOO}", "unknown signal 'SIGFOO'"},
		{"on_withdraw: {signal: SIGKILL}", "stack.yaml:1:47: 'on_withdraw': no service hears SIGKILL"},
		{"on_withdraw: {exec: []}", "'exec' names no program"},
	};
	size_t wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct stack_text text;

		resolve(&text, cases[i].telemetry);
		wrong += !stack_text_has_error(&text, cases[i].error);
		stack_text_finish(&text);
	}
	assert_int_equal(wrong, 0);
}

/* ---- Limits ---- */

/* FORMAT for each of 0..count-1 between `before` and `after`. */
static char *repeat(const char *before, const char *format, size_t count, const char *after)
{
	char *text = NULL;
	size_t size_bytes;
	FILE *out = open_memstream(&text, &size_bytes);

	assert_non_null(out);
	fputs(before, out);
	for (size_t i = 0; i < count; i++) {
		fputs(i ? ", " : "", out);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		fprintf(out, format, i);
#pragma GCC diagnostic pop
	}
	fputs(after, out);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void test_limits(void **state)
{
	static const struct {
		const char *before, *format, *after;
		size_t max;
		const char *error;
	} cases[] = {
		{"services: {", "e%zu: ", "}", TELEMETRY_EVENTS_MAX,
		 "'services' declares 201 events, but takes at most 200"},
		{"services: {a: {", "p%zu: int", "}}", TELEMETRY_PROPERTIES_MAX,
		 "'a' declares 101 properties, but takes at most 100"},
		{"services: {a: {b: [", "w%zu", "]}}", TELEMETRY_WORDS_MAX, "'b' declares 101 words"},
		{"routes: [", "/r%zu", "]", TELEMETRY_ROUTES_MAX, "'routes' declares 501 routes"},
		{"origins: [", "'http://h%zu'", "]", TELEMETRY_ORIGINS_MAX,
		 "'origins' declares 21 origins, but takes at most 20"},
		{"commands: {", "p%zu: ", "}", COMMAND_PROGRAMS_MAX, "'commands' declares 21 programs"},
		{"commands: {t: {", "c%zu: ", "}}", COMMAND_ENTRIES_MAX, "'t' declares 501 commands"},
		{"commands: {t: {run: {", "--o%zu: int", "}}}", COMMAND_OPTIONS_MAX,
		 "'run' declares 201 options and operands"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		for (size_t more = 0; more < 2; more++) {
			char *telemetry = repeat(cases[i].before, cases[i].format, cases[i].max + more, cases[i].after);
			struct stack_text text;

			resolve(&text, telemetry);
			stack_text_assert_error(&text, more ? cases[i].error : "");
			stack_text_finish(&text);
			free(telemetry);
		}
	}
}

/* ---- The same in what is printed ---- */

static void test_what_is_printed_reads_as_the_same(void **state)
{
	struct stack_text text, again;
	char *printed;

	(void)state;
	resolve(&text, "services: {asked: {how: [fast, slow]}}, routes: ['/a/{id}'], origins: ['http://H:80'],"
		       "commands: {t: {'*': {-v: count}, dbt run: {'-t, --token': secret, <file...>: path,"
		       " aliases: [d], track: false}}}, on_withdraw: {exec: [a, b]}");
	stack_text_assert_error(&text, "");
	printed = stack_print_yaml(text.stack);
	assert_non_null(printed);
	stack_text_resolve(&again, printed, NULL);
	stack_text_assert_error(&again, "");
	assert_words(again.stack->telemetry->events[0].fields[0].words, "fast slow");
	assert_words(again.stack->telemetry->routes, "/a/{id}");
	assert_words(again.stack->telemetry->origins, "http://h");
	assert_string_equal(option_text(&again.stack->telemetry->commands[0].options[0]), "-v v . 5");
	assert_string_equal(option_text(&again.stack->telemetry->commands[0].entries[0].options[0]), "--token t . 3");
	assert_true(again.stack->telemetry->commands[0].entries[0].operands_repeat);
	assert_true(again.stack->telemetry->commands[0].entries[0].untracked);
	assert_words(again.stack->telemetry->on_withdraw.argv, "a b");
	free(printed);
	stack_text_finish(&again);
	stack_text_finish(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_nothing_declared),
		cmocka_unit_test(test_routes),
		cmocka_unit_test(test_origins),
		cmocka_unit_test(test_what_is_said_twice_counts_once),
		cmocka_unit_test(test_commands),
		cmocka_unit_test(test_on_withdraw),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_what_is_printed_reads_as_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
