/* SPDX-License-Identifier: MIT */
#include "ui/line_dash.h"

#include "config/err.h"
#include "ui/line_private.h"
#include "ui/sgr.h"
#include "ui/text.h"
#include "ui/theme.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A terminal that takes nothing must not cost more. */
#define TEXT_BYTES_MAX (1024u * 1024u)

#define WORD_ROW(id, word, arguments, action, help) {word, arguments, help, action},
const struct line_word_row line_words[LINE_WORD_COUNT] = {LINE_WORDS(WORD_ROW)};
#undef WORD_ROW

struct line_dash *line_dash_create(const struct line_dash_options *options)
{
	struct line_dash *self = calloc(1, sizeof(*self));

	if (self == NULL)
		return NULL;
	self->options = *options;
	self->due_ms = -1;
	self->out = open_memstream(&self->bytes, &self->size_bytes);
	if (self->out != NULL)
		return self;
	free(self);
	return NULL;
}

void line_dash_destroy(struct line_dash *self)
{
	if (self == NULL)
		return;
	line_close_found(self);
	line_quiet(self, false);
	line_act_drop(self);
	fclose(self->out);
	free(self->bytes);
	free(self->taken);
	free(self->told);
	free(self->changed);
	free(self);
}

/* ---- What is to be written ---- */

static void put_char(struct line_dash *self, const struct text_char *c)
{
	char bytes[4];

	for (unsigned i = 0; i < c->count; i++)
		fwrite(bytes, 1, text_encode(c->points[i], bytes), self->out);
}

void line_add_source(struct line_dash *self, const char *bytes, size_t size_bytes)
{
	const char *end = bytes + size_bytes;
	struct theme_style style = {0};
	struct text_char c;

	fflush(self->out);
	if (self->size_bytes >= TEXT_BYTES_MAX) {
		self->left_out++;
		return;
	}
	while (bytes < end) {
		const size_t sequence = sgr_read(bytes, end, &style);

		if (sequence > 0) {
			bytes += sequence;
			continue;
		}
		if (*bytes == '\t') {
			fputc(' ', self->out);
			bytes++;
			continue;
		}
		if (!text_next(bytes, end, self->options.utf8, &c))
			break;
		put_char(self, &c);
		bytes += c.bytes;
	}
	fputc('\n', self->out);
}

void line_add(struct line_dash *self, const char *format, ...)
{
	char *text = NULL, *rest;
	va_list list;
	int length;

	va_start(list, format);
	length = vasprintf(&text, format, list);
	va_end(list);
	if (length < 0)
		return;
	rest = text;
	for (char *line = strsep(&rest, "\n"); line != NULL; line = strsep(&rest, "\n"))
		line_add_source(self, line, strlen(line));
	free(text);
}

/* While an answer is on its way the prompt waits for it. */
const char *line_dash_take_text(struct line_dash *self, bool last, size_t *size_bytes)
{
	const bool asks = self->options.reads && self->told_stack && !last && self->wanted == 0 && self->found == NULL;
	char *text = NULL;
	FILE *out;

	*size_bytes = 0;
	if (self->left_out > 0)
		fprintf(self->out, "... and %zu more lines, which this terminal did not take in time\n",
			self->left_out);
	self->left_out = 0;
	fflush(self->out);
	if (self->size_bytes == 0 && self->prompted == asks)
		return "";
	out = open_memstream(&text, size_bytes);
	if (out == NULL)
		return "";
	if (self->prompted)
		fputc('\n', out);
	fwrite(self->bytes, 1, self->size_bytes, out);
	self->prompted = asks;
	if (self->prompted)
		fputs(LINE_PROMPT, out);
	if (fclose(out) != 0)
		*size_bytes = 0;
	rewind(self->out);
	free(self->taken);
	self->taken = text;
	return text != NULL ? text : "";
}

/* ---- Names ---- */

static bool begins(const char *text, const char *with)
{
	return strncasecmp(text, with, strlen(with)) == 0;
}

static bool is_of(const struct unit_model *unit, const char *name)
{
	return strcmp(unit->name, name) == 0 || strcmp(unit->service, name) == 0;
}

/* "web, worker" of those whose names begin so. */
static void say_candidates(struct line_dash *self, const char *name)
{
	char *text = NULL;
	size_t size, count = 0;
	FILE *out = open_memstream(&text, &size);

	for (size_t i = 0; out != NULL && i < self->model->unit_count; i++)
		if (begins(self->model->units[i].name, name))
			fprintf(out, "%s%s", count++ > 0 ? ", " : "", self->model->units[i].name);
	if (out != NULL && fclose(out) == 0)
		line_add(self, "%s can be: %s.", name, text);
	free(text);
}

static void say_unknown(struct line_dash *self, const char *name)
{
	const struct stack_model *model = self->model;
	const char **names = calloc(model->unit_count + 1, sizeof(*names));
	const char *nearest;

	for (size_t i = 0; names != NULL && i < model->unit_count; i++)
		names[i] = model->units[i].name;
	nearest = names != NULL ? err_nearest(name, names) : NULL;
	if (nearest != NULL)
		line_add(self, "There is no service %s. Did you mean %s?", name, nearest);
	else
		line_add(self, "There is no service %s; status names them.", name);
	free(names);
}

const struct unit_model *line_find_unit(struct line_dash *self, const char *name)
{
	const struct stack_model *model = self->model;
	const struct unit_model *found = NULL;
	size_t count = 0;

	for (size_t i = 0; i < model->unit_count; i++)
		if (is_of(&model->units[i], name))
			return &model->units[i];
	for (size_t i = 0; i < model->unit_count; i++) {
		if (!begins(model->units[i].name, name))
			continue;
		/* Replicas of one service are no two answers. */
		count += found == NULL || strcmp(found->service, model->units[i].service) != 0 ? 1 : 0;
		found = found == NULL ? &model->units[i] : found;
	}
	if (count == 1)
		return found;
	if (count > 1)
		say_candidates(self, name);
	else
		say_unknown(self, name);
	return NULL;
}

static bool add_name(const char *names[LINE_ARGUMENTS_MAX + 1], size_t *count, const char *name)
{
	for (size_t i = 0; i < *count; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	if (*count == LINE_ARGUMENTS_MAX)
		return false;
	names[(*count)++] = name;
	names[*count] = NULL;
	return true;
}

bool line_find_names(struct line_dash *self, char *const *words, const char *names[LINE_ARGUMENTS_MAX + 1])
{
	size_t count = 0;
	bool fits = true;

	names[0] = NULL;
	for (; *words != NULL; words++) {
		const bool all = strcmp(*words, "all") == 0;
		const struct unit_model *unit = all ? NULL : line_find_unit(self, *words);

		if (!all && unit == NULL)
			return false;
		for (size_t i = 0; i < self->model->unit_count; i++) {
			const struct unit_model *other = &self->model->units[i];
			/* A service stands for its replicas; "web-2" for one. */
			const bool same = unit != NULL && strcmp(other->service, unit->service) == 0 &&
					  begins(unit->service, *words);

			if (all || other == unit || same)
				fits = add_name(names, &count, other->name) && fits;
		}
	}
	if (!fits)
		line_add(self, "Those are more than %u at once; nothing was done.", LINE_ARGUMENTS_MAX);
	return fits;
}

bool line_read_count(struct line_dash *self, const char *text, long max, long *number)
{
	char *end;
	const long value = strtol(text, &end, 10);

	if (*end != '\0' || end == text || value < 0 || value > max) {
		line_add(self, "%s is no number up to %ld.", text, max);
		return false;
	}
	*number = value;
	return true;
}

/* ---- Words ---- */

/* "start-up" and "startup" are one. */
static bool is_word(const char *word, const char *typed, bool whole)
{
	while (*typed != '\0') {
		if (*typed == '-') {
			typed++;
			continue;
		}
		while (*word == '-')
			word++;
		if (tolower((unsigned char)*typed) != *word)
			return false;
		typed++;
		word++;
	}
	return !whole || *word == '\0';
}

static void say_no_word(struct line_dash *self, const char *typed)
{
	const char *names[LINE_WORD_COUNT + 1] = {NULL}, *nearest;

	for (size_t i = 0; i < LINE_WORD_COUNT; i++)
		names[i] = line_words[i].word;
	nearest = err_nearest(typed, names);
	if (nearest != NULL)
		line_add(self, "There is no word %s. Did you mean %s? help tells them all.", typed, nearest);
	else
		line_add(self, "There is no word %s; help tells them all.", typed);
}

static void say_which_word(struct line_dash *self, const char *typed)
{
	char text[256] = "";
	size_t used = 0;

	for (size_t i = 0; i < LINE_WORD_COUNT; i++)
		if (is_word(line_words[i].word, typed, false))
			used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s", used > 0 ? ", " : "",
						 line_words[i].word);
	line_add(self, "%s can be: %s.", typed, text);
}

/* LINE_WORD_COUNT: none, and said why. */
static enum line_word find_word(struct line_dash *self, const char *typed)
{
	enum line_word found = LINE_WORD_COUNT;
	size_t count = 0;

	for (size_t i = 0; i < LINE_WORD_COUNT; i++) {
		const char *name = key_action_name(line_words[i].action);

		if (is_word(line_words[i].word, typed, true) || (name != NULL && is_word(name, typed, true)))
			return (enum line_word)i;
		if (is_word(line_words[i].word, typed, false)) {
			found = (enum line_word)i;
			count++;
		}
	}
	if (count == 1)
		return found;
	if (count > 1)
		say_which_word(self, typed);
	else
		say_no_word(self, typed);
	return LINE_WORD_COUNT;
}

static void say_usage(struct line_dash *self, enum line_word word)
{
	line_add(self, "It is: %s %s (%s).", line_words[word].word, line_words[word].arguments, line_words[word].help);
}

/* How many arguments a word takes at least, by how they are written. */
static size_t least_arguments(enum line_word word)
{
	const char *text = line_words[word].arguments;
	size_t count = 0, depth = 0;
	bool inside = false;

	for (; *text != '\0'; text++) {
		depth += *text == '[' ? 1 : 0;
		count += depth == 0 && *text != ' ' && !inside ? 1 : 0;
		inside = *text != ' ';
		depth -= *text == ']' ? 1 : 0;
	}
	return count;
}

static void look(struct line_dash *self, enum line_word word, char *const *words, const char *rest)
{
	const char *first = words[0];
	long count = 20;

	switch (word) {
	case LINE_WORD_WHY:
		line_tell_why(self, first, words[1] != NULL && strcmp(words[1], "all") == 0);
		break;
	case LINE_WORD_LOG:
		if (words[1] == NULL || line_read_count(self, words[1], 10000, &count))
			line_log(self, first, count);
		break;
	case LINE_WORD_FIND:
		line_find(self, first, rest);
		break;
	case LINE_WORD_FOLLOW:
		line_follow(self, words);
		break;
	case LINE_WORD_QUIET:
		line_quiet(self, true);
		break;
	case LINE_WORD_STARTUP:
		line_tell_startup(self);
		break;
	case LINE_WORD_GRAPH:
		line_tell_graph(self);
		break;
	case LINE_WORD_EVENTS:
		if (first == NULL || line_read_count(self, first, 10000, &count))
			line_tell_events(self, count);
		break;
	case LINE_WORD_HELP:
		line_tell_help(self, first);
		break;
	default:
		line_tell_status(self);
		break;
	}
}

static void look_at_reports(struct line_dash *self, enum line_word word, const char *number)
{
	const struct actions *actions = self->options.actions;
	long event = 0;

	if (number != NULL && !line_read_count(self, number, 100000, &event))
		return;
	if (self->model->telemetry == NULL || actions->look_at_telemetry == NULL) {
		line_add(self, "This stack has nothing to report about you, so nothing was asked and nothing is sent.");
		return;
	}
	self->sent = (size_t)event;
	self->wanted |= word == LINE_WORD_SENT ? LINE_WANTS_SENT : LINE_WANTS_TELEMETRY;
	actions->look_at_telemetry(actions->context, true);
}

static void withdraw(struct line_dash *self)
{
	const struct actions *actions = self->options.actions;

	if (!self->model->telemetry_on || actions->withdraw == NULL) {
		line_add(self, "Nothing is being sent about you%s%s.", self->model->telemetry != NULL ? ": " : "",
			 self->model->telemetry != NULL ? self->model->telemetry : "");
		return;
	}
	self->wanted |= LINE_WANTS_ANSWER;
	actions->withdraw(actions->context);
}

static void reload(struct line_dash *self)
{
	const struct actions *actions = self->options.actions;

	if (actions->reload == NULL) {
		line_add(self, "The stack file cannot be applied from here.");
		return;
	}
	self->wanted |= LINE_WANTS_ANSWER;
	actions->reload(actions->context, true);
}

static void do_word(struct line_dash *self, enum line_word word, char *const *words, const char *rest)
{
	switch (word) {
	case LINE_WORD_TELEMETRY:
	case LINE_WORD_SENT:
		look_at_reports(self, word, words[0]);
		break;
	case LINE_WORD_WITHDRAW:
		withdraw(self);
		break;
	case LINE_WORD_START:
		line_act(self, ACT_START, 0, words);
		break;
	case LINE_WORD_STOP:
		if (strcmp(words[0], "all") == 0)
			line_act_stop_all(self);
		else
			line_act(self, ACT_STOP, 0, words);
		break;
	case LINE_WORD_RESTART:
		line_act(self, ACT_RESTART, 0, words);
		break;
	case LINE_WORD_KILL:
		line_act_kill(self, words);
		break;
	case LINE_WORD_SCALE:
		line_act_scale(self, words[0], words[1]);
		break;
	case LINE_WORD_OPEN:
		line_act_open(self, words[0]);
		break;
	case LINE_WORD_RELOAD:
		reload(self);
		break;
	case LINE_WORD_QUIT:
		line_act_leave(self);
		break;
	case LINE_WORD_DETACH:
		line_act_detach(self);
		break;
	default:
		look(self, word, words, rest);
		break;
	}
}

/* Where the second word begins: a regular expression is taken as it was typed. */
static const char *behind(const char *line, unsigned words)
{
	for (; words > 0; words--) {
		line += strspn(line, " \t");
		line += strcspn(line, " \t");
	}
	return line + strspn(line, " \t");
}

static void take_words(struct line_dash *self, const char *line)
{
	char *words[LINE_ARGUMENTS_MAX + 2] = {NULL}, *copy = strdup(line), *rest = NULL;
	size_t count = 0;
	enum line_word word;

	for (char *at = copy != NULL ? strtok_r(copy, " \t\r", &rest) : NULL; at != NULL && count <= LINE_ARGUMENTS_MAX;
	     at = strtok_r(NULL, " \t\r", &rest))
		words[count++] = at;
	word = count == 0 ? LINE_WORD_STATUS : find_word(self, words[0]);
	if (word == LINE_WORD_COUNT || self->model == NULL)
		;
	else if (count > 0 && count - 1 < least_arguments(word))
		say_usage(self, word);
	else
		do_word(self, word, count > 0 ? words + 1 : words, behind(line, 2));
	free(copy);
}

void line_dash_take_line(struct line_dash *self, const char *line, size_t size_bytes)
{
	char copy[LINE_BYTES_MAX + 1];
	const size_t size = size_bytes < LINE_BYTES_MAX ? size_bytes : LINE_BYTES_MAX;
	size_t length;

	memcpy(copy, line, size);
	copy[size] = '\0';
	for (length = strlen(copy); length > 0 && isspace((unsigned char)copy[length - 1]); length--)
		copy[length - 1] = '\0';
	/* The terminal has ended the line of the prompt. */
	self->prompted = false;
	self->wanted = 0;
	line_close_found(self);
	if (self->question != LINE_ASKS_NOTHING)
		line_act_answer(self, copy + strspn(copy, " \t"));
	else
		take_words(self, copy);
}

void line_dash_take_end(struct line_dash *self)
{
	if (self->question != LINE_ASKS_NOTHING)
		line_act_answer(self, "");
	else if (self->model != NULL)
		line_act_leave(self);
}

/* ---- What comes by itself ---- */

void line_dash_take_model(struct line_dash *self, const struct stack_model *model)
{
	self->model = model;
	line_news(self);
	if ((self->wanted & LINE_WANTS_DETAIL) != 0 && model->detail != NULL && model->detail->unit == self->detail) {
		self->wanted &= ~(unsigned)LINE_WANTS_DETAIL;
		line_tell_detail(self);
		if (self->options.actions->look_at_unit != NULL)
			self->options.actions->look_at_unit(self->options.actions->context, "");
	}
	if (model->reported == NULL)
		return;
	if ((self->wanted & LINE_WANTS_TELEMETRY) != 0)
		line_tell_telemetry(self);
	if ((self->wanted & LINE_WANTS_SENT) != 0)
		line_tell_sent(self);
	self->wanted &= ~(unsigned)(LINE_WANTS_TELEMETRY | LINE_WANTS_SENT);
}

void line_dash_say(struct line_dash *self, const char *text)
{
	self->wanted = 0;
	line_add(self, "%s", text);
}

void line_dash_ask_reload(struct line_dash *self, const char *text)
{
	self->wanted = 0;
	line_act_drop(self);
	self->question = LINE_ASKS_RELOAD;
	line_add(self, "The stack file differs from what runs:\n%s\nType yes to apply it.", text);
}

void line_dash_resume(struct line_dash *self)
{
	self->prompted = false;
}

int64_t line_dash_due_ms(const struct line_dash *self)
{
	return self->due_ms;
}
