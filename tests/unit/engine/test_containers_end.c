/* SPDX-License-Identifier: MIT */
/* A project's containers, networks and volumes taken away by an engine that is played, and the note of who has them. */
#include "launcher/engine/containers_end.h"

#include "config/err.h"
#include "launcher/engine/docker_api.h"
#include "tests/lib/children.h"
#include "tests/lib/docker_play.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define LABEL(name) "\"Labels\":{\"com.docker.compose.project\":\"" name "\"}"
#define ONE(id, state) "{\"Id\":\"" id "\",\"Names\":[\"/shop-" id "\"],\"State\":\"" state "\"," LABEL("shop") "}"
#define IN_USE "{\"message\":\"error while removing network: network n1 has active endpoints\"}"

struct scene {
	struct event_base *base;
	struct docker_play *play;
	struct docker_endpoint endpoint;
	struct docker *docker;
	struct containers_end *end;
	bool over, clear, cancels;
	size_t dones, ended;
	struct err why;
	const char *first; /* containers that are there at the first look; at the next there are none */
	size_t looks;
};

static void list_once(void *context, struct docker_play_call *call)
{
	struct scene *self = context;

	docker_play_answer(call, 200, self->looks++ == 0 ? self->first : "[]");
}

static void scene_open(struct scene *self, const char *containers)
{
	*self = (struct scene){.first = containers, .why = ERR_INIT};
	self->base = event_base_new();
	self->play = docker_play_create(self->base);
	docker_play_endpoint(self->play, &self->endpoint);
	self->docker = docker_create(self->base, &self->endpoint, NULL);
	docker_play_handler(self->play, "GET", "/containers/json*", list_once, self);
	docker_play_route(self->play, "GET", "/networks[?]*", 200, "[]");
	docker_play_route(self->play, "POST", "*", 204, NULL);
	docker_play_route(self->play, "DELETE", "*", 204, NULL);
}

static void scene_close(struct scene *self)
{
	docker_destroy(self->docker);
	docker_play_destroy(self->play);
	docker_endpoint_finish(&self->endpoint);
	event_base_free(self->base);
	err_finish(&self->why);
	assert_true(children_none_left());
}

static void on_done(void *context, size_t ended, const struct err *why)
{
	struct scene *self = context;

	self->over = true;
	self->dones++;
	self->ended = ended;
	self->clear = containers_end_is_clear(self->end);
	for (size_t i = 0; why != NULL && i < why->count; i++)
		err_set(&self->why, why->code, "%s", why->items[i].message);
	if (self->cancels)
		containers_end_cancel(self->end);
}

static void begin(struct scene *self, const struct containers_end_options *options)
{
	self->end = containers_end_begin(self->docker, options, on_done, self);
	assert_non_null(self->end);
	assert_false(self->over);
}

static void end(struct scene *self, const struct containers_end_options *options)
{
	begin(self, options);
	docker_play_until(self->play, &self->over);
	assert_int_equal(self->dones, 1);
}

static size_t count(const struct scene *self, const char *method, const char *pattern)
{
	return docker_play_count(self->play, method, pattern);
}

static void test_all_goes(void **state)
{
	struct scene scene;

	(void)state;
	scene_open(&scene, "[" ONE("a", "running") "," ONE("b", "exited") "," ONE("c", "paused") "]");
	docker_play_route(scene.play, "GET", "/networks[?]*", 200,
			  "[{\"Id\":\"n1\",\"Name\":\"shop_default\"," LABEL("shop") "}]");
	docker_play_route(scene.play, "GET", "/volumes*", 200,
			  "{\"Volumes\":[{\"Name\":\"shop_v\"," LABEL("shop") "}]}");
	end(&scene, &(struct containers_end_options){.project = "shop"});
	assert_int_equal(scene.ended, 2);
	assert_true(scene.clear);
	assert_false(err_is_set(&scene.why));
	/* By its label, and each by its own stop signal and time. */
	assert_string_equal(
		docker_play_path(docker_play_last(scene.play, "GET", "/containers/json*")),
		"/containers/json?all=1&filters=%7B%22label%22%3A%5B%22com.docker.compose.project%3Dshop%22%5D%7D");
	assert_int_equal(count(&scene, "POST", "/containers/a/stop"), 1);
	assert_int_equal(count(&scene, "POST", "/containers/c/stop"), 1);
	assert_int_equal(count(&scene, "POST", "*"), 2);
	assert_int_equal(count(&scene, "DELETE", "/containers/[abc]?force=1"), 3);
	assert_int_equal(count(&scene, "DELETE", "/networks/n1"), 1);
	/* Volumes only where that is asked. */
	assert_int_equal(count(&scene, "*", "/volumes*") + count(&scene, "GET", "/volumes*"), 0);
	scene_close(&scene);
}

static void test_volumes_and_kill(void **state)
{
	struct scene scene;

	(void)state;
	scene_open(&scene, "[" ONE("a", "running") "]");
	docker_play_route(
		scene.play, "GET", "/volumes*", 200,
		"{\"Volumes\":[{\"Name\":\"shop_v\"," LABEL("shop") "},{\"Name\":\"other\"," LABEL("other") "}]}");
	end(&scene, &(struct containers_end_options){.project = "shop", .kill = true, .volumes = true});
	assert_int_equal(count(&scene, "POST", "/containers/a/kill"), 1);
	assert_int_equal(count(&scene, "DELETE", "/containers/a?force=1&v=1"), 1);
	assert_int_equal(count(&scene, "DELETE", "/volumes/shop_v"), 1);
	assert_int_equal(count(&scene, "DELETE", "/volumes/*"), 1);
	scene_close(&scene);
}

#define OF(folder, id)                                                                                  \
	"{\"Id\":\"" id "\",\"State\":\"running\",\"Labels\":{\"com.docker.compose.project\":\"shop\"," \
	"\"com.docker.compose.project.working_dir\":\"" folder "\"}}"

/* Somebody else's folder may have the same name; of one that does not say where it is from nobody else is known. */
static void test_another_folder_of_the_same_name(void **state)
{
	struct scene scene;

	(void)state;
	scene_open(&scene, "[" OF("/proc/./self", "a") "," OF("/sys", "b") "," ONE("c", "exited") "]");
	docker_play_route(scene.play, "GET", "/volumes*", 200,
			  "{\"Volumes\":[{\"Name\":\"shop_v\"," LABEL("shop") "}]}");
	end(&scene, &(struct containers_end_options){.project = "shop", .dir = "/proc/self/", .volumes = true});
	assert_true(scene.clear);
	assert_int_equal(count(&scene, "POST", "/containers/a/stop"), 1);
	assert_int_equal(count(&scene, "DELETE", "/containers/a?*"), 1);
	assert_int_equal(count(&scene, "DELETE", "/containers/c?*"), 1);
	assert_int_equal(count(&scene, "*", "/containers/b*"), 0);
	assert_int_equal(count(&scene, "DELETE", "/volumes/shop_v"), 1);
	scene_close(&scene);
}

static void test_kept(void **state)
{
	struct scene scene;

	(void)state;
	scene_open(&scene, "[" ONE("a", "running") "," ONE("b", "exited") "]");
	end(&scene, &(struct containers_end_options){.project = "shop", .keep = true});
	assert_int_equal(scene.ended, 1);
	assert_true(scene.clear);
	assert_int_equal(count(&scene, "DELETE", "*"), 0);
	assert_int_equal(count(&scene, "GET", "/networks*"), 0);
	scene_close(&scene);
}

/* An engine that answers with what was not asked for takes nothing of others along. */
static void test_only_what_carries_the_label(void **state)
{
	struct scene scene;

	(void)state;
	scene_open(&scene,
		   "[" ONE("a", "exited") ",{\"Id\":\"x\",\"State\":\"running\"," LABEL("shop2") "},{\"Id\":\"y\"},7]");
	end(&scene, &(struct containers_end_options){.project = "shop"});
	assert_int_equal(count(&scene, "POST", "*"), 0);
	assert_int_equal(count(&scene, "DELETE", "*"), 1);
	scene_close(&scene);
}

/* Gone already, ended already, being removed by somebody else: all as it should be. */
static void test_what_others_did_meanwhile(void **state)
{
	struct scene scene;

	(void)state;
	scene_open(&scene, "[" ONE("a", "running") "," ONE("b", "running") "," ONE("c", "running") "]");
	docker_play_route(scene.play, "POST", "/containers/a/stop", 404, "{\"message\":\"No such container: a\"}");
	docker_play_route(scene.play, "DELETE", "/containers/a*", 404, "{\"message\":\"No such container: a\"}");
	docker_play_route(scene.play, "POST", "/containers/b/stop", 304, NULL);
	docker_play_route(scene.play, "DELETE", "/containers/b*", 409,
			  "{\"message\":\"removal of container b is already in progress\"}");
	docker_play_handler(scene.play, "POST", "/containers/b/wait*", NULL, NULL);
	docker_play_route(scene.play, "POST", "/containers/c/stop", 500, "{\"message\":\"cannot stop\"}");
	begin(&scene, &(struct containers_end_options){.project = "shop"});
	/* Nothing follows until that one has gone. */
	docker_play_await(scene.play, "DELETE", "/containers/*", 3);
	docker_play_await(scene.play, "POST", "/containers/b/wait?condition=removed", 1);
	assert_false(scene.over);
	assert_int_equal(scene.looks, 1);
	docker_play_answer(docker_play_last(scene.play, "POST", "/containers/b/wait*"), 200, "{\"StatusCode\":0}");
	docker_play_until(scene.play, &scene.over);
	assert_false(err_is_set(&scene.why));
	assert_true(scene.clear);
	assert_int_equal(scene.ended, 0);
	scene_close(&scene);
}

static void list_one_more(void *context, struct docker_play_call *call)
{
	struct scene *self = context;

	docker_play_answer(call, 200, self->looks++ < 2 ? "[" ONE("a", "running") "]" : "[]");
}

/* What a cut-off Compose program still made is found at the next look. */
static void test_looks_again(void **state)
{
	struct scene scene;

	(void)state;
	scene_open(&scene, NULL);
	docker_play_handler(scene.play, "GET", "/containers/json*", list_one_more, &scene);
	end(&scene, &(struct containers_end_options){.project = "shop"});
	assert_int_equal(scene.looks, 3);
	assert_int_equal(count(&scene, "DELETE", "/containers/a*"), 2);
	scene_close(&scene);
}

static void list_for_ever(void *context, struct docker_play_call *call)
{
	struct scene *self = context;

	self->looks++;
	docker_play_answer(call, 200, "[" ONE("a", "running") "]");
}

/* One that does not go is told once, and neither tried for ever nor in the way of the others. */
static void test_one_stays(void **state)
{
	struct scene scene;

	(void)state;
	scene_open(&scene, NULL);
	docker_play_handler(scene.play, "GET", "/containers/json*", list_for_ever, &scene);
	docker_play_route(scene.play, "DELETE", "/containers/a*", 500, "{\"message\":\"device or resource busy\"}");
	end(&scene, &(struct containers_end_options){.project = "shop"});
	assert_string_equal(scene.why.items[0].message,
			    "container 'shop-a' cannot be removed: device or resource busy");
	assert_int_equal(scene.why.count, 1);
	assert_false(scene.clear);
	assert_int_equal(count(&scene, "DELETE", "/containers/a*"), 1);
	assert_int_equal(count(&scene, "GET", "/networks*"), 1);
	scene_close(&scene);
}

static void test_network_of_others(void **state)
{
	struct scene scene;

	(void)state;
	scene_open(&scene, "[" ONE("a", "running") "]");
	docker_play_route(scene.play, "GET", "/networks[?]*", 200,
			  "[{\"Id\":\"n1\",\"Name\":\"shop_default\"," LABEL("shop") "}]");
	docker_play_route(scene.play, "DELETE", "/networks/n1", 403, IN_USE);
	docker_play_route(scene.play, "GET", "/networks/n1", 200,
			  "{\"Containers\":{\"x\":{\"Name\":\"db\"},\"y\":{\"Name\":\"web\"}}}");
	end(&scene, &(struct containers_end_options){.project = "shop"});
	assert_string_equal(scene.why.items[0].message,
			    "network 'shop_default' stays: containers of others use it: db, web");
	assert_true(scene.clear);
	assert_int_equal(scene.ended, 1);
	scene_close(&scene);
}

static void list_late(void *context, struct docker_play_call *call)
{
	struct scene *self = context;

	docker_play_answer(call, 200, ++self->looks == 2 ? "[" ONE("late", "running") "]" : "[]");
}

static void refuse_once(void *context, struct docker_play_call *call)
{
	const struct scene *self = context;

	docker_play_answer(call, self->looks == 1 ? 403 : 204, self->looks == 1 ? IN_USE : NULL);
}

/* A container that was made after the look keeps its network: it is no other's. */
static void test_container_that_comes_late(void **state)
{
	struct scene scene;

	(void)state;
	scene_open(&scene, NULL);
	docker_play_handler(scene.play, "GET", "/containers/json*", list_late, &scene);
	docker_play_route(scene.play, "GET", "/networks[?]*", 200,
			  "[{\"Id\":\"n1\",\"Name\":\"shop_default\"," LABEL("shop") "}]");
	docker_play_handler(scene.play, "DELETE", "/networks/n1", refuse_once, &scene);
	end(&scene, &(struct containers_end_options){.project = "shop"});
	assert_int_equal(count(&scene, "DELETE", "/containers/late?force=1"), 1);
	assert_int_equal(count(&scene, "DELETE", "/networks/n1"), 2);
	assert_false(err_is_set(&scene.why));
	assert_int_equal(scene.ended, 1);
	scene_close(&scene);
}

/* Many are worked on side by side, but not all at once. */
static void test_bounded(void **state)
{
	static const char one[] = "{\"Id\":\"i%d\",\"State\":\"running\"," LABEL("shop") "}%s";
	char containers[40 * 100] = "[";
	struct scene scene;
	struct docker_play_call *call;

	(void)state;
	for (int i = 0; i < 40; i++)
		sprintf(containers + strlen(containers), one, i, i < 39 ? "," : "]");
	scene_open(&scene, containers);
	docker_play_handler(scene.play, "POST", "/containers/*/stop", NULL, NULL);
	begin(&scene, &(struct containers_end_options){.project = "shop"});
	docker_play_await(scene.play, "POST", "*", 16);
	for (size_t i = 16; i < 40; i++) {
		assert_int_equal(count(&scene, "POST", "*"), i);
		call = docker_play_last(scene.play, "POST", "*");
		docker_play_answer(call, 204, NULL);
		docker_play_await(scene.play, "POST", "*", i + 1);
	}
	docker_play_route(scene.play, "POST", "*", 204, NULL);
	containers_end_cancel(scene.end);
	assert_int_equal(scene.dones, 0);
	scene_close(&scene);
}

static void test_engine_goes(void **state)
{
	struct scene scene;

	(void)state;
	scene_open(&scene, "[" ONE("a", "running") "," ONE("b", "running") "]");
	docker_play_handler(scene.play, "POST", "*", NULL, NULL);
	scene.cancels = true;
	begin(&scene, &(struct containers_end_options){.project = "shop"});
	docker_play_await(scene.play, "POST", "*", 2);
	docker_play_away(scene.play, true);
	docker_play_until(scene.play, &scene.over);
	assert_int_equal(scene.dones, 1);
	assert_true(err_is_set(&scene.why));
	assert_false(scene.clear);
	scene_close(&scene);
}

/* ---- The note ---- */

static int syncs;

/* In place of the C library's. */
int fsync(int fd)
{
	(void)fd;
	syncs++;
	return 0;
}

/* It is written in the supervisor's loop. */
static void test_note_does_not_wait_for_the_disk(void **state)
{
	char *folder = children_make_folder(), *path, *elsewhere;
	struct docker_endpoint endpoint = {
		.path = (char[]){"/x"}, .shown = (char[]){"unix:///x"}, .why = (char[]){"y"}};
	struct err err = ERR_INIT;

	(void)state;
	syncs = 0;
	assert_int_equal(containers_note_write(folder, &endpoint, "shop", NULL, "M=1", &err), 0);
	assert_int_equal(syncs, 0);
	/* Nor is it written to where somebody else would have it. */
	assert_true(asprintf(&path, "%s/" CONTAINERS_NOTE, folder) > 0);
	assert_true(asprintf(&elsewhere, "%s/else", folder) > 0);
	assert_int_equal(rename(path, elsewhere), 0);
	assert_int_equal(symlink(elsewhere, path), 0);
	assert_int_equal(containers_note_write(folder, &endpoint, "shop", NULL, "M=1", &err), -EPERM);
	err_finish(&err);
	free(elsewhere);
	free(path);
	children_remove_folder(folder);
}

static void test_note(void **state)
{
	char *folder = children_make_folder(), *path;
	struct docker_endpoint endpoint = {
		.dial = DIAL_CLIENT,
		.client = (char[]){"/usr/bin/docker"},
		.context = (char[]){"staging"},
		.shown = (char[]){"ssh://me@host"},
		.why = (char[]){"context 'staging'"},
	};
	struct containers_note note;
	struct err err = ERR_INIT;
	struct stat status;

	(void)state;
	assert_true(asprintf(&path, "%s/" CONTAINERS_NOTE, folder) > 0);
	assert_int_equal(containers_note_read(folder, &note), -ENOENT);
	assert_int_equal(containers_note_write(folder, &endpoint, "shop", "/srv/shop", "M=1", &err), 0);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	assert_int_equal(containers_note_read(folder, &note), 0);
	assert_string_equal(note.project, "shop");
	assert_string_equal(note.dir, "/srv/shop");
	assert_string_equal(note.marker, "M=1");
	assert_int_equal(note.endpoint.dial, DIAL_CLIENT);
	assert_string_equal(note.endpoint.context, "staging");
	assert_string_equal(note.endpoint.shown, "ssh://me@host");
	assert_null(note.endpoint.path);
	containers_note_finish(&note);
	containers_note_remove(folder);
	assert_int_equal(containers_note_read(folder, &note), -ENOENT);
	containers_note_remove(folder);
	free(path);
	children_remove_folder(folder);
}

static void test_notes_that_are_none(void **state)
{
	static const char *const texts[] = {
		"",
		"{}",
		"[1,2]",
		"{\"project\":\"shop\",\"endpoint\":{\"dial\":\"unix\",\"shown\":\"x\",\"why\":\"y\"}}",
		"{\"project\":\"shop\",\"endpoint\":{\"dial\":\"tcp\",\"host\":\"h\",\"port\":99999,\"shown\":\"x\","
		"\"why\":\"y\"}}",
		"{\"project\":\"\",\"endpoint\":{\"dial\":\"unix\",\"path\":\"/x\",\"shown\":\"x\",\"why\":\"y\"}}",
		"{\"project\":\"shop\",\"endpoint\":{\"dial\":\"pigeon\",\"path\":\"/"
		"x\",\"shown\":\"x\",\"why\":\"y\"}}",
	};
	char *folder = children_make_folder(), *path;

	(void)state;
	assert_true(asprintf(&path, "%s/" CONTAINERS_NOTE, folder) > 0);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct containers_note note;
		struct err err = ERR_INIT;
		size_t ended = 7;
		FILE *file = fopen(path, "w");

		chmod(path, 0600);
		fputs(texts[i], file);
		fclose(file);
		assert_int_equal(containers_note_read(folder, &note), -EBADMSG);
		assert_true(containers_sweep(folder, NULL, 1000, &ended, &err) < 0);
		assert_int_equal(ended, 0);
		assert_true(err_is_set(&err));
		err_finish(&err);
	}
	free(path);
	children_remove_folder(folder);
}

/* What a killed run left: killed and removed, its volumes not, and nobody needs to come again. */
static void test_sweep(void **state)
{
	char *folder = children_make_folder();
	struct containers_note note;
	struct err err = ERR_INIT;
	struct scene scene;
	size_t ended = 0;
	pid_t pid;

	(void)state;
	scene_open(&scene, "[" ONE("a", "running") "," ONE("b", "exited") "," OF("/sys", "others") "]");
	docker_play_route(scene.play, "POST", "/containers/a/stop", 500, "{\"message\":\"not that\"}");
	docker_play_route(scene.play, "GET", "/networks[?]*", 200,
			  "[{\"Id\":\"n1\",\"Name\":\"shop_default\"," LABEL("shop") "}]");
	docker_play_route(scene.play, "GET", "/networks/n1", 200, "{}");
	docker_play_route(scene.play, "DELETE", "/networks/n1", 403, IN_USE);
	assert_int_equal(containers_note_write(folder, &scene.endpoint, "shop", "/proc", "M=1", &err), 0);
	pid = docker_play_fork(scene.play);
	assert_int_equal(containers_sweep(folder, NULL, CHILDREN_DEADLINE_MS, &ended, &err), 0);
	assert_int_equal(ended, 1);
	assert_string_equal(err.items[0].message, "network 'shop_default' stays: containers of others use it");
	assert_int_equal(containers_note_read(folder, &note), -ENOENT);
	err_finish(&err);
	docker_play_join(pid);
	children_remove_folder(folder);
	scene_close(&scene);
}

/* In the time that is left not all could be ended: somebody has to come again. */
static void test_sweep_in_no_time(void **state)
{
	char *folder = children_make_folder();
	struct containers_note note;
	struct err err = ERR_INIT;
	struct scene scene;
	size_t ended = 0;
	pid_t pid;

	(void)state;
	scene_open(&scene, "[" ONE("a", "running") "]");
	docker_play_handler(scene.play, "POST", "*", NULL, NULL);
	assert_int_equal(containers_note_write(folder, &scene.endpoint, "shop", NULL, "M=1", &err), 0);
	pid = docker_play_fork(scene.play);
	assert_int_equal(containers_sweep(folder, NULL, 50, &ended, &err), -ETIMEDOUT);
	assert_int_equal(containers_note_read(folder, &note), 0);
	containers_note_finish(&note);
	err_finish(&err);
	docker_play_join(pid);
	children_remove_folder(folder);
	scene_close(&scene);
}

/* Nobody there, and nothing to see to. */
static void test_sweep_without_an_engine(void **state)
{
	char *folder = children_make_folder();
	struct docker_endpoint endpoint = {.dial = DIAL_UNIX, .shown = (char[]){"unix:///x"}, .why = (char[]){"w"}};
	struct containers_note note;
	struct err err = ERR_INIT;
	size_t ended = 7;

	(void)state;
	assert_true(asprintf(&endpoint.path, "%s/docker.sock", folder) > 0);
	assert_int_equal(containers_sweep(folder, NULL, 1000, &ended, &err), 0);
	assert_false(err_is_set(&err));
	assert_int_equal(containers_note_write(folder, &endpoint, "shop", NULL, "M=1", &err), 0);
	assert_true(containers_sweep(folder, NULL, 1000, &ended, &err) < 0);
	assert_int_equal(ended, 0);
	assert_non_null(strstr(err.items[0].message, "no container engine listens at unix:///x"));
	assert_int_equal(containers_note_read(folder, &note), 0);
	containers_note_finish(&note);
	err_finish(&err);
	free(endpoint.path);
	children_remove_folder(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_goes),
		cmocka_unit_test(test_volumes_and_kill),
		cmocka_unit_test(test_another_folder_of_the_same_name),
		cmocka_unit_test(test_kept),
		cmocka_unit_test(test_only_what_carries_the_label),
		cmocka_unit_test(test_what_others_did_meanwhile),
		cmocka_unit_test(test_looks_again),
		cmocka_unit_test(test_one_stays),
		cmocka_unit_test(test_network_of_others),
		cmocka_unit_test(test_container_that_comes_late),
		cmocka_unit_test(test_bounded),
		cmocka_unit_test(test_engine_goes),
		cmocka_unit_test(test_note),
		cmocka_unit_test(test_note_does_not_wait_for_the_disk),
		cmocka_unit_test(test_notes_that_are_none),
		cmocka_unit_test(test_sweep),
		cmocka_unit_test(test_sweep_in_no_time),
		cmocka_unit_test(test_sweep_without_an_engine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
