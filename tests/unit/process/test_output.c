/* SPDX-License-Identifier: MIT */
/* What services write: kept byte by byte in bounded files, told apart by an index, and cut into lines for those who watch. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "config/err.h"
#include "launcher/process/output.h"
#include "launcher/process/output_index.h"
#include "tests/lib/children.h"

struct scene {
	char *parent, *folder;
	struct output *output;
};

static void reopen(struct scene *self, int64_t max_size_bytes, int max_files)
{
	struct err err = ERR_INIT;
	output_destroy(self->output);
	self->output = output_create(self->folder, &err);
	if (!self->output)
		fail_msg("%s", err.items[0].message);
	assert_int_equal(output_add(self->output, 0, "web", max_size_bytes, max_files, &err), 0);
}

static void scene_open(struct scene *self, int64_t max_size_bytes, int max_files)
{
	*self = (struct scene){.parent = children_make_folder()};
	assert_true(asprintf(&self->folder, "%s/state/logs", self->parent) > 0);
	reopen(self, max_size_bytes, max_files);
}

static void scene_close(struct scene *self)
{
	output_destroy(self->output);
	children_remove_folder(self->parent);
	free(self->folder);
}

static void put(struct scene *self, const char *text)
{
	output_write(self->output, 0, 0, text, strlen(text), 1000);
}

static void assert_file(const struct scene *self, const char *name, const char *expected)
{
	char *bytes = children_slurp(self->folder, name, NULL);
	assert_non_null(bytes);
	assert_string_equal(bytes, expected);
	free(bytes);
}

static off_t size_of(const struct scene *self, const char *name)
{
	char path[PATH_MAX];
	struct stat st;
	snprintf(path, sizeof path, "%s/%s", self->folder, name);
	return stat(path, &st) < 0 ? -1 : st.st_size;
}

/* Lines as text: "unit/run/stream:bytes", "+" behind a part of a line, "|" between them. */
struct transcript {
	char text[8192];
};

static void transcribe(void *context, const struct output_line *line)
{
	struct transcript *self = context;
	size_t used = strlen(self->text);
	snprintf(self->text + used, sizeof self->text - used, "%u/%u/%d:%.*s%s|", line->unit, line->run, line->stream,
		 (int)line->size_bytes, line->bytes, line->partial ? "+" : "");
}

static void test_lines_are_cut_as_they_come(void **state)
{
	(void)state;
	static const struct {
		const char *writes[6]; /* the first character is the stream */
		const char *seen;
	} cases[] = {
		{{"0one\n"}, "0/1/0:one|"},
		{{"0one\ntwo\n"}, "0/1/0:one|0/1/0:two|"},
		{{"0o", "0n", "0e\nt", "0wo\n"}, "0/1/0:one|0/1/0:two|"},
		{{"0out", "1err\n", "0put\n"}, "0/1/1:err|0/1/0:output|"},
		{{"0\n\n"}, "0/1/0:|0/1/0:|"},
		{{"0last words"}, "0/1/0:last words+|"},
		{{"1a", "0b", "1c"}, "0/1/0:b+|0/1/1:ac+|"},
		{{"0tab\t\x01\xff\r\n"}, "0/1/0:tab\t\x01\xff\r|"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct scene scene;
		struct transcript live = {""}, ring = {""};
		char all[256] = "";
		scene_open(&scene, 0, 0);
		output_observe(scene.output, transcribe, &live);
		output_begin(scene.output, 0, 1000);
		for (size_t n = 0; n < 6 && cases[i].writes[n]; n++) {
			const char *text = cases[i].writes[n] + 1;
			output_write(scene.output, 0, cases[i].writes[n][0] - '0', text, strlen(text), 1000);
			strcat(all, text);
		}
		output_end(scene.output, 0, 1000);
		assert_string_equal(live.text, cases[i].seen);
		output_tail(scene.output, 0, 100, transcribe, &ring);
		assert_string_equal(ring.text, cases[i].seen);
		assert_file(&scene, "web.log", all);
		scene_close(&scene);
	}
}

struct measure {
	size_t lines, partial, bytes, longest;
	unsigned checksum;
};

static void take_measure(void *context, const struct output_line *line)
{
	struct measure *self = context;
	self->lines++;
	self->partial += line->partial;
	self->bytes += line->size_bytes;
	self->longest = line->size_bytes > self->longest ? line->size_bytes : self->longest;
	for (size_t i = 0; i < line->size_bytes; i++)
		self->checksum = self->checksum * 31 + (unsigned char)line->bytes[i];
}

/* Lines around the limit, whatever the pieces they come in: cut there, no byte lost, no empty rest. */
static void test_long_lines_come_in_pieces(void **state)
{
	(void)state;
	static const struct {
		size_t length, lines, partial;
	} cases[] = {
		{OUTPUT_LINE_MAX - 1, 1, 0}, {OUTPUT_LINE_MAX, 1, 0},         {OUTPUT_LINE_MAX + 1, 2, 1},
		{2 * OUTPUT_LINE_MAX, 2, 1}, {2 * OUTPUT_LINE_MAX + 1, 3, 2}, {40 * OUTPUT_LINE_MAX + 5, 41, 40},
	};
	static const size_t pieces[] = {1000,  4096,    OUTPUT_LINE_MAX - 1, OUTPUT_LINE_MAX, OUTPUT_LINE_MAX + 1,
					65536, SIZE_MAX};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char *line = malloc(cases[i].length + 1);
		unsigned checksum = 0;
		assert_non_null(line);
		for (size_t n = 0; n < cases[i].length; n++) {
			line[n] = (char)('a' + n % 23);
			checksum = checksum * 31 + (unsigned char)line[n];
		}
		line[cases[i].length] = '\n';
		for (size_t p = 0; p < sizeof pieces / sizeof pieces[0]; p++) {
			struct scene scene;
			struct measure seen = {0};
			scene_open(&scene, 0, 0);
			output_observe(scene.output, take_measure, &seen);
			for (size_t at = 0; at <= cases[i].length;) {
				size_t rest = cases[i].length + 1 - at;
				size_t size = rest < pieces[p] ? rest : pieces[p];
				output_write(scene.output, 0, 0, line + at, size, 1000);
				at += size;
			}
			assert_int_equal(seen.lines, cases[i].lines);
			assert_int_equal(seen.partial, cases[i].partial);
			assert_int_equal(seen.bytes, cases[i].length);
			assert_int_equal(seen.checksum, checksum);
			assert_true(seen.longest <= OUTPUT_LINE_MAX);
			scene_close(&scene);
		}
		free(line);
	}
}

static void test_ring_keeps_the_last_lines(void **state)
{
	(void)state;
	struct scene scene;
	struct transcript end = {""};
	struct measure all = {0};
	scene_open(&scene, 0, 0);
	/* Lines of 0 to 1500 bytes, many times the ring. */
	for (int i = 0; i < 5000; i++) {
		char line[2048];
		int length = snprintf(line, sizeof line, "%d %0*d\n", i, 1 + i * 7 % 1500, 0);
		output_write(scene.output, 0, 0, line, (size_t)length, 1000);
	}
	put(&scene, "next to last\nlast\n");
	output_tail(scene.output, 0, SIZE_MAX, take_measure, &all);
	assert_true(all.bytes <= OUTPUT_RING_BYTES);
	assert_true(all.bytes >= OUTPUT_RING_BYTES / 10 * 8);
	output_tail(scene.output, 0, 2, transcribe, &end);
	assert_string_equal(end.text, "0/0/0:next to last|0/0/0:last|");
	end.text[0] = '\0';
	output_tail(scene.output, 0, 0, transcribe, &end);
	output_tail(scene.output, 7, 10, transcribe, &end);
	assert_string_equal(end.text, "");
	scene_close(&scene);
}

static void test_tail_of_all_units_is_merged(void **state)
{
	(void)state;
	static const struct {
		size_t count;
		const char *seen;
	} cases[] = {
		{10, "0/0/0:1|9/0/0:2|9/0/1:3|0/0/0:4|"},
		{3, "9/0/0:2|9/0/1:3|0/0/0:4|"},
		{1, "0/0/0:4|"},
		{0, ""},
	};
	struct scene scene;
	scene_open(&scene, 0, 0);
	assert_int_equal(output_add(scene.output, 9, "db", 0, 0, NULL), 0);
	output_write(scene.output, 0, 0, "1\n", 2, 5000);
	output_write(scene.output, 9, 0, "2\n", 2, 5000);
	output_write(scene.output, 9, 1, "3\n", 2, 4000); /* the clock was set back: still behind what came before */
	output_write(scene.output, 0, 0, "4\n", 2, 4000);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct transcript seen = {""};
		output_tail(scene.output, UINT_MAX, cases[i].count, transcribe, &seen);
		assert_string_equal(seen.text, cases[i].seen);
	}
	scene_close(&scene);
}

static unsigned long long inode_of(const struct scene *scene, const char *name)
{
	struct stat st;
	char path[512];
	snprintf(path, sizeof path, "%s/%s", scene->folder, name);
	assert_int_equal(stat(path, &st), 0);
	return st.st_ino;
}

/* A part line never runs into the next run's first, and runs are told apart. */
static void test_runs_are_told_apart(void **state)
{
	(void)state;
	struct scene scene;
	struct transcript seen = {""};
	char wanted[256];
	scene_open(&scene, 0, 0);
	for (int run = 0; run < 2; run++) {
		output_begin(scene.output, 0, 1000 + run);
		put(&scene, "starting\nlast");
		if (run == 1)
			output_set_end(scene.output, 0, true, 9);
		output_end(scene.output, 0, 1500 + run);
	}
	output_tail(scene.output, 0, 10, transcribe, &seen);
	assert_string_equal(seen.text, "0/1/0:starting|0/1/0:last+|0/2/0:starting|0/2/0:last+|");
	snprintf(wanted, sizeof wanted,
		 "1000 f web 0 %llu web\n1000 b web 0 0\n1000 o web 0 13\n1500 x web 13 0\n"
		 "1001 b web 13 0\n1000 o web 13 13\n1501 x web 26 0 signal:9\n",
		 inode_of(&scene, "web.log"));
	assert_file(&scene, "index", wanted);
	/* The next upfront goes on behind it. */
	reopen(&scene, 0, 0);
	output_begin(scene.output, 0, 9000);
	output_write(scene.output, 0, 1, "again\n", 6, 9001);
	assert_file(&scene, "web.log", "starting\nlaststarting\nlastagain\n");
	char *index = children_slurp(scene.folder, "index", NULL);
	assert_non_null(strstr(index, "9000 b web 26 0\n9001 e web 26 6\n"));
	free(index);
	scene_close(&scene);
}

/* 40 KB into files of 4 KB, four of them: the newest 12-16 KB stay, in whole lines, and the index finds every byte of them. */
static void test_rotation(void **state)
{
	(void)state;
	enum { LINES = 400, LINE_BYTES = 100, FILES = 4 };
	static const size_t pieces[] = {70, 100, 1000, 5000, LINES * LINE_BYTES};
	static char all[LINES * LINE_BYTES + 1];
	for (int i = 0; i < LINES; i++)
		snprintf(all + i * LINE_BYTES, LINE_BYTES + 1, "%098d\n", i);
	for (int i = 0; i < LINES; i++)
		all[i * LINE_BYTES + 98] = 'x', all[i * LINE_BYTES + 99] = '\n';
	for (size_t p = 0; p < sizeof pieces / sizeof pieces[0]; p++) {
		struct scene scene;
		char kept[FILES * 8192] = "";
		scene_open(&scene, 4096, FILES);
		for (size_t at = 0; at < sizeof all - 1;) {
			size_t rest = sizeof all - 1 - at, size = rest < pieces[p] ? rest : pieces[p];
			output_write(scene.output, 0, 0, all + at, size, 1000);
			at += size;
		}
		for (int n = FILES - 1; n >= 0; n--) {
			char name[32];
			snprintf(name, sizeof name, n ? "web.log.%d" : "web.log", n);
			assert_true(size_of(&scene, name) > 0 && size_of(&scene, name) <= 4096 + LINE_BYTES);
			char *bytes = children_slurp(scene.folder, name, NULL);
			if (n > 0)
				assert_int_equal(bytes[strlen(bytes) - 1], '\n');
			strcat(kept, bytes);
			free(bytes);
		}
		assert_int_equal(size_of(&scene, "web.log.4"), -1);
		assert_true(strlen(kept) >= 3 * 3900);
		assert_string_equal(kept, all + sizeof all - 1 - strlen(kept));
		assert_int_equal(output_lost_bytes(scene.output), 0);
		scene_close(&scene);
	}
}

/* Follows the index as its header says, from the end: every record of a file that is still there names just those bytes. */
static void test_a_unit_goes_and_another_comes(void **state)
{
	(void)state;
	struct scene scene;
	struct transcript told = {""};
	scene_open(&scene, 0, 0);
	output_begin(scene.output, 0, 1000);
	put(&scene, "old\nhalf");
	output_remove(scene.output, 0, 1000);
	output_remove(scene.output, 0, 1000); /* twice is once */
	put(&scene, "nobody's\n");
	output_tail(scene.output, UINT_MAX, 10, transcribe, &told);
	assert_string_equal(told.text, "");
	assert_int_equal(output_add(scene.output, 0, "web", 0, 0, NULL), 0);
	put(&scene, "new\n");
	assert_file(&scene, "web.log", "old\nhalfnew\n");
	scene_close(&scene);
}

static void test_limits_can_change(void **state)
{
	(void)state;
	struct scene scene;
	scene_open(&scene, 1 << 20, 5);
	for (int i = 0; i < 2000; i++)
		put(&scene, "0123456789\n");
	assert_int_equal(size_of(&scene, "web.log.1"), -1);
	output_set_limits(scene.output, 0, 1, 2);
	put(&scene, "more\n");
	put(&scene, "more\n");
	assert_true(size_of(&scene, "web.log.1") > 0);
	assert_int_equal(size_of(&scene, "web.log.2"), -1);
	scene_close(&scene);
}

static void test_index_finds_the_bytes(void **state)
{
	(void)state;
	struct scene scene;
	int written = 0, found = 0, stated = 0;
	scene_open(&scene, 4096, 3);
	for (; written < 600; written++) {
		char line[128];
		int length = snprintf(line, sizeof line, "entry %d%*s\n", written, written % 60, "");
		output_write(scene.output, 0, written % 2, line, (size_t)length, 5000 + written);
	}
	char *index = children_slurp(scene.folder, "index", NULL);
	int behind = 0, expected = written;
	for (char *end = index + strlen(index); end > index;) {
		char kind, unit[16], name[32], wanted[32];
		int64_t time_ms, offset;
		size_t size;
		end[-1] = '\0';
		char *line = strrchr(index, '\n');
		line = line ? line + 1 : index;
		assert_int_equal(
			sscanf(line, "%" SCNd64 " %c %15s %" SCNd64 " %zu", &time_ms, &kind, unit, &offset, &size), 5);
		end = line;
		behind += kind == 'r';
		if (kind == 'r' || behind > 2)
			continue;
		snprintf(name, sizeof name, behind ? "web.log.%d" : "web.log", behind);
		if (kind == 'f') {
			assert_int_equal(size, inode_of(&scene, name));
			stated++;
			continue;
		}
		expected--;
		assert_int_equal(kind, expected % 2 ? 'e' : 'o');
		assert_int_equal(time_ms, 5000 + expected);
		snprintf(wanted, sizeof wanted, "entry %d", expected);
		char *bytes = children_slurp(scene.folder, name, NULL);
		assert_memory_equal(bytes + offset, wanted, strlen(wanted));
		assert_int_equal(bytes[offset + (int64_t)size - 1], '\n');
		free(bytes);
		found++;
	}
	free(index);
	assert_true(behind > 2 && found > 100);
	assert_int_equal(stated, 3);
	scene_close(&scene);
}

/* Replicas are told from services that are only called like one. */
static void test_index_names_the_service(void **state)
{
	(void)state;
	struct scene scene;
	char wanted[128];
	scene_open(&scene, 0, 0);
	assert_int_equal(output_add(scene.output, 1, "web-2", 0, 0, NULL), 0);
	output_set_service(scene.output, 1, "web");
	output_write(scene.output, 1, 0, "x\n", 2, 1000);
	output_write(scene.output, 1, 0, "y\n", 2, 1001);
	snprintf(wanted, sizeof wanted, "1000 f web-2 0 %llu web\n1000 o web-2 0 2\n1001 o web-2 2 2\n",
		 inode_of(&scene, "web-2.log"));
	assert_file(&scene, "index", wanted);
	scene_close(&scene);
}

static void test_index_is_bounded(void **state)
{
	(void)state;
	struct scene scene;
	scene_open(&scene, 0, 0);
	for (int i = 0; i < 2 * OUTPUT_INDEX_SIZE_MAX / 30 + 10000; i++)
		output_write(scene.output, 0, 0, "0123456789\n", 11, 1763719200000 + i);
	assert_true(size_of(&scene, "index") > 0 && size_of(&scene, "index") <= OUTPUT_INDEX_SIZE_MAX);
	assert_true(size_of(&scene, "index.1") > 0 && size_of(&scene, "index.1") <= OUTPUT_INDEX_SIZE_MAX);
	assert_int_equal(size_of(&scene, "index.2"), -1);
	scene_close(&scene);
}

static void test_one_file_only(void **state)
{
	(void)state;
	struct scene scene;
	scene_open(&scene, 4096, 1);
	for (int i = 0; i < 1000; i++)
		put(&scene, "nothing of this is kept for long\n");
	assert_true(size_of(&scene, "web.log") > 0 && size_of(&scene, "web.log") <= 4096);
	assert_int_equal(size_of(&scene, "web.log.1"), -1);
	scene_close(&scene);
}

static void place_link(const char *path)
{
	assert_int_equal(symlink("/tmp/elsewhere", path), 0);
}
static void place_hard_link(const char *path)
{
	char other[PATH_MAX];
	snprintf(other, sizeof other, "%s.other", path);
	close(open(other, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	assert_int_equal(link(other, path), 0);
}
static void place_fifo(const char *path)
{
	assert_int_equal(mkfifo(path, 0600), 0);
}
static void place_folder(const char *path)
{
	assert_int_equal(mkdir(path, 0700), 0);
}
static void place_foreign(const char *path)
{
	close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	assert_int_equal(chown(path, 65534, 65534), 0);
}

static void test_what_is_not_ours_is_refused(void **state)
{
	(void)state;
	static const struct {
		void (*place)(const char *path);
		const char *message;
		bool root_only;
	} cases[] = {
		{place_link, "it is a symbolic link", false},         {place_hard_link, "it has a second name", false},
		{place_fifo, "it is not a regular file", false},      {place_folder, "it is not a regular file", false},
		{place_foreign, "it belongs to somebody else", true},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct scene scene;
		struct err err = ERR_INIT;
		char path[PATH_MAX];
		if (cases[i].root_only && geteuid() != 0)
			continue;
		scene_open(&scene, 0, 0);
		snprintf(path, sizeof path, "%s/db.log", scene.folder);
		cases[i].place(path);
		assert_int_equal(output_add(scene.output, 1, "db", 0, 0, &err), -EPERM);
		assert_int_equal(err.code, ERR_MISSING);
		assert_non_null(strstr(err.items[0].message, cases[i].message));
		assert_non_null(strstr(err.items[0].message, "/state/logs/db.log"));
		output_write(scene.output, 1, 0, "x\n", 2, 1000); /* there is no such unit: nothing happens */
		/* The same lying where a log file was. */
		put(&scene, "before\n");
		snprintf(path, sizeof path, "%s/web.log", scene.folder);
		assert_int_equal(unlink(path), 0);
		cases[i].place(path);
		put(&scene, "after\n");
		assert_int_equal(output_lost_bytes(scene.output), 6);
		err_finish(&err);
		scene_close(&scene);
	}
	assert_int_equal(access("/tmp/elsewhere", F_OK), -1);
}

static void test_names_stay_in_their_folder(void **state)
{
	(void)state;
	static const char *const names[] = {"", ".", "..", "../web", "a/b", ".hidden", "a b", "a\nb", "\x1b[2J"};
	struct scene scene;
	char long_name[300];
	memset(long_name, 'n', sizeof long_name - 1);
	long_name[sizeof long_name - 1] = '\0';
	scene_open(&scene, 0, 0);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		assert_int_equal(output_add(scene.output, 1, names[i], 0, 0, NULL), -EINVAL);
	assert_int_equal(output_add(scene.output, 1, long_name, 0, 0, NULL), -EINVAL);
	assert_true(output_add(scene.output, 0, "other", 0, 0, NULL) < 0);
	assert_true(output_add(scene.output, 1, "web", 0, 0, NULL) < 0);
	assert_true(output_add(scene.output, 4000000000u, "far", 0, 0, NULL) < 0);
	assert_int_equal(output_add(scene.output, 1, "web-2", 0, 0, NULL), 0);
	scene_close(&scene);
}

static void test_folder_that_cannot_be(void **state)
{
	(void)state;
	struct err err = ERR_INIT;
	assert_null(output_create("/proc/upfront/logs", &err));
	assert_int_equal(err.code, ERR_MISSING);
	err_finish(&err);
}

/* Others may tidy up while we write: nothing goes into a file without a name. */
static void test_file_removed_replaced_emptied(void **state)
{
	(void)state;
	struct scene scene;
	char path[PATH_MAX], moved[PATH_MAX + 8];
	scene_open(&scene, 0, 0);
	snprintf(path, sizeof path, "%s/web.log", scene.folder);
	snprintf(moved, sizeof moved, "%s.moved", path);
	put(&scene, "one\n");
	assert_int_equal(unlink(path), 0);
	put(&scene, "two\n");
	assert_file(&scene, "web.log", "two\n");
	assert_int_equal(rename(path, moved), 0);
	put(&scene, "three\n");
	assert_file(&scene, "web.log", "three\n");
	assert_file(&scene, "web.log.moved", "two\n");
	assert_int_equal(truncate(path, 0), 0);
	put(&scene, "four\n");
	assert_file(&scene, "web.log", "four\n");
	assert_int_equal(output_lost_bytes(scene.output), 0);
	scene_close(&scene);
}

/* A full disk, played by a limit on file size: in a process of its own, its code says where it failed. */
static int write_beyond_the_limit(struct scene *scene)
{
	struct transcript seen = {""};
	struct rlimit limit, old;
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &old);
	limit = (struct rlimit){.rlim_cur = 10, .rlim_max = old.rlim_max};
	output_observe(scene->output, transcribe, &seen);
	output_write(scene->output, 0, 0, "first\n", 6, 1000);
	setrlimit(RLIMIT_FSIZE, &limit);
	output_write(scene->output, 0, 0, "second\n", 7, 1001);
	output_write(scene->output, 0, 0, "third\n", 6, 1002);
	if (output_lost_bytes(scene->output) != 3 + 6)
		return 1;
	if (!strstr(seen.text, "0/0/0:first|0/0/1:upfront: output is being lost: cannot write ") ||
	    !strstr(seen.text, "/web.log: File too large|0/0/0:second|0/0/0:third|"))
		return 2;
	setrlimit(RLIMIT_FSIZE, &old);
	output_write(scene->output, 0, 0, "fourth\n", 7, 1003);
	if (!strstr(seen.text, "0/0/0:third|0/0/1:upfront: output is written again to ") ||
	    !strstr(seen.text, "/web.log; 9 bytes were lost|0/0/0:fourth|"))
		return 3;
	/* Again within the minute: counted, not told once more. */
	seen.text[0] = '\0';
	setrlimit(RLIMIT_FSIZE, &limit);
	output_write(scene->output, 0, 0, "fifth\n", 6, 1004);
	if (strcmp(seen.text, "0/0/0:fifth|") != 0 || output_lost_bytes(scene->output) != 15)
		return 4;
	return 0;
}

static void test_full_disk_drops_and_says_so(void **state)
{
	(void)state;
	struct scene scene;
	scene_open(&scene, 0, 0);
	fflush(NULL);
	pid_t pid = fork();
	if (pid == 0)
		_exit(write_beyond_the_limit(&scene));
	assert_int_equal(children_wait(pid), 0);
	assert_file(&scene, "web.log", "first\nsecofourth\n");
	scene_close(&scene);
}

static void test_nothing_leaks(void **state)
{
	(void)state;
	int before = children_count_fds();
	struct scene scene;
	scene_open(&scene, 4096, 2);
	for (int i = 0; i < 500; i++)
		put(&scene, "some bytes to make it rotate quite a few times, again and again\n");
	scene_close(&scene);
	assert_int_equal(children_count_fds(), before);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines_are_cut_as_they_come),
		cmocka_unit_test(test_long_lines_come_in_pieces),
		cmocka_unit_test(test_a_unit_goes_and_another_comes),
		cmocka_unit_test(test_limits_can_change),
		cmocka_unit_test(test_ring_keeps_the_last_lines),
		cmocka_unit_test(test_tail_of_all_units_is_merged),
		cmocka_unit_test(test_runs_are_told_apart),
		cmocka_unit_test(test_rotation),
		cmocka_unit_test(test_index_finds_the_bytes),
		cmocka_unit_test(test_index_names_the_service),
		cmocka_unit_test(test_index_is_bounded),
		cmocka_unit_test(test_one_file_only),
		cmocka_unit_test(test_what_is_not_ours_is_refused),
		cmocka_unit_test(test_names_stay_in_their_folder),
		cmocka_unit_test(test_folder_that_cannot_be),
		cmocka_unit_test(test_file_removed_replaced_emptied),
		cmocka_unit_test(test_full_disk_drops_and_says_so),
		cmocka_unit_test(test_nothing_leaks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
