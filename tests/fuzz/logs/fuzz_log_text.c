/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as logs, index and pattern, looked around in while more of them come and files shrink: every step ends, lines come in order and lie
 * in the text, forwards as backwards, what is counted is what is stepped through.
 *
 * The input: a byte of flags, then the pattern and the files, each up to a byte 0xfe.
 */
#include "config/err.h"
#include "launcher/logs/log_order.h"
#include "launcher/logs/log_text_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINES_MAX 4000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const names[] = {"index.1", "a.log.1", "a.log", "b-2.log", "index"};
#define FILES (sizeof(names) / sizeof(*names))

static void check(bool holds)
{
	if (!holds)
		abort();
}

/*
 * An index of nonsense may break lines where none end, and files may be emptied behind it: then there are no two ways to count, and what is
 * promised is that nothing is read beyond its end and that every walk comes to its own.
 */
static bool sound;

static void check_sound(bool holds)
{
	check(holds || !sound);
}

static const char *folder(void)
{
	static char dir[512];
	const char *base = getenv("TMPDIR");

	if (dir[0] == '\0') {
		snprintf(dir, sizeof(dir), "%s/fuzz-log-text-%d", base != NULL ? base : "/tmp", (int)getpid());
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

static const uint8_t *take(const uint8_t **data, const uint8_t *end, size_t *size)
{
	const uint8_t *at = *data, *cut = memchr(at, 0xfe, (size_t)(end - at));

	cut = cut != NULL ? cut : end;
	*size = (size_t)(cut - at);
	*data = cut < end ? cut + 1 : end;
	return at;
}

static void work(struct log_text *text)
{
	for (int turns = 0; text->ops->work(text, 2000); turns++)
		check(turns < 100000);
}

static void check_line(struct log_text *text, const struct log_text_line *line)
{
	size_t offsets[4], sizes[4], count = text->ops->hits(text, line, offsets, sizes, 4);

	check(line->size_bytes <= LOG_TEXT_LINE_MAX && line->next > line->at);
	check(line->size_bytes == 0 || memchr(line->bytes, '\n', line->size_bytes) == NULL);
	for (size_t i = 0; i < count; i++)
		check(sizes[i] > 0 && offsets[i] + sizes[i] <= line->size_bytes);
}

/* The lines that are wanted, there and back; returns how many. */
static int64_t walk(struct log_text *text, unsigned wanted)
{
	static int64_t places[LINES_MAX];
	struct log_text_line line;
	int64_t count = 0, at = -1;

	while (count < LINES_MAX && text->ops->find_next(text, at, wanted, &line) == LOG_TEXT_THERE) {
		check(line.at > at);
		check_line(text, &line);
		at = places[count++] = line.at;
	}
	if (count == LINES_MAX)
		return -1;
	at = text->ops->end(text);
	for (int64_t i = count; i > 0; i--) {
		check_sound(text->ops->find_before(text, at, wanted, &line) == LOG_TEXT_THERE &&
			    line.at == places[i - 1]);
		at = places[i - 1];
		check_sound(text->ops->line(text, at, &line) == LOG_TEXT_THERE && line.at == at);
		check_sound(text->ops->number(text, at) > 0);
	}
	check_sound(text->ops->find_before(text, at, wanted, &line) == LOG_TEXT_NONE || count == 0);
	return count;
}

static void look_around(struct log_text *text)
{
	struct log_text_status status;
	struct log_text_line line;
	int64_t lines, hits, at;

	work(text);
	lines = walk(text, LOG_TEXT_ANY);
	hits = walk(text, LOG_TEXT_HIT);
	(void)walk(text, LOG_TEXT_PROBLEM);
	text->ops->status(text, &status);
	check(status.shown_final && status.lines >= 0);
	check_sound(lines < 0 || status.shown_lines == lines);
	check_sound(hits < 0 || status.hits == hits);
	check_sound(lines < 0 || text->ops->count_from(text, text->ops->start(text), INT64_MAX) == lines);
	for (unsigned share = 0; share <= 1000; share += 250)
		if (text->ops->go_to_share(text, share, &at) == LOG_TEXT_THERE)
			(void)text->ops->line(text, at, &line);
	if (text->ops->go_to_number(text, status.lines, &at) == LOG_TEXT_THERE)
		check_sound(text->ops->number(text, at) == status.lines);
	/* Where nothing passes the filter there is no place to be right about. */
	if (text->ops->go_to_time(text, 5000, &at) == LOG_TEXT_THERE)
		check_sound(lines == 0 || at >= text->ops->start(text));
	(void)text->ops->line(text, INT64_MIN, &line);
	(void)text->ops->find_next(text, INT64_MAX, LOG_TEXT_ANY, &line);
	(void)text->ops->find_before(text, INT64_MIN, LOG_TEXT_ANY, &line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct log_order_source sources[] = {{"a", NULL, 0}, {"b-2", "b", 1}};
	const uint8_t *end = data + size, *pattern, *bytes;
	struct log_text_options options = {.dir = folder(), .units = sources, .run_ms = 5000};
	struct log_text *text;
	struct err err = ERR_INIT;
	char problem[128];
	size_t pattern_size, count;
	unsigned flags;

	if (size == 0)
		return 0;
	flags = *data++;
	pattern = take(&data, end, &pattern_size);
	for (size_t i = 0; i < FILES; i++) {
		bytes = take(&data, end, &count);
		sound = (i == 0 || sound) && (strncmp(names[i], "index", 5) != 0 || count == 0);
		/* The same over and over makes a text of several blocks. */
		write_file(names[i], O_TRUNC, bytes, count);
		for (int times = 0; (flags & 8) && count > 64 && times < 40; times++)
			write_file(names[i], O_APPEND, bytes, count);
	}
	options.unit_count = flags & 1 ? 1 : 2;
	check(log_text_open(&options, &text, &err) == 0);
	if (flags & 2)
		(void)text->ops->filter(text, (const char *)pattern, pattern_size, flags & 16, problem,
					sizeof(problem));
	else
		(void)text->ops->search(text, (const char *)pattern, pattern_size, 0, problem, sizeof(problem));
	look_around(text);
	(void)text->ops->search(text, "a|b", 3, 0, problem, sizeof(problem));
	sound = false;
	write_file(names[flags & 4 ? 2 : 3], flags & 32 ? O_TRUNC : O_APPEND, data, (size_t)(end - data));
	write_file("index", O_APPEND, data, (size_t)(end - data));
	(void)text->ops->refresh(text);
	look_around(text);
	log_text_close(text);
	return 0;
}
