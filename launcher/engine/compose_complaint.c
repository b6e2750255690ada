/* SPDX-License-Identifier: MIT */
#include "launcher/engine/compose_complaint.h"

#include <stdio.h>
#include <string.h>

/* ---- Lines ---- */

/* Where in an escape sequence (ECMA-48) we are. */
enum { IN_TEXT, AFTER_ESC, IN_CSI, IN_STRING, IN_STRING_ESC };

/* The state behind this byte. */
static int escape_step(int state, unsigned char byte)
{
	switch (state) {
	case AFTER_ESC:
		if (byte == '[')
			return IN_CSI;
		if (byte == ']' || byte == 'P' || byte == 'X' || byte == '^' || byte == '_')
			return IN_STRING;
		/* Intermediate bytes are followed by others. */
		return byte >= 0x20 && byte < 0x30 ? AFTER_ESC : IN_TEXT;
	case IN_CSI:
		return byte >= 0x40 && byte < 0x7f ? IN_TEXT : IN_CSI;
	case IN_STRING_ESC:
		return byte == '\\' ? IN_TEXT : IN_STRING;
	default:
		if (byte == 0x07)
			return IN_TEXT;
		return byte == 0x1b ? IN_STRING_ESC : IN_STRING;
	}
}

static void lines_add(struct compose_lines *self, unsigned char byte)
{
	if (self->size < COMPOSE_LINE_BYTES_MAX)
		self->line[self->size++] = (char)byte;
}

/* The rest of a character cut at the limit goes, too. */
static void lines_trim(struct compose_lines *self)
{
	size_t at = self->size;

	if (self->size == COMPOSE_LINE_BYTES_MAX) {
		while (at > 0 && ((unsigned char)self->line[at - 1] & 0xc0) == 0x80)
			at--;
		if (at > 0 && (unsigned char)self->line[at - 1] >= 0xc0)
			self->size = at - 1;
	}
	while (self->size > 0 && self->line[self->size - 1] == ' ')
		self->size--;
	self->line[self->size] = '\0';
}

void compose_lines_end(struct compose_lines *self, compose_line_said *said, void *context)
{
	lines_trim(self);
	if (self->size > 0)
		said(context, self->line);
	self->size = 0;
	self->state = IN_TEXT;
	self->c1 = false;
}

void compose_lines_take(struct compose_lines *self, const char *bytes, size_t size_bytes, compose_line_said *said,
			void *context)
{
	for (size_t i = 0; i < size_bytes; i++) {
		unsigned char byte = (unsigned char)bytes[i];

		/* An unfinished sequence does not swallow what follows its line. */
		if (byte == '\n' || byte == '\r') {
			compose_lines_end(self, said, context);
			continue;
		}
		if (self->state != IN_TEXT) {
			self->state = escape_step(self->state, byte);
			continue;
		}
		/* C1 controls are two bytes in UTF-8: 0xc2 and the control. Alone it is no character, and must not become the half of one. */
		if (self->c1) {
			self->c1 = false;
			if (byte >= 0x80 && byte < 0xa0)
				continue;
			if (byte >= 0xa0 && byte < 0xc0)
				lines_add(self, 0xc2);
		}
		if (byte == 0x1b)
			self->state = AFTER_ESC;
		else if (byte == 0xc2)
			self->c1 = true;
		else if (byte == '\t')
			lines_add(self, ' ');
		else if (byte >= 0x20 && byte != 0x7f)
			lines_add(self, byte);
	}
}

/* ---- What reads like an error ---- */

static bool begins(const char *line, const char *const *words)
{
	for (; *words != NULL; words++)
		if (strncmp(line, *words, strlen(*words)) == 0)
			return true;
	return false;
}

static bool ends(const char *line, const char *word)
{
	size_t length = strlen(line), size = strlen(word);

	return length >= size && strcmp(line + length - size, word) == 0;
}

/* What both versions say while all is well, and what is said beside an error without telling anything. */
static bool is_progress(const char *line)
{
	static const char *const words[] = {" ",
					    "#",
					    "time=\"",
					    "Attaching ",
					    "Building ",
					    "Creating ",
					    "Found orphan",
					    "Encountered errors",
					    "Image for service",
					    "Pulling ",
					    "Recreating ",
					    "Removing ",
					    "Sending build",
					    "Starting ",
					    "Step ",
					    "Stopping ",
					    "Successfully ",
					    "Traceback (",
					    "WARNING: ",
					    "Digest: ",
					    "Status: ",
					    "Building with",
					    "--->",
					    NULL};

	return begins(line, words) || ends(line, " ... done") || ends(line, " ... error") || ends(line, " ...") ||
	       strstr(line, " is up-to-date") != NULL;
}

static bool is_error(const char *line)
{
	static const char *const words[] = {"Error",
					    "error",
					    "Cannot ",
					    "cannot ",
					    "Couldn't ",
					    "Failed ",
					    "failed ",
					    "No such ",
					    "no such ",
					    "Service '",
					    "service \"",
					    "Service \"",
					    "The Compose file",
					    "Unsupported ",
					    "Invalid ",
					    "invalid ",
					    "validating ",
					    "dependency failed",
					    "network ",
					    "volume ",
					    "pull access denied",
					    "yaml: ",
					    "permission denied",
					    "unknown ",
					    NULL};

	return begins(line, words);
}

/* Version 1: "ERROR: for web  Cannot start ...", "ERROR: Service ..."; what stands in front says no more. */
static const char *without_prefix(const char *line, bool *marked)
{
	const char *text = line;
	const char *gap;

	*marked = strncmp(text, "ERROR: ", 7) == 0;
	if (!*marked)
		return line;
	text += 7;
	gap = strncmp(text, "for ", 4) == 0 ? strstr(text, "  ") : NULL;
	if (gap != NULL)
		text = gap + strspn(gap, " ");
	return text;
}

static void add(struct compose_complaint *self, const char *line, const char *between)
{
	size_t used = strlen(self->text);

	/* The same is said for the container and for its service. */
	if (strstr(self->text, line) != NULL)
		return;
	snprintf(self->text + used, sizeof self->text - used, "%s%s", used > 0 ? between : "", line);
}

void compose_complaint_line(struct compose_complaint *self, const char *line)
{
	bool marked;
	const char *text = without_prefix(line, &marked);

	if (is_progress(text)) {
		self->open = self->open && *line == ' ';
		return;
	}
	if (marked || is_error(text)) {
		add(self, text, "; ");
		self->open = true;
	} else if (self->open) {
		add(self, text, " ");
	} else {
		snprintf(self->last, sizeof self->last, "%.*s", (int)sizeof self->last - 1, text);
	}
}

const char *compose_complaint_text(const struct compose_complaint *self, bool failed)
{
	return *self->text != '\0' || !failed ? self->text : self->last;
}
