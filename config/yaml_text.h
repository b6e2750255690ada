/* SPDX-License-Identifier: MIT */
/*
 * The look at a YAML text before it is parsed: is it text at all, and nothing on which the parser would spend seconds or
 * gigabytes. What is refused here for its cost alone is far beyond what a file of STACK_YAML_NODES_MAX values can need.
 */
#ifndef UPFRONT_CONFIG_YAML_TEXT_H
#define UPFRONT_CONFIG_YAML_TEXT_H

#include <stddef.h>

struct err;

/* 0, or ERR_CONFIG with the place of the first byte that is refused. `text` has no byte order mark. */
int yaml_text_check(const char *file, const char *text, size_t size_bytes, struct err *err);

#endif
