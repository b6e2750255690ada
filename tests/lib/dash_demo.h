/* SPDX-License-Identifier: MIT */
/*
 * The dashboard of a golden screen's header on the terminal at hand (dash_scene.h through term.h). Of each key that was taken and drawn a byte goes
 * to standard output. Ends when the terminal does.
 */
#ifndef UPFRONT_TESTS_LIB_DASH_DEMO_H
#define UPFRONT_TESTS_LIB_DASH_DEMO_H

/* Body of a main(): the path of the golden file is argv[1]. */
int dash_demo_main(int argc, char **argv);

#endif
