/* SPDX-License-Identifier: MIT */
/* Node trees to YAML and JSON: what is printed, and that reading it again makes the same tree of it. */
#include "config/err.h"
#include "config/node.h"
#include "config/pool.h"
#include "config/stack_yaml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct node *parse(struct pool *pool, const char *text)
{
	struct err err = ERR_INIT;
	struct node *root = NULL;

	if (stack_yaml_parse(pool, "f.yaml", text, strlen(text), &root, &err) < 0)
		fail_msg("%s\n%s", text, err.items[0].message);
	return root;
}

static void test_printed_as_yaml(void **state)
{
	static const struct {
		const char *text, *printed;
	} cases[] = {
		{"{a: 1, b: [x, y], c: {d: e}}", "a: 1\nb:\n  - x\n  - y\nc:\n  d: e\n"},
		{"[{a: 1, b: 2}, [x, [y]], {}, []]", "- a: 1\n  b: 2\n- - x\n  - - y\n- {}\n- []\n"},
		{"a:\nb: ~\nc: ''\n", "a: null\nb: null\nc: \"\"\n"},
		{"text", "--- text\n"},
		{"", "--- null\n"},
		{"{}", "--- {}\n"},
		/* Text that would be read as something else is quoted; what is something else is not. */
		{"['true', true, 'no', no, '1', 1, '1.5', '1e3', 1e3, '0x1', '0o7', '1:30', '2001-12-14', 'null', '~', "
		 "'.inf']",
		 "- \"true\"\n- true\n- \"no\"\n- no\n- \"1\"\n- 1\n- \"1.5\"\n- \"1e3\"\n- 1e3\n- \"0x1\"\n- "
		 "\"0o7\"\n- \"1:30\"\n"
		 "- \"2001-12-14\"\n- \"null\"\n- \"~\"\n- \".inf\"\n"},
		{"['10m', '1.2.3-rc', 'a: b', 'a #b', 'a:b', 'a#b', '- a', '-a', '#a', 'a:', ' a', 'a ', '@a', '%a', "
		 "'*a', '&a', '!a']",
		 "- 10m\n- 1.2.3-rc\n- \"a: b\"\n- \"a #b\"\n- a:b\n- a#b\n- \"- a\"\n- \"-a\"\n- \"#a\"\n- \"a:\"\n- "
		 "\" a\"\n- \"a \"\n"
		 "- \"@a\"\n- \"%a\"\n- \"*a\"\n- \"&a\"\n- \"!a\"\n"},
		{"- \"a\\nb\\tc\\\\ \\\" \\e \\x7f \\N \\L é\"\n",
		 "- \"a\\nb\\tc\\\\ \\\" \\u001b \\u007f \\u0085 \\u2028 é\"\n"},
		{"'1': a\n'yes': b\n'': c\n'a b': d\n'x: y': e\n'<<': f\n",
		 "\"1\": a\n\"yes\": b\n\"\": c\na b: d\n\"x: y\": e\n\"<<\": f\n"},
		{"a: !reset null\nb: !override [x]\nc: [!override {d: e}]\n",
		 "a: !reset null\nb: !override\n  - x\nc:\n  - !override\n    d: e\n"},
		{"!override {a: 1}", "--- !override\na: 1\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pool *pool = pool_create();
		char *printed = stack_yaml_print(parse(pool, cases[i].text));
		char *again = stack_yaml_print(parse(pool, printed));

		assert_string_equal(printed, cases[i].printed);
		assert_string_equal(again, printed);
		free(printed);
		free(again);
		pool_destroy(pool);
	}
}

/* Same kinds and texts; a scalar may have lost its quotes only where it means the same without. */
static void assert_same_tree(const struct node *a, const struct node *b)
{
	bool value;
	int64_t number;

	assert_int_equal(a->kind, b->kind);
	assert_int_equal(a->tag, b->tag);
	assert_int_equal(a->count, b->count);
	if (a->kind == NODE_SCALAR) {
		assert_string_equal(a->text, b->text);
		assert_int_equal(node_is_bool(a, &value), node_is_bool(b, &value));
		assert_int_equal(node_is_int(a, &number), node_is_int(b, &number));
	}
	for (size_t i = 0; i < a->count; i++) {
		if (a->kind == NODE_MAP)
			assert_string_equal(a->pairs[i].key, b->pairs[i].key);
		assert_same_tree(a->kind == NODE_MAP ? a->pairs[i].value : a->items[i],
				 b->kind == NODE_MAP ? b->pairs[i].value : b->items[i]);
	}
}

/* Texts of pieces that mean something in YAML, in all combinations of three, as values and as keys. */
static void test_any_text_comes_back(void **state)
{
	static const char *const pieces[] = {"",   "a", " ", ":", "#", "-", "?", "\n", "\t", "'", "\"",
					     "\\", "[", "{", ",", "&", "*", "!", "|",  ">",  "%", "@",
					     "`",  "=", "~", "0", ".", "e", "x", "é",  "\r"};
	const size_t count = sizeof(pieces) / sizeof(pieces[0]);
	const struct err_place here = {"f.yaml", 1, 1};

	(void)state;
	for (size_t i = 0; i < count; i++) {
		struct pool *pool = pool_create();
		struct node *root = node_create(pool, NODE_LIST, here);
		struct node *map = node_create(pool, NODE_MAP, here);
		char *printed;

		node_append(pool, root, map);
		for (size_t j = 0; j < count; j++) {
			for (size_t k = 0; k < count; k++) {
				const char *text = pool_printf(pool, "%s%s%s", pieces[i], pieces[j], pieces[k]);
				struct node *node = node_scalar(pool, text, here);

				node->style = NODE_QUOTED;
				node_set(pool, map, text, here, node);
				node_append(pool, root, node);
			}
		}
		printed = stack_yaml_print(root);
		assert_same_tree(parse(pool, printed), root);
		free(printed);
		printed = stack_yaml_print_json(root);
		assert_same_tree(parse(pool, printed), root);
		free(printed);
		pool_destroy(pool);
	}
}

static void test_long_keys_come_back(void **state)
{
	struct pool *pool = pool_create();
	struct node *map = node_create(pool, NODE_MAP, (struct err_place){"f.yaml", 1, 1});
	char *printed;

	(void)state;
	for (int length = 1; length < 5000; length = length * 3 + 1)
		node_set(pool, map, pool_printf(pool, "%0*d", length, 1), map->place,
			 node_create(pool, NODE_NULL, map->place));
	printed = stack_yaml_print(map);
	assert_same_tree(parse(pool, printed), map);
	free(printed);
	pool_destroy(pool);
}

static void test_printed_as_json(void **state)
{
	static const struct {
		const char *text, *printed;
	} cases[] = {
		{"", "null\n"},
		{"{}", "{}\n"},
		{"a: 1\nb: [x, {c: d}, [], ~]\n", "{\n  \"a\": 1,\n  \"b\": [\n    \"x\",\n    {\n      \"c\": \"d\"\n "
						  "   },\n    [],\n    null\n  ]\n}\n"},
		/* Numbers and truth values keep their digits; what JSON cannot say, or readers disagree on, is text. */
		{"[true, False, 'true', yes, 1, -0, 1.50, 1e3, 12345678901234567890, 0x1f, 0o17, '1', 010, +1, .5, 1., "
		 ".inf, 1_000]",
		 "[\n  true,\n  false,\n  \"true\",\n  \"yes\",\n  1,\n  -0,\n  1.50,\n  1e3,\n  "
		 "12345678901234567890,\n  31,\n  15,\n"
		 "  \"1\",\n  \"010\",\n  \"+1\",\n  \".5\",\n  \"1.\",\n  \".inf\",\n  \"1_000\"\n]\n"},
		{"\"\\\" \\\\ \\n \\x01 é\"", "\"\\\" \\\\ \\n \\u0001 é\"\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pool *pool = pool_create();
		char *printed = stack_yaml_print_json(parse(pool, cases[i].text));

		assert_string_equal(printed, cases[i].printed);
		free(printed);
		pool_destroy(pool);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_printed_as_yaml),
		cmocka_unit_test(test_any_text_comes_back),
		cmocka_unit_test(test_long_keys_come_back),
		cmocka_unit_test(test_printed_as_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
