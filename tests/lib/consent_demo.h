/* SPDX-License-Identifier: MIT */
/*
 * consent_demo - asks the real question on the terminal it is started on, so that tests can drive the dialog from outside. Test programs
 * of the terminal start themselves again with "ask" as the first argument: ask [--plain] [SAMPLE]. Run by hand, the same shows
 * the dialog to a person. What came of it goes to standard output:
 *   answer yes|no|never|not-this-run|quit, signal N, handlers as before|changed
 */
#ifndef UPFRONT_TESTS_CONSENT_DEMO_H
#define UPFRONT_TESTS_CONSENT_DEMO_H

/* argv[0] is "ask". Returns the exit code. */
int consent_demo_main(int argc, char **argv);

#endif
