/* SPDX-License-Identifier: MIT */
/* What a person is told when something of the stack changes: one line each, without newline. */
#ifndef UPFRONT_LAUNCHER_CLIENT_NEWS_H
#define UPFRONT_LAUNCHER_CLIENT_NEWS_H

#include <stddef.h>
#include <stdint.h>

struct view_engine;
struct view_unit;

/* "redis is ready (0.2 s)"; NULL when the change is not worth a line. The caller frees. */
char *news_of_unit(const struct view_unit *unit);

/* "http http://... was asked 12 times, last answer: connection refused": why a unit is not ready yet. The caller frees. */
char *news_why_not_ready(const struct view_unit *unit);

/* "web exited with code 3", "web was ended by SIGKILL", "web could not be started: ..."; of a unit that has ended. The caller frees. */
char *news_of_end(const struct view_unit *unit);
/* "crash loop: 5 exits in 12 s, next try in 3.2 s", of a unit whose crash_exits are more than none. */
#define NEWS_CRASH_LOOP_MAX 128
void news_crash_loop(const struct view_unit *unit, char *text, size_t size_bytes);

/* "logs of web: 1.2 MB could not be written: disk full"; NULL when nothing was lost. The caller frees. */
char *news_of_loss(const struct view_unit *unit);
/* The line for its beginning or its end; NULL when the change is neither. */
char *news_of_trouble(const struct view_unit *unit);

/* The container engine is gone, or back; NULL when neither is new. The caller frees. */
char *news_of_engine(const struct view_engine *engine);
/* The same as it stands: that it cannot be reached. NULL: it can, or there is none. */
char *news_engine_away(const struct view_engine *engine);
/* Why containers are told off although the answer was yes; NULL: they are not. */
char *news_untold(const struct view_engine *engine);

/* "120 bytes", "1.2 MB". */
void news_size(double size_bytes, char *text, size_t text_bytes);

/* "0.2 s", "1 min 5 s", "3 h 2 min". */
void news_duration(int64_t duration_ms, char *text, size_t size_bytes);

#endif
