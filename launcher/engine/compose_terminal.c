/* SPDX-License-Identifier: MIT */
#include "launcher/engine/compose_parts.h"

#include "launcher/engine/docker_api.h"

#include <errno.h>
#include <stdio.h>

#define PATH_BYTES 256
#define TIMEOUT_MS 10000
/* Of a terminal whose size nobody has said: as of a process of this machine. */
#define ROWS 24
#define COLUMNS 80

/* ---- Typing ---- */

static bool runs(const struct part *part)
{
	return part != NULL && part->container[0] != '\0' && (part->state == PART_RUNS || part->state == PART_STOPPING);
}

static void on_attach_done(void *context, const struct docker_answer *answer)
{
	struct part *part = context;

	part->attach = NULL;
	if (answer->error < 0)
		compose_suspect(part->engine);
}

/* What the terminal shows comes by the log. */
static bool on_attach_bytes(void *context, const char *bytes, size_t size_bytes)
{
	(void)context;
	(void)bytes;
	(void)size_bytes;
	return true;
}

static int attach(struct part *part)
{
	char path[PATH_BYTES];
	const struct docker_request request = {.method = "POST",
					       .path = path,
					       .timeout_ms = TIMEOUT_MS,
					       .done = on_attach_done,
					       .bytes = on_attach_bytes,
					       .context = part};

	snprintf(path, sizeof(path), "/containers/%s/attach?stream=1&stdin=1", part->container);
	part->attach = docker_begin(part->engine->docker, &request);
	return part->attach != NULL ? 0 : -ENOMEM;
}

int compose_type(struct engine *self, unsigned unit, const char *bytes, size_t size_bytes)
{
	struct part *part = compose_find(self, unit);

	if (!runs(part))
		return -ESRCH;
	if (!part->tty)
		return -ENOTTY;
	if (!part->stdin_open)
		return -EACCES;
	if (part->attach == NULL && attach(part) < 0)
		return -ENOMEM;
	return docker_call_type(part->attach, bytes, size_bytes);
}

/* ---- Its size ---- */

static void send_size(struct part *part, unsigned rows, unsigned columns);

static void on_resized(void *context, const struct docker_answer *answer)
{
	struct part *part = context;

	part->resize = NULL;
	if (answer->error < 0)
		compose_suspect(part->engine);
	else if (part->resize_again)
		send_size(part, part->rows, part->columns);
}

/* One at a time: which of two is served first is not known. */
static void send_size(struct part *part, unsigned rows, unsigned columns)
{
	char path[PATH_BYTES];
	const struct docker_request request = {
		.method = "POST", .path = path, .timeout_ms = TIMEOUT_MS, .done = on_resized, .context = part};

	part->resize_again = part->resize != NULL || rows != part->rows || columns != part->columns;
	if (part->resize != NULL)
		return;
	snprintf(path, sizeof(path), "/containers/%s/resize?h=%u&w=%u", part->container, rows, columns);
	part->resize = docker_begin(part->engine->docker, &request);
}

void compose_terminal_begin(struct part *part)
{
	if (!part->tty)
		return;
	if (part->rows == 0) {
		part->rows = ROWS;
		part->columns = COLUMNS;
	}
	send_size(part, part->rows, part->columns);
}

void compose_terminal_end(struct part *part)
{
	docker_call_cancel(part->attach);
	docker_call_cancel(part->resize);
	part->attach = part->resize = NULL;
	part->resize_again = false;
}

int compose_resize(struct engine *self, unsigned unit, unsigned rows, unsigned columns)
{
	struct part *part = compose_find(self, unit);
	bool same;

	if (!runs(part))
		return -ESRCH;
	if (!part->tty)
		return -ENOTTY;
	same = part->rows == rows && part->columns == columns;
	part->rows = rows;
	part->columns = columns;
	/* The kernel tells a program only of another size, and who says one wants to see all of it drawn anew. */
	send_size(part, rows, same ? columns + 1 : columns);
	return 0;
}
