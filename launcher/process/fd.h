/* SPDX-License-Identifier: MIT */
/* A descriptor that is somewhere kept: -1 where there is none. */
#ifndef UPFRONT_LAUNCHER_PROCESS_FD_H
#define UPFRONT_LAUNCHER_PROCESS_FD_H

#include <unistd.h>

/* Closes it, if there is one, and notes that there is none. */
static inline void fd_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

#endif
