/* SPDX-License-Identifier: MIT */
#include "config/node.h"
#include "config/stack_yaml.h"
#include "config/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* YAML reads a longer key only in its explicit form, `? key`. */
#define PRINT_KEY_BYTES_MAX 200

static void print_yaml_block(FILE *out, const struct node *node, int indent, bool is_inline);

static void print_indent(FILE *out, int indent)
{
	fprintf(out, "%*s", indent, "");
}

/* What YAML wants escaped beside the controls, as its code point: C1, line separators, the byte order mark; else 0. */
static unsigned print_special(const unsigned char *at, size_t length)
{
	unsigned code = 0;

	if (length == 2)
		code = (at[0] & 0x1fu) << 6 | (at[1] & 0x3fu);
	else if (length == 3)
		code = (at[0] & 0x0fu) << 12 | (at[1] & 0x3fu) << 6 | (at[2] & 0x3fu);
	return (code >= 0x80 && code < 0xa0) || code == 0x2028 || code == 0x2029 || code == 0xfeff ? code : 0;
}

/* In double quotes, by the escapes that JSON and YAML have in common. */
static void print_quoted(FILE *out, const char *text)
{
	size_t size_bytes = strlen(text);

	fputc('"', out);
	for (size_t at = 0; at < size_bytes;) {
		const unsigned char *bytes = (const unsigned char *)text + at;
		size_t length = utf8_length(text + at, size_bytes - at);

		if (!length)
			fputs("\\ufffd", out);
		else if (*bytes == '"' || *bytes == '\\')
			fprintf(out, "\\%c", *bytes);
		else if (*bytes == '\n')
			fputs("\\n", out);
		else if (*bytes == '\t')
			fputs("\\t", out);
		else if (*bytes < 0x20 || *bytes == 0x7f)
			fprintf(out, "\\u%04x", *bytes);
		else if (print_special(bytes, length))
			fprintf(out, "\\u%04x", print_special(bytes, length));
		else
			fwrite(bytes, 1, length, out);
		at += length ? length : 1;
	}
	fputc('"', out);
}

/* True when YAML's grammar reads the text back, unquoted, as exactly this text. Rather too strict than too lax. */
static bool print_is_plain_syntax(const char *text)
{
	size_t size_bytes = strlen(text);

	if (!size_bytes || strchr("-?:,[]{}#&*!|>'\"%@`= \t", text[0])) {
		/* `-1`, `-x` and `:x` would do; a number is worth the trouble. */
		if (!(text[0] == '-' && text[1] >= '0' && text[1] <= '9'))
			return false;
	}
	if (text[size_bytes - 1] == ' ' || text[size_bytes - 1] == ':' || strncmp(text, "...", 3) == 0)
		return false;
	for (size_t at = 0; at < size_bytes;) {
		size_t length = utf8_length(text + at, size_bytes - at);

		if (!length || (unsigned char)text[at] < 0x20 || text[at] == 0x7f ||
		    print_special((const unsigned char *)text + at, length))
			return false;
		if ((text[at] == ':' && text[at + 1] == ' ') || (text[at] == ' ' && text[at + 1] == '#'))
			return false;
		at += length;
	}
	return true;
}

static bool print_is_any_of(const char *text, const char *const *words)
{
	for (; *words; words++) {
		if (strcasecmp(text, *words) == 0)
			return true;
	}
	return false;
}

/* True when some reader of YAML, 1.1 or 1.2, would take the unquoted text for something else than text. */
static bool print_is_ambiguous(const char *text)
{
	static const char *const words[] = {"~", "null", "true", "false", "yes",  "no",    "on",    "off", "y",
					    "n", "<<",   "=",    ".inf",  ".nan", "+.inf", "-.inf", NULL};

	if (print_is_any_of(text, words))
		return true;
	/* Numbers of all kinds and bases, dates and times. */
	return strspn(text, "0123456789+-.") > 0 && !text[strspn(text, "0123456789abcdefABCDEFxXoO_.:+-TtZz ")];
}

static void print_yaml_scalar(FILE *out, const struct node *node)
{
	static const char *const nulls[] = {"~", "null", NULL};
	bool is_text = node->style == NODE_QUOTED;

	if (node->kind == NODE_NULL)
		fputs("null", out);
	else if (!print_is_plain_syntax(node->text) || (is_text && print_is_ambiguous(node->text)) ||
		 print_is_any_of(node->text, nulls))
		print_quoted(out, node->text);
	else
		fputs(node->text, out);
}

static bool print_is_block(const struct node *node)
{
	return (node->kind == NODE_LIST || node->kind == NODE_MAP) && node->count;
}

/* A value behind `key:` or `-`: on the same line, or as a block below. `is_item`: a block may begin on the line of its '-'. */
static void print_yaml_value(FILE *out, const struct node *node, int indent, bool is_item)
{
	static const char *const tags[] = {"", " !reset", " !override"};

	fputs(tags[node->tag], out);
	if (!print_is_block(node)) {
		fputc(' ', out);
		if (node->kind == NODE_LIST)
			fputs("[]", out);
		else if (node->kind == NODE_MAP)
			fputs("{}", out);
		else
			print_yaml_scalar(out, node);
		fputc('\n', out);
	} else if (is_item && node->tag == NODE_TAG_NONE) {
		fputc(' ', out);
		print_yaml_block(out, node, indent + 2, true);
	} else {
		fputc('\n', out);
		print_yaml_block(out, node, indent + 2, false);
	}
}

static void print_yaml_pair(FILE *out, const struct node_pair *pair, int indent)
{
	if (strlen(pair->key) > PRINT_KEY_BYTES_MAX) {
		fputs("? ", out);
		print_quoted(out, pair->key);
		fputc('\n', out);
		print_indent(out, indent);
	} else if (print_is_plain_syntax(pair->key) && !print_is_ambiguous(pair->key)) {
		fputs(pair->key, out);
	} else {
		print_quoted(out, pair->key);
	}
	fputc(':', out);
	print_yaml_value(out, pair->value, indent, false);
}

static void print_yaml_block(FILE *out, const struct node *node, int indent, bool is_inline)
{
	for (size_t i = 0; i < node->count; i++) {
		if (i || !is_inline)
			print_indent(out, indent);
		if (node->kind == NODE_MAP) {
			print_yaml_pair(out, &node->pairs[i], indent);
		} else {
			fputc('-', out);
			print_yaml_value(out, node->items[i], indent, true);
		}
	}
}

static char *print_finish(FILE *out, char **text)
{
	if (fclose(out) == 0)
		return *text;
	free(*text);
	return NULL;
}

char *stack_yaml_print(const struct node *root)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	if (root->tag == NODE_TAG_NONE && print_is_block(root)) {
		print_yaml_block(out, root, 0, false);
	} else {
		/* A tag, or a scalar that is all there is, stands behind the document marker. */
		fputs("---", out);
		print_yaml_value(out, root, -2, false);
	}
	return print_finish(out, &text);
}

/* JSON's number grammar (RFC 8259 section 6): such text can stand as it is, digits beyond a double's included. */
static bool print_is_json_number(const char *text)
{
	size_t digits;

	text += *text == '-';
	digits = strspn(text, "0123456789");
	if (!digits || (digits > 1 && *text == '0'))
		return false;
	text += digits;
	if (*text == '.') {
		digits = strspn(text + 1, "0123456789");
		if (!digits)
			return false;
		text += 1 + digits;
	}
	if (*text == 'e' || *text == 'E') {
		text++;
		text += *text == '+' || *text == '-';
		digits = strspn(text, "0123456789");
		if (!digits)
			return false;
		text += digits;
	}
	return !*text;
}

/* YAML 1.2's core schema only: `yes` and `010` mean something to some readers and are left as text. */
static void print_json_scalar(FILE *out, const struct node *node)
{
	int64_t number;

	if (node->kind == NODE_NULL)
		fputs("null", out);
	else if (node->style == NODE_QUOTED)
		print_quoted(out, node->text);
	else if (strcasecmp(node->text, "true") == 0)
		fputs("true", out);
	else if (strcasecmp(node->text, "false") == 0)
		fputs("false", out);
	else if (print_is_json_number(node->text))
		fputs(node->text, out);
	else if ((strncmp(node->text, "0x", 2) == 0 || strncmp(node->text, "0o", 2) == 0) && node_is_int(node, &number))
		fprintf(out, "%lld", (long long)number);
	else
		print_quoted(out, node->text);
}

static void print_json(FILE *out, const struct node *node, int indent)
{
	bool is_map = node->kind == NODE_MAP;

	if (node->kind == NODE_NULL || node->kind == NODE_SCALAR) {
		print_json_scalar(out, node);
		return;
	}
	fputc(is_map ? '{' : '[', out);
	for (size_t i = 0; i < node->count; i++) {
		fputs(i ? ",\n" : "\n", out);
		print_indent(out, indent + 2);
		if (is_map) {
			print_quoted(out, node->pairs[i].key);
			fputs(": ", out);
		}
		print_json(out, is_map ? node->pairs[i].value : node->items[i], indent + 2);
	}
	if (node->count) {
		fputc('\n', out);
		print_indent(out, indent);
	}
	fputc(is_map ? '}' : ']', out);
}

char *stack_yaml_print_json(const struct node *root)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	print_json(out, root, 0);
	fputc('\n', out);
	return print_finish(out, &text);
}
