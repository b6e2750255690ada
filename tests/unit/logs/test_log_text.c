/* SPDX-License-Identifier: MIT */
/* Log files as a text, held against a model that knows every byte: random files, appends, rotations, patterns, and steps from random places. */
#include "config/err.h"
#include "config/utf8.h"
#include "launcher/logs/log_order.h"
#include "launcher/logs/log_text_file.h"
#include "launcher/logs/log_window.h"
#include "tests/lib/children.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define MODEL_MAX (6u << 20)
#define FILES 4

/* ---- The model ---- */

struct model_piece {
	size_t from, next, size; /* in bytes of the model; size without the end */
	bool continues, ended;
	int64_t line; /* number from 1 on */
	bool passes, hit, problem;
};

struct model {
	char *bytes;
	size_t size;
	int64_t gone; /* bytes that have been rotated away: offset of bytes[0] */
	struct model_piece *pieces;
	size_t count;
};

struct pattern {
	const char *text;
	bool (*matches)(const char *bytes, size_t size);
};

struct scene {
	char *folder;
	struct log_text *text;
	struct model model;
	unsigned random;
	const struct pattern *search, *filter;
	bool except;
};

static unsigned roll(struct scene *self, unsigned sides)
{
	self->random = self->random * 1103515245u + 12345u;
	return (self->random >> 8) % sides;
}

static bool has(const char *bytes, size_t size, const char *word)
{
	return memmem(bytes, size, word, strlen(word)) != NULL;
}

static bool has_needle_folded(const char *bytes, size_t size)
{
	for (size_t i = 0; i + 6 <= size; i++)
		if (strncasecmp(bytes + i, "needle", 6) == 0)
			return true;
	return false;
}

static bool has_needle_capital(const char *bytes, size_t size)
{
	return has(bytes, size, "Needle");
}

static bool has_needle_number(const char *bytes, size_t size)
{
	for (size_t i = 0; i + 8 <= size; i++)
		if (strncasecmp(bytes + i, "needle-", 7) == 0 && bytes[i + 7] >= '0' && bytes[i + 7] <= '9')
			return true;
	return false;
}

static bool is_empty(const char *bytes, size_t size)
{
	(void)bytes;
	return size == 0;
}

static bool has_three_digits(const char *bytes, size_t size)
{
	size_t digits = 0;

	for (size_t i = 0; i < size && digits < 3; i++)
		digits = bytes[i] >= '0' && bytes[i] <= '9' ? digits + 1 : 0;
	return digits >= 3;
}

static bool has_either(const char *bytes, size_t size)
{
	return has_needle_folded(bytes, size) || has_three_digits(bytes, size);
}

static bool ends_with_x(const char *bytes, size_t size)
{
	return size > 0 && (bytes[size - 1] | 0x20) == 'x';
}

static bool has_word_then_not(const char *bytes, size_t size)
{
	for (size_t i = 0; i + 1 < size; i++)
		if ((bytes[i] | 0x20) == 'q' && (bytes[i + 1] | 0x20) != 'z' &&
		    utf8_length(bytes + i + 1, size - i - 1) > 0)
			return true;
	return false;
}

static const struct pattern patterns[] = {
	{"needle", has_needle_folded},
	{"Needle", has_needle_capital},
	{"needle-[0-9]+", has_needle_number},
	{"^$", is_empty},
	{"\\d\\d\\d", has_three_digits},
	{"needle|[0-9]{3}", has_either},
	{"x$", ends_with_x},
	/* Without the rest of a line behind it, a line end would do. */
	{"q[^z]", has_word_then_not},
};

static bool is_letter(char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
	       byte == '_';
}

static bool is_problem(const char *bytes, size_t size)
{
	const char *const words[] = {"error",    "warn",   "fatal",   "panic",    "exception", "traceback",
				     "critical", "failed", "failure", "segfault", "alert",     "emerg"};

	for (size_t i = 0; i < size; i++)
		for (size_t j = 0; j < sizeof(words) / sizeof(*words); j++)
			if (size - i >= strlen(words[j]) && strncasecmp(bytes + i, words[j], strlen(words[j])) == 0 &&
			    (i == 0 || !is_letter(bytes[i - 1])))
				return true;
	return false;
}

/* By the definition: a line may be cut at multiples of a cell, behind a whole cell in which none begins. */
static void find_pieces(struct scene *self)
{
	struct model *model = &self->model;
	size_t line = 0, from = 0, room = 0;
	int64_t number = 0;

	model->count = 0;
	for (size_t i = 1; i <= model->size; i++) {
		const bool ended = model->bytes[i - 1] == '\n';
		const int64_t v = model->gone + (int64_t)i;
		const bool cut = !ended && v % LOG_CELL_BYTES == 0 && i >= line + LOG_CELL_BYTES;
		struct model_piece *piece;

		if (!ended && !cut && i < model->size)
			continue;
		if (model->count == room) {
			room = room * 2 + 1024;
			model->pieces = realloc(model->pieces, room * sizeof(*piece));
			assert_non_null(model->pieces);
		}
		number += from == line;
		piece = &model->pieces[model->count++];
		*piece = (struct model_piece){.from = from,
					      .next = i,
					      .size = i - from,
					      .continues = from != line,
					      .ended = ended,
					      .line = number};
		if (ended)
			piece->size--;
		if (ended && piece->size > 0 && model->bytes[from + piece->size - 1] == '\r')
			piece->size--;
		from = i;
		if (ended)
			line = i;
	}
}

static void judge(struct scene *self)
{
	struct model *model = &self->model;

	for (size_t i = 0; i < model->count; i++) {
		struct model_piece *piece = &model->pieces[i];
		const char *bytes = model->bytes + piece->from;

		piece->passes = self->filter == NULL || self->filter->matches(bytes, piece->size) != self->except;
		piece->hit = piece->passes && self->search != NULL && self->search->matches(bytes, piece->size);
		piece->problem = piece->passes && is_problem(bytes, piece->size);
	}
}

/* ---- Files ---- */

static char *path_of(struct scene *self, int number)
{
	char *path = NULL;

	assert_true((number == 0 ? asprintf(&path, "%s/web.log", self->folder)
				 : asprintf(&path, "%s/web.log.%d", self->folder, number)) > 0);
	return path;
}

static void append(struct scene *self, const char *bytes, size_t size)
{
	char *path = path_of(self, 0);
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, size), (ssize_t)size);
	close(fd);
	free(path);
}

static void rotate(struct scene *self)
{
	char *last = path_of(self, FILES - 1);
	struct stat status;

	if (stat(last, &status) == 0) {
		struct model *model = &self->model;

		assert_int_equal(unlink(last), 0);
		memmove(model->bytes, model->bytes + status.st_size, model->size - (size_t)status.st_size);
		model->size -= (size_t)status.st_size;
		model->gone += status.st_size;
	}
	free(last);
	for (int i = FILES - 1; i > 0; i--) {
		char *from = path_of(self, i - 1), *to = path_of(self, i);

		(void)rename(from, to);
		free(from);
		free(to);
	}
	append(self, "", 0);
}

static const char *const words[] = {"needle",      "Needle-12", "needle-", "GET /", " status=500", "x",   "q",
				    "qz",          "error:",    "terror",  "WARN",  "12",          "345", "\xff\xfe",
				    "caf\xc3\xa9", "\xe2\x82",  "panic",   "=",     " ",           "\t",  "zz"};

static void write_line(struct scene *self)
{
	static char line[1u << 20];
	size_t size = 0, wanted = roll(self, 30);
	const unsigned kind = roll(self, 200);

	if (kind == 0)
		wanted = roll(self, 4000);
	else if (kind == 1)
		wanted = roll(self, 30) == 0 ? 200000 : 8000;
	while (wanted-- > 0 && size + 64 < sizeof(line)) {
		const char *word = words[roll(self, sizeof(words) / sizeof(*words))];

		memcpy(line + size, word, strlen(word));
		size += strlen(word);
		if (roll(self, 40) == 0)
			line[size++] = '\0';
	}
	if (roll(self, 10) == 0)
		line[size++] = '\r';
	if (roll(self, 25) != 0)
		line[size++] = '\n';
	if (self->model.size + size > MODEL_MAX)
		return;
	memcpy(self->model.bytes + self->model.size, line, size);
	self->model.size += size;
	append(self, line, size);
}

static void scene_open(struct scene *self, unsigned seed)
{
	const struct log_order_source source = {"web", NULL, 7};
	const struct log_text_options options = {.units = &source, .unit_count = 1};
	struct log_text_options with = options;
	struct err err = ERR_INIT;

	*self = (struct scene){.folder = children_make_folder(), .random = seed};
	self->model.bytes = malloc(MODEL_MAX);
	assert_non_null(self->model.bytes);
	for (unsigned i = roll(self, 3000); i > 0; i--) {
		write_line(self);
		if (roll(self, 500) == 0)
			rotate(self);
	}
	with.dir = self->folder;
	/* What was rotated away before has no places. */
	self->model.gone = 0;
	assert_int_equal(log_text_open(&with, &self->text, &err), 0);
	find_pieces(self);
	judge(self);
}

static void scene_close(struct scene *self)
{
	log_text_close(self->text);
	for (int i = 0; i < FILES; i++) {
		char *path = path_of(self, i);

		(void)unlink(path);
		free(path);
	}
	(void)rmdir(self->folder);
	free(self->folder);
	free(self->model.bytes);
	free(self->model.pieces);
}

/* ---- What is asked, and what the model says ---- */

static int64_t place_of(const struct scene *self, size_t at)
{
	return (self->model.gone + (int64_t)at) * LOG_ORDER_PLACES + LOG_ORDER_PLACES - 1;
}

static void work_on(struct scene *self)
{
	(void)self->text->ops->work(self->text, 50);
}

static void finish(struct scene *self)
{
	unsigned turns = 0;

	while (self->text->ops->work(self->text, roll(self, 3) == 0 ? 1 : 5000))
		assert_true(++turns < 1000000);
}

static void check_line(struct scene *self, const struct log_text_line *line, const struct model_piece *piece)
{
	size_t offsets[LOG_TEXT_HITS_MAX], sizes[LOG_TEXT_HITS_MAX], count;

	assert_int_equal(line->at, place_of(self, piece->from));
	assert_int_equal(line->next, place_of(self, piece->next));
	assert_int_equal(line->size_bytes, piece->size);
	assert_true(line->size_bytes <= LOG_TEXT_LINE_MAX);
	assert_memory_equal(line->bytes, self->model.bytes + piece->from, piece->size);
	assert_int_equal(line->continues, piece->continues);
	assert_int_equal(line->partial, !piece->ended && piece->next == self->model.size);
	assert_int_equal(line->kind, LOG_TEXT_OUTPUT);
	assert_string_equal(line->service, "web");
	assert_int_equal(line->service_number, 7);
	count = self->text->ops->hits(self->text, line, offsets, sizes, LOG_TEXT_HITS_MAX);
	if (self->search == NULL || !self->search->matches(line->bytes, line->size_bytes))
		assert_int_equal(count, 0);
	else if (self->search->matches != is_empty)
		assert_true(count > 0);
	for (size_t i = 0; i < count; i++)
		assert_true(offsets[i] + sizes[i] <= line->size_bytes);
}

static bool is_wanted(const struct model_piece *piece, unsigned wanted)
{
	return piece->passes && ((wanted & LOG_TEXT_ANY) || ((wanted & LOG_TEXT_HIT) && piece->hit) ||
				 ((wanted & LOG_TEXT_PROBLEM) && piece->problem));
}

static void check_next(struct scene *self, int64_t at, unsigned wanted)
{
	struct log_text_line line;
	enum log_text_found found;
	size_t i = 0;

	while (i < self->model.count &&
	       (place_of(self, self->model.pieces[i].from) <= at || !is_wanted(&self->model.pieces[i], wanted)))
		i++;
	while ((found = self->text->ops->find_next(self->text, at, wanted, &line)) == LOG_TEXT_LATER)
		work_on(self);
	assert_int_equal(found, i < self->model.count ? LOG_TEXT_THERE : LOG_TEXT_NONE);
	if (found == LOG_TEXT_THERE)
		check_line(self, &line, &self->model.pieces[i]);
}

static void check_before(struct scene *self, int64_t at, unsigned wanted)
{
	struct log_text_line line;
	enum log_text_found found;
	size_t i = self->model.count;

	while (i > 0 &&
	       (place_of(self, self->model.pieces[i - 1].from) >= at || !is_wanted(&self->model.pieces[i - 1], wanted)))
		i--;
	while ((found = self->text->ops->find_before(self->text, at, wanted, &line)) == LOG_TEXT_LATER)
		work_on(self);
	assert_int_equal(found, i > 0 ? LOG_TEXT_THERE : LOG_TEXT_NONE);
	if (found == LOG_TEXT_THERE)
		check_line(self, &line, &self->model.pieces[i - 1]);
}

static void check_at(struct scene *self, int64_t at)
{
	const struct model *model = &self->model;
	struct log_text_line line;
	enum log_text_found found;
	size_t i = 0;

	while (i < model->count && (place_of(self, model->pieces[i].next) <= at || !model->pieces[i].passes))
		i++;
	while ((found = self->text->ops->line(self->text, at, &line)) == LOG_TEXT_LATER)
		work_on(self);
	assert_int_equal(found, i < model->count ? LOG_TEXT_THERE : LOG_TEXT_NONE);
	if (found == LOG_TEXT_THERE)
		check_line(self, &line, &model->pieces[i]);
}

static void check_numbers(struct scene *self, size_t i)
{
	const struct model *model = &self->model;
	const struct log_text_ops *ops = self->text->ops;
	const struct model_piece *piece = &model->pieces[i];
	const int64_t at = place_of(self, piece->from);
	int64_t hits = 0, from = 0, place;
	enum log_text_found found;
	size_t first = i;

	for (size_t j = 0; j <= i; j++)
		hits += model->pieces[j].hit;
	for (size_t j = i; j < model->count; j++)
		from += model->pieces[j].passes;
	while (first > 0 && model->pieces[first].line == model->pieces[first - 1].line)
		first--;
	assert_int_equal(ops->number(self->text, at), piece->line);
	if (self->search != NULL)
		assert_int_equal(ops->hit_number(self->text, at), hits);
	assert_int_equal(ops->count_from(self->text, at, 1 << 30), from);
	assert_int_equal(ops->count_from(self->text, at, 3), from < 3 ? from : 3);
	found = ops->go_to_number(self->text, piece->line, &place);
	assert_int_equal(found, LOG_TEXT_THERE);
	assert_int_equal(place, place_of(self, model->pieces[first].from));
}

static void check_status(struct scene *self)
{
	const struct model *model = &self->model;
	struct log_text_status status;
	int64_t passed = 0, hits = 0;

	for (size_t i = 0; i < model->count; i++) {
		passed += model->pieces[i].passes;
		hits += model->pieces[i].hit;
	}
	self->text->ops->status(self->text, &status);
	assert_null(status.trouble);
	assert_int_equal(status.lines, model->count > 0 ? model->pieces[model->count - 1].line : 0);
	assert_true(status.shown_final);
	assert_int_equal(status.shown_lines, passed);
	assert_int_equal(status.hits, hits);
	assert_int_equal(status.hits_final, self->search != NULL);
	assert_int_equal(status.percent, 100);
	assert_int_equal(status.size_bytes, (int64_t)model->size);
	assert_true(status.problems >= 0);
}

static void check(struct scene *self)
{
	const unsigned wanted[] = {LOG_TEXT_ANY, LOG_TEXT_HIT, LOG_TEXT_PROBLEM, LOG_TEXT_HIT | LOG_TEXT_PROBLEM,
				   LOG_TEXT_HIT | LOG_TEXT_ANY};
	const struct model *model = &self->model;
	const bool counted = roll(self, 2) == 0;

	judge(self);
	if (counted)
		finish(self);
	for (int i = 0; i < 12; i++) {
		int64_t at = place_of(self, model->size > 0 ? roll(self, (unsigned)model->size) : 0);

		if (roll(self, 8) == 0)
			at -= roll(self, LOG_ORDER_PLACES);
		if (model->count > 0 && roll(self, 2) == 0)
			at = place_of(self, model->pieces[roll(self, (unsigned)model->count)].from);
		check_next(self, at, wanted[roll(self, 5)]);
		check_before(self, at, wanted[roll(self, 5)]);
		check_at(self, at);
	}
	check_next(self, self->text->ops->start(self->text) - 1, LOG_TEXT_ANY);
	check_before(self, self->text->ops->end(self->text), LOG_TEXT_ANY);
	finish(self);
	check_status(self);
	for (int i = 0; model->count > 0 && i < 4; i++)
		check_numbers(self, roll(self, (unsigned)model->count));
}

static void choose_patterns(struct scene *self)
{
	const unsigned count = sizeof(patterns) / sizeof(*patterns);
	char problem[64] = "";

	if (roll(self, 2) == 0) {
		self->search = roll(self, 5) == 0 ? NULL : &patterns[roll(self, count)];
		const char *text = self->search != NULL ? self->search->text : "";
		assert_int_equal(self->text->ops->search(self->text, text, strlen(text),
							 place_of(self, self->model.size / 2), problem,
							 sizeof(problem)),
				 0);
	}
	if (roll(self, 2) == 0) {
		self->filter = roll(self, 2) == 0 ? NULL : &patterns[roll(self, count)];
		self->except = roll(self, 2) == 0;
		const char *text = self->filter != NULL ? self->filter->text : "";
		assert_int_equal(
			self->text->ops->filter(self->text, text, strlen(text), self->except, problem, sizeof(problem)),
			0);
	}
}

static void test_against_model(void **state)
{
	struct scene scene;

	(void)state;
	for (unsigned seed = 1; seed <= 12; seed++) {
		scene_open(&scene, seed * 7919);
		for (int round = 0; round < 12; round++) {
			check(&scene);
			choose_patterns(&scene);
			check(&scene);
			for (unsigned i = roll(&scene, 60); i > 0; i--)
				write_line(&scene);
			if (roll(&scene, 3) == 0)
				rotate(&scene);
			for (unsigned i = roll(&scene, 20); i > 0; i--)
				write_line(&scene);
			(void)scene.text->ops->refresh(scene.text);
			assert_false(scene.text->ops->refresh(scene.text));
			find_pieces(&scene);
		}
		scene_close(&scene);
	}
}

/* Somebody empties the log while it is looked at: nothing is shown that is not there, and no place means something else. */
static void test_emptied(void **state)
{
	struct scene scene;
	struct log_text_line line;
	struct log_text_status status;
	int64_t end;
	char *path;

	(void)state;
	scene_open(&scene, 5);
	scene.filter = scene.search = NULL;
	finish(&scene);
	end = scene.text->ops->end(scene.text);
	for (int i = 0; i < FILES; i++) {
		path = path_of(&scene, i);
		if (access(path, F_OK) == 0)
			assert_int_equal(truncate(path, 0), 0);
		free(path);
	}
	while (scene.text->ops->find_before(scene.text, end, LOG_TEXT_HIT, &line) == LOG_TEXT_LATER)
		work_on(&scene);
	(void)scene.text->ops->find_before(scene.text, end, LOG_TEXT_ANY, &line);
	append(&scene, "after\nthat", 10);
	assert_true(scene.text->ops->refresh(scene.text));
	finish(&scene);
	assert_true(scene.text->ops->start(scene.text) >= end);
	assert_int_equal(scene.text->ops->line(scene.text, 0, &line), LOG_TEXT_THERE);
	assert_int_equal(line.at, scene.text->ops->start(scene.text));
	assert_int_equal(line.size_bytes, 5);
	assert_memory_equal(line.bytes, "after", 5);
	assert_int_equal(scene.text->ops->number(scene.text, line.at), 1);
	scene.text->ops->status(scene.text, &status);
	assert_int_equal(status.lines, 2);
	assert_int_equal(status.size_bytes, 10);
	scene_close(&scene);
}

static void test_trouble_is_told(void **state)
{
	struct scene scene = {.folder = children_make_folder()};
	const struct log_order_source source = {"web", NULL, 7};
	const struct log_text_options options = {.dir = scene.folder, .units = &source, .unit_count = 1};
	struct log_text_status status;
	struct err err = ERR_INIT;
	char *path = path_of(&scene, 0);

	(void)state;
	assert_int_equal(symlink("/etc/passwd", path), 0);
	assert_int_equal(log_text_open(&options, &scene.text, &err), 0);
	finish(&scene);
	scene.text->ops->status(scene.text, &status);
	assert_non_null(status.trouble);
	assert_non_null(strstr(status.trouble, "cannot open web.log: "));
	assert_int_equal(status.lines, 0);
	free(path);
	scene_close(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_against_model),
		cmocka_unit_test(test_emptied),
		cmocka_unit_test(test_trouble_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
