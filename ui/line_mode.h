/* SPDX-License-Identifier: MIT */
/*
 * line_mode - asking without a full screen: texts said on standard error, lines read from standard input, signals taken as data. For small
 * and plain terminals, and for people who are read to.
 */
#ifndef UPFRONT_UI_LINE_MODE_H
#define UPFRONT_UI_LINE_MODE_H

#include <stdbool.h>
#include <stddef.h>
#include <termios.h>

struct signals;

struct line_mode {
	const struct signals *signals;
	bool utf8;
	int fatal_signal; /* set with LINE_KILLED */
	bool cut; /* the line last read was longer than there was room for */
	bool hidden; /* the terminal does not show what is typed, and `before` is how it was */
	struct termios before;
};

enum line_end {
	LINE_TYPED,
	LINE_AGAIN, /* the process was stopped in between: what was asked is to be said again */
	LINE_CLOSED, /* nothing more comes */
	LINE_INTERRUPTED, /* Ctrl-C */
	LINE_KILLED
};

/* Texts whoever wrote them, wrapped, an empty line behind each; NULL ends the list. */
void line_mode_say(const struct line_mode *self, const char *const *texts);
/* "'what was typed' is not an answer. The words are ..." with `words` behind the first sentence. */
void line_mode_say_unknown(const struct line_mode *self, const char *line, const char *words);
/* An empty line, behind what was broken off. */
void line_mode_break(void);
/* Throws away what was typed and not read. */
void line_mode_flush(void);
/*
 * Says `prompt`, and reads the line that is typed behind it, without its end, at most `size_bytes` - 1 bytes of it. `hidden`: it is not
 * shown, from before the prompt can be seen until something else is asked, so that a secret typed once more is not shown in between.
 */
enum line_end line_mode_ask(struct line_mode *self, const char *prompt, char *line, size_t size_bytes, bool hidden);
/* The terminal shows again what is typed. Whoever asked for something hidden calls it in the end. */
void line_mode_unhide(struct line_mode *self);

#endif
