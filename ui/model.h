/* SPDX-License-Identifier: MIT */
/*
 * What can be shown: plain data that the launcher fills. Text is UTF-8; whatever it holds is made harmless when drawn.
 * Nothing here is owned: it must outlive the call it is passed to.
 */
#ifndef UPFRONT_UI_MODEL_H
#define UPFRONT_UI_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The consent dialog. Paragraphs are separated by '\n'; list items begin with "- ". */
struct consent_model {
	const char *title;
	const char *question;
	const char *summary; /* for 80x24 and larger */
	const char *brief; /* for smaller screens */
	const char *preview; /* V: the first event, exactly */
	const char *notice; /* P: the full notice */
};

/* A line of output or news of a running stack, for line mode. */
struct plain_line {
	const char *service; /* name shown in front; NULL: upfront itself */
	unsigned index; /* chooses the name's colour; stable per service */
	const char *bytes;
	size_t size_bytes;
	int64_t time_ms; /* wall clock, since the epoch; shown when timestamps are on */
	bool partial; /* a line that did not end (cut at the limit, or the process died) */
};

#endif
