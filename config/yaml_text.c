/* SPDX-License-Identifier: MIT */
#include "config/yaml_text.h"

#include "config/err.h"
#include "config/stack_yaml.h"
#include "config/utf8.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/*
 * libfyaml scans a whole flow collection before it reports its beginning: megabytes of '[' or ',' become gigabytes of tokens. These
 * are counted with no regard to quotes and comments; only text that nobody writes comes near.
 */
#define YAML_TEXT_OPEN_MAX 10000
#define YAML_TEXT_FLOW_MAX (5 * STACK_YAML_NODES_MAX)

/*
 * At each blank line inside a text of several lines libfyaml looks through all blank lines that follow. This bounds the bytes
 * looked at in the whole file: 20,000 empty lines in a row, or fewer long ones.
 */
#define YAML_TEXT_BLANK_MAX 200000000u

/*
 * libfyaml 0.7.12 frees memory twice when a tab behind a ':' displeases it while a key written as `? key` is open. Both are rare;
 * together they are refused.
 */

struct yaml_text {
	struct err_place place;
	bool has_explicit_key; /* a '?' that may begin one was seen */
	size_t open; /* '[' and '{' not closed yet */
	size_t flow; /* marks that make tokens, while any is open */
	bool is_blank; /* the line so far */
	uint64_t blank_run; /* bytes of the blank lines just before */
	uint64_t blank_cost;
};

static int yaml_text_line_end(struct yaml_text *self, struct err *err)
{
	if (self->is_blank) {
		self->blank_run += (uint64_t)self->place.column;
		self->blank_cost += self->blank_run;
		if (self->blank_cost > YAML_TEXT_BLANK_MAX)
			return err_at(err, ERR_CONFIG, self->place, "too many blank lines");
	} else {
		self->blank_run = 0;
	}
	self->place.line++;
	self->place.column = 1;
	self->is_blank = true;
	return 0;
}

static int yaml_text_flow(struct yaml_text *self, char byte, struct err *err)
{
	if (byte == '[' || byte == '{')
		self->open++;
	else if (self->open && (byte == ']' || byte == '}'))
		self->open--;
	if (self->open > YAML_TEXT_OPEN_MAX)
		return err_at(err, ERR_CONFIG, self->place, "lists and maps nested deeper than %u",
			      STACK_YAML_DEPTH_MAX);
	if (self->open && (byte == '[' || byte == '{' || byte == ',' || byte == ':') &&
	    ++self->flow > YAML_TEXT_FLOW_MAX)
		return err_at(err, ERR_CONFIG, self->place, "more than %u values", STACK_YAML_NODES_MAX);
	return 0;
}

static int yaml_text_explicit_key(struct yaml_text *self, const char *text, size_t at, size_t size_bytes,
				  struct err *err)
{
	if (text[at] == '?' && (at == 0 || strchr(" \t\r\n[]{},\"'", text[at - 1])) &&
	    (at + 1 == size_bytes || strchr(" \t\r\n", text[at + 1])))
		self->has_explicit_key = true;
	if (text[at] != ':' || !self->has_explicit_key)
		return 0;
	for (at++; at < size_bytes && (text[at] == ' ' || text[at] == '\t'); at++) {
		if (text[at] == '\t') {
			int result = err_at(err, ERR_CONFIG, self->place, "a tab behind ':' in a file with '?' keys");

			err_hint(err, "write a space behind ':'");
			return result;
		}
	}
	return 0;
}

static int yaml_text_character(const struct yaml_text *self, const char *text, size_t length, struct err *err)
{
	unsigned char byte = (unsigned char)*text;

	if (byte == 0)
		return err_at(err, ERR_CONFIG, self->place, "not a text file: holds a NUL byte");
	if (!length)
		return err_at(err, ERR_CONFIG, self->place, "not UTF-8 text: byte 0x%02X", byte);
	if ((byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r') || byte == 0x7f)
		return err_at(err, ERR_CONFIG, self->place, "control character 0x%02X is not allowed in YAML", byte);
	return 0;
}

int yaml_text_check(const char *file, const char *text, size_t size_bytes, struct err *err)
{
	struct yaml_text self = {.place = {file, 1, 1}, .is_blank = true};
	int result = 0;

	for (size_t at = 0; at < size_bytes && result == 0;) {
		char byte = text[at];
		size_t length = utf8_length(text + at, size_bytes - at);

		result = yaml_text_character(&self, text + at, length, err);
		if (result == 0)
			result = yaml_text_flow(&self, byte, err);
		if (result == 0)
			result = yaml_text_explicit_key(&self, text, at, size_bytes, err);
		at += length;
		if (byte == '\n' || (byte == '\r' && (at == size_bytes || text[at] != '\n'))) {
			if (result == 0)
				result = yaml_text_line_end(&self, err);
		} else {
			self.place.column++;
			self.is_blank = self.is_blank && (byte == ' ' || byte == '\t' || byte == '\r');
		}
	}
	return result;
}
