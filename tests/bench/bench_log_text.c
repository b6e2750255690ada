/* SPDX-License-Identifier: MIT */
/*
 * Measures what upfront promises of looking around in a large log, each figure beside its floor, in turns in one run; the page cache is warm.
 *   bench_log_text full     1 GB, 11.3 million lines, under TMPDIR; a missed number fails
 *   bench_log_text quick    32 MB; only what does not depend on the machine's load can fail
 * `needle` stands once, 201 lines before the end; 2 % of the lines have status=5xx. rg is measured where it is on PATH.
 */
#include "config/err.h"
#include "launcher/logs/log_order.h"
#include "launcher/logs/log_text_file.h"
#include "launcher/logs/log_text_private.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LINES_FULL 11299098
#define TURNS_MAX 9
#define SLICE_US 8000

struct bench {
	char *dir, *path;
	long lines, hits;
	int turns;
	bool strict;
	int failed;
	double longest_slice_ms, longest_key_ms;
};

struct series {
	double values[TURNS_MAX];
	int count;
};

static double now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static int by_value(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return left < right ? -1 : left > right;
}

static double median(struct series *self)
{
	qsort(self->values, (size_t)self->count, sizeof(double), by_value);
	return self->values[self->count / 2];
}

static void add(struct series *self, double value)
{
	self->values[self->count++] = value;
}

static void row(struct bench *self, bool good, bool timed, const char *what, const char *found, const char *wanted)
{
	const char *verdict = good ? "ok" : timed && !self->strict ? "missed (not counted)" : "MISSED";

	printf("%-44s %-56s %-24s %s\n", what, found, wanted, verdict);
	fflush(stdout);
	self->failed += !good && (!timed || self->strict);
}

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	perror(what);
	exit(1);
}

/* ---- The log ---- */

static void write_log(struct bench *self)
{
	FILE *file = fopen(self->path, "w");
	unsigned random = 1;

	must(file != NULL, self->path);
	for (long i = 0; i < self->lines; i++) {
		unsigned roll, status;

		random = random * 1103515245u + 12345u;
		roll = random >> 8;
		status = roll % 50 == 0 ? 500 + roll / 50 % 12 : 200 + roll / 50 % 5;
		self->hits += status >= 500;
		if (i == self->lines - 201)
			fprintf(file, "2026-11-21T14:02:11.402Z INFO  the one needle-4711 of this log, a Needle "
				      "status=200\n");
		else
			fprintf(file,
				"2026-11-21T14:02:%02u.%03uZ INFO  GET /v1/items/%u status=%u took=%ums id=%08x "
				"worker=%u\n",
				(unsigned)(i / 1000 % 60), (unsigned)(i % 1000), roll % 9000, status, roll % 900,
				roll * 2654435761u, roll % 8);
	}
	must(fclose(file) == 0, self->path);
	/* The floors begin with all of it in the page cache, and on disk. */
	int fd = open(self->path, O_RDONLY | O_CLOEXEC);
	must(fd >= 0 && fsync(fd) == 0, self->path);
	close(fd);
}

/* ---- Floors ---- */

static const char *map(struct bench *self, size_t *size)
{
	struct stat status;
	int fd = open(self->path, O_RDONLY | O_CLOEXEC);
	void *bytes;

	must(fd >= 0 && fstat(fd, &status) == 0, self->path);
	*size = (size_t)status.st_size;
	bytes = mmap(NULL, *size, PROT_READ, MAP_PRIVATE, fd, 0);
	must(bytes != MAP_FAILED, "mmap");
	(void)madvise(bytes, *size, MADV_SEQUENTIAL);
	close(fd);
	return bytes;
}

static double floor_lines(struct bench *self)
{
	double began = now_ms();
	size_t size;
	const char *bytes = map(self, &size), *at = bytes, *end = bytes + size;
	long lines = 0;

	for (; (at = memchr(at, '\n', (size_t)(end - at))) != NULL; at++)
		lines++;
	must(lines == self->lines, "floor");
	must(munmap((void *)(uintptr_t)bytes, size) == 0, "munmap");
	return now_ms() - began;
}

static double floor_word(struct bench *self)
{
	double began = now_ms();
	size_t size;
	const char *bytes = map(self, &size);

	must(memmem(bytes, size, "needle", 6) != NULL, "floor");
	must(munmap((void *)(uintptr_t)bytes, size) == 0, "munmap");
	return now_ms() - began;
}

/* -1: there is none. */
static double floor_rg(struct bench *self, const char *pattern)
{
	double began = now_ms();
	int status = 0;
	pid_t pid = fork();

	must(pid >= 0, "fork");
	if (pid == 0) {
		int out = open("/dev/null", O_WRONLY | O_CLOEXEC);

		dup2(out, 1);
		execlp("rg", "rg", "--no-config", "-c", pattern, self->path, (char *)NULL);
		_exit(127);
	}
	must(waitpid(pid, &status, 0) == pid, "waitpid");
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? now_ms() - began : -1;
}

/* ---- The subject ---- */

static struct log_text *open_text(struct bench *self)
{
	const struct log_order_source source = {"api", NULL, 0};
	const struct log_text_options options = {.dir = self->dir, .units = &source, .unit_count = 1};
	struct log_text *text;
	struct err err = ERR_INIT;

	must(log_text_open(&options, &text, &err) == 0, "log_text_open");
	return text;
}

/* What others do with the processor meanwhile is not counted. */
static double spent_ms(void)
{
	struct timespec spent;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
	return (double)spent.tv_sec * 1e3 + (double)spent.tv_nsec / 1e6;
}

static bool work(struct bench *self, struct log_text *text)
{
	double began = spent_ms(), took;
	bool more = text->ops->work(text, SLICE_US);

	took = spent_ms() - began;
	if (took > self->longest_slice_ms)
		self->longest_slice_ms = took;
	return more;
}

static void read_screen(struct log_text *text, int64_t at)
{
	struct log_text_line line;

	must(text->ops->line(text, at, &line) == LOG_TEXT_THERE, "line");
	for (int i = 0; i < 40 && text->ops->find_next(text, line.at, LOG_TEXT_ANY, &line) == LOG_TEXT_THERE; i++)
		must(line.size_bytes > 0, "line");
}

static void bench_open(struct bench *self)
{
	struct series opened = {.count = 0}, end = {.count = 0}, middle = {.count = 0}, busy = {.count = 0};
	struct log_text_line line;
	char found[96];

	for (int i = 0; i < self->turns; i++) {
		double began = now_ms();
		struct log_text *text = open_text(self);
		int64_t at;

		read_screen(text, text->ops->start(text));
		add(&opened, now_ms() - began);
		began = now_ms();
		must(text->ops->find_before(text, text->ops->end(text), LOG_TEXT_ANY, &line) == LOG_TEXT_THERE, "end");
		for (int j = 0; j < 40; j++)
			must(text->ops->find_before(text, line.at, LOG_TEXT_ANY, &line) == LOG_TEXT_THERE, "end");
		add(&end, now_ms() - began);
		began = now_ms();
		must(text->ops->go_to_share(text, 500, &at) == LOG_TEXT_THERE, "middle");
		read_screen(text, at);
		add(&middle, now_ms() - began);
		(void)work(self, text);
		began = now_ms();
		must(text->ops->go_to_share(text, 501, &at) == LOG_TEXT_THERE, "middle");
		read_screen(text, at);
		add(&busy, now_ms() - began);
		log_text_close(text);
	}
	snprintf(found, sizeof(found), "%.3f ms", median(&opened));
	row(self, median(&opened) <= 1, true, "open to first text", found, "<= 1 ms");
	snprintf(found, sizeof(found), "%.3f ms", median(&end));
	row(self, median(&end) <= 0.5, true, "to its end", found, "<= 0.5 ms");
	snprintf(found, sizeof(found), "%.3f ms; while counting %.3f ms", median(&middle), median(&busy));
	row(self, median(&middle) <= 0.3 && median(&busy) <= 0.3, true, "to its middle", found, "<= 0.3 ms");
}

static void bench_lines(struct bench *self)
{
	struct series floor = {.count = 0}, ours = {.count = 0};
	struct log_text_status status = {0};
	size_t index_bytes = 0;
	char found[96];

	for (int i = 0; i < self->turns; i++) {
		struct log_text *text = open_text(self);
		double began;

		add(&floor, floor_lines(self));
		began = now_ms();
		do
			text->ops->status(text, &status);
		while (status.lines < 0 && work(self, text));
		add(&ours, now_ms() - began);
		text->ops->status(text, &status);
		index_bytes = ((struct log_text_file *)text)->scan.blocks.room * sizeof(struct text_block);
		log_text_close(text);
	}
	snprintf(found, sizeof(found), "%.0f ms, floor %.0f ms: %.2f", median(&ours), median(&floor),
		 median(&ours) / median(&floor));
	row(self, median(&ours) <= 2 * median(&floor), true, "line numbers of the whole file", found,
	    "<= 2 x mmap + memchr");
	snprintf(found, sizeof(found), "%lld", (long long)status.lines);
	row(self, status.lines == self->lines, false, "... and all of them", found, "as written");
	snprintf(found, sizeof(found), "%zu kB", index_bytes / 1000);
	row(self, index_bytes <= 400000, false, "... kept in", found, "<= 400 kB");
}

/* Milliseconds until the first hit from the top; into *all_ms until all are counted. */
static double search(struct bench *self, const char *pattern, int64_t hits, double *all_ms)
{
	struct log_text *text = open_text(self);
	double began = now_ms(), first;
	struct log_text_status status;
	struct log_text_line line;
	enum log_text_found found;
	char problem[64];

	must(text->ops->search(text, pattern, strlen(pattern), 0, problem, sizeof(problem)) == 0, pattern);
	for (;;) {
		double asked = spent_ms(), took;

		found = text->ops->find_next(text, -1, LOG_TEXT_HIT, &line);
		took = spent_ms() - asked;
		if (took > self->longest_key_ms)
			self->longest_key_ms = took;
		if (found != LOG_TEXT_LATER)
			break;
		(void)work(self, text);
	}
	first = now_ms() - began;
	must(found == LOG_TEXT_THERE, pattern);
	do
		text->ops->status(text, &status);
	while (!status.hits_final && work(self, text));
	*all_ms = now_ms() - began;
	text->ops->status(text, &status);
	if (status.hits != hits)
		self->failed++,
			printf("%s: %lld hits instead of %lld\n", pattern, (long long)status.hits, (long long)hits);
	log_text_close(text);
	return first;
}

static void bench_word(struct bench *self, const char *pattern, const char *what)
{
	struct series floor = {.count = 0}, ours = {.count = 0}, whole = {.count = 0};
	char found[96];

	for (int i = 0; i < self->turns; i++) {
		double all;

		add(&floor, floor_word(self));
		add(&ours, search(self, pattern, 1, &all));
		add(&whole, all);
	}
	snprintf(found, sizeof(found), "%.0f ms (all known %.0f), floor %.0f ms: %.2f", median(&ours), median(&whole),
		 median(&floor), median(&ours) / median(&floor));
	row(self, median(&ours) <= 2 * median(&floor), true, what, found, "<= 2 x mmap + memmem");
}

static void bench_regex(struct bench *self, const char *pattern, int64_t hits, bool all_hits, double ratio,
			const char *wanted)
{
	struct series floor = {.count = 0}, ours = {.count = 0};
	char found[96], what[64];

	for (int i = 0; i < self->turns; i++) {
		double all, first = search(self, pattern, hits, &all);

		add(&floor, floor_rg(self, pattern));
		add(&ours, all_hits ? all : first);
	}
	snprintf(what, sizeof(what), "%s, %s", pattern, all_hits ? "all counted" : "first hit");
	if (median(&floor) < 0) {
		snprintf(found, sizeof(found), "%.0f ms (no rg here)", median(&ours));
		row(self, true, true, what, found, wanted);
		return;
	}
	snprintf(found, sizeof(found), "%.0f ms, rg -c %.0f ms: %.2f", median(&ours), median(&floor),
		 median(&ours) / median(&floor));
	row(self, median(&ours) <= ratio * median(&floor), true, what, found, wanted);
}

static long status_kb(const char *name)
{
	FILE *file = fopen("/proc/self/status", "re");
	char line[128];
	long value = 0;

	while (file != NULL && fgets(line, sizeof(line), file) != NULL)
		if (strncmp(line, name, strlen(name)) == 0)
			value = strtol(line + strlen(name) + 1, NULL, 10);
	if (file != NULL)
		fclose(file);
	return value;
}

static void bench_memory(struct bench *self)
{
	struct log_text *text = open_text(self);
	char found[96], problem[64];

	must(text->ops->search(text, "status=5[0-9]+", 14, 0, problem, sizeof(problem)) == 0, "search");
	while (work(self, text))
		;
	snprintf(found, sizeof(found), "%ld kB private, %ld kB in all", status_kb("RssAnon"), status_kb("VmRSS"));
	row(self, status_kb("RssAnon") <= 8000 && status_kb("VmRSS") <= 25000, false, "memory, open and searched",
	    found, "<= 8 MB, <= 25 MB");
	log_text_close(text);
}

int main(int argc, char **argv)
{
	const char *base = getenv("TMPDIR");
	struct bench self = {.strict = argc < 2 || strcmp(argv[1], "quick") != 0};
	char found[96];

	self.turns = self.strict ? 7 : 1;
	self.lines = self.strict ? LINES_FULL : LINES_FULL / 32;
	must(asprintf(&self.dir, "%s/bench-log-text-XXXXXX", base != NULL ? base : "/tmp") > 0 &&
		     mkdtemp(self.dir) != NULL && asprintf(&self.path, "%s/api.log", self.dir) > 0,
	     "mkdtemp");
	write_log(&self);
	bench_memory(&self);
	bench_open(&self);
	bench_lines(&self);
	bench_word(&self, "needle", "needle (case does not count)");
	bench_word(&self, "Needle", "Needle (case counts)");
	bench_regex(&self, "needle-[0-9]+", 1, false, 2, "<= 2 x rg -c");
	bench_regex(&self, "status=5[0-9]+", self.hits, true, 3, "<= 3 x rg -c");
	snprintf(found, sizeof(found), "%.2f ms; step that searches a little itself %.2f ms", self.longest_slice_ms,
		 self.longest_key_ms);
	row(&self, self.longest_slice_ms <= 8.5 && self.longest_key_ms <= 1, true, "longest slice (of 8 ms)", found,
	    "<= 8.5 ms, <= 1 ms");
	(void)unlink(self.path);
	(void)rmdir(self.dir);
	free(self.path);
	free(self.dir);
	return self.failed > 0;
}
