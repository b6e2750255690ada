/* SPDX-License-Identifier: MIT */
#include "config/err.h"
#include "config/paths.h"
#include "config/secrets.h"
#include "config/stack.h"
#include "telemetry/id.h"
#include "telemetry/notice.h"
#include "telemetry/records.h"
#include "telemetry/state.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A receipt is about 500 bytes; beyond this size the older half of the file goes. */
#define RECEIPTS_BYTES_MAX (512u * 1024u)

static const char *answer_word(enum consent_answer answer)
{
	switch (answer) {
	case CONSENT_YES:
		return "yes";
	case CONSENT_NO:
		return "no";
	case CONSENT_NO_FOR_GOOD:
		return "no_for_good";
	default:
		return NULL;
	}
}

static void add_text(cJSON *object, const char *name, const char *text)
{
	cJSON_AddItemToObject(object, name, text ? cJSON_CreateString(text) : cJSON_CreateNull());
}

/* One line with its newline, or NULL when out of memory. */
static char *receipt_line(const struct stack *stack, const struct telemetry_receipt *receipt)
{
	const struct telemetry_decl *decl = stack->telemetry;
	const struct telemetry_notice *notice = receipt->notice;
	cJSON *object = cJSON_CreateObject();
	char time[TIME_BYTES], *text, *line = NULL;
	char *masked = stack->version ? secrets_mask(&stack->secrets, stack->version) : NULL;

	time_text(time_now_ms(), time);
	add_text(object, "time", time);
	add_text(object, "answer", answer_word(receipt->answer));
	add_text(object, "method", consent_reason_word(receipt->method));
	add_text(object, "app", stack->app);
	cJSON_AddNumberToObject(object, "notice", decl ? decl->notice : 0);
	add_text(object, "notice_hash", notice ? notice->hash : NULL);
	add_text(object, "schema_hash", notice ? notice->schema_hash : NULL);
	add_text(object, "endpoint", decl ? decl->host : NULL);
	add_text(object, "app_version", masked ? masked : stack->version);
	free(masked);
	add_text(object, "version", UPFRONT_VERSION);
	text = cJSON_PrintUnformatted(object);
	cJSON_Delete(object);
	if (text) {
		size_t size_bytes = strlen(text);

		line = realloc(text, size_bytes + 2);
		if (line)
			memcpy(line + size_bytes, "\n", 2);
		else
			free(text);
	}
	return line;
}

/* Keeps the newer half of a file that has grown to its limit. */
static void receipts_shorten(const char *path)
{
	char *text = NULL, *from;
	size_t size_bytes;

	if (paths_read_file(path, 4 * RECEIPTS_BYTES_MAX, &text, &size_bytes) < 0) {
		/* Beyond any size we make: not ours to keep. */
		unlink(path);
		return;
	}
	from = memchr(text + size_bytes / 2, '\n', size_bytes - size_bytes / 2);
	if (from)
		paths_write_file(path, from + 1, size_bytes - (size_t)(from + 1 - text), 0600);
	free(text);
}

/* One write of one line at the end; a line torn by an earlier crash is ended first. */
static int append_line(const char *path, const char *line, const char **flaw)
{
	struct stat status;
	char last = '\n';
	size_t size_bytes = strlen(line);
	int result = 0;
	int fd = paths_open_own(AT_FDCWD, path, O_RDWR | O_APPEND | O_CREAT, flaw);

	if (fd < 0)
		return fd;
	if (fstat(fd, &status) < 0) {
		result = -errno;
		goto out;
	}
	if (status.st_size > 0 && pread(fd, &last, 1, status.st_size - 1) == 1 && last != '\n' &&
	    write(fd, "\n", 1) != 1)
		result = -EIO;
	if (result == 0 && write(fd, line, size_bytes) != (ssize_t)size_bytes)
		result = errno ? -errno : -EIO;
	if (result == 0 && fsync(fd) < 0)
		result = -errno;
out:
	close(fd);
	return result;
}

int telemetry_receipt_append(const struct stack *stack, const struct telemetry_receipt *receipt, struct err *err)
{
	char *path = NULL, *line = NULL;
	const char *flaw = NULL;
	struct stat status;
	int result;

	/* An answer that was not given leaves no trace. */
	if (!answer_word(receipt->answer))
		return 0;
	result = state_make(stack->app, err);
	if (result < 0) {
		err_context(err, "cannot keep the receipt of your answer");
		return result;
	}
	path = state_file(stack->app, STATE_RECEIPTS);
	line = receipt_line(stack, receipt);
	if (!path || !line) {
		result = err_set(err, ERR_INTERNAL, "cannot keep the receipt of your answer: out of memory");
		goto out;
	}
	if (lstat(path, &status) == 0 && !paths_flaw(&status) && status.st_size > (off_t)RECEIPTS_BYTES_MAX)
		receipts_shorten(path);
	result = append_line(path, line, &flaw);
	if (result < 0)
		result = err_set(err, ERR_FAILED, "cannot keep the receipt of your answer: %s: %s", path,
				 flaw ? flaw : strerror(-result));
out:
	free(line);
	free(path);
	return result;
}

char *telemetry_receipts_json(const char *app, size_t limit)
{
	char *path = state_file(app, STATE_RECEIPTS), *text = NULL, *printed = NULL;
	cJSON *array = cJSON_CreateArray();
	size_t size_bytes = 0, found = 0;

	if (!array || !path || paths_read_own(path, 4 * RECEIPTS_BYTES_MAX, &text, &size_bytes, NULL) < 0)
		size_bytes = 0;
	/* From the end to the beginning; a line that is no receipt is passed over. */
	while (size_bytes > 0 && found < limit) {
		char *newline = memrchr(text, '\n', size_bytes);
		char *line = newline ? newline + 1 : text;
		cJSON *receipt = cJSON_Parse(line);

		if (cJSON_IsObject(receipt)) {
			cJSON_AddItemToArray(array, receipt);
			found++;
		} else {
			cJSON_Delete(receipt);
		}
		size_bytes = newline ? (size_t)(newline - text) : 0;
		text[size_bytes] = '\0';
	}
	if (array)
		printed = cJSON_Print(array);
	cJSON_Delete(array);
	free(text);
	free(path);
	return printed;
}
