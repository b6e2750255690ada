/* SPDX-License-Identifier: MIT */
#include "config/dotenv_edit.h"

#include "config/dotenv.h"
#include "config/err.h"
#include "config/interpolate.h"
#include "config/paths.h"
#include "config/strmap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Values of these bytes alone mean themselves to every program that reads such files. */
#define BARE "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./:@%+,-"

/* One answer, and where it goes. */
struct edit {
	const char *key;
	char *value; /* quoted */
	struct dotenv_span span;
	bool found;
};

struct edits {
	struct edit *items;
	size_t count;
};

/* What it held may be a secret. */
static void wipe(char *text, size_t size_bytes)
{
	if (text)
		explicit_bzero(text, size_bytes);
	free(text);
}

static void wipe_map(struct strmap *map)
{
	for (size_t i = 0; i < map->count; i++)
		if (map->entries[i].value)
			explicit_bzero(map->entries[i].value, strlen(map->entries[i].value));
	strmap_finish(map);
}

/* ---- Quoting ---- */

static char *quote_double(const char *value)
{
	char *quoted = malloc(2 * strlen(value) + 3), *out = quoted;

	if (!quoted)
		return NULL;
	*out++ = '"';
	for (; *value; value++) {
		const char *escaped = strchr("\n\r\"\\$", *value);

		if (escaped)
			*out++ = '\\';
		*out++ = *value == '\n' ? 'n' : *value == '\r' ? 'r' : *value;
	}
	*out++ = '"';
	*out = '\0';
	return quoted;
}

/* At either end some readers trim more than blanks. */
static bool is_graph(char c)
{
	return c > ' ' && (unsigned char)c < 0x7f;
}

/* Backslashes stand for themselves outside of quotes; inside, readers differ on one in front of the closing quote. */
static bool is_better_bare(const char *value)
{
	size_t size = strlen(value);

	if (!strchr(value, '\\') || strpbrk(value, "$#") || *value == '\'' || *value == '"')
		return false;
	for (size_t i = 0; i < size; i++)
		if ((unsigned char)value[i] < ' ' || value[i] == 0x7f)
			return false;
	return is_graph(value[0]) && is_graph(value[size - 1]);
}

char *dotenv_quote(const char *value)
{
	char *quoted;

	if (value[strspn(value, BARE)] == '\0' || is_better_bare(value))
		return strdup(value);
	/* Readers differ on escapes in single quotes, not on what holds none. */
	if (strpbrk(value, "'\\\n\r"))
		return quote_double(value);
	return asprintf(&quoted, "'%s'", value) < 0 ? NULL : quoted;
}

/* ---- Merging ---- */

static void edits_finish(struct edits *self)
{
	for (size_t i = 0; i < self->count; i++)
		wipe(self->items[i].value, self->items[i].value ? strlen(self->items[i].value) : 0);
	free(self->items);
}

static bool is_name(const char *key)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";

	return *key && strchr(letters, *key) &&
	       key[strspn(key, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_")] == '\0';
}

static int edits_init(struct edits *self, const struct strmap *answers, struct err *err)
{
	self->items = calloc(answers->count + 1, sizeof(*self->items));
	if (!self->items)
		return err_set(err, ERR_INTERNAL, "out of memory");
	for (size_t i = 0; i < answers->count; i++) {
		const struct strmap_entry *answer = &answers->entries[i];
		struct edit *edit = &self->items[self->count++];

		if (!is_name(answer->key) || !answer->value)
			return err_set(err, ERR_CONFIG, "'%s' is no variable that can be kept", answer->key);
		edit->key = answer->key;
		edit->value = dotenv_quote(answer->value);
		if (!edit->value)
			return err_set(err, ERR_INTERNAL, "out of memory");
	}
	return 0;
}

/* The last line that gives a value is the one that counts; a name alone is taken where there is none. */
static void note_span(void *context, const char *key, const struct dotenv_span *span)
{
	const struct edits *self = context;

	for (size_t i = 0; i < self->count; i++) {
		struct edit *edit = &self->items[i];

		if (strcmp(edit->key, key) != 0 || (edit->found && edit->span.has_value && !span->has_value))
			continue;
		edit->span = *span;
		edit->found = true;
	}
}

/* By place; what is to be added comes last, in its own order. */
static void edits_sort(struct edits *self)
{
	for (size_t i = 1; i < self->count; i++) {
		const struct edit moved = self->items[i];
		size_t k = i;

		for (; k > 0 && moved.found &&
		       (!self->items[k - 1].found || self->items[k - 1].span.value > moved.span.value);
		     k--)
			self->items[k] = self->items[k - 1];
		self->items[k] = moved;
	}
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\v' || c == '\f' || c == '\r';
}

/* Nothing, and `# why` behind a blank, which is read as a value but was meant as none: the new one goes in front. */
static void narrow(const char *text, struct dotenv_span *span)
{
	const bool is_comment =
		span->value < span->value_end && text[span->value] == '#' && is_blank(text[span->value - 1]);

	if (!span->has_value || (span->value < span->value_end && !is_comment))
		return;
	while (is_blank(text[span->value - 1]))
		span->value--;
	span->value_end = span->value;
}

static const char *line_end_of(const char *text, size_t size_bytes)
{
	const char *newline = memchr(text, '\n', size_bytes);

	return newline && newline > text && newline[-1] == '\r' ? "\r\n" : "\n";
}

/* Bare nothing in front of a comment would make that the value. */
static const char *value_before(const char *rest, size_t size_bytes, const char *value)
{
	for (; size_bytes && is_blank(*rest); rest++, size_bytes--)
		;
	return *value == '\0' && size_bytes && *rest == '#' ? "''" : value;
}

static void put_edited(FILE *out, const char *text, size_t size_bytes, const struct edits *edits)
{
	const char *line_end = line_end_of(text, size_bytes);
	size_t at = 0;
	bool added = false;

	for (size_t i = 0; i < edits->count; i++) {
		struct edit *edit = &edits->items[i];

		if (!edit->found)
			continue;
		narrow(text, &edit->span);
		fwrite(text + at, 1, edit->span.value - at, out);
		at = edit->span.value_end;
		fprintf(out, "%s%s", edit->span.has_value ? "" : "=",
			value_before(text + at, size_bytes - at, edit->value));
		if (at < size_bytes && text[at] == '#')
			fputc(' ', out);
	}
	fwrite(text + at, 1, size_bytes - at, out);
	for (size_t i = 0; i < edits->count; i++) {
		const struct edit *edit = &edits->items[i];

		if (edit->found)
			continue;
		if (!added && size_bytes && text[size_bytes - 1] != '\n')
			fputs(line_end, out);
		added = true;
		fprintf(out, "%s=%s%s", edit->key, edit->value, line_end);
	}
}

static const char *find_nothing(void *context, const char *name)
{
	(void)context;
	(void)name;
	return NULL;
}

/* True when all in `a` but `answers` stands in `b` as well. */
static bool holds(const struct strmap *a, const struct strmap *b, const struct strmap *answers)
{
	for (size_t i = 0; i < a->count; i++) {
		const char *key = a->entries[i].key, *value = a->entries[i].value, *other = strmap_find(b, key);

		if (strmap_has(answers, key))
			continue;
		if (!strmap_has(b, key) || !value != !other || (value && strcmp(value, other) != 0))
			return false;
	}
	return true;
}

/* The edited text gives the answers, and all else as before. */
static bool reads_as_wanted(const char *text, size_t size_bytes, const struct strmap *before,
			    const struct strmap *answers)
{
	const struct interpolate_source nothing = {find_nothing, NULL, NULL, NULL};
	struct strmap after, filled;
	bool result;

	strmap_init(&after);
	strmap_init(&filled);
	result = dotenv_parse("", text, size_bytes, NULL, &after, NULL) == 0 && holds(before, &after, answers) &&
		 holds(&after, before, answers);
	/* What other lines ask of variables that are not here is their own business. */
	(void)dotenv_parse("", text, size_bytes, &nothing, &filled, NULL);
	for (size_t i = 0; i < answers->count; i++) {
		const char *value = strmap_find(&filled, answers->entries[i].key);

		result = result && value && strcmp(value, answers->entries[i].value) == 0;
	}
	wipe_map(&after);
	wipe_map(&filled);
	return result;
}

int dotenv_merge(const char *file, const char *text, size_t size_bytes, const struct strmap *answers, char **merged,
		 size_t *merged_size_bytes, struct err *err)
{
	struct edits edits = {NULL, 0};
	struct strmap before;
	char *bytes = NULL;
	size_t size = 0;
	FILE *out;
	int result;

	strmap_init(&before);
	result = edits_init(&edits, answers, err);
	if (result == 0)
		result = dotenv_walk(file, text, size_bytes, NULL, &before, note_span, &edits, err);
	if (result < 0)
		goto out;
	edits_sort(&edits);
	out = open_memstream(&bytes, &size);
	if (out)
		put_edited(out, text, size_bytes, &edits);
	if (!out || fclose(out) != 0) {
		result = err_set(err, ERR_INTERNAL, "out of memory");
		goto out;
	}
	if (!reads_as_wanted(bytes, size, &before, answers)) {
		result = err_at(err, ERR_CONFIG, (struct err_place){file, 0, 0},
				"laid out in a way that cannot be edited safely");
		goto out;
	}
	*merged = bytes;
	*merged_size_bytes = size;
	bytes = NULL;
out:
	wipe(bytes, size);
	wipe_map(&before);
	edits_finish(&edits);
	return result;
}

/* ---- On disk ---- */

static int refuse(struct err *err, const char *path, const char *why)
{
	int result = err_set(err, ERR_CONFIG, "cannot write %s: %s", path, why);

	err_hint(err, "write the answers into it by hand, or name another file with --env-file");
	return result;
}

/* What the path leads to: a file of ours, or nothing yet. The caller frees *target. */
static int find_target(const char *path, char **target, struct err *err)
{
	struct stat status;

	*target = NULL;
	if (lstat(path, &status) < 0 && errno == ENOENT)
		*target = strdup(path);
	else
		*target = realpath(path, NULL);
	if (!*target)
		return refuse(err, path, errno == ENOENT ? "it is a link to nothing" : strerror(errno));
	if (stat(*target, &status) < 0)
		return errno == ENOENT ? 0 : refuse(err, path, strerror(errno));
	if (!S_ISREG(status.st_mode))
		return refuse(err, path, "it is not a regular file");
	if (status.st_uid != geteuid())
		return refuse(err, path, "it belongs to somebody else");
	return 0;
}

static char *folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");
}

int dotenv_edit_check(const char *path, struct err *err)
{
	char *target = NULL, *folder = NULL;
	int result = find_target(path, &target, err);

	if (result < 0)
		goto out;
	folder = folder_of(target);
	if (folder && access(folder, W_OK | X_OK) < 0)
		result = refuse(err, path, strerror(errno));
out:
	free(folder);
	free(target);
	return result;
}

/* Held while the descriptor is open; -1: there is no such folder, and the writing will say why. */
static int lock_folder(const char *path)
{
	char *folder = folder_of(path);
	int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	free(folder);
	while (fd >= 0 && flock(fd, LOCK_EX) < 0 && errno == EINTR)
		;
	return fd;
}

int dotenv_edit(const char *path, const struct strmap *answers, struct err *err)
{
	char *target = NULL, *text = NULL, *merged = NULL;
	size_t size = 0, merged_size = 0;
	int result = find_target(path, &target, err), folder = -1;

	if (result < 0)
		goto out;
	folder = lock_folder(target);
	result = paths_read_file(target, DOTENV_BYTES_MAX, &text, &size);
	if (result < 0 && result != -ENOENT) {
		result = refuse(err, path, paths_read_reason(result));
		goto out;
	}
	result = dotenv_merge(path, text ? text : "", size, answers, &merged, &merged_size, err);
	if (result < 0)
		goto out;
	if (merged_size > DOTENV_BYTES_MAX)
		result = refuse(err, path, paths_read_reason(-EFBIG));
	else if (!text || merged_size != size || memcmp(merged, text, size) != 0)
		result = paths_write_file(target, merged, merged_size, 0600);
	if (result < 0 && !err_is_set(err))
		result = refuse(err, path, strerror(-result));
out:
	if (folder >= 0)
		close(folder);
	wipe(text, size);
	wipe(merged, merged_size);
	free(target);
	return result;
}
