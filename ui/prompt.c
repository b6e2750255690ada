/* SPDX-License-Identifier: MIT */
#include "ui/prompt.h"

#include "ui/line_mode.h"
#include "ui/model.h"

#include <string.h>
#include <strings.h>

#define LINE_MAX_BYTES 128

static const char prompt_text[] = "Type yes, no, view or notice, then Enter:";

struct prompt {
	const struct consent_model *model;
	struct line_mode mode;
	unsigned empty, unknown, texts; /* how often each was typed */
};

enum prompt_word prompt_read_word(const char *line)
{
	static const struct {
		const char *text;
		enum prompt_word word;
	} words[] = {
		{"", PROMPT_EMPTY},        {"y", PROMPT_YES},   {"yes", PROMPT_YES},     {"n", PROMPT_NO},
		{"no", PROMPT_NO},         {"v", PROMPT_VIEW},  {"view", PROMPT_VIEW},   {"p", PROMPT_NOTICE},
		{"notice", PROMPT_NOTICE}, {"d", PROMPT_NEVER}, {"never", PROMPT_NEVER},
	};
	static const char spaces[] = " \t\r\n";

	line += strspn(line, spaces);
	size_t length = strlen(line);
	while (length > 0 && strchr(spaces, line[length - 1]) != NULL)
		length--;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strlen(words[i].text) == length && strncasecmp(words[i].text, line, length) == 0)
			return words[i].word;
	return PROMPT_UNKNOWN;
}

static void say_question(const struct prompt *self)
{
	const char *texts[] = {
		self->model->title,
		self->model->question,
		self->model->summary,
		"never: no, and don't ask again. No answer: nothing is sent this run, no answer stored. "
		"Ctrl-C: quit, start nothing.",
		NULL,
	};

	line_mode_say(&self->mode, texts);
}

/* True when the word is an answer, or the last of too many that are none. */
static bool take_word(struct prompt *self, const char *line, enum consent_answer *answer)
{
	const char *texts[] = {NULL, NULL};

	*answer = CONSENT_NOT_THIS_RUN;
	switch (prompt_read_word(line)) {
	case PROMPT_YES:
		*answer = CONSENT_YES;
		return true;
	case PROMPT_NO:
		*answer = CONSENT_NO;
		return true;
	case PROMPT_NEVER:
		*answer = CONSENT_NO_FOR_GOOD;
		return true;
	case PROMPT_EMPTY:
		texts[0] = self->model->question;
		if (++self->empty > 1)
			return true;
		break;
	case PROMPT_VIEW:
	case PROMPT_NOTICE:
		texts[0] = prompt_read_word(line) == PROMPT_VIEW ? self->model->preview : self->model->notice;
		if (++self->texts > PROMPT_TEXTS_MAX)
			return true;
		break;
	case PROMPT_UNKNOWN:
		if (++self->unknown > PROMPT_UNKNOWN_MAX)
			return true;
		line_mode_say_unknown(&self->mode, line, "The words are yes, no, view, notice and never.");
		return false;
	}
	line_mode_say(&self->mode, texts);
	return false;
}

enum consent_answer prompt_ask(const struct consent_model *model, const struct signals *signals, bool utf8,
			       int *fatal_signal)
{
	struct prompt self = {.model = model, .mode = {.signals = signals, .utf8 = utf8}};
	enum consent_answer answer = CONSENT_NOT_THIS_RUN;
	char line[LINE_MAX_BYTES];
	bool done = false;

	say_question(&self);
	line_mode_flush();
	while (!done) {
		switch (line_mode_ask(&self.mode, prompt_text, line, sizeof(line), false)) {
		case LINE_TYPED:
			done = take_word(&self, line, &answer);
			break;
		case LINE_AGAIN:
			line_mode_break();
			break;
		case LINE_INTERRUPTED:
			answer = CONSENT_QUIT;
			done = true;
			line_mode_break();
			break;
		case LINE_CLOSED:
		case LINE_KILLED:
			done = true;
			line_mode_break();
			break;
		}
	}
	*fatal_signal = self.mode.fatal_signal;
	return answer;
}
