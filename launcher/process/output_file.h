/* SPDX-License-Identifier: MIT */
/*
 * One growing file and its predecessors: NAME, NAME.1 (the last one), NAME.2 ... Only ever a regular file of ours with one
 * name is written to. It may be removed, replaced or emptied by others at any time: the next write finds or makes it anew.
 */
#ifndef UPFRONT_LAUNCHER_PROCESS_OUTPUT_FILE_H
#define UPFRONT_LAUNCHER_PROCESS_OUTPUT_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define OUTPUT_FILE_SIZE_DEFAULT (10 * 1024 * 1024)
#define OUTPUT_FILE_SIZE_MIN 4096
#define OUTPUT_FILES_DEFAULT 5
#define OUTPUT_FILES_MAX 100

struct output_file {
	int dir_fd; /* borrowed */
	char *name;
	int64_t max_size_bytes;
	int max_files; /* with the one being written */
	int fd; /* -1: not open */
	dev_t device;
	ino_t inode;
	int64_t size_bytes;
	bool within_line; /* what was written last did not end a line */
};

/* Sizes and counts out of range take their default or nearest limit. Nothing is opened. Returns 0 or -ENOMEM. */
int output_file_init(struct output_file *self, int dir_fd, const char *name, int64_t max_size_bytes, int max_files);
/* As given to output_file_init; from the next write on. */
void output_file_set_limits(struct output_file *self, int64_t max_size_bytes, int max_files);
void output_file_finish(struct output_file *self);

/*
 * Makes sure that it is open and still the one of that name, and learns its size. Returns 0 or -errno; -EPERM with *flaw set
 * (may be NULL) when what is there is refused.
 */
int output_file_ready(struct output_file *self, const char **flaw);

/*
 * How many of these bytes belong into this file: all, or up to a line end before (or, within a line, just behind) the limit; 0 when
 * it is time to rotate.
 */
size_t output_file_fits(const struct output_file *self, const char *bytes, size_t size_bytes);

/* Puts the file back in the row; output_file_ready() then makes a new one. Returns 0 or -errno. */
int output_file_rotate(struct output_file *self);

/* Appends; returns how much was written, less than asked for only with *error set to the errno. */
size_t output_file_append(struct output_file *self, const char *bytes, size_t size_bytes, int *error);

#endif
