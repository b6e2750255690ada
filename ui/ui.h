/* SPDX-License-Identifier: MIT */
/*
 * ui/ - what people see and press. Draws from plain data (model.h), never sees a service or an event struct.
 *
 *   ui.h             this page: capabilities of the terminal, the calls the launcher makes
 *   model.h          what can be shown: plain data
 *   frame            a grid of cells: drawing without a terminal
 *   text             width, wrapping, making hostile bytes harmless
 *   sgr              colours and attributes in the text of services
 *   theme            roles to attributes and colours; ASCII or line-drawing frames
 *   wish             the person's settings held against keys, roles and themes
 *   keys, keymap     the one table of keys: key, screen, action, help text; a person's own keys laid over it
 *   screen_consent   the consent dialog: a pure draw and a pure key step
 *   screen_pager     pages text (the exact event, the full notice)
 *   term             the terminal as screens need it; term_curses is the only file that sees curses; term_input reads its
 *                    sequences, term_output sends frames whole, term_clipboard spells OSC 52
 *   signals          the signals a dialog lives with, read as data
 *   crash            gives the terminal back when the process crashes
 *   dialog           what every dialog on the full screen does alike: keys, signals, sizes, suspending
 *   line_mode        asking without a full screen: texts said, lines read
 *   consent          runs the dialog on a terminal, or hands over to line mode
 *   prompt           the dialog in line mode: the same words, a word typed as the answer
 *   setup_form       a product's setup questions while they are being answered
 *   setup_checks     its answers put before a program of the product
 *   screen_form, setup_prompt, setup_dialog
 *                    the same in one page, in line mode, and which of both it is
 *   plain            line mode of a running stack: one line a change, service output with its name in front
 *   progress         live progress as a block of lines, and what is written to make one of another
 *   line_dash        the dashboard in lines, for `--plain`: the same information, words for keys
 *
 *   dash             the dashboard without a terminal: owns the views, turns keys into actions (its parts: dash_private.h)
 *   actions.h        what it can ask for: a table of functions
 *   log_text.h       a log to look around in: a table of functions
 *   screen           what the views share: the unit that is looked at, footers, lists
 *   screen_services  the main view: is all well, the table of units
 *   screen_log       a log: follows, searches, filters, copies (its parts: screen_log_parts.h)
 *   log_row          how its lines lie on rows of cells
 *   screen_startup, screen_graph, screen_detail, screen_telemetry, screen_events, screen_help
 *                    one view each
 *   screen_parts     what those draw alike
 *   startup_bars, startup_story, graph_rows, detail_lines, json_lines, event_bytes
 *                    what they are made of, without a frame
 *   screen_boxes     what stands in front of a view for a moment: choices, the question how to leave; the stop
 *   line_edit        one line being typed
 */
#ifndef UPFRONT_UI_UI_H
#define UPFRONT_UI_UI_H

#include "config/decide.h"

#include <stdbool.h>
#include <stdio.h>

struct consent_model;
struct err;
struct setup_form;

enum ui_color { UI_COLOR_AUTO, UI_COLOR_ALWAYS, UI_COLOR_NEVER };

/* What was asked for on the command line and what the environment says. */
struct ui_options {
	enum ui_color color;
	bool plain; /* --plain: line mode */
	bool no_color; /* NO_COLOR is set and not empty */
	const char *term; /* TERM, or NULL */
};

/*
 * Asks. On a terminal of at least 40x12 with a usable TERM by ncurses on stderr, else in line mode on stdin and stderr. Returns the
 * answer; CONSENT_NOT_THIS_RUN when the terminal went away. *fatal_signal is set to the signal when one of SIGTERM, SIGHUP,
 * SIGQUIT ended the dialog (the terminal is restored; the caller ends by it), else 0. Nothing else was touched.
 */
enum consent_answer ui_ask_consent(const struct consent_model *model, const struct ui_options *options,
				   int *fatal_signal);

enum setup_end {
	SETUP_SAVE, /* every question has an answer that fits: to be kept */
	SETUP_LEFT, /* nothing is to be kept */
	SETUP_QUIT /* Ctrl-C */
};

/*
 * Asks the setup questions (setup_form.h), on the same terminals and with the same ways out as above; SETUP_LEFT when the terminal went
 * away. The answers are in the form.
 */
enum setup_end ui_ask_setup(struct setup_form *form, const struct ui_options *options, int *fatal_signal);

/* True when escape sequences may be written to `fd` under these options. */
bool ui_color_wanted(const struct ui_options *options, int fd);

#endif
