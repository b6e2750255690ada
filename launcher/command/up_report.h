/* SPDX-License-Identifier: MIT */
/*
 * What `up` says while it follows a stack, and how it ends: the lines on stderr and the exit code. Shares its state with up_follow.c and
 * nobody else.
 */
#ifndef UPFRONT_LAUNCHER_COMMAND_UP_REPORT_H
#define UPFRONT_LAUNCHER_COMMAND_UP_REPORT_H

#include "config/strmap.h"
#include "launcher/logs/last_words.h"
#include "launcher/logs/log_archive.h"
#include "launcher/command/live.h"
#include "launcher/command/outlet.h"
#include "launcher/command/up_follow.h"
#include "launcher/command/up_pulls.h"
#include "launcher/client/view.h"
#include "ui/model.h"
#include "ui/plain.h"

#include <signal.h>
#include <stdio.h>

struct log_reader;
struct screen;

/* What belongs to the lines of one unit of the archive. */
struct log_prefix {
	unsigned unit; /* as the view knows it */
	char *bytes; /* what stands in front of them; NULL: not made yet */
	size_t size_bytes;
};

/* Bytes of a unit that were gone before they could be shown; said together now and then. */
struct log_gap {
	char *name;
	uint64_t size_bytes;
};

/* A supervisor that does not answer is not waited for: the guard must be watched meanwhile. */
#define FOLLOW_CALL_MS 500

enum follow_end { FOLLOW_ON, FOLLOW_LEFT, FOLLOW_OVER };

struct follow {
	const struct up_follow_options *options;
	struct err *err;
	struct view view;
	struct screen *screen; /* the dashboard; NULL: lines are written */
	struct ctl_stream *events, *logs;
	struct log_archive_query query;
	struct log_archive *archive; /* NULL with -d, where the stream itself brings the lines */
	bool more; /* there may be more in the files */
	struct log_prefix *prefixes; /* what stands in front of a line, by number of the archive's unit */
	size_t prefix_count;
	struct log_gap *gaps;
	size_t gap_count;
	int64_t gaps_said_ms;
	struct up_pulls pulls; /* what was told of images */
	bool engine_said_away; /* of the container engine */
	struct log_reader *reader;
	struct last_words last_words;
	struct outlet out, news; /* stdout and stderr */
	struct live live; /* with a block, `news` is only gathered ... */
	struct outlet terminal; /* ... and goes out here, with the block below it */
	bool shared; /* so does `out`: it is the same terminal */
	bool blocks_start, blocks_stop; /* there was one for the start, for the stop */
	struct plain plain;
	FILE *format; /* what plain writes to: `text` */
	char *text;
	size_t text_bytes;
	int signal_fd;
	bool fitted; /* names are known and measured */
	bool was_up;
	int64_t trim_ms; /* monotonic, when memory is given back; 0: not due */
	bool timed_out;
	struct up_abort abort;
	struct strmap left_out; /* names of units of which it was said why they failed */
	const char *unsent, *unsent_body; /* asked of a supervisor that was too busy to take it; NULL: nothing */
	bool reader_gone; /* `upfront | head`: nobody looks any more */
	int stop_signal; /* the first one that asked to end */
	bool guard_gone;
	int64_t guard_gone_ms;
	siginfo_t guard_end;
	enum follow_end end;
};

/* ---- up_block.c: each does nothing where there is no block ---- */
void follow_open_block(struct follow *self);
void follow_close_block(struct follow *self);
/* The stack has changed, or one of it. */
void follow_track_block(struct follow *self);
void follow_begin_block(struct follow *self, bool stops);
/* What comes next is written below it. */
void follow_end_block(struct follow *self);
/* Hands what is gathered, and the block if it is due, to the terminal; not before that has taken the last, unless `at_once`. */
void follow_write_block(struct follow *self, bool at_once);

/* One line of news, unless -q. */
void follow_say(struct follow *self, const char *line);
/* A line of a service, to stdout. */
void follow_print_line(struct follow *self, const struct log_archive_line *line);
/* So much of a service was rotated away before it could be shown. */
void follow_add_gap(struct follow *self, const char *service, uint64_t size_bytes);
/* Says what is missing, also with -q: once a second, and the rest at the end. */
void follow_say_gaps(struct follow *self, bool at_once);
/* The stack is up: after how long, where to look, and who failed and was not needed. */
/* What containers run on is gone, or back. */
void follow_say_engine(struct follow *self);
void follow_say_up(struct follow *self);
/* The stack is up: its page is opened where that is wanted, and where that cannot be its URL is told. */
void follow_open_page(struct follow *self);
/* --open, and we leave before all is ready. */
void follow_say_unopened(struct follow *self);
/* With -d: everything runs, and who is not ready yet. */
void follow_say_started(struct follow *self);
/* What has become of a unit, if that is worth a line; with -v every change is. */
void follow_say_change(struct follow *self, const struct view_unit *unit);

/* Who takes long to stop, once that is worth a line. */
void follow_say_slow(struct follow *self);

/* Puts into the error which units are not ready in time, and why. */
void follow_add_unready(struct follow *self);
/* The first service that ended takes the stack down. */
void follow_say_abort(struct follow *self, const struct view_unit *unit);
/* What remains of the dashboard once it is gone. */
void follow_say_farewell(struct follow *self);
/* The stack is over: says why where that is known, and returns the exit code. */
int follow_report_over(struct follow *self);

#endif
