/* SPDX-License-Identifier: MIT */
#include "tests/lib/task_scene.h"

#include "tests/lib/run.h"
#include "tests/lib/stack_run.h"
#include "tests/lib/term.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define FILLERS 194u
#define ENVIRONMENT_MAX 32
/* Of db's log, which has one more. */
#define LINE_BYTES 64u
#define UP "\033[A"
#define DOWN "\033[B"

/* 96 bytes. */
const char task_error_line[] =
	"ERROR cannot open the vault: permission denied (/var/lib/vault/key): run as owner of the file, 1";
/* Twelve lines, of which some are longer than any screen here is wide. */
const char task_trace[] = "Traceback of query 4711, which was ended after 30 s because its connection had been closed "
			  "by the other side meanwhile, as it seems\n"
			  "    at query (/srv/engine/db.js:88:14)\n"
			  "    at async list (/srv/engine/items.js:12:9)\n"
			  "    at async Promise.all (index 0) in the pool of connections, while 7 of 8 were in use and "
			  "31 queries waited for one of them to come\n"
			  "    at async handle (/srv/engine/http.js:301:5)\n"
			  "    at async run (/srv/engine/http.js:77:3)\n"
			  "    at async loop (/srv/engine/main.js:40:11)\n"
			  "    at async main (/srv/engine/main.js:12:3)\n"
			  "    at Object.start (/srv/engine/main.js:5:1)\n"
			  "    at Module.load (node:internal:1207)\n"
			  "    at Module.run (node:internal:1022)\n"
			  "    at begin (node:internal:12)";

static const char stack_head[] = "name: wren\n"
				 "x-upfront:\n"
				 "  app: WrenAI\n"
				 "  version: 0.29.2\n"
				 "  telemetry:\n"
				 "    notice: 3\n"
				 "    controller: Wren Ltd\n"
				 "    purpose: to learn what is used\n"
				 "    host: file:events.jsonl\n"
				 "    key: phc_example\n"
				 "services:\n";
static const char stack_services[] =
	"  api:\n"
	"    command: [sh, api.sh]\n"
	"    restart: on-failure:2\n"
	"    environment: {PORT: \"8080\", API_KEY: \"not to be shown\"}\n"
	"    depends_on: {db: {condition: service_healthy}}\n"
	"    x-upfront: {backoff: {initial: 10ms}, ready: {log: \"^listening\"}, open: \"http://localhost:8080\"}\n"
	"  db:\n"
	"    command: [sh, -c, \"cat db.log; echo ready for connections; exec sleep 1000\"]\n"
	"    x-upfront: {ready: {log: \"^ready for\"}, log: {max_size: 64m}}\n"
	"  engine:\n"
	"    command: [sh, engine.sh]\n"
	"    depends_on: {db: {condition: service_healthy}}\n"
	"    x-upfront: {ready: {log: \"^engine is up\"}}\n"
	"  ui:\n"
	"    command: [sh, -c, \"echo listening; exec sleep 1000\"]\n"
	"    depends_on: {migrate: {condition: service_completed_successfully}}\n"
	"    x-upfront: {ready: {log: \"^listening\"}, open: \"http://localhost:3000\"}\n"
	"  worker:\n"
	"    command: sleep 1000\n"
	"    depends_on: {api: {condition: service_healthy}}\n"
	"  migrate:\n"
	"    command: [sh, -c, \"echo 12 migrations applied\"]\n"
	"    depends_on: {db: {condition: service_healthy}}\n";

static const char api[] = "echo reading the configuration\n"
			  "if [ -e mended ]; then echo listening on 8080; exec sleep 1000; fi\n"
			  "cat error.txt >&2; echo >&2\n"
			  "exit 3\n";
/* Holds some memory, so that it is the one that eats it. */
static const char engine[] = "eaten=$(head -c 24000000 /dev/zero | tr '\\0' x)\n"
			     "exec 3<>feed\n"
			     "i=0; while [ $i -lt 60 ]; do echo \"plan cache hit id=$i\"; i=$((i + 1)); done\n"
			     "cat trace.txt; echo; echo engine is up\n"
			     "while read -r count; do\n"
			     "  i=0; while [ $i -lt $count ]; do echo \"answered $i\"; i=$((i + 1)); done\n"
			     "done <&3\n";

/* ---- The stack ---- */

static void write_stack(const struct task_scene *self)
{
	size_t size = 0;
	char *text = NULL;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	fputs(stack_head, out);
	for (unsigned i = 1; self->look->many && i <= FILLERS; i++)
		fprintf(out, "  svc-%03u: {command: sleep 1000}\n", i);
	fputs(stack_services, out);
	fclose(out);
	world_write(&self->world, "compose.yaml", text);
	free(text);
}

/* Lines of one size; every so many one is slow, and one has the needle. */
static void write_log(const struct task_scene *self)
{
	const size_t lines = self->look->log_bytes / (LINE_BYTES + 1), every = lines / TASK_HITS;
	char *text = malloc(lines * (LINE_BYTES + 1) + 1);

	assert_true(every > 1);
	assert_non_null(text);
	for (size_t i = 0; i < lines; i++) {
		const bool slow = i % every == 1 && i / every < TASK_HITS;
		char line[2 * LINE_BYTES];

		snprintf(line, sizeof(line), "%zu %s %-64s", i + 1,
			 i == lines / 3 * 2 / every * every ? "a needle"
			 : slow                             ? "a slow query, status=500"
							    : "checkpoint complete",
			 "");
		memcpy(text + i * (LINE_BYTES + 1), line, LINE_BYTES);
		text[i * (LINE_BYTES + 1) + LINE_BYTES] = '\n';
	}
	world_write_bytes(&self->world, "db.log", text, lines * (LINE_BYTES + 1));
	free(text);
}

/* ---- The terminal ---- */

static void open_terminal(struct task_scene *self, const char *words)
{
	const struct world *world = &self->world;
	const char *environment[ENVIRONMENT_MAX + 1] = {NULL};
	char command[3 * WORLD_PATH_MAX], socket[64], *entries[ENVIRONMENT_MAX];
	size_t count = 0;

	for (; count < world->environment.count; count++) {
		const struct strmap_entry *entry = &world->environment.entries[count];

		assert_true(count < ENVIRONMENT_MAX);
		assert_true(asprintf(&entries[count], "%s=%s", entry->key, entry->value) > 0);
		environment[count] = entries[count];
	}
	/* A shell stays, as a person's does: what the program leaves on the screen can be read. */
	snprintf(command, sizeof(command), "'%s/upfront' -C '%s' %s; echo \"[code $?]\"; read -r line", world->bin_dir,
		 world->stack, words);
	snprintf(socket, sizeof(socket), "task-%d", (int)getpid());
	const char *const plain[] = {"/bin/sh", "-c", command, NULL};
	const char *const within[] = {"/usr/bin/tmux", "-u",    "-L", socket, "-f", world_path(world, "tmux.conf"),
				      "new-session",   command, NULL};
	self->vt = vt_start(self->look->tmux ? within : plain, &(struct vt_options){.rows = self->look->rows,
										    .columns = self->look->columns,
										    .environment = environment,
										    .stdout_terminal = true});
	for (size_t i = 0; i < count; i++)
		free(entries[i]);
}

void task_start(struct task_scene *self, const struct task_look *look)
{
	*self = (struct task_scene){.look = look};
	world_begin(&self->world);
	world_setenv(&self->world, "TERM", "xterm-256color");
	world_setenv(&self->world, "BROWSER", "true");
	if (look->no_color)
		world_setenv(&self->world, "NO_COLOR", "1");
	if (look->latin)
		world_setenv(&self->world, "LANG", "C");
	if (look->ascii)
		world_write(&self->world, "../config/upfront/config.yaml", "ascii: true\n");
	if (look->tmux)
		world_write(&self->world, "tmux.conf",
			    "set -g status off\nset -g mouse on\nset -s escape-time 0\nset -s set-clipboard on\n"
			    "set -g default-terminal tmux-256color\n");
	write_stack(self);
	write_log(self);
	world_write(&self->world, "api.sh", api);
	world_write(&self->world, "engine.sh", engine);
	world_write(&self->world, "error.txt", task_error_line);
	world_write(&self->world, "trace.txt", task_trace);
	assert_int_equal(mkfifo(world_path(&self->world, "feed"), 0600), 0);
	open_terminal(self, "up --telemetry=on");
}

/* Keys typed before the screen is there are thrown away. */
static void wait_for_services(struct task_scene *self)
{
	vt_wait_text(self->vt, self->look->many ? " svc-001 " : " db ");
}

void task_start_again(struct task_scene *self)
{
	open_terminal(self, "up --telemetry=on");
	wait_for_services(self);
}

void task_attach(struct task_scene *self)
{
	open_terminal(self, "attach");
	wait_for_services(self);
}

char *task_leave(struct task_scene *self)
{
	char *shot;

	vt_wait_anew(self->vt);
	vt_wait_text(self->vt, "[code ");
	shot = vt_shot(self->vt);
	vt_send(self->vt, "\r");
	assert_int_equal(vt_wait_exit(self->vt), 0);
	vt_finish(self->vt);
	self->vt = NULL;
	return shot;
}

void task_finish(struct task_scene *self)
{
	if (self->vt != NULL)
		vt_finish(self->vt);
	world_end(&self->world);
}

/* ---- What a person does ---- */

static void fail_task(const struct task_scene *self, const char *what)
{
	char *shot = vt_shot(self->vt);

	fprintf(stderr, "%s, %s: %s\n%s", self->look->name, self->task, what, shot);
	free(shot);
	fail();
}

void task_prepare(struct task_scene *self, const char *keys, const char *text)
{
	vt_wait_anew(self->vt);
	vt_send(self->vt, keys);
	task_sees(self, text);
}

void task_escape(struct task_scene *self, const char *text)
{
	vt_wait_anew(self->vt);
	vt_send(self->vt, "\033");
	task_gone(self, text);
}

static bool is_selected(const struct vt *vt, const void *name)
{
	char *row = vt_row(vt, vt_cursor_row(vt)), wanted[64];

	snprintf(wanted, sizeof(wanted), " %s", (const char *)name);
	const char *found = strstr(row, wanted), *end = found != NULL ? found + strlen(wanted) : NULL;
	const bool selected = end != NULL && (*end == ' ' || *end == '\0');
	free(row);
	return selected;
}

static bool is_main(const struct vt *vt)
{
	return vt_shows(vt, " migrate ") && vt_shows(vt, " WrenAI ");
}

void task_begin(struct task_scene *self, const char *name, const char *selected)
{
	static const char *const order[] = {"migrate", "worker", "ui", "engine", "db", "api"};

	snprintf(self->task, sizeof(self->task), "%s", name);
	vt_wait_anew(self->vt);
	vt_catch_up(self->vt);
	if (!is_main(self->vt))
		task_prepare(self, "1", "WrenAI");
	task_prepare(self, "G", "");
	for (size_t i = 0;; i++) {
		vt_wait(self->vt, is_selected, order[i]);
		if (strcmp(order[i], selected) == 0)
			break;
		task_prepare(self, UP, "");
	}
	vt_forget_bytes(self->vt);
	self->keys = 0;
}

void task_press(struct task_scene *self, const char *key)
{
	vt_wait_anew(self->vt);
	vt_send(self->vt, key);
	self->keys++;
}

void task_word(struct task_scene *self, const char *word)
{
	vt_send(self->vt, word);
}

static bool is_shown(const struct vt *vt, const void *argument)
{
	return vt_shows(vt, argument);
}

void task_sees(struct task_scene *self, const char *text)
{
	if (text[0] == '\0')
		return;
	if (!vt_wait_quietly(self->vt, is_shown, text)) {
		char what[256];

		snprintf(what, sizeof(what), "waited in vain for: %s", text);
		fail_task(self, what);
	}
}

static bool is_gone(const struct vt *vt, const void *argument)
{
	return !vt_shows(vt, argument);
}

void task_gone(struct task_scene *self, const char *text)
{
	if (!vt_wait_quietly(self->vt, is_gone, text))
		fail_task(self, "something stays that should go");
}

void task_took(struct task_scene *self, unsigned keys_max)
{
	char what[64];

	snprintf(what, sizeof(what), "%u keys, %u would have to do", self->keys, keys_max);
	if (self->keys > keys_max)
		fail_task(self, what);
}

struct row_wanted {
	const char *name, *text;
};

static bool is_in_row(const struct vt *vt, const void *argument)
{
	const struct row_wanted *wanted = argument;
	char *text = vt_text(vt), *rest = text;
	bool found = false;

	for (char *line; !found && (line = strsep(&rest, "\n")) != NULL;) {
		char *name = strstr(line, wanted->name);

		found = name != NULL && strstr(line, wanted->text) != NULL;
	}
	free(text);
	return found;
}

void task_sees_row(struct task_scene *self, const char *name, const char *text)
{
	const struct row_wanted wanted = {name, text};
	char what[256];

	snprintf(what, sizeof(what), "waited in vain for: %s in the row of %s", text, name);
	if (!vt_wait_quietly(self->vt, is_in_row, &wanted))
		fail_task(self, what);
}

/* Before all other services. */
static bool is_first(const struct vt *vt, const void *name)
{
	static const char *const others[] = {" api ", " db ", " ui ", " worker ", " migrate "};
	char *text = vt_text(vt);
	const char *found = strstr(text, name);
	bool first = found != NULL;

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		const char *other = strstr(text, others[i]);

		first = first && (other == NULL || other > found);
	}
	free(text);
	return first;
}

void task_sees_first(struct task_scene *self, const char *name)
{
	char what[256];

	snprintf(what, sizeof(what), "%s is not the first", name);
	if (!vt_wait_quietly(self->vt, is_first, name))
		fail_task(self, what);
}

static bool has_moved(const struct vt *vt, const void *before)
{
	char *shot = vt_shot(vt);
	const bool moved = strcmp(shot, before) != 0;

	free(shot);
	return moved;
}

void task_read_down(struct task_scene *self, const char *text)
{
	char what[256];

	snprintf(what, sizeof(what), "cannot be read anywhere: %s", text);
	while (!vt_shows(self->vt, text)) {
		char *before = vt_shot(self->vt);

		vt_wait_anew(self->vt);
		vt_send(self->vt, DOWN);
		if (!vt_wait_quietly(self->vt, has_moved, before))
			fail_task(self, what);
		free(before);
	}
}

/* All rows but the first and what stands below the log. */
static bool find_answers(const struct vt *vt, unsigned rows, unsigned *first)
{
	unsigned number, next = 0;

	for (unsigned row = 1; row + 2 < rows; row++) {
		char *line = vt_row(vt, row), *found = strstr(line, "answered ");
		const bool is_answer = found != NULL && sscanf(found, "answered %u", &number) == 1;

		free(line);
		if (!is_answer || (row > 1 && number != next))
			return false;
		next = number + 1;
		if (row == 1)
			*first = number;
	}
	return true;
}

static bool has_answers(const struct vt *vt, const void *rows)
{
	unsigned first;

	return find_answers(vt, *(const unsigned *)rows, &first);
}

unsigned task_top_answer(struct task_scene *self)
{
	unsigned first = 0;

	if (!vt_wait_quietly(self->vt, has_answers, &self->look->rows))
		fail_task(self, "the lines are not in order");
	find_answers(self->vt, self->look->rows, &first);
	return first;
}

void task_settle(struct task_scene *self)
{
	snprintf(self->task, sizeof(self->task), "the beginning");
	vt_wait_anew(self->vt);
	wait_for_services(self);
	vt_send(self->vt, "G");
	task_sees_row(self, "migrate", "done");
	task_sees_row(self, "api", "failed");
	task_sees_row(self, "engine", "ready");
	task_sees_row(self, "worker", "waiting");
}

/* ---- The mouse ---- */

/* Where a text stands, the last one of several: its row, and the columns of its first and last character, from 1. */
static bool find_text(const struct task_scene *self, const char *text, unsigned *row, unsigned *first, unsigned *last)
{
	for (unsigned at = self->look->rows; at-- > 0;) {
		char *line = vt_row(self->vt, at), *found = strstr(line, text);
		unsigned before = 0, wide = 0;

		for (const char *byte = line; found != NULL && byte < found; byte++)
			before += ((unsigned char)*byte & 0xc0) != 0x80 ? 1 : 0;
		for (const char *byte = text; *byte != '\0'; byte++)
			wide += ((unsigned char)*byte & 0xc0) != 0x80 ? 1 : 0;
		free(line);
		if (found == NULL)
			continue;
		*row = at + 1;
		*first = before + 1;
		*last = before + wide;
		return true;
	}
	return false;
}

static void mouse(struct task_scene *self, unsigned button, unsigned column, unsigned row, char end)
{
	char bytes[32];

	snprintf(bytes, sizeof(bytes), "\033[<%u;%u;%u%c", button, column, row, end);
	vt_send(self->vt, bytes);
}

static void find_or_fail(struct task_scene *self, const char *text, unsigned *row, unsigned *first, unsigned *last)
{
	char what[256];

	task_sees(self, text);
	snprintf(what, sizeof(what), "nothing to click on: %s", text);
	if (!find_text(self, text, row, first, last))
		fail_task(self, what);
}

void task_click(struct task_scene *self, const char *text)
{
	unsigned row, first, last;

	vt_wait_anew(self->vt);
	find_or_fail(self, text, &row, &first, &last);
	mouse(self, 0, first + 1, row, 'M');
	mouse(self, 0, first + 1, row, 'm');
	self->keys++;
}

void task_wheel(struct task_scene *self, const char *text, bool up)
{
	unsigned row, first, last;

	vt_wait_anew(self->vt);
	find_or_fail(self, text, &row, &first, &last);
	mouse(self, up ? 64 : 65, first, row, 'M');
	self->keys++;
}

void task_drag(struct task_scene *self, const char *from, const char *to)
{
	unsigned row, first, last, end_row, end_first, end_last;

	vt_wait_anew(self->vt);
	find_or_fail(self, from, &row, &first, &last);
	find_or_fail(self, to, &end_row, &end_first, &end_last);
	mouse(self, 0, first, row, 'M');
	mouse(self, 32, end_last, end_row, 'M');
	mouse(self, 0, end_last, end_row, 'm');
	self->keys++;
}

/* ---- What happens meanwhile ---- */

void task_mend(struct task_scene *self, bool mended)
{
	if (mended)
		world_write(&self->world, "mended", "");
	else
		assert_int_equal(unlink(world_path(&self->world, "mended")), 0);
}

void task_flood(struct task_scene *self, unsigned lines)
{
	const int fd = open(world_path(&self->world, "feed"), O_WRONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_true(dprintf(fd, "%u\n", lines) > 0);
	close(fd);
}

static int base64_value(char letter)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *found = letter != '\0' ? strchr(letters, letter) : NULL;

	return found != NULL ? (int)(found - letters) : -1;
}

/* The last thing put on the clipboard; NULL: nothing. The caller frees. */
static char *last_copied(const struct vt *vt)
{
	static const char begin[] = "\033]52;";
	size_t size, count = 0;
	const char *bytes = vt_bytes(vt, &size), *found = NULL;
	char *text;

	for (const char *at = bytes; (at = strstr(at, begin)) != NULL; at++)
		found = at + strlen(begin);
	found = found != NULL ? strchr(found, ';') : NULL;
	if (found == NULL)
		return NULL;
	found++;
	assert_non_null(text = calloc(1, strlen(found) + 4));
	while (base64_value(found[0]) >= 0) {
		unsigned group = 0, letters = 0;

		for (; letters < 4 && base64_value(found[letters]) >= 0; letters++)
			group = group << 6 | (unsigned)base64_value(found[letters]);
		group <<= 6 * (4 - letters);
		for (unsigned i = 0; i + 1 < letters; i++)
			text[count++] = (char)(group >> (16 - 8 * i) & 0xff);
		found += letters;
	}
	return text;
}

static bool is_copied(const struct vt *vt, const void *wanted)
{
	char *text = last_copied(vt);
	const bool same = text != NULL && strcmp(text, wanted) == 0;

	free(text);
	return same;
}

void task_assert_copied(struct task_scene *self, const char *bytes)
{
	if (!vt_wait_quietly(self->vt, is_copied, bytes)) {
		char *text = last_copied(self->vt);

		print_error("on the clipboard: %s\n", text != NULL ? text : "nothing");
		free(text);
		fail_task(self, "something else was to be copied");
	}
}
