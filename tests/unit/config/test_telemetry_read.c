/* SPDX-License-Identifier: MIT */
/* x-upfront at the top of the file, telemetry first of all. */
#include "tests/lib/stack_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A stack with this in x-upfront, one line. */
static void resolve(struct stack_text *text, const char *upfront)
{
	char yaml[4096];

	snprintf(yaml, sizeof(yaml),
		 "x-upfront: {%s}\n"
		 "services:\n"
		 "  web: {command: a}\n"
		 "  off: {command: a, profiles: [p]}\n",
		 upfront);
	stack_text_resolve(text, yaml, NULL);
}

/* 200 bytes, and 201. */
#define TEN "0123456789"
#define FIFTY TEN TEN TEN TEN TEN
#define LONGEST FIFTY FIFTY FIFTY FIFTY
#define TOO_LONG LONGEST "x"

static void test_everything(void **state)
{
	struct stack_text text;
	const struct telemetry_decl *decl;

	(void)state;
	resolve(&text, "app: Wren AI, version: 1.10, requires: 0.1, open: 'http://localhost:1', on_hangup: detach, "
		       "telemetry: {"
		       "notice: 3, controller: Canner Inc., policy: 'https://e.org/p', purpose: why, region: EU, "
		       "retention: 1 y,"
		       "host: 'https://us.i.posthog.com/', key: phc_x, identity: install,"
		       "server_start: {web-version: {version: web}, off-version: {version: off},"
		       "  node: {exec: [node, --version], pattern: '^v$$'}, node_platform: platform, services: null, "
		       "n: node_arch, qdrant-version: },"
		       "common: {model: {value: 'a $$ b'}, empty: {value: ''}},"
		       "env: {on: {A: 'true', H: '${relay}/x', U: '${distinct_id}${session_id}', D: $$x}, off: {A: "
		       "'false', E: }}}");
	stack_text_assert_error(&text, "");
	assert_string_equal(text.stack->app, "Wren AI");
	assert_string_equal(text.stack->version, "1.10");
	assert_string_equal(text.stack->open, "http://localhost:1");
	assert_int_equal(text.stack->on_hangup, HANGUP_DETACH);
	decl = text.stack->telemetry;
	assert_true(decl->enabled);
	assert_int_equal(decl->notice, 3);
	assert_string_equal(decl->controller, "Canner Inc.");
	assert_string_equal(decl->policy, "https://e.org/p");
	assert_string_equal(decl->purpose, "why");
	assert_string_equal(decl->region, "EU");
	assert_string_equal(decl->retention, "1 y");
	assert_string_equal(decl->host, "https://us.i.posthog.com");
	assert_string_equal(decl->key, "phc_x");
	assert_int_equal(decl->identity, IDENTITY_INSTALL);
	assert_int_equal(decl->server_start_count, 5);
	assert_string_equal(decl->server_start_without[0], "services");
	assert_string_equal(decl->server_start_without[1], "qdrant-version");
	assert_null(decl->server_start_without[2]);
	assert_string_equal(decl->server_start[0].name, "web-version");
	assert_int_equal(decl->server_start[0].source, SOURCE_VERSION);
	assert_string_equal(decl->server_start[0].text, "web");
	assert_string_equal(decl->server_start[1].text, "off");
	assert_int_equal(decl->server_start[2].source, SOURCE_EXEC);
	assert_string_equal(decl->server_start[2].argv[1], "--version");
	assert_string_equal(decl->server_start[2].pattern, "^v$");
	assert_int_equal(decl->server_start[3].source, SOURCE_PLATFORM);
	assert_int_equal(decl->server_start[4].source, SOURCE_NODE_ARCH);
	assert_int_equal(decl->common_count, 2);
	assert_int_equal(decl->common[0].source, SOURCE_VALUE);
	assert_string_equal(decl->common[0].text, "a $ b");
	assert_string_equal(decl->common[1].text, "");
	/* Filled only after a yes, by whoever knows the values: all of it stays as it was written. */
	assert_string_equal(strmap_find(&decl->env_on, "H"), "${relay}/x");
	assert_string_equal(strmap_find(&decl->env_on, "U"), "${distinct_id}${session_id}");
	assert_string_equal(strmap_find(&decl->env_on, "D"), "$$x");
	assert_string_equal(strmap_find(&decl->env_off, "A"), "false");
	assert_string_equal(strmap_find(&decl->env_off, "E"), "");
	stack_text_finish(&text);
}

static void test_defaults(void **state)
{
	struct stack_text text;

	(void)state;
	resolve(&text, "");
	assert_null(text.stack->telemetry);
	assert_string_equal(text.stack->app, "app");
	assert_int_equal(text.stack->on_hangup, HANGUP_STOP);
	stack_text_finish(&text);
	resolve(&text, "telemetry: {enabled: false}");
	assert_false(text.stack->telemetry->enabled);
	assert_null(text.stack->telemetry->host);
	assert_int_equal(text.stack->telemetry->identity, IDENTITY_RUN);
	stack_text_finish(&text);
	resolve(&text, "telemetry: {host: 'https://h'}");
	assert_true(text.stack->telemetry->enabled);
	assert_non_null(strstr(text.warnings, "telemetry has a 'host' and no 'key': nothing is asked or sent"));
	stack_text_finish(&text);
}

static void test_hosts(void **state)
{
	static const struct {
		const char *host, *result; /* NULL: refused */
	} cases[] = {
		{"https://eu.i.posthog.com", "https://eu.i.posthog.com"},
		{"https://h:8443/prefix//", "https://h:8443/prefix"},
		{"http://localhost:8000", "http://localhost:8000"},
		{"http://127.0.0.1", "http://127.0.0.1"},
		{"http://127.255.0.9:1", "http://127.255.0.9:1"},
		{"http://[::1]:8000/", "http://[::1]:8000"},
		{"file:out/events.jsonl", "file:/app/out/events.jsonl"},
		{"file:/var/events.jsonl", "file:/var/events.jsonl"},
		{"file:///var/events.jsonl", "file:/var/events.jsonl"},
		{"http://example.org", NULL},
		{"http://localhost.example.org", NULL},
		{"http://127.0.0.1.example.org", NULL},
		{"http://128.0.0.1", NULL},
		{"http://0.0.0.0", NULL},
		{"http://[::2]", NULL},
		{"http://[::1", NULL},
		{"http://[::1]x", NULL},
		{"http://localhost:0", NULL},
		{"http://localhost:99999", NULL},
		{"http://localhost:", NULL},
		{"http://u@localhost", NULL},
		{"https://u:p@h", NULL},
		{"https://h?x", NULL},
		{"https://h#x", NULL},
		{"https://", NULL},
		{"https:///x", NULL},
		{"https://a b", NULL},
		{"HTTPS://h", NULL},
		{"ftp://h", NULL},
		{"h", NULL},
		{"file:", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct stack_text text;
		char upfront[256];

		snprintf(upfront, sizeof(upfront), "telemetry: {host: '%s', key: k}", cases[i].host);
		resolve(&text, upfront);
		if (!text.stack != !cases[i].result)
			fail_msg("%s: %s", cases[i].host, text.errors);
		if (text.stack)
			assert_string_equal(text.stack->telemetry->host, cases[i].result);
		else
			assert_non_null(strstr(text.errors, "'host'"));
		stack_text_finish(&text);
	}
}

static void test_other_parts(void **state)
{
	struct stack_text text;

	(void)state;
	resolve(&text, "setup: [{key: P, ask: Which, choices: [a, b]}, {key: K, ask: Key, secret: true, pattern: ^sk-, "
		       "when: P=a},"
		       "  {key: PORT, port: 3000}],"
		       "files: [{from: a, to: b, mode: '0600'}]");
	stack_text_assert_error(&text, "");
	assert_int_equal(text.stack->setup_count, 3);
	assert_string_equal(text.stack->setup[0].choices[1], "b");
	assert_string_equal(text.stack->setup[1].ask, "Key");
	assert_true(text.stack->setup[1].secret);
	assert_string_equal(text.stack->setup[1].pattern, "^sk-");
	assert_string_equal(text.stack->setup[1].when_key, "P");
	assert_string_equal(text.stack->setup[1].when_value, "a");
	assert_int_equal(text.stack->setup[1].place.line, 1);
	assert_null(text.stack->setup[2].ask);
	assert_int_equal(text.stack->setup[2].port, 3000);
	stack_text_finish(&text);
}

/* What can be sent stays what it is; what would never arrive is refused, not left out of what was shown. */
static void test_texts_of_events(void **state)
{
	struct stack_text text;
	char many[4096] = "telemetry: {common: {";

	(void)state;
	resolve(&text, "version: " LONGEST ", telemetry: {common: {a: {value: '" LONGEST "'}}}");
	stack_text_assert_error(&text, "");
	assert_string_equal(text.stack->version, LONGEST);
	assert_string_equal(text.stack->telemetry->common[0].text, LONGEST);
	stack_text_finish(&text);
	for (int i = 0; i <= 100; i++)
		snprintf(many + strlen(many), sizeof(many) - strlen(many), "%sp%d: time", i ? ", " : "", i);
	strcat(many, "}}");
	resolve(&text, many);
	stack_text_assert_error(&text, "'common' declares 101 properties, but takes at most 100");
	stack_text_finish(&text);
}

static void test_errors(void **state)
{
	static const struct {
		const char *upfront, *error;
	} cases[] = {
		{"ap: x", "unknown key 'ap' in x-upfront (did you mean 'app'?)"},
		{"x-y: x", "unknown key 'x-y' in x-upfront"},
		{"app: ''", "'app': wanted a name of 1 to 100 bytes"},
		{"app: a/b", "'app': wanted a name on one line, without '/'"},
		{"app: \"a\\nb\"", "'app': wanted a name on one line"},
		{"app: ..", "'app': wanted a name of 1 to 100 bytes that does not begin with '.'"},
		{"requires: 99", "this stack needs upfront 99 or newer, and this is " UPFRONT_VERSION},
		{"requires: " UPFRONT_VERSION ".1", "this stack needs upfront"},
		{"requires: new", "'requires': wanted a version such as"},
		{"requires: 0.x", "'requires': wanted a version such as"},
		{"open: localhost", "'open': wanted a URL"},
		{"on_hangup: detatch", "unknown value of 'on_hangup' 'detatch' (did you mean 'detach'?)"},
		{"telemetry: on", "'telemetry': wanted a map, found 'on'"},
		{"telemetry: {contoller: x}", "unknown key 'contoller' in telemetry (did you mean 'controller'?)"},
		{"telemetry: {enabled: nope}", "'enabled': wanted true or false, found 'nope'"},
		{"telemetry: {notice: -1}", "'notice': wanted a whole number from 0 on"},
		{"telemetry: {policy: x}", "'policy': wanted a URL"},
		{"telemetry: {identity: user}", "unknown identity 'user': wanted run or install"},
		{"telemetry: {host: 'http://example.org'}",
		 "http://example.org would send in clear text over the network"},
		{"telemetry: {server_start: [a]}", "'server_start': wanted a map of properties, found a list"},
		{"telemetry: {server_start: {a: platfrom}}", "unknown source 'platfrom' (did you mean 'platform'?)"},
		{"telemetry: {server_start: {a: }}",
		 "property 'a' has no source, and is no default one that could be taken out"},
		{"telemetry: {server_start: {service: }}", "could be taken out (did you mean 'services'?)"},
		{"telemetry: {server_start: {arch: null}}", "property 'arch' has no source"},
		{"telemetry: {common: {services: null}}", "'services'"},
		{"telemetry: {server_start: {a: version}}", "property 'a': write {version: ...}"},
		{"telemetry: {server_start: {a: exec}}", "property 'a': write {exec: ...}"},
		{"telemetry: {server_start: {a: {version: wbe}}}",
		 "'version' names unknown service 'wbe' (did you mean 'web'?)"},
		{"telemetry: {server_start: {a: {}}}", "property 'a': wanted one of {version: SERVICE}"},
		{"telemetry: {server_start: {a: {version: web, value: b}}}", "property 'a': wanted one of"},
		{"telemetry: {server_start: {a: {exec: [b]}}}", "property 'a': 'exec' wants a 'pattern'"},
		{"telemetry: {server_start: {a: {exec: b, pattern: c}}}", "'exec': wanted a list of words"},
		{"telemetry: {server_start: {a: {value: b, pattern: c}}}", "'pattern' goes with 'exec' only"},
		{"telemetry: {server_start: {a: {exec: [b], pattern: '['}}}", "'[' is no regular expression"},
		{"telemetry: {server_start: {a: {values: b}}}",
		 "unknown key 'values' in a property (did you mean 'value'?)"},
		{"telemetry: {common: {a: {value: " TOO_LONG "}}}",
		 "stack.yaml:1:45: 'value': a text of 201 bytes, but an event takes at most 200"},
		{"telemetry: {server_start: {a: {value: \"b\\nc\"}}}", "'value': a text with control characters"},
		{"telemetry: {common: {a: {value: \"\\u202e\"}}}", "'value': a text with control characters"},
		{"version: " TOO_LONG, "stack.yaml:1:22: 'version': a text of 201 bytes"},
		{"version: \"1\\e[31m\"", "stack.yaml:1:23: 'version': a text with control characters"},
		{"telemetry: {common: {a b: time}}", "'a b' is no name of a property"},
		{"telemetry: {common: {1a: time}}", "'1a' is no name of a property"},
		{"telemetry: {common: {\"\": time}}", "'' is no name of a property"},
		{"telemetry: {common: {$ip: time}}", "property '$ip' keeps events anonymous"},
		{"telemetry: {common: {$geoip_disable: time}}", "property '$geoip_disable' keeps events anonymous"},
		{"telemetry: {common: {$process_person_profile: time}}", "property '$process_person_profile' keeps"},
		{"telemetry: {common: {$lib: time, $lib_version: time}}", "property '$lib_version' keeps"},
		{"telemetry: {common: {$set: time}}", "property '$set' keeps"},
		{"telemetry: {common: {distinct_id: time}}", "property 'distinct_id' keeps"},
		{"telemetry: {server_start: {token: time}}", "property 'token' keeps"},
		{"telemetry: {env: {yes: {}}}", "unknown key 'yes' in env"},
		{"telemetry: {env: {on: {A: $FOO}}}",
		 "${FOO}: in 'telemetry.env' there are only ${relay}, ${distinct_id} and ${session_id}"},
		{"telemetry: {env: {on: {A: '${relay'}}}", "stack.yaml:1:"},
		/* Also where it is looked at only if there is a relay, or if there is none. */
		{"telemetry: {env: {on: {A: '${relay:+$FOO}'}}}", "${FOO}: in 'telemetry.env' there are only"},
		{"telemetry: {env: {on: {A: '${relay:-$FOO}'}}}", "${FOO}: in 'telemetry.env' there are only"},
		{"telemetry: {env: {on: {A: '${relay:-${session_id:+$FOO}}'}}}", "${FOO}: in 'telemetry.env'"},
		{"telemetry: {env: {on: {A: '${relay:?no}'}}}", "required variable 'relay' is empty: no"},
		{"telemetry: {env: {off: {A=B: x}}}", "'A=B' is no name of a variable"},
		{"telemetry: {env: {on: {A: [b]}}}", "'A': wanted text, found a list"},
		{"setup: {key: a}", "'setup': wanted a list, found a map"},
		{"setup: [{ask: a}]", "'setup': this question has no 'key'"},
		{"setup: [{key: A}]", "'setup': wanted either 'ask' or 'port'"},
		{"setup: [{key: A-B, ask: a}]", "'key': wanted the name of a variable, found 'A-B'"},
		{"setup: [{key: A, ask: a}, {key: A, ask: b}]", "'setup': 'A' is there twice"},
		{"setup: [{key: A, ask: a, when: B}]", "'when': wanted KEY=value, found 'B'"},
		{"setup: [{key: A, port: 0}]", "'port': wanted a number from 1 to 65535"},
		{"setup: [{key: A, asks: a}]", "unknown key 'asks' in setup (did you mean 'ask'?)"},
		{"setup: [{key: A, ask: a, choices: []}]", "'choices': wanted at least one answer, found a list"},
		{"setup: [{key: A, ask: a, choices: [x, '']}]", "'choices': wanted an answer on one line, found"},
		{"setup: [{key: A, ask: ''}]", "'ask': wanted a question on one line, of at most 200 bytes, found"},
		{"setup: [{key: A, ask: \"a\\nb\"}]", "'ask': wanted a question on one line"},
		{"setup: [{key: A, ask: " TOO_LONG "}]", "'ask': wanted a question on one line"},
		{"setup: [{key: A, ask: a, choices: [x, y, x]}]", "'choices': 'x' is there twice"},
		{"setup: [{key: A, ask: a, choices: [x], secret: true}]",
		 "'choices' goes with neither 'secret' nor 'pattern'"},
		{"setup: [{key: A, ask: a, pattern: 'a('}]", "'pattern': 'a(' is no regular expression"},
		{"setup: [{key: A, ask: a, when: B=x}, {key: B, ask: b}]",
		 "'when': no earlier question has the key 'B'"},
		{"setup: [{key: MODEL, ask: a}, {key: B, ask: b, when: MODLE=x}]",
		 "no earlier question has the key 'MODLE' (did you mean 'MODEL'?)"},
		{"setup: [{key: A, port: 80}, {key: B, ask: b, when: A=80}]",
		 "'when': no earlier question has the key 'A'"},
		{"setup: [{key: A, ask: a, choices: [cpu, cuda]}, {key: B, ask: b, when: A=cudo}]",
		 "'when': 'cudo' is no choice of 'A' (did you mean 'cuda'?)"},
		{"files: [{from: a}]", "'files': wanted both 'from' and 'to'"},
		{"files: [{from: a, to: b, mode: rw}]", "'mode': wanted a mode such as \"0600\", found 'rw'"},
		{"files: [{from: a, too: b}]", "unknown key 'too' in files (did you mean 'to'?)"},
	};
	size_t wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct stack_text text;

		resolve(&text, cases[i].upfront);
		wrong += !stack_text_has_error(&text, cases[i].error);
		stack_text_finish(&text);
	}
	assert_int_equal(wrong, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_everything),      cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_hosts),           cmocka_unit_test(test_other_parts),
		cmocka_unit_test(test_texts_of_events), cmocka_unit_test(test_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
