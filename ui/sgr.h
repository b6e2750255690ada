/* SPDX-License-Identifier: MIT */
/*
 * sgr - "select graphic rendition" in the text of services: ECMA-48 8.3.117, with the colours of ITU-T T.416 as terminals take them
 * (38;5;n and 38;2;r;g;b, with colons as well). Colours beyond the 256 of the palette become the nearest of them.
 */
#ifndef UPFRONT_UI_SGR_H
#define UPFRONT_UI_SGR_H

#include "ui/theme.h"

#include <stddef.h>
#include <stdint.h>

/* The bytes of the whole sequence that begins at `at`, with what it says laid over *style; 0 when none does. */
size_t sgr_read(const char *at, const char *end, struct theme_style *style);
/* The sequence that gives text this look, from whatever it had before; "" for the plain one. */
#define SGR_SPELT_BYTES 48u
void sgr_spell(struct theme_style style, char text[SGR_SPELT_BYTES]);
/* Red, green, blue to the nearest of the palette's fixed 240 colours (16 to 255). */
uint8_t sgr_nearest(uint8_t red, uint8_t green, uint8_t blue);

#endif
