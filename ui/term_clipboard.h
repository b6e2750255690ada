/* SPDX-License-Identifier: MIT */
/* term_clipboard - bytes to the sequence that puts them on a terminal's clipboard: OSC 52, "c", base64 (xterm's control sequences). */
#ifndef UPFRONT_UI_TERM_CLIPBOARD_H
#define UPFRONT_UI_TERM_CLIPBOARD_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Within tmux it is sent twice: as it is, which tmux takes when its option `set-clipboard` is "on", and wrapped for the terminal around it, which
 * it lets through when `allow-passthrough` is on. The caller frees; NULL when out of memory.
 */
char *term_clipboard_sequence(const char *bytes, size_t size_bytes, bool tmux, size_t *size);

#endif
