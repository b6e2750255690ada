/* SPDX-License-Identifier: MIT */
#include "config/err.h"
#include "launcher/cli.h"
#include "launcher/command/command.h"
#include "launcher/command/init_text.h"
#include "launcher/command/json_out.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define INIT_FILE "upfront.yaml"

static int find_file(const struct cli_context *context, const char **file, struct err *err)
{
	const char *const *files = (const char *const *)context->globals.files;
	const bool named = files != NULL && files[0] != NULL;

	if (named && (files[1] != NULL || context->arg_count > 0))
		return err_set(err, ERR_USAGE, "one file is written, and several are named");
	*file = named ? files[0] : context->arg_count > 0 ? context->args[0] : INIT_FILE;
	if ((*file)[0] == '\0' || strcmp(*file, "-") == 0)
		return err_set(err, ERR_USAGE, "'%s' names no file that can be written", *file);
	return 0;
}

static int refuse(const char *file, struct err *err)
{
	err_set(err, ERR_CONFIG, "%s is there already, and nothing is overwritten", file);
	err_hint(err, "name another: upfront init FILE");
	return -EEXIST;
}

/* Whole or not at all; a link that leads nowhere is there, too. */
static int write_new(const char *file, const char *text, struct err *err)
{
	const size_t size_bytes = strlen(text);
	const int fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
	int result = 0;

	if (fd < 0 && errno == EEXIST)
		return refuse(file, err);
	if (fd < 0)
		return err_set(err, ERR_CONFIG, "cannot write %s: %s", file, strerror(errno));
	for (size_t done = 0; result == 0 && done < size_bytes;) {
		const ssize_t size = write(fd, text + done, size_bytes - done);

		if (size > 0)
			done += (size_t)size;
		else if (size == 0 || errno != EINTR)
			result = size == 0 ? -EIO : -errno;
	}
	if (close(fd) < 0 && result == 0)
		result = -errno;
	if (result == 0)
		return 0;
	unlink(file);
	return err_set(err, ERR_CONFIG, "cannot write %s: %s", file, strerror(-result));
}

/* {"version": 1, "file": PATH, "from": NAME or null, "services": [NAME, ...]} */
static int print_json(const char *file, const struct init_text *text, struct err *err)
{
	cJSON *object = json_out_create(), *services;

	cJSON_AddStringToObject(object, "file", file);
	if (text->from != NULL)
		cJSON_AddStringToObject(object, "from", text->from);
	else
		cJSON_AddNullToObject(object, "from");
	services = cJSON_AddArrayToObject(object, "services");
	for (size_t i = 0; i < text->service_count; i++)
		cJSON_AddItemToArray(services, cJSON_CreateString(text->services[i]));
	return json_out_print(object, err);
}

static void say(const char *file, const struct init_text *text)
{
	const bool usual = strcmp(file, INIT_FILE) == 0;

	fprintf(stderr, "upfront: wrote %s, ", file);
	if (text->from == NULL)
		fputs("an example with one service\n", stderr);
	else
		fprintf(stderr, "from %s: %zu service%s\n", text->from, text->service_count,
			text->service_count == 1 ? "" : "s");
	fprintf(stderr, "  look through it, then: upfront%s%s config, upfront%s%s doctor, upfront%s%s up\n",
		usual ? "" : " -f ", usual ? "" : file, usual ? "" : " -f ", usual ? "" : file, usual ? "" : " -f ",
		usual ? "" : file);
}

static int init_run(struct cli_context *context, struct err *err)
{
	const char *file = NULL, *slash;
	struct init_text text = {.service_count = 0};
	char *dir = NULL;

	if (find_file(context, &file, err) < 0)
		return (int)err->code;
	/* Before anything else is said of what lies there. */
	if (faccessat(AT_FDCWD, file, F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
		refuse(file, err);
		return (int)err->code;
	}
	slash = strrchr(file, '/');
	dir = slash != NULL ? strndup(file, slash == file ? 1 : (size_t)(slash - file)) : strdup(".");
	if (dir == NULL)
		err_set(err, ERR_INTERNAL, "out of memory");
	else if (init_text_make(dir, &text, err) == 0 && write_new(file, text.text, err) == 0) {
		if (context->globals.json)
			print_json(file, &text, err);
		else if (!context->globals.quiet)
			say(file, &text);
	}
	init_text_finish(&text);
	free(dir);
	return (int)err->code;
}

const struct cli_command command_init = {
	.name = "init",
	.args = "[FILE]",
	.summary = "write a commented stack file to start from",
	.text = "Writes upfront.yaml, or FILE, from what lies beside it: a Compose file is included, the lines of a\n"
		"Procfile or the script of a package.json become services; else there is one service as an example.\n"
		"Asks nothing, executes nothing, overwrites nothing (exit code 3).",
	.args_max = 1,
	.run = init_run,
};
