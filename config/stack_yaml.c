/* SPDX-License-Identifier: MIT */
#include "config/stack_yaml.h"

#include "config/node.h"
#include "config/paths.h"
#include "config/pool.h"
#include "config/utf8.h"
#include "config/yaml_quoted.h"
#include "config/yaml_text.h"

#include <errno.h>
#include <libfyaml.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A list or map that is not closed yet. */
struct yaml_frame {
	struct node *node;
	const char *key; /* of a map: read, its value still to come */
	struct err_place key_place;
	bool is_merge; /* that key is `<<` */
	bool is_duplicate; /* that key was there before: its value is dropped */
	struct node *merge; /* value of `<<`, applied when the map closes: explicit keys win */
};

struct yaml {
	struct pool *pool;
	const char *file;
	const char *text; /* the whole file */
	size_t size_bytes;
	struct fy_parser *parser;
	struct node *root;
	struct node *anchors; /* map from name to node */
	struct yaml_frame frames[STACK_YAML_DEPTH_MAX];
	size_t depth;
	size_t count; /* of nodes, copies made for aliases included */
	size_t documents;
	int result; /* first content error: reading goes on, to report the others */
	struct err *err;
};

#define YAML_CORE_PREFIX "tag:yaml.org,2002:"

static struct err_place yaml_place(const struct yaml *self, const struct fy_mark *mark)
{
	struct err_place place = {self->file, 0, 0};

	if (mark) {
		place.line = mark->line + 1;
		place.column = mark->column + 1;
	} else if (self->depth) {
		const struct yaml_frame *frame = &self->frames[self->depth - 1];

		/* A value that is not written out stands where its key does. */
		place = frame->key ? frame->key_place : frame->node->place;
	} else {
		place.line = place.column = 1;
	}
	return place;
}

static int yaml_count(struct yaml *self, struct err_place place)
{
	if (++self->count <= STACK_YAML_NODES_MAX)
		return 0;
	return err_at(self->err, ERR_CONFIG, place, "more than %u values, aliases counted as often as they are used",
		      STACK_YAML_NODES_MAX);
}

static int yaml_too_deep(struct err *err, struct err_place place)
{
	return err_at(err, ERR_CONFIG, place, "lists and maps nested deeper than %u", STACK_YAML_DEPTH_MAX);
}

/* What stands between quotes in the file, read by ourselves if the library garbles it; else NULL. In the pool. */
static const char *yaml_garbled(const struct yaml *self, struct fy_token *token, size_t *length)
{
	const struct fy_mark *start = fy_token_start_mark(token), *end = fy_token_end_mark(token);
	enum fy_scalar_style style = fy_token_scalar_style(token);
	bool is_double = style == FYSS_DOUBLE_QUOTED;
	size_t size_bytes;

	if ((!is_double && style != FYSS_SINGLE_QUOTED) || !start || !end || end->input_pos > self->size_bytes ||
	    start->input_pos > end->input_pos)
		return NULL;
	size_bytes = end->input_pos - start->input_pos;
	if (!yaml_quoted_is_garbled(self->text + start->input_pos, size_bytes, is_double))
		return NULL;
	return yaml_quoted_read(self->pool, self->text + start->input_pos, size_bytes, is_double, length);
}

/* Text of a token, zero-terminated, in the pool; a token without text is "". */
static int yaml_text(struct yaml *self, struct fy_token *token, struct err_place place, const char **result)
{
	size_t length = 0;
	const char *text = token ? yaml_garbled(self, token, &length) : NULL;

	if (!text && token)
		text = fy_token_get_text(token, &length);

	if (!text)
		length = 0;
	/* The file was checked as a whole; escapes can still spell what is refused in it. */
	if (length && memchr(text, '\0', length))
		return err_at(self->err, ERR_CONFIG, place, "text holds a NUL character");
	if (length && utf8_valid(text, length) != length)
		return err_at(self->err, ERR_CONFIG, place, "text holds an escape that is no Unicode character");
	*result = pool_strndup(self->pool, text ? text : "", length);
	return 0;
}

/* What a tag asks for: an override tag, and for scalars whether the text is to be read as text only. */
static int yaml_tag(struct yaml *self, struct fy_event *event, struct node *node)
{
	static const struct {
		const char *tag;
		enum node_kind kind;
		enum node_style style;
	} core[] = {
		{"str", NODE_SCALAR, NODE_QUOTED},  {"int", NODE_SCALAR, NODE_PLAIN},
		{"float", NODE_SCALAR, NODE_PLAIN}, {"bool", NODE_SCALAR, NODE_PLAIN},
		{"null", NODE_SCALAR, NODE_PLAIN},  {"seq", NODE_LIST, NODE_PLAIN},
		{"map", NODE_MAP, NODE_PLAIN},
	};
	struct fy_token *token = fy_event_get_tag_token(event);
	struct err_place place = yaml_place(self, token ? fy_token_start_mark(token) : NULL);
	const char *tag;
	int result;

	if (!token)
		return 0;
	result = yaml_text(self, token, place, &tag);
	if (result < 0)
		return result;
	if (strcmp(tag, "!reset") == 0) {
		node->tag = NODE_TAG_RESET;
		return 0;
	}
	if (strcmp(tag, "!override") == 0) {
		node->tag = NODE_TAG_OVERRIDE;
		return 0;
	}
	if (strcmp(tag, "!") == 0) {
		node->style = NODE_QUOTED;
		return 0;
	}
	if (strncmp(tag, YAML_CORE_PREFIX, strlen(YAML_CORE_PREFIX)) == 0) {
		for (size_t i = 0; i < sizeof(core) / sizeof(core[0]); i++) {
			if (core[i].kind == node->kind && strcmp(core[i].tag, tag + strlen(YAML_CORE_PREFIX)) == 0) {
				node->style = core[i].style;
				return 0;
			}
		}
	}
	self->result = err_at(self->err, ERR_CONFIG, place, "unknown tag '%s' on %s", tag, node_kind_name(node));
	err_hint(self->err, "known are !reset, !override and the tags of YAML's core schema, such as !!str");
	return 0;
}

static bool yaml_means_null(const struct node *scalar)
{
	static const char *const words[] = {"", "~", "null", "Null", "NULL"};

	if (scalar->style != NODE_PLAIN)
		return false;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(scalar->text, words[i]) == 0)
			return true;
	}
	return false;
}

/* Remembers `node` under the event's anchor, if it has one; a later anchor of the same name takes over. */
static int yaml_anchor(struct yaml *self, struct fy_event *event, struct node *node)
{
	struct fy_token *token = fy_event_get_anchor_token(event);
	const char *name;
	int result;

	if (!token)
		return 0;
	result = yaml_text(self, token, node->place, &name);
	if (result < 0)
		return result;
	node_set(self->pool, self->anchors, name, node->place, node);
	return 0;
}

static int yaml_key(struct yaml *self, const struct node *node, struct err_place place)
{
	struct yaml_frame *frame = &self->frames[self->depth - 1];
	const struct node_pair *earlier;

	if (node->kind != NODE_SCALAR) {
		err_at(self->err, ERR_CONFIG, place, "a key must be text, found %s", node_kind_name(node));
		if (node->kind == NODE_MAP)
			err_hint(self->err, "put quotes around text that begins with '{', such as \"{{name}}\"");
		return -EINVAL;
	}
	frame->key = node->text;
	frame->key_place = place;
	frame->is_merge = node->style == NODE_PLAIN && strcmp(node->text, "<<") == 0;
	earlier = node_find_pair(frame->node, node->text);
	frame->is_duplicate = earlier != NULL || (frame->is_merge && frame->merge);
	if (earlier)
		self->result = err_at(self->err, ERR_CONFIG, place, "key '%s' is given twice: first at %s:%d:%d",
				      frame->key, self->file, earlier->key_place.line, earlier->key_place.column);
	else if (frame->is_duplicate)
		self->result = err_at(self->err, ERR_CONFIG, place, "key '<<' is given twice: first at %s:%d:%d",
				      self->file, frame->merge->place.line, frame->merge->place.column);
	if (frame->is_duplicate)
		err_hint(self->err, frame->is_merge ? "write one `<<: [*a, *b]`" : "keep one of the two");
	return 0;
}

static bool yaml_wants_key(const struct yaml *self)
{
	const struct yaml_frame *frame = self->depth ? &self->frames[self->depth - 1] : NULL;

	return frame && frame->node->kind == NODE_MAP && !frame->key;
}

/* Puts a node where it belongs: key or value of the open map, item of the open list, or the root. */
static int yaml_add(struct yaml *self, struct node *node)
{
	struct yaml_frame *frame = self->depth ? &self->frames[self->depth - 1] : NULL;

	if (!frame) {
		self->root = node;
	} else if (frame->node->kind == NODE_LIST) {
		node_append(self->pool, frame->node, node);
	} else {
		if (frame->is_merge && !frame->is_duplicate)
			frame->merge = node;
		else if (!frame->is_duplicate)
			node_set(self->pool, frame->node, frame->key, frame->key_place, node);
		frame->key = NULL;
	}
	return 0;
}

static int yaml_scalar(struct yaml *self, struct fy_event *event)
{
	struct err_place place = yaml_place(self, fy_event_start_mark(event));
	struct node *node = node_create(self->pool, NODE_SCALAR, place);
	bool is_key = yaml_wants_key(self);
	int result = yaml_text(self, event->scalar.value, place, &node->text);

	if (result < 0)
		return result;
	if (event->scalar.value && fy_token_scalar_style(event->scalar.value) != FYSS_PLAIN)
		node->style = NODE_QUOTED;
	result = yaml_tag(self, event, node);
	if (result < 0)
		return result;
	if (is_key && node->style == NODE_PLAIN && !*node->text)
		return err_at(self->err, ERR_CONFIG, place, "a key is missing before ':'");
	result = yaml_anchor(self, event, node);
	if (result < 0)
		return result;
	if (is_key)
		return yaml_key(self, node, place);
	if (yaml_means_null(node)) {
		node->kind = NODE_NULL;
		node->text = NULL;
	}
	result = yaml_count(self, place);
	return result < 0 ? result : yaml_add(self, node);
}

static int yaml_open(struct yaml *self, struct fy_event *event, enum node_kind kind)
{
	struct err_place place = yaml_place(self, fy_event_start_mark(event));
	struct node *node = node_create(self->pool, kind, place);
	int result;

	if (yaml_wants_key(self))
		return yaml_key(self, node, place);
	if (self->depth == STACK_YAML_DEPTH_MAX)
		return yaml_too_deep(self->err, place);
	result = yaml_count(self, place);
	if (result < 0)
		return result;
	result = yaml_tag(self, event, node);
	if (result < 0)
		return result;
	result = yaml_anchor(self, event, node);
	if (result < 0)
		return result;
	yaml_add(self, node);
	self->frames[self->depth++] = (struct yaml_frame){.node = node};
	return 0;
}

static int yaml_merge_map(struct yaml *self, struct node *map, const struct node *from)
{
	if (from->kind != NODE_MAP)
		return err_at(self->err, ERR_CONFIG, from->place, "'<<' wants a map or a list of maps, found %s",
			      node_kind_name(from));
	for (size_t i = 0; i < from->count; i++) {
		const struct node_pair *pair = &from->pairs[i];

		if (!node_find_pair(map, pair->key))
			node_set(self->pool, map, pair->key, pair->key_place, pair->value);
	}
	return 0;
}

static int yaml_close(struct yaml *self)
{
	struct yaml_frame *frame = &self->frames[--self->depth];
	int result = 0;

	if (!frame->merge)
		return 0;
	if (frame->merge->kind != NODE_LIST)
		return yaml_merge_map(self, frame->node, frame->merge);
	for (size_t i = 0; i < frame->merge->count && result == 0; i++)
		result = yaml_merge_map(self, frame->node, frame->merge->items[i]);
	return result;
}

/*
 * An alias becomes a copy, so that whoever changes one place of the tree changes only that. Copies count like any other
 * node, and copying stops with the count: aliases of aliases cost no more than the limit.
 */
static int yaml_copy(struct yaml *self, const struct node *from, size_t depth, struct err_place place,
		     struct node **copy)
{
	struct node *node = node_create(self->pool, from->kind, from->place);
	bool is_collection = from->kind == NODE_LIST || from->kind == NODE_MAP;
	int result = yaml_count(self, place);

	if (result < 0)
		return result;
	if (is_collection && depth == STACK_YAML_DEPTH_MAX)
		return yaml_too_deep(self->err, place);
	node->style = from->style;
	node->tag = from->tag;
	node->text = from->text;
	for (size_t i = 0; i < from->count; i++) {
		struct node *child;

		result = yaml_copy(self, from->kind == NODE_LIST ? from->items[i] : from->pairs[i].value, depth + 1,
				   place, &child);
		if (result < 0)
			return result;
		if (from->kind == NODE_LIST)
			node_append(self->pool, node, child);
		else
			node_set(self->pool, node, from->pairs[i].key, from->pairs[i].key_place, child);
	}
	*copy = node;
	return 0;
}

static int yaml_alias(struct yaml *self, struct fy_event *event)
{
	struct err_place place = yaml_place(self, fy_event_start_mark(event));
	const struct node *target;
	struct node *copy;
	const char *name;
	int result = yaml_text(self, event->alias.anchor, place, &name);

	if (result < 0)
		return result;
	place.column--; /* the token begins behind the '*' */
	target = node_find(self->anchors, name);
	if (!target) {
		self->result =
			err_at(self->err, ERR_CONFIG, place, "alias '*%s' has no anchor '&%s' before it", name, name);
		target = node_create(self->pool, NODE_NULL, place);
		if (yaml_wants_key(self))
			return self->result;
	}
	for (size_t i = 0; i < self->depth; i++) {
		if (self->frames[i].node == target)
			return err_at(self->err, ERR_CONFIG, place,
				      "alias '*%s' stands inside its own anchor '&%s' of line %d", name, name,
				      target->place.line);
	}
	if (yaml_wants_key(self))
		return yaml_key(self, target, place);
	result = yaml_copy(self, target, self->depth, place, &copy);
	return result < 0 ? result : yaml_add(self, copy);
}

static int yaml_event(struct yaml *self, struct fy_event *event)
{
	switch (event->type) {
	case FYET_NONE:
	case FYET_STREAM_START:
	case FYET_STREAM_END:
	case FYET_DOCUMENT_END:
		return 0;
	case FYET_DOCUMENT_START:
		if (self->documents++ == 0)
			return 0;
		err_at(self->err, ERR_CONFIG, yaml_place(self, fy_event_start_mark(event)),
		       "a second document begins here");
		err_hint(self->err, "one file holds one stack: give the other a file of its own and name both with -f");
		return -EINVAL;
	case FYET_SCALAR:
		return yaml_scalar(self, event);
	case FYET_SEQUENCE_START:
		return yaml_open(self, event, NODE_LIST);
	case FYET_MAPPING_START:
		return yaml_open(self, event, NODE_MAP);
	case FYET_SEQUENCE_END:
	case FYET_MAPPING_END:
		return yaml_close(self);
	case FYET_ALIAS:
		return yaml_alias(self, event);
	}
	return 0;
}

/* Nothing of the library's may reach the terminal. */
static void yaml_discard(struct fy_diag *diag, void *user, const char *text, size_t length)
{
	(void)diag;
	(void)user;
	(void)text;
	(void)length;
}

/* What to do about the mistakes that people make; the library's messages only name what it met. */
static const char *yaml_syntax_hint(const char *message)
{
	static const struct {
		const char *part, *hint;
	} hints[] = {
		{"tab character", "indent with spaces"},
		{"multiline plain key", "check the indentation of this line and the next, and for a missing ':'"},
		{"did not find expected key", "check the indentation of this line and the one before"},
		{"nested block mapping on the same line", "put text that holds ': ' in quotes"},
		{"cannot start with", "put the text in quotes"},
		{"trailing content after", "put quotes around all of the text, or none"},
		{"invalid escape", "use single quotes, or write \\\\ for a backslash"},
	};

	for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++) {
		if (strstr(message, hints[i].part))
			return hints[i].hint;
	}
	return NULL;
}

static int yaml_syntax_error(struct yaml *self, struct fy_diag *diag)
{
	void *iterator = NULL;
	const struct fy_diag_error *error = fy_diag_errors_iterate(diag, &iterator);
	struct err_place place = {self->file, 0, 0};

	if (!error)
		return err_at(self->err, ERR_CONFIG, place, "not valid YAML");
	place.line = error->line;
	place.column = error->column;
	err_at(self->err, ERR_CONFIG, place, "not valid YAML: %s", error->msg);
	if (yaml_syntax_hint(error->msg))
		err_hint(self->err, "%s", yaml_syntax_hint(error->msg));
	return -EINVAL;
}

static int yaml_run(struct yaml *self, const char *text, size_t size_bytes)
{
	struct fy_diag_cfg diag_config;
	struct fy_parse_cfg config = {.flags = FYPCF_QUIET | FYPCF_COLLECT_DIAG};
	struct fy_diag *diag = NULL;
	int result = -ENOMEM;

	fy_diag_cfg_default(&diag_config);
	diag_config.fp = NULL;
	diag_config.output_fn = yaml_discard;
	diag_config.level = FYET_ERROR;
	diag = fy_diag_create(&diag_config);
	if (!diag)
		goto out;
	fy_diag_set_collect_errors(diag, true);
	config.diag = diag;
	self->parser = fy_parser_create(&config);
	if (!self->parser || fy_parser_set_string(self->parser, text, size_bytes) != 0)
		goto out;
	for (;;) {
		struct fy_event *event = fy_parser_parse(self->parser);

		if (!event)
			break;
		result = yaml_event(self, event);
		fy_parser_event_free(self->parser, event);
		if (result < 0)
			goto out;
	}
	result = fy_parser_get_stream_error(self->parser) ? yaml_syntax_error(self, diag) : self->result;
out:
	if (result == -ENOMEM)
		err_set(self->err, ERR_INTERNAL, "cannot read %s: out of memory", self->file);
	fy_parser_destroy(self->parser);
	fy_diag_destroy(diag);
	return result;
}

int stack_yaml_parse(struct pool *pool, const char *file, const char *text, size_t size_bytes, struct node **root,
		     struct err *err)
{
	struct yaml self = {.pool = pool, .file = pool_strdup(pool, file), .err = err};
	struct err_place place = {self.file, 0, 0};
	int result;

	if (size_bytes > STACK_YAML_BYTES_MAX)
		return err_at(err, ERR_CONFIG, place, "larger than %u MB", STACK_YAML_BYTES_MAX / (1024 * 1024));
	if (size_bytes >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		text += 3;
		size_bytes -= 3;
	}
	self.text = text;
	self.size_bytes = size_bytes;
	result = yaml_text_check(self.file, text, size_bytes, err);
	if (result < 0)
		return result;
	place.line = place.column = 1;
	self.anchors = node_create(pool, NODE_MAP, place);
	if (size_bytes) {
		result = yaml_run(&self, text, size_bytes);
		if (result < 0)
			return result;
	}
	*root = self.root ? self.root : node_create(pool, NODE_NULL, place);
	return 0;
}

int stack_yaml_read(struct pool *pool, const char *path, struct node **root, struct err *err)
{
	bool is_stdin = strcmp(path, "-") == 0;
	struct err_place place = {is_stdin ? "<stdin>" : path, 0, 0};
	size_t size_bytes;
	char *text = NULL;
	int result;

	result = is_stdin ? paths_read_descriptor(STDIN_FILENO, STACK_YAML_BYTES_MAX, &text, &size_bytes)
			  : paths_read_file(path, STACK_YAML_BYTES_MAX, &text, &size_bytes);
	if (result == -EFBIG)
		result = err_at(err, ERR_CONFIG, place, "cannot be read: larger than %u MB",
				STACK_YAML_BYTES_MAX / (1024 * 1024));
	else if (result < 0)
		result = err_at(err, ERR_CONFIG, place, "cannot be read: %s", paths_read_reason(result));
	else
		result = stack_yaml_parse(pool, place.file, text, size_bytes, root, err);
	free(text);
	return result;
}
