/* SPDX-License-Identifier: MIT */
/*
 * consent_demo - asks the real question on the terminal it is started on, so that tests can drive the dialog from outside. Test programs
 * of the terminal start themselves again with "ask" as the first argument: ask [--plain] [SAMPLE]. Run by hand, the same shows
 * the dialog to a person. What came of it goes to standard output:
 *   answer yes|no|never|not-this-run|quit, signal N, handlers as before|changed
 */
#ifndef UPFRONT_TESTS_CONSENT_DEMO_H
#define UPFRONT_TESTS_CONSENT_DEMO_H

struct vt;
struct vt_options;

/* argv[0] is "ask". Returns the exit code. */
int consent_demo_main(int argc, char **argv);

/* Starts this test program again as the demo, with at most two arguments (NULL: none), and waits until it asks. */
struct vt *consent_demo_start(const struct vt_options *options, const char *first, const char *second);
/* Waits for the end; fails unless exactly `line` was printed, the terminal is as it was before, and it ended well. Finishes `vt`. */
void consent_demo_expect(struct vt *vt, const char *line);
/* Fails unless the terminal has its own modes again, its main screen and its cursor. */
void consent_demo_check_restored(const struct vt *vt);

#endif
