/* SPDX-License-Identifier: MIT */
#include "launcher/engine/build_fault.h"

#include <stdio.h>
#include <string.h>

/* The rest of a character cut at the limit goes, too. */
static void keep(char *text, size_t size_bytes, const char *from)
{
	size_t length = strlen(from);

	if (length >= size_bytes) {
		length = size_bytes - 1;
		while (length > 0 && ((unsigned char)from[length] & 0xc0u) == 0x80u)
			length--;
	}
	memmove(text, from, length);
	text[length] = '\0';
}

static bool begins(const char *line, const char *word)
{
	return strncmp(line, word, strlen(word)) == 0;
}

/* What stands among a step's output in the classic builder's words, or version 1's. */
static bool is_frame(const char *line)
{
	static const char *const words[] = {" --->",
					    "Removing intermediate container",
					    "The command '",
					    "Service '",
					    "ERROR: ",
					    "Building ",
					    "Creating ",
					    "Successfully ",
					    "DEPRECATED: ",
					    "            Install the buildx",
					    "            https://docs.docker.com/",
					    NULL};

	for (const char *const *word = words; *word != NULL; word++)
		if (begins(line, *word))
			return true;
	return false;
}

/* " > [api 2/4] RUN make:" */
static void begin_quote(struct build_fault *self, const char *line)
{
	char whole[BUILD_FAULT_STEP_BYTES + BUILD_LINE_WORD_BYTES];
	struct build_line read;
	size_t length;

	snprintf(whole, sizeof(whole), "#0 %.*s", (int)sizeof(whole) - 4, line + strlen(" > "));
	build_line_read(&read, whole);
	if (read.kind != BUILD_STEP)
		return;
	self->quoted = true;
	self->said[0] = '\0';
	keep(self->service, sizeof(self->service), read.word_count > 0 ? read.words[0] : "");
	keep(self->step, sizeof(self->step), read.text);
	length = strlen(self->step);
	if (length > 0 && self->step[length - 1] == ':')
		self->step[length - 1] = '\0';
}

/* "0.278 the oven is cold" */
static const char *without_time(const char *line)
{
	const size_t seconds = strspn(line, "0123456789");
	const size_t rest = seconds > 0 && line[seconds] == '.' ? strspn(line + seconds + 1, "0123456789") : 0;
	const char *after = line + seconds + 1 + rest;

	return rest > 0 && *after == ' ' ? after + 1 : line;
}

void build_fault_line(struct build_fault *self, const char *line)
{
	struct build_line read;

	if (self->over)
		return;
	build_line_read(&read, line);
	if (read.kind == BUILD_BEGINS) {
		keep(self->service, sizeof(self->service), read.words[0]);
	} else if (begins(line, " > [")) {
		begin_quote(self, line);
	} else if (begins(line, "------")) {
		self->over = self->quoted;
	} else if (self->quoted) {
		keep(self->said, sizeof(self->said), without_time(line));
	} else if (read.kind == BUILD_STEP && *line == 'S') {
		keep(self->step, sizeof(self->step), read.text);
		self->said[0] = '\0';
	} else if (*line != '#' && self->step[0] != '\0' && !is_frame(line)) {
		keep(self->said, sizeof(self->said), line);
	}
}

bool build_fault_is_of(const struct build_fault *self, const char *service)
{
	return self->step[0] != '\0' && (self->service[0] == '\0' || strcmp(self->service, service) == 0);
}
