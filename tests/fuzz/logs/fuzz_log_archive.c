/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as what lies in a log folder: the index, the one before it, logs, and what comes to the index later. Lines are given that are in
 * the logs and nowhere else, of units whose names stay in the folder, and reading comes to an end.
 *
 * The input: a byte of flags, then the files, each up to a byte 0xfe.
 */
#include "launcher/logs/log_archive.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_BYTES_MAX 16384u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const names[] = {"index.1", "a.log.1", "a.log", "b-2.log", "index"};
#define FILES (sizeof(names) / sizeof(*names))

static const uint8_t *logs, *logs_end; /* of the input */

static void check(bool holds)
{
	if (!holds)
		abort();
}

static const char *folder(void)
{
	static char dir[512];
	const char *base = getenv("TMPDIR");

	if (dir[0] == '\0') {
		snprintf(dir, sizeof(dir), "%s/fuzz-archive-%d", base != NULL ? base : "/tmp", (int)getpid());
		check(mkdir(dir, 0700) == 0);
	}
	return dir;
}

static void write_file(const char *name, int flags, const uint8_t *bytes, size_t size)
{
	char path[600];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", folder(), name);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0600);
	check(fd >= 0 && write(fd, bytes, size) == (ssize_t)size);
	close(fd);
}

static void take_line(void *context, const struct log_archive_line *line)
{
	size_t *count = context;

	(*count)++;
	check(line->size_bytes <= LINE_BYTES_MAX && (line->stream == 1 || line->stream == 2));
	check(line->unit[0] != '\0' && line->unit[0] != '.' && strchr(line->unit, '/') == NULL);
	check(line->size_bytes == 0 || memchr(line->bytes, '\n', line->size_bytes) == NULL);
	/* Records may put pieces together as they like, but every byte is one of a log. */
	for (size_t i = 0; i < line->size_bytes && i < 64; i++)
		check(memchr(logs, line->bytes[i], (size_t)(logs_end - logs)) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = data + size;
	const char *const services[] = {"a", NULL};
	struct log_archive_query query = {.dir = folder()};
	struct log_archive *archive;
	size_t count = 0, before;
	int result = 0;

	if (size == 0)
		return 0;
	query.has_tail = data[0] & 1;
	query.tail = (data[0] >> 1) & 3;
	query.services = data[0] & 8 ? services : NULL;
	query.since_ms = data[0] & 16 ? 5000 : 0;
	query.over = data[0] & 32;
	query.run_ms = data[0] & 64 ? 5000 : 0;
	logs = data++;
	logs_end = end;
	for (size_t i = 0; i < FILES; i++) {
		const uint8_t *cut = memchr(data, 0xfe, (size_t)(end - data));

		cut = cut != NULL ? cut : end;
		write_file(names[i], O_TRUNC, data, (size_t)(cut - data));
		data = cut < end ? cut + 1 : end;
	}
	archive = log_archive_open(&query, &result);
	check(archive != NULL || result < 0);
	if (archive == NULL)
		return 0;
	(void)log_archive_knows(archive, "a");
	log_archive_next(archive, take_line, &count);
	write_file("index", O_APPEND, data, (size_t)(end - data));
	log_archive_next(archive, take_line, &count);
	/* Nothing new is nothing. */
	before = count;
	log_archive_next(archive, take_line, &count);
	check(count == before);
	log_archive_rest(archive, take_line, &count);
	log_archive_close(archive);
	return 0;
}
