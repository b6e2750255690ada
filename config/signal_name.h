/* SPDX-License-Identifier: MIT */
/* Signals by name, as stop_signal and `kill -s` take them. */
#ifndef UPFRONT_CONFIG_SIGNAL_NAME_H
#define UPFRONT_CONFIG_SIGNAL_NAME_H

#include <stdbool.h>

/* "SIGTERM", "term", "15", "SIGRTMIN+3"; false for anything that is no signal. */
bool signal_parse(const char *text, int *signal);

/* The nearest signal name to a misspelt one, with "SIG"; NULL when none is near. Writes into `name`. */
const char *signal_nearest(const char *text, char name[16]);

#endif
