/* SPDX-License-Identifier: MIT */
/* YAML to node trees: what is read, what is refused and where, and that hostile files end at once. */
#include "config/node.h"
#include "config/pool.h"
#include "config/stack_yaml.h"
#include "tests/lib/children.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* The longest any hostile file may take, under sanitisers on a busy machine. */
#define HOSTILE_MS 5000

/* A tree on one line: maps {k:v}, lists [a], quoted scalars 'x', tags before the node. */
static void tree_write(FILE *out, const struct node *node)
{
	static const char *const tags[] = {"", "!reset ", "!override "};

	fputs(tags[node->tag], out);
	switch (node->kind) {
	case NODE_NULL:
		fputs("null", out);
		break;
	case NODE_SCALAR:
		fprintf(out, node->style == NODE_QUOTED ? "'%s'" : "%s", node->text);
		break;
	case NODE_LIST:
	case NODE_MAP:
		fputc(node->kind == NODE_LIST ? '[' : '{', out);
		for (size_t i = 0; i < node->count; i++) {
			fputs(i ? " " : "", out);
			if (node->kind == NODE_MAP)
				fprintf(out, "%s:", node->pairs[i].key);
			tree_write(out, node->kind == NODE_MAP ? node->pairs[i].value : node->items[i]);
		}
		fputc(node->kind == NODE_LIST ? ']' : '}', out);
		break;
	}
}

static char *tree(const struct node *node)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	tree_write(out, node);
	fclose(out);
	return text;
}

static void test_what_is_read(void **state)
{
	static const struct {
		const char *text, *tree;
	} cases[] = {
		{"", "null"},
		{"# only a comment\n", "null"},
		{"---\n", "null"},
		{"\xef\xbb\xbf", "null"},
		{"\xef\xbb\xbf"
		 "a: 1\n",
		 "{a:1}"},
		{"a: 1\r\nb: 2\r\n", "{a:1 b:2}"},
		{"--- # start\na: 1\n...\n", "{a:1}"},
		{"%YAML 1.2\n---\na: 1\n", "{a:1}"},
		{"text", "text"},
		{"- a\n- \n- ~\n- null\n- ''\n- 'null'\n", "[a null null null '' 'null']"},
		{"a: 'it''s'\nb: \"tab\\tA\\u00e9\"\n", "{a:'it's' b:'tab\tAé'}"},
		{"a: one\n  two\n\n  three\n", "{a:one two\nthree}"},
		{"a: |\n  x\n   y\nb: >-\n  p\n  q\nc: |+\n  z\n\n", "{a:'x\n y\n' b:'p q' c:'z\n\n'}"},
		{"{\"a\": [1, 2.5, true, null], \"b\": {}, \"c\": []}", "{a:[1 2.5 true null] b:{} c:[]}"},
		{"{\n\t\"a\": 1,\n\t\"b\": \"\\ud83d\\ude00\\/\"\n}\n", "{a:1 b:'😀/'}"},
		{"a: {b: c, d}\n", "{a:{b:c d:null}}"},
		{"? a\n: b\n", "{a:b}"},
		{"? a\n", "{a:null}"},
		{"a?: why? or?so\nb:\tc\n", "{a?:why? or?so b:c}"},
		{"'': empty key\n", "{:empty key}"},
		{"日本: ö\n", "{日本:ö}"},
		{"- - a\n  - b\n-\n  - c\n", "[[a b] [c]]"},
		/* Line breaks behind a backslash. */
		{"a: \"\\ \n  b\\ \n\n  c\"\n", "{a:'  b \nc'}"},
		{"a: \"x\\\\\\\n  b\"\n", "{a:'x\\b'}"},
		{"a: \"x \\\n\n\n  b\"\n", "{a:'x \n\nb'}"},
		{"a: \"\\u00e9\\x41\\t\\\r\n  \\ b\\\"  \n  c\"\n", "{a:'éA\t b\" c'}"},
		/* Doubled quotes in a row. */
		{"a: '\n\n  ''\n\n  ''\n  \n  '\n", "{a:'\n'\n'\n'}"},
		{"a: 'x '''' y'\nb: ''''\nc: ''''''\n", "{a:'x '' y' b:''' c:''''}"},
		{"'q''''s': 'v''''''w'\n", "{q''s:'v'''w'}"},
		{"a: 'x ''''  \n  folded ''''\r\n\r\n\n  more'\n", "{a:'x '' folded ''\n\nmore'}"},
		{"[ 'a ''''\t\n ' ]\n", "['a '' ']"},
		/* Tags. */
		{"a: !!str 12\nb: !!int \"12\"\nc: ! x\nd: !!str\ne: !!map {}\nf: !!seq []\ng: !!null ''\n",
		 "{a:'12' b:12 c:'x' d:'' e:{} f:[] g:null}"},
		{"a: !<tag:yaml.org,2002:str> 1\n", "{a:'1'}"},
		{"a: !reset\nb: !reset []\nc: !override\n  d: 1\n", "{a:!reset null b:!reset [] c:!override {d:1}}"},
		/* Anchors and aliases: copies, each at its own place in the tree. */
		{"a: &x 1\nb: *x\n", "{a:1 b:1}"},
		{"a: &x [1, {k: v}]\nb: [*x, *x]\n", "{a:[1 {k:v}] b:[[1 {k:v}] [1 {k:v}]]}"},
		{"a: &x 1\nb: *x\nc: &x 2\nd: *x\n", "{a:1 b:1 c:2 d:2}"},
		{"&k key: *k\n", "{key:key}"},
		{"a: &x key\n*x : v\n", "{a:key key:v}"},
		{"a: &x\nb: *x\n", "{a:null b:null}"},
		/* Merge keys: what is written out wins, wherever it stands; of several maps the first wins. */
		{"x: &x {a: 1, b: 2}\ny:\n  <<: *x\n  b: 3\n", "{x:{a:1 b:2} y:{b:3 a:1}}"},
		{"x: &x {a: 1, b: 2}\ny:\n  b: 3\n  <<: *x\n", "{x:{a:1 b:2} y:{b:3 a:1}}"},
		{"- &x {a: 1}\n- &y {a: 2, b: 2}\n- <<: [*x, *y]\n  c: 3\n", "[{a:1} {a:2 b:2} {c:3 a:1 b:2}]"},
		{"- &x {a: 1}\n- &y {<<: *x, b: 2}\n- {<<: *y}\n", "[{a:1} {b:2 a:1} {b:2 a:1}]"},
		{"<<: {a: 1}\n", "{a:1}"},
		{"'<<': text\n", "{<<:text}"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pool *pool = pool_create();
		struct err err = ERR_INIT;
		struct node *root = NULL;
		char *found;
		int result = stack_yaml_parse(pool, "f.yaml", cases[i].text, strlen(cases[i].text), &root, &err);

		if (result)
			fail_msg("%s: %s", cases[i].text, err.items[0].message);
		found = tree(root);
		assert_string_equal(found, cases[i].tree);
		free(found);
		pool_destroy(pool);
	}
}

static void test_places_count_from_one(void **state)
{
	static const char text[] = "\xef\xbb\xbf# comment\n"
				   "services:\n"
				   "  wëb:\n"
				   "    command: [a, ö, b]\n"
				   "    empty:\n";
	struct pool *pool = pool_create();
	struct node *root, *web;

	(void)state;
	assert_int_equal(stack_yaml_parse(pool, "f.yaml", text, strlen(text), &root, NULL), 0);
	web = node_find(node_find(root, "services"), "wëb");
	assert_string_equal(root->place.file, "f.yaml");
	assert_int_equal(root->pairs[0].key_place.line, 2);
	assert_int_equal(root->pairs[0].key_place.column, 1);
	assert_int_equal(node_find(root, "services")->pairs[0].key_place.column, 3);
	assert_int_equal(web->place.line, 4);
	assert_int_equal(web->pairs[0].value->place.column, 14);
	assert_int_equal(web->pairs[0].value->items[0]->place.column, 15);
	assert_int_equal(web->pairs[0].value->items[2]->place.column, 21); /* characters, not bytes */
	assert_int_equal(web->pairs[1].value->kind, NODE_NULL);
	assert_int_equal(web->pairs[1].value->place.line, 5); /* not written out: where its key is */
	assert_int_equal(web->pairs[1].value->place.column, 5);
	pool_destroy(pool);
}

static void test_what_is_refused(void **state)
{
	static const struct {
		const char *text;
		int line, column;
		const char *message; /* how it begins */
	} cases[] = {
		/* Syntax. */
		{"a: [1, 2\nb: 3\n", 3, 1, "not valid YAML: "},
		{"a: 1\n  b: 2\n", 1, 4, "not valid YAML: "},
		{"a:\n\tb: 1\n", 2, 1, "not valid YAML: tab character"},
		{"a: 'x\n", 1, 5, "not valid YAML: "},
		{"a: @x\n", 1, 4, "not valid YAML: "},
		{"{a: 1]", 1, 6, "not valid YAML: "},
		{"a: 1\n---\nb: 2\n", 2, 1, "a second document begins here"},
		{"a: 1\n---\n", 2, 1, "a second document begins here"},
		/* Keys. */
		{"a: 1\nb: 2\na: 3\n", 3, 1, "key 'a' is given twice: first at f.yaml:1:1"},
		{"s:\n  x: {k: 1, 'k': 2}\n", 2, 14, "key 'k' is given twice: first at f.yaml:2:7"},
		{"- &x {a: 1}\n- <<: *x\n  <<: *x\n", 3, 3, "key '<<' is given twice"},
		{"{a: 1}: b\n", 1, 1, "a key must be text, found a map"},
		{"? [a, b]\n: c\n", 1, 3, "a key must be text, found a list"},
		{"a: {{name}}\n", 1, 5, "a key must be text, found a map"},
		{"a: &x [1]\n*x : 2\n", 2, 1, "a key must be text, found a list"},
		{": v\n", 1, 1, "a key is missing before ':'"},
		/* Aliases. */
		{"a: *nowhere\n", 1, 4, "alias '*nowhere' has no anchor '&nowhere' before it"},
		{"a: *x\nb: &x 1\n", 1, 4, "alias '*x' has no anchor '&x' before it"},
		{"a: &x [*x]\n", 1, 8, "alias '*x' stands inside its own anchor '&x' of line 1"},
		{"&x a: &y\n  b: [*y]\n", 2, 7, "alias '*y' stands inside its own anchor '&y'"},
		{"a: &x\n  <<: *x\n", 2, 7, "alias '*x' stands inside its own anchor '&x'"},
		/* Merge keys. */
		{"<<: text\n", 1, 5, "'<<' wants a map or a list of maps, found text"},
		{"<<:\na: 1\n", 1, 1, "'<<' wants a map or a list of maps, found nothing"},
		{"<<: [{a: 1}, b]\n", 1, 14, "'<<' wants a map or a list of maps, found text"},
		/* Tags. */
		{"a: !include x.yaml\n", 1, 4, "unknown tag '!include' on text"},
		{"a: !!python/object:os.system {}\n", 1, 4,
		 "unknown tag 'tag:yaml.org,2002:python/object:os.system' on a map"},
		{"a: !!map text\n", 1, 4, "unknown tag 'tag:yaml.org,2002:map' on text"},
		{"a: !!binary AAAA\n", 1, 4, "unknown tag 'tag:yaml.org,2002:binary' on text"},
		/* On this libfyaml frees twice; it must not get to see it. */
		{"? p:\t:", 1, 4, "a tab behind ':' in a file with '?' keys"},
		{"- ? p: \t- x\n", 1, 6, "a tab behind ':' in a file with '?' keys"},
		/* No text. */
		{"a: b\xff\n", 1, 5, "not UTF-8 text: byte 0xFF"},
		{"a: ö\nbb: \xe9t\xe9\n", 2, 5, "not UTF-8 text: byte 0xE9"},
		{"a: \xed\xa0\x80\n", 1, 4, "not UTF-8 text: byte 0xED"},
		{"\xff\xfe"
		 "a",
		 1, 1, "not UTF-8 text: byte 0xFF"},
		{"a: 1\n# \x1b[2J\n", 2, 3, "control character 0x1B is not allowed in YAML"},
		{"a: \"\\0\"\n", 1, 5, "text holds a NUL character"},
		{"a: \"x\\x00y\"\n", 1, 5, "text holds a NUL character"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pool *pool = pool_create();
		struct err err = ERR_INIT;
		struct node *root = NULL;

		if (stack_yaml_parse(pool, "f.yaml", cases[i].text, strlen(cases[i].text), &root, &err) != -EINVAL)
			fail_msg("not refused: %s", cases[i].text);
		assert_null(root);
		assert_int_equal(err.code, ERR_CONFIG);
		assert_string_equal(err.items[0].file, "f.yaml");
		if (strncmp(err.items[0].message, cases[i].message, strlen(cases[i].message)) != 0)
			assert_string_equal(err.items[0].message, cases[i].message);
		if (err.items[0].line != cases[i].line || err.items[0].column != cases[i].column)
			fail_msg("%s: at %d:%d, wanted %d:%d", cases[i].text, err.items[0].line, err.items[0].column,
				 cases[i].line, cases[i].column);
		err_finish(&err);
		pool_destroy(pool);
	}
}

static void test_several_content_errors_at_once(void **state)
{
	static const char text[] = "a: 1\na: 2\nb: *nowhere\nc: !what x\nd: {e: 1, e: 2}\n";
	struct pool *pool = pool_create();
	struct err err = ERR_INIT;
	struct node *root;

	(void)state;
	assert_int_equal(stack_yaml_parse(pool, "f.yaml", text, strlen(text), &root, &err), -EINVAL);
	assert_int_equal(err.count, 4);
	for (int i = 0; i < 4; i++)
		assert_int_equal(err.items[i].line, i + 2);
	err_finish(&err);
	pool_destroy(pool);
}

static void test_nul_bytes(void **state)
{
	static const char text[] = "a: 1\nb: \0\n";
	struct pool *pool = pool_create();
	struct err err = ERR_INIT;
	struct node *root;

	(void)state;
	assert_int_equal(stack_yaml_parse(pool, "f.yaml", text, sizeof(text) - 1, &root, &err), -EINVAL);
	assert_string_equal(err.items[0].message, "not a text file: holds a NUL byte");
	assert_int_equal(err.items[0].line, 2);
	assert_int_equal(err.items[0].column, 4);
	err_finish(&err);
	pool_destroy(pool);
}

struct text {
	char *bytes;
	size_t size;
	FILE *out;
};

static void text_open(struct text *self)
{
	self->out = open_memstream(&self->bytes, &self->size);
}

/* Parses what was written, within the time that is allowed; the message's beginning, or NULL for a file that is well. */
static void text_parse(struct text *self, const char *message)
{
	struct pool *pool = pool_create();
	struct err err = ERR_INIT;
	struct node *root;
	int64_t begin;
	int result;

	fclose(self->out);
	begin = children_now_ms();
	result = stack_yaml_parse(pool, "f.yaml", self->bytes, self->size, &root, &err);
	assert_true(children_now_ms() - begin < HOSTILE_MS);
	assert_int_equal(result, message ? -EINVAL : 0);
	if (message && strncmp(err.items[0].message, message, strlen(message)) != 0)
		assert_string_equal(err.items[0].message, message);
	err_finish(&err);
	pool_destroy(pool);
	free(self->bytes);
}

static void test_nested_aliases_end_at_once(void **state)
{
	struct text text;

	(void)state;
	text_open(&text);
	fputs("a0: &a0 [x, x, x, x, x, x, x, x, x]\n", text.out);
	for (int i = 1; i < 30; i++) {
		fprintf(text.out, "a%d: &a%d [", i, i);
		for (int j = 0; j < 9; j++)
			fprintf(text.out, "%s*a%d", j ? ", " : "", i - 1);
		fputs("]\n", text.out);
	}
	text_parse(&text, "more than 100000 values");
	/* The same by merge keys. */
	text_open(&text);
	fputs("- &a0 {k: [x, x, x, x, x, x, x, x, x]}\n", text.out);
	for (int i = 1; i < 30; i++)
		fprintf(text.out, "- &a%d {<<: [*a%d, *a%d], l: *a%d, m: *a%d}\n", i, i - 1, i - 1, i - 1, i - 1);
	text_parse(&text, "more than 100000 values");
	/* And many aliases of little. */
	text_open(&text);
	fputs("- &a []\n", text.out);
	for (int i = 0; i < 100000; i++)
		fputs("- *a\n", text.out);
	text_parse(&text, "more than 100000 values");
}

static void test_number_of_values_has_an_end(void **state)
{
	struct text text;

	(void)state;
	for (size_t extra = 0; extra < 2; extra++) {
		text_open(&text);
		/* The list itself is one. */
		for (size_t i = 1; i < STACK_YAML_NODES_MAX + extra; i++)
			fputs("- x\n", text.out);
		text_parse(&text, extra ? "more than 100000 values" : NULL);
	}
}

static void test_many_keys_are_fast(void **state)
{
	struct text text;

	(void)state;
	text_open(&text);
	for (int i = 0; i < 99000; i++)
		fprintf(text.out, "key_%d: v\n", i);
	text_parse(&text, NULL);
	/* Every key there already: messages have a maximum too. */
	text_open(&text);
	for (int i = 0; i < 50000; i++)
		fputs("key: v\n", text.out);
	text_parse(&text, "key 'key' is given twice: first at f.yaml:1:1");
}

static void test_depth_has_an_end(void **state)
{
	static const struct {
		const char *open, *close;
		size_t count;
		bool well;
	} cases[] = {
		{"[", "]", 64, true},    {"[", "]", 65, false},      {"[", "", 1000000, false},
		{"{a: ", "}", 64, true}, {"{a: ", "}", 65, false},   {"{a: ", "", 800000, false},
		{"- ", "", 64, true},    {"- ", "", 1500000, false}, {"[{? ", "", 2000, false},
	};
	struct text text;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		text_open(&text);
		for (size_t j = 0; j < cases[i].count; j++)
			fputs(cases[i].open, text.out);
		for (size_t j = 0; j < cases[i].count; j++)
			fputs(cases[i].close, text.out);
		text_parse(&text, cases[i].well                ? NULL
				  : strchr(cases[i].open, '?') ? "a key must be text"
							       : "lists and maps nested deeper than 64");
	}
	/* Depth by aliases counts like any other: each level holds the one before. */
	text_open(&text);
	fputs("- &a0 []\n", text.out);
	for (int i = 1; i < 70; i++)
		fprintf(text.out, "- &a%d [*a%d]\n", i, i - 1);
	text_parse(&text, "lists and maps nested deeper than 64");
}

/* A beginning, a piece written over and over up to the size limit, an end. */
static void test_costly_texts_end_at_once(void **state)
{
	static const struct {
		const char *begin, *piece, *message;
	} cases[] = {
		{"[", "a,", "more than 100000 values"},
		{"[", "[],", "more than 100000 values"},
		{"[", ": ", "more than 100000 values"},
		{"{", "a: b, ", "more than 100000 values"},
		{"[", "\"\" ", "not valid YAML"},
		{"a: |\n", "\n", "too many blank lines"},
		{"a: \"x", "\n", "too many blank lines"},
		{"a: x", "\r\n", "too many blank lines"},
		{"a: >\n", "                                                                \n",
		 "too many blank lines"},
		{"a: |\n", "  \n\n\n\n x\n", "not valid YAML"},
		{"a: 'x", "\n\n\n x\n", "not valid YAML"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t count = (STACK_YAML_BYTES_MAX - 100) / strlen(cases[i].piece);
		struct text text;

		text_open(&text);
		fputs(cases[i].begin, text.out);
		for (size_t j = 0; j < count; j++)
			fputs(cases[i].piece, text.out);
		text_parse(&text, cases[i].message);
	}
}

static void test_large_files(void **state)
{
	struct text text;

	(void)state;
	/* Close to the limit, few values: long text, long comments, long keys. */
	text_open(&text);
	for (int i = 0; i < 40; i++) {
		fprintf(text.out, "k%d: \"", i);
		for (int j = 0; j < 40000; j++)
			fputc('x', text.out);
		fputs("\"\n# ", text.out);
		for (int j = 0; j < 60000; j++)
			fputc('c', text.out);
		fputc('\n', text.out);
	}
	text_parse(&text, NULL);
	text_open(&text);
	for (size_t i = 0; i <= STACK_YAML_BYTES_MAX; i++)
		fputc('#', text.out);
	text_parse(&text, "larger than 4 MB");
}

static void assert_unreadable(const char *path, const char *message)
{
	struct pool *pool = pool_create();
	struct err err = ERR_INIT;
	struct node *root;

	assert_int_equal(stack_yaml_read(pool, path, &root, &err), -EINVAL);
	assert_int_equal(err.count, 1);
	assert_int_equal(err.code, ERR_CONFIG);
	assert_string_equal(err.items[0].file, path);
	assert_string_equal(err.items[0].message, message);
	err_finish(&err);
	pool_destroy(pool);
}

static void test_files(void **state)
{
	char *folder = children_make_folder();
	struct pool *pool = pool_create();
	struct node *root;
	char path[200];
	FILE *out;

	(void)state;
	snprintf(path, sizeof(path), "%s/f.yaml", folder);
	assert_unreadable(path, "cannot be read: No such file or directory");
	assert_unreadable(folder, "cannot be read: it is a folder");
	assert_unreadable("/dev/zero", "cannot be read: it is neither a file nor a pipe");
	out = fopen(path, "w");
	fputs("a: 1\n", out);
	fclose(out);
	assert_int_equal(stack_yaml_read(pool, path, &root, NULL), 0);
	assert_string_equal(node_find(root, "a")->text, "1");
	assert_string_equal(root->place.file, path);
	/* Sparse, so that it costs nothing; refused by its size alone. */
	assert_int_equal(truncate(path, 100L * 1024 * 1024), 0);
	assert_unreadable(path, "cannot be read: larger than 4 MB");
	assert_int_equal(chmod(path, 0), 0);
	if (geteuid() != 0)
		assert_unreadable(path, "cannot be read: Permission denied");
	pool_destroy(pool);
	children_remove_folder(folder);
}

static void test_standard_input(void **state)
{
	struct pool *pool = pool_create();
	int kept = dup(STDIN_FILENO);
	struct node *root;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], "a: 1\n", 5), 5);
	close(ends[1]);
	dup2(ends[0], STDIN_FILENO);
	assert_int_equal(stack_yaml_read(pool, "-", &root, NULL), 0);
	assert_string_equal(node_find(root, "a")->text, "1");
	assert_string_equal(root->place.file, "<stdin>");
	dup2(kept, STDIN_FILENO);
	close(kept);
	close(ends[0]);
	pool_destroy(pool);
}

/* The library underneath has a habit of reporting by itself. */
static void test_nothing_is_printed(void **state)
{
	static const char *const texts[] = {"a: [",    "a: 'x",   "\"\\q\"",   "%YAML 9.9\n---\na",
					    "&a &b c", "a: b: c", "%TAG ! x\n"};
	char *folder = children_make_folder();
	char path[200];
	struct stat status;
	int kept = dup(STDERR_FILENO);
	int kept_out = dup(STDOUT_FILENO);
	FILE *out;

	(void)state;
	snprintf(path, sizeof(path), "%s/output", folder);
	fflush(NULL);
	out = fopen(path, "w");
	dup2(fileno(out), STDERR_FILENO);
	dup2(fileno(out), STDOUT_FILENO);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct pool *pool = pool_create();
		struct node *root;

		(void)stack_yaml_parse(pool, "f.yaml", texts[i], strlen(texts[i]), &root, NULL);
		pool_destroy(pool);
	}
	fflush(NULL);
	dup2(kept, STDERR_FILENO);
	dup2(kept_out, STDOUT_FILENO);
	close(kept);
	close(kept_out);
	fclose(out);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_size, 0);
	children_remove_folder(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_read),
		cmocka_unit_test(test_places_count_from_one),
		cmocka_unit_test(test_what_is_refused),
		cmocka_unit_test(test_several_content_errors_at_once),
		cmocka_unit_test(test_nul_bytes),
		cmocka_unit_test(test_nested_aliases_end_at_once),
		cmocka_unit_test(test_number_of_values_has_an_end),
		cmocka_unit_test(test_many_keys_are_fast),
		cmocka_unit_test(test_depth_has_an_end),
		cmocka_unit_test(test_costly_texts_end_at_once),
		cmocka_unit_test(test_large_files),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_standard_input),
		cmocka_unit_test(test_nothing_is_printed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
