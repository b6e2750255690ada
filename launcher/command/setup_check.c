/* SPDX-License-Identifier: MIT */
#include "launcher/command/setup_check.h"

#include "config/err.h"
#include "config/secrets.h"
#include "config/setup.h"
#include "config/stack.h"
#include "config/strmap.h"
#include "config/utf8.h"
#include "launcher/process/inquiry.h"
#include "telemetry/telemetry.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Its words ---- */

/* How many bytes here are a line of the secret, the longest one; 0: none. */
static size_t secret_here(const char *at, size_t size_bytes, const char *secret)
{
	size_t longest = 0;

	while (secret != NULL && *secret != '\0') {
		size_t length = strcspn(secret, "\r\n");

		if (length > longest && length <= size_bytes && memcmp(at, secret, length) == 0)
			longest = length;
		secret += length;
		secret += strspn(secret, "\r\n");
	}
	return longest;
}

/* Of a sequence that would colour or move something; 0: there is none. */
static size_t sequence_here(const char *at, size_t size_bytes)
{
	size_t length = 2;

	if (size_bytes < 2 || at[0] != '\033' || at[1] != '[')
		return 0;
	while (length < size_bytes && (unsigned char)at[length] < 0x40)
		length++;
	return length < size_bytes ? length + 1 : length;
}

/* As much of it as there is room for; how much is used then. */
static size_t put(char *words, size_t used, size_t size_bytes, const char *text, size_t length)
{
	size_t room = size_bytes - used - 1;

	if (length > room)
		length = room;
	memcpy(words + used, text, length);
	return used + length;
}

/* One character, harmless; how many bytes it was. */
static size_t put_char(const char *at, size_t size_bytes, char *words, size_t *used, size_t words_size_bytes)
{
	size_t length = utf8_length(at, size_bytes);
	bool plain = length > 0 && !utf8_is_control(utf8_point(at, length));

	if (plain && length >= words_size_bytes - *used)
		return size_bytes;
	if (plain)
		*used = put(words, *used, words_size_bytes, at, length);
	else if (*at == '\t')
		*used = put(words, *used, words_size_bytes, " ", 1);
	else if (*at != '\r')
		*used = put(words, *used, words_size_bytes, "?", 1);
	return length > 0 ? length : 1;
}

void setup_check_words(const char *output, size_t output_size_bytes, bool cut, const char *secret, char *words,
		       size_t size_bytes)
{
	size_t tail = cut && secret != NULL ? strlen(secret) : 0, used = 0;

	for (size_t at = 0; at < output_size_bytes && used + 1 < size_bytes;) {
		size_t rest = output_size_bytes - at, length = secret_here(output + at, rest, secret);

		if (length > 0) {
			used = put(words, used, size_bytes, SECRETS_MASK, strlen(SECRETS_MASK));
			at += length;
			continue;
		}
		if (rest <= tail || (output[at] == '\n' && used > 0))
			break;
		if ((length = sequence_here(output + at, rest)) > 0 || (used == 0 && strchr(" \t\r\n", output[at])))
			at += length > 0 ? length : 1;
		else
			at += put_char(output + at, rest, words, &used, size_bytes);
	}
	while (used > 0 && words[used - 1] == ' ')
		used--;
	words[used] = '\0';
}

/* ---- The checker ---- */

static void forget(struct setup_check *self)
{
	inquiry_destroy(self->inquiry);
	self->inquiry = NULL;
	if (self->answer != NULL)
		explicit_bzero(self->answer, strlen(self->answer));
	free(self->answer);
	self->answer = NULL;
}

/* That of `upfront`, and what says no to whoever might report: the question about that comes later. */
static char **make_environment(const struct setup_check *self)
{
	const struct stack stack = {.app = self->setup->app, .name = self->setup->project};
	struct strmap told;
	char **environment = NULL;

	strmap_init(&told);
	if (strmap_merge(&told, self->base) == 0 && strmap_set(&told, "PWD", self->setup->dir) == 0 &&
	    telemetry_environment(&stack, false, NULL, NULL, NULL, &told) == 0)
		environment = strmap_to_environ(&told);
	strmap_finish(&told);
	return environment;
}

static int start(struct setup_check *self, const struct setup_question *question, const char *answer, struct err *err)
{
	struct inquiry_options options = {
		.argv = question->check, .cwd = self->setup->dir, .limit_ms = SETUP_CHECK_LIMIT_MS};
	char *line = NULL;
	int size, result;

	if (self->environment == NULL)
		self->environment = make_environment(self);
	self->answer = strdup(answer);
	size = self->environment != NULL && self->answer != NULL ? asprintf(&line, "%s\n", answer) : -1;
	if (size < 0)
		return err_set(err, ERR_INTERNAL, "out of memory");
	options.environment = self->environment;
	options.input = line;
	options.input_size_bytes = (size_t)size;
	result = inquiry_start(&options, &self->inquiry, err);
	explicit_bzero(line, (size_t)size);
	free(line);
	return result;
}

static bool begin(void *context, size_t field, const char *answer, char *words, size_t size_bytes)
{
	struct setup_check *self = context;
	struct err err = ERR_INIT;

	forget(self);
	self->index = self->questions[field];
	if (start(self, &self->setup->questions[self->index], answer, &err) < 0) {
		snprintf(words, size_bytes, "cannot be checked: %s", err.count > 0 ? err.items[0].message : "");
		forget(self);
	}
	err_finish(&err);
	return self->inquiry != NULL;
}

static int poll_fd(void *context)
{
	const struct setup_check *self = context;

	return self->inquiry != NULL ? inquiry_poll_fd(self->inquiry) : -1;
}

/* In its own words, else in ours. */
static void say_why(const struct setup_check *self, enum inquiry_state state, int code, char *words, size_t size_bytes)
{
	const char *secret = self->setup->questions[self->index].secret ? self->answer : NULL;
	size_t size;
	const char *output = inquiry_output(self->inquiry, &size);

	setup_check_words(output, size, size == INQUIRY_OUTPUT_MAX, secret, words, size_bytes);
	if (state == INQUIRY_TIMED_OUT)
		snprintf(words, size_bytes, "its check had no answer within %d s", SETUP_CHECK_LIMIT_MS / 1000);
	else if (state == INQUIRY_KILLED)
		snprintf(words, size_bytes, "its check was ended by SIG%s",
			 sigabbrev_np(code) != NULL ? sigabbrev_np(code) : "?");
	else if (words[0] == '\0')
		snprintf(words, size_bytes, "its check says no (exit code %d)", code);
}

static enum setup_verdict step(void *context, char *words, size_t size_bytes)
{
	struct setup_check *self = context;
	enum inquiry_state state;
	bool fine;
	int code;

	state = inquiry_step(self->inquiry, &code);
	if (state == INQUIRY_RUNS)
		return SETUP_CHECK_RUNS;
	fine = state == INQUIRY_EXITED && code == 0;
	if (!fine)
		say_why(self, state, code, words, size_bytes);
	forget(self);
	return fine ? SETUP_CHECK_FINE : SETUP_CHECK_REFUSED;
}

static void cancel(void *context)
{
	forget(context);
}

void setup_check_init(struct setup_check *self, const struct setup *setup, const size_t *questions,
		      const struct strmap *environment)
{
	*self = (struct setup_check){
		.checker = {self, begin, poll_fd, step, cancel},
		.setup = setup,
		.questions = questions,
		.base = environment,
	};
}

void setup_check_finish(struct setup_check *self)
{
	forget(self);
	free(self->environment);
	self->environment = NULL;
}
