/* SPDX-License-Identifier: MIT */
#include "tests/lib/children.h"
#include "tests/lib/ctl_ask.h"
#include "tests/lib/run.h"
#include "tests/lib/sender_run.h"
#include "tests/lib/world.h"
#include "tests/proof/proof.h"

#include <fnmatch.h>
#include <ftw.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* Where each word stands. All begin alike and are letters only, so that no encoding and no sanitising of names hides them. */
enum word {
	WORD_ARGV,
	WORD_SERVICE_ARGV,
	WORD_ENVIRONMENT,
	WORD_FOLDER,
	WORD_PATH,
	WORD_HOST,
	WORD_USER,
	WORD_HOME,
	WORD_OUTPUT,
	WORD_RELAY,
	WORD_REQUEST,
	WORD_COUNT
};

static const char *const words[WORD_COUNT] = {
	"spyargvqz", "spyserviceqz", "spyenvqz",    "spycwdqz",   "spypathqz",    "spyhostqz",
	"spyuserqz", "spyhomeqz",    "spyoutputqz", "spyrelayqz", "spyrequestqz",
};
const char *const proof_word_places[] = {
	"arguments of upfront, of `run` and of commands that do not exist",
	"arguments of a service",
	"variables of the environment and of `.env`",
	"the working folder",
	"the path of the stack file",
	"the machine's name",
	"the user's name",
	"the home folder",
	"what the services write",
	"all that a service hands to the relay and has not declared",
	"targets of requests to the control socket",
};
const size_t proof_word_count = COUNT(proof_word_places);
_Static_assert(COUNT(proof_word_places) == WORD_COUNT, "a place for each word");

/* The stack file declares this one: it must arrive. */
#define DECLARED "toldasdeclared"

static const char stack_text[] = "name: plain\n"
				 "x-upfront:\n"
				 "  app: Plain\n"
				 "  version: 2.0.0\n"
				 "  telemetry:\n"
				 "    notice: 3\n"
				 "    controller: Example Ltd\n"
				 "    host: ${TELEMETRY_HOST}\n"
				 "    key: phc_plain\n"
				 "    common: {edition: {value: " DECLARED "}}\n"
				 "    services: {sold: {ok: bool}}\n"
				 "    env: {on: {RELAY: '${relay}'}}\n"
				 "    commands: {echo: {go: {--word: value}}}\n"
				 "services:\n"
				 "  worker:\n"
				 "    command: sh -c 'echo spyoutputqz; echo told; exec sleep 1000' spyserviceqz\n"
				 "    environment: {SECRET: '${SECRET}'}\n"
				 "    x-upfront: {ready: {log: ^told}}\n"
				 "  client: {command: python3 client.py, restart: 'no'}\n";

/* A service's own client: the word stands wherever one can, beside one property that is declared. */
static const char client_text[] =
	"import json, os, urllib.request\n"
	"word = 'spyrelayqz'\n"
	"sold = {'event': 'sold', 'distinct_id': word, 'properties': {\n"
	"    'ok': True, word: word, 'note': word, '$ip': word, '$set': {'email': word}, '$current_url': 'http://h/' + "
	"word}}\n"
	"batch = [sold, {'event': word, 'distinct_id': word, 'properties': {'ok': True}},\n"
	"         {'event': 'sold', 'distinct_id': word, 'properties': {'ok': word}}]\n"
	"request = urllib.request.Request(os.environ['RELAY'] + '/batch/?' + word + '=1',\n"
	"    json.dumps({'api_key': word, 'batch': batch}).encode(),\n"
	"    {'Content-Type': 'application/json', 'User-Agent': word, 'X-' + word: word, 'Cookie': word})\n"
	"print('relay', urllib.request.urlopen(request).status)\n";

/* One that cannot come up, whose event says so. */
static const char broken_text[] =
	"name: broken\n"
	"x-upfront:\n"
	"  app: Plain\n"
	"  telemetry: {notice: 3, controller: Example Ltd, host: '${TELEMETRY_HOST}', key: phc_plain}\n"
	"services:\n"
	"  worker: {command: /nowhere/spyserviceqz spyserviceqz}\n";

struct fixture {
	struct world world;
	struct receiver receiver;
	char *folder; /* the receiver's notes */
	char stack[WORLD_PATH_MAX]; /* a folder of its own, with the word for paths in its name */
	bool named; /* machine and user have the words for names */
};

/* Host and user name are the machine's: they are laid over it, where that is allowed. */
static bool take_names(const struct world *world)
{
	char passwd[200];

	if (!proof_own_mounts(CLONE_NEWUTS))
		return false;
	snprintf(passwd, sizeof(passwd), "%s:x:%d:%d:%s:/:/bin/sh\n", words[WORD_USER], (int)getuid(), (int)getgid(),
		 words[WORD_USER]);
	world_write(world, "../passwd", passwd);
	return sethostname(words[WORD_HOST], strlen(words[WORD_HOST])) == 0 &&
	       mount(world_path(world, "../passwd"), "/etc/passwd", NULL, MS_BIND, NULL) == 0;
}

static void set_world(struct fixture *self)
{
	char path[WORLD_PATH_MAX * 2];

	world_setenv(&self->world, "USER", words[WORD_USER]);
	world_setenv(&self->world, "LOGNAME", words[WORD_USER]);
	world_setenv(&self->world, "HOSTNAME", words[WORD_HOST]);
	world_setenv(&self->world, "SECRET", words[WORD_ENVIRONMENT]);
	world_setenv(&self->world, "GIT_AUTHOR_EMAIL", words[WORD_ENVIRONMENT]);
	snprintf(path, sizeof(path), "%s/home/%s", self->world.dir, words[WORD_HOME]);
	assert_int_equal(mkdir(path, 0700), 0);
	world_setenv(&self->world, "HOME", path);
	snprintf(path, sizeof(path), "http://127.0.0.1:%d", self->receiver.port);
	world_setenv(&self->world, "TELEMETRY_HOST", path);
}

static void prepare(struct fixture *self)
{
	char name[200];

	world_begin(&self->world);
	self->named = take_names(&self->world);
	self->folder = children_make_folder();
	receiver_start(&self->receiver, self->folder, "ok", 0, NULL);
	set_world(self);
	snprintf(name, sizeof(name), "%s/compose.yaml", words[WORD_PATH]);
	world_write(&self->world, name, stack_text);
	snprintf(name, sizeof(name), "%s/client.py", words[WORD_PATH]);
	world_write(&self->world, name, client_text);
	snprintf(name, sizeof(name), "%s/broken.yaml", words[WORD_PATH]);
	world_write(&self->world, name, broken_text);
	snprintf(name, sizeof(name), "%s/.env", words[WORD_PATH]);
	world_write(&self->world, name, "MORE=spyenvqz\n");
	/* Below the stack file: it is found upward. */
	snprintf(name, sizeof(name), "%s/%s/here", words[WORD_PATH], words[WORD_FOLDER]);
	world_write(&self->world, name, "");
	snprintf(self->stack, sizeof(self->stack), "%.400s/%s/%s", self->world.stack, words[WORD_PATH],
		 words[WORD_FOLDER]);
}

static void wait_for(const struct fixture *self, const char *event)
{
	char text[100];
	int64_t began = world_now_ms();
	bool seen = false;

	snprintf(text, sizeof(text), "\"event\":\"%s\"", event);
	while (!seen) {
		char *notes = children_slurp("", self->receiver.notes, NULL);

		seen = notes != NULL && strstr(notes, text) != NULL;
		free(notes);
		if (!seen)
			world_pause(began, 10000, event);
	}
}

/* As curl would, not as upfront's own clients do. */
static void ask(const struct fixture *self)
{
	static const char *const targets[] = {
		"/v1/services/spyrequestqz",
		"/v1/spyrequestqz?spyrequestqz=spyrequestqz",
		"/v1/services?x=spyrequestqz",
	};
	char socket[WORLD_PATH_MAX];

	snprintf(socket, sizeof(socket), "%s/runtime/upfront/plain.sock", self->world.dir);
	for (size_t i = 0; i < COUNT(targets); i++) {
		char *answer = ctl_ask(socket, "GET", targets[i], "");

		assert_non_null(answer);
		free(answer);
	}
}

static void play(struct fixture *self)
{
	static const char *const lines[][8] = {
		{"upfront", "up", "-d", "--wait", "--telemetry=on", NULL},
		{"upfront", "ps", "spyargvqz", NULL},
		{"upfront", "restart", "worker", NULL},
		{"upfront", "restart", "spyargvqz", NULL},
		{"upfront", "spyargvqz", "--spyargvqz=spyargvqz", NULL},
		{"upfront", "logs", "--tail", "spyargvqz", NULL},
		{"upfront", "run", "--", "echo", "spyargvqz", "--token=spyargvqz", NULL},
		{"upfront", "run", "--", "spyargvqz", NULL},
		{"upfront", "run", "--", "echo", "go", "--word", "spyargvqz", NULL},
		{"upfront", "telemetry", "receipt", NULL},
		{"upfront", "-f", "../broken.yaml", "up", "-d", "--wait", "--telemetry=on", NULL},
		{"upfront", "down", NULL},
	};

	for (size_t i = 0; i < COUNT(lines); i++) {
		struct run run;

		/* What has happened so far arrives before the stack ends. */
		if (i == COUNT(lines) - 1) {
			ask(self);
			wait_for(self, "server_start");
			wait_for(self, "cli_command");
			wait_for(self, "api_request");
			wait_for(self, "server_start_failed");
			wait_for(self, "sold"); /* what the service did declare went through */
		}
		run_command(&run, &self->world, &(struct run_options){.argv = lines[i], .directory = self->stack});
		if (i == 0 || i == COUNT(lines) - 1)
			run_assert_code(&run, 0);
		run_finish(&run);
	}
	world_wait_gone(&self->world, "upfront-telemetry", 3000);
}

/* ---- Looking for them ---- */

static struct proof_row *rows;
static const struct world *walked;
static size_t declared_count[PLACE_COUNT];

static void search(enum proof_place place, const char *bytes, size_t size, const char *name)
{
	for (size_t i = 0; i < WORD_COUNT; i++)
		if (memmem(bytes, size, words[i], strlen(words[i])) != NULL)
			proof_note(&rows[i].found, place, words[i], name);
	if (memmem(bytes, size, DECLARED, strlen(DECLARED)) != NULL)
		declared_count[place]++;
}

/* Kept files by what they are; a service's own log holds what it wrote, and the lock the folder of the stack. */
static int visit(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
	static const struct {
		const char *pattern;
		enum proof_place place;
	} kept[] = {
		{"*/.apps/*/ledger*", PLACE_LEDGER},
		{"*/.apps/*/outbox*", PLACE_LEDGER},
		{"*/.apps/*/receipts.jsonl", PLACE_RECEIPT},
		{"*/plain/logs/index*", PLACE_LOG},
		{"*/plain/running", PLACE_LOG},
	};
	char *bytes;
	size_t size = 0;

	(void)status;
	(void)walk;
	for (size_t i = 0; i < COUNT(kept) && kind == FTW_F; i++)
		if (fnmatch(kept[i].pattern, path, 0) == 0) {
			bytes = children_slurp("", path, &size);
			search(kept[i].place, bytes, size, path + strlen(walked->dir));
			free(bytes);
		}
	return 0;
}

void proof_words(struct proof_row *results)
{
	struct fixture self = {.named = false};
	char *notes;
	size_t size = 0;

	rows = results;
	prepare(&self);
	play(&self);
	notes = children_slurp("", self.receiver.notes, &size);
	search(PLACE_SENT, notes, size, "a body");
	free(notes);
	walked = &self.world;
	assert_int_equal(nftw(self.world.dir, visit, 16, FTW_PHYS), 0);
	/* The search finds what is there. */
	assert_true(declared_count[PLACE_SENT] > 0);
	assert_true(declared_count[PLACE_LEDGER] > 0);
	for (size_t i = 0; i < WORD_COUNT; i++)
		rows[i].commands = self.named || (i != WORD_HOST && i != WORD_USER) ? 1 : 0;
	if (!self.named)
		print_message("skipped: names of the machine and the user: no namespace to be had\n");
	receiver_stop(&self.receiver);
	children_remove_folder(self.folder);
	world_end(&self.world);
}
