/* SPDX-License-Identifier: MIT */
/* The kernel that all of it runs on. */
#ifndef UPFRONT_LAUNCHER_PROCESS_KERNEL_H
#define UPFRONT_LAUNCHER_PROCESS_KERNEL_H

struct err;

/* ERR_MISSING for one older than 5.10, which is the oldest that knows all that is used. One that does not say what it is will do. */
int kernel_check(struct err *err);

#endif
