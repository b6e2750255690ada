/* SPDX-License-Identifier: MIT */
/* Inside log_sample: its lines, and what is known of them. */
#ifndef UPFRONT_TESTS_LIB_LOG_SAMPLE_PRIVATE_H
#define UPFRONT_TESTS_LIB_LOG_SAMPLE_PRIVATE_H

#include "tests/lib/log_sample.h"

#include <regex.h>

#define LOG_SAMPLE_SERVICES_MAX 80u

struct sample_line {
	int64_t at, next;
	char *bytes; /* ends with NUL, which `size_bytes` does not count */
	size_t size_bytes;
	int64_t time_wall_ms;
	unsigned service;
	enum log_text_kind kind;
	bool error_stream, continues, partial;
	bool filtered, passes; /* looked at by the filter; what came of it */
	bool searched, hit;
	bool problem;
};

/* A pattern, and how far `work` has come with it. */
struct sample_pattern {
	bool on;
	regex_t regex;
	size_t next, left; /* the line that is next to be looked at, and how many are still to be */
};

struct log_sample {
	struct log_text text;
	struct sample_line *lines;
	size_t count, capacity;
	size_t seen; /* so many of them were there at the last refresh */
	int64_t end; /* of all lines */
	int64_t time_ms; /* of the next line; -1: not known */
	char *services[LOG_SAMPLE_SERVICES_MAX];
	unsigned service_count;
	struct sample_pattern search, filter;
	bool except;
	size_t counted; /* so many lines have numbers */
	size_t slice;
	bool reading;
	const char *trouble;
	size_t calls, refreshes;
};

/* log_sample_look.c: how it is looked at. */
extern const struct log_text_ops log_sample_ops;

#endif
