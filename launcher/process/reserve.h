/* SPDX-License-Identifier: MIT */
/*
 * Memory that is there when there is none: libevent's HTTP server does not live through an allocation that fails, so what it cannot
 * get elsewhere comes from here. Some connections can be taken, answered and ended with it; untouched it costs nothing.
 */
#ifndef UPFRONT_LAUNCHER_PROCESS_RESERVE_H
#define UPFRONT_LAUNCHER_PROCESS_RESERVE_H

#include <stddef.h>

/* What libevent allocates from here on comes from malloc, or else from the reserve. */
void reserve_for_libevent(void);

/* As malloc, realloc and free, with the reserve behind them; no more than RESERVE_BLOCK_BYTES at once are in it. */
#define RESERVE_BLOCK_BYTES 4096u
#define RESERVE_BLOCKS 128u
void *reserve_malloc(size_t size_bytes);
void *reserve_realloc(void *old, size_t size_bytes);
void reserve_free(void *block);

#endif
