/* SPDX-License-Identifier: MIT */
/* UTF-8 as Unicode 15, table 3-7 defines it: no overlong forms, no surrogates, nothing above U+10FFFF. */
#ifndef UPFRONT_CONFIG_UTF8_H
#define UPFRONT_CONFIG_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Length of the well-formed sequence at `text`, of which `size_bytes` are there; 0 when there is none. */
size_t utf8_length(const char *text, size_t size_bytes);

/* How many of the first `size_bytes` bytes of `text` are well-formed, up to the first that is not. */
size_t utf8_valid(const char *text, size_t size_bytes);

/* How many characters the first `size_bytes` bytes hold; a stray byte counts as one. For columns. */
size_t utf8_count(const char *text, size_t size_bytes);

/* True for C0, DEL, C1, line separators, and what turns the writing direction. */
bool utf8_is_control(uint32_t point);

/* True when `text` is well-formed, has no control characters, and is at most `limit_bytes` long. */
bool utf8_is_plain(const char *text, size_t limit_bytes);

/* The code point of a well-formed sequence of that length (utf8_length). */
uint32_t utf8_point(const char *text, size_t length);

#endif
