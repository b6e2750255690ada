/* SPDX-License-Identifier: MIT */
/*
 * logs/index: what the log files cannot say of themselves - when, from which stream, where a run begins. Text, one record a
 * line, in the order in which things happened; itself rotated to index.1, so it is bounded:
 *
 *     TIME KIND UNIT OFFSET SIZE
 *     1763719200123 o web 4096 180
 *
 * TIME is wall clock in milliseconds, UNIT the log file's name without ".log". Kinds:
 *     o e   SIZE bytes of stdout / stderr stand at OFFSET of what was UNIT.log then; TIME is that of the first
 *     b     a run of the unit begins at OFFSET
 *     x     it has ended, OFFSET is behind its last byte; a sixth word says how where that is known: "code:3", "signal:9"
 *     r     what was UNIT.log until now is UNIT.log.1, .1 is .2 and so on; offsets start at 0 again
 *     f     what the unit's next records speak of is the file with inode number SIZE; OFFSET bytes went to those before it since
 *           the supervisor began; a sixth word names the unit's service (UNIT itself, but for replicas):
 *           "1763719200120 f web-2 0 393217 web"
 * So a record speaks of UNIT.log.N where N is the number of r records of that unit behind it. A full disk may swallow
 * records, but never an r: it is written before there is another file, or else late, but not never. A reader takes no line on trust: one may be torn.
 *
 * An f stands in front of a unit's first record in each index file, and again whenever its file is another one. With it a reader
 * that follows a running stack is right even when files move while it looks: files only ever move up, so it looks for that
 * inode from UNIT.log.N upwards (a lower one with the same number is a later file).
 */
#ifndef UPFRONT_LAUNCHER_PROCESS_OUTPUT_INDEX_H
#define UPFRONT_LAUNCHER_PROCESS_OUTPUT_INDEX_H

#include "launcher/process/output_file.h"

#define OUTPUT_INDEX_SIZE_MAX (4 * 1024 * 1024)
#define OUTPUT_INDEX_FILES 2

enum output_kind {
	OUTPUT_KIND_STDOUT = 'o',
	OUTPUT_KIND_STDERR = 'e',
	OUTPUT_KIND_BEGIN = 'b',
	OUTPUT_KIND_END = 'x',
	OUTPUT_KIND_ROTATED = 'r',
	OUTPUT_KIND_FILE = 'f'
};

struct output_record {
	int64_t time_ms;
	enum output_kind kind;
	const char *unit;
	int64_t offset_bytes;
	uint64_t size_bytes;
	const char *word; /* the sixth; NULL: there is none */
};

/* Whether the whole record stands on disk. */
bool output_index_write(struct output_file *index, const struct output_record *record);

#endif
