/* SPDX-License-Identifier: MIT */
/*
 * Figures that move, as people read them: short, and at rest when nothing happens. What is measured is never the same twice; what is
 * shown changes only when there is something to see. The supervisor tells of a change by the same functions that the screen prints with:
 * a figure stays what it is until `..._moves` says otherwise, and is printed from the value that moved it.
 */
#ifndef UPFRONT_CONFIG_FIGURE_H
#define UPFRONT_CONFIG_FIGURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Room for the longest text of each, with its end. */
#define FIGURE_BYTES 24

/* ---- Share of one processor, in percent; may be above 100. Negative: not known. ---- */

/* "0" below 0.5, then no finer than it can be measured: "0.6", "1.4", "31", "240". Without a sign; "-" when it is not known. */
void figure_cpu(double percent, char *text, size_t size_bytes);
/* True when `percent` is to be shown in place of `shown_percent`: it has left it by more than 12 % and 0.3 points, and reads otherwise. */
bool figure_cpu_moves(double shown_percent, double percent);

/* ---- Memory, in bytes. Negative: not known. ---- */

/* At most four characters: "0", "640K", "88M", "212M", "1.1G"; steps of 1024. "-" when it is not known. */
void figure_bytes(int64_t bytes, char *text, size_t size_bytes);
/*
 * True when `bytes` is to be shown in place of `shown_bytes`: it has left it by more than 2 %, above a megabyte by more than 256K, too, and
 * reads otherwise.
 */
bool figure_bytes_moves(int64_t shown_bytes, int64_t bytes);

/* ---- Times, in milliseconds ---- */

/* The coarsest unit that is true: "<1m", "12m", "3h", "2d"; "" when negative. Changes once a minute at most. */
void figure_uptime(int64_t uptime_ms, char *text, size_t size_bytes);
/* How long from then until it reads otherwise; at least 1. */
int64_t figure_uptime_lasts_ms(int64_t uptime_ms);

/* How long something took: "31ms", "0.2s", "9.4s", "31s", "1m05s", "2h07m", "3d04h"; "" when negative. */
void figure_duration(int64_t duration_ms, char *text, size_t size_bytes);

#endif
