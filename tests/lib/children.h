/* SPDX-License-Identifier: MIT */
/* Tests that run processes: where the helper programs are, waiting under one deadline, nothing left behind. */
#ifndef UPFRONT_TESTS_LIB_CHILDREN_H
#define UPFRONT_TESTS_LIB_CHILDREN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Whatever a test waits for takes at most this long. */
#define CHILDREN_DEADLINE_MS 20000

/* Path of tests/helpers/NAME in this build folder. The caller frees. */
char *children_helper(const char *name);

int64_t children_now_ms(void);

/* Reads until end of file or until `stop` has been seen (NULL: end of file); zero-terminated. Fails the test at the deadline. */
void children_read(int fd, const char *stop, char *text, size_t size_bytes);

/* Waits for the end of a child of ours; its exit code, or 128 + signal. Fails the test at the deadline. */
int children_wait(pid_t pid);

/* Waits until the descriptor is readable (a pidfd: until the process has ended); false after limit_ms. */
bool children_readable(int fd, int limit_ms);

/* A new folder under /tmp, 0700; and its end with all it holds. */
char *children_make_folder(void);
void children_remove_folder(char *path);

/* Whole file, zero-terminated. The caller frees; NULL when there is none. */
char *children_slurp(const char *folder, const char *name, size_t *size_bytes);

/* Number of this process's open descriptors and of its living children (zombies included). */
int children_count_fds(void);
bool children_none_left(void);

#endif
