/* SPDX-License-Identifier: MIT */
/* The graph: start order, waves, cycles named as people read them, and what belongs to a selection. */
#include "launcher/supervisor/order.h"

#include "config/stack.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define SERVICES_MAX 8
#define DEPENDS_MAX 4

/* A stack drawn as lines "web: db cache?" - dependencies by name, '+' healthy, '?' not there and not required. */
struct drawing {
	struct stack stack;
	struct service services[SERVICES_MAX];
	struct dependency dependencies[SERVICES_MAX][DEPENDS_MAX];
	char text[SERVICES_MAX][64];
};

static size_t index_of(const struct drawing *self, const char *name)
{
	for (size_t i = 0; i < self->stack.service_count; i++) {
		if (strcmp(self->services[i].name, name) == 0)
			return i;
	}
	return SIZE_MAX;
}

static void draw_dependency(struct drawing *self, size_t index, char *word)
{
	size_t count = self->services[index].depends_on_count++;
	struct dependency *dependency = &self->dependencies[index][count];
	char *mark = strpbrk(word, "+?");

	*dependency = (struct dependency){
		.condition = mark != NULL && *mark == '+' ? DEPEND_HEALTHY : DEPEND_STARTED,
		.required = mark == NULL || *mark != '?',
		.place = {"compose.yaml", (int)index + 1, (int)count + 1},
	};
	if (mark != NULL)
		*mark = '\0';
	dependency->service = word;
	dependency->index = index_of(self, word);
}

static void draw(struct drawing *self, const char *const *lines)
{
	memset(self, 0, sizeof *self);
	self->stack.services = self->services;
	for (size_t i = 0; lines[i] != NULL; i++) {
		snprintf(self->text[i], sizeof self->text[i], "%s", lines[i]);
		self->services[i].name = strtok(self->text[i], ":");
		self->services[i].depends_on = self->dependencies[i];
		self->stack.service_count++;
	}
	for (size_t i = 0; lines[i] != NULL; i++) {
		char *rest = strchr(lines[i], ':') != NULL ? self->text[i] + strlen(self->services[i].name) + 1
							   : self->text[i] + strlen(self->text[i]);

		for (char *word = strtok(rest, " "); word != NULL; word = strtok(NULL, " "))
			draw_dependency(self, i, word);
	}
}

/* "db cache|web" - waves separated by bars. */
static void order_text(const struct drawing *drawing, char *text, size_t size_bytes)
{
	size_t *order = NULL, *wave = NULL, used = 0;

	assert_int_equal(order_make(&drawing->stack, &order, &wave, NULL), 0);
	text[0] = '\0';
	for (size_t i = 0; i < drawing->stack.service_count; i++) {
		const char *between = i == 0 ? "" : wave[order[i]] == wave[order[i - 1]] ? " " : "|";

		used += (size_t)snprintf(text + used, size_bytes - used, "%s%s", between,
					 drawing->services[order[i]].name);
	}
	free(order);
	free(wave);
}

static void dependencies_come_first_and_waves_keep_the_order_of_the_file(void **state)
{
	static const struct {
		const char *lines[SERVICES_MAX];
		const char *order;
	} cases[] = {
		{{NULL}, ""},
		{{"one", NULL}, "one"},
		{{"web: db cache", "db", "cache", NULL}, "db cache|web"},
		{{"c: b", "b: a", "a", NULL}, "a|b|c"},
		{{"top: left right", "left: base", "right: base", "base", "alone", NULL}, "base alone|left right|top"},
		{{"late: short long", "short", "long: longer", "longer: base", "base", NULL},
		 "short base|longer|long|late"},
		{{"web: gone?", NULL}, "web"}, /* not required, not there */
		{{"web: db db", "db", NULL}, "db|web"}, /* named twice */
	};
	char text[256];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct drawing drawing;

		draw(&drawing, cases[i].lines);
		order_text(&drawing, text, sizeof text);
		assert_string_equal(text, cases[i].order);
	}
}

static void cycles_are_named_at_their_place(void **state)
{
	static const struct {
		const char *lines[SERVICES_MAX];
		const char *message;
		int line;
	} cases[] = {
		{{"a: b", "b: a", NULL}, "dependency cycle: a -> b -> a", 1},
		{{"a: a", NULL}, "dependency cycle: a -> a", 1},
		{{"ok", "c: a", "a: b", "b: c", NULL}, "dependency cycle: c -> a -> b -> c", 2},
		/* What merely depends on a cycle is not part of it. */
		{{"front: a", "a: ok b", "b: a", "ok", NULL}, "dependency cycle: a -> b -> a", 2},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct drawing drawing;
		struct err err = ERR_INIT;
		size_t *order = NULL;

		draw(&drawing, cases[i].lines);
		assert_true(order_make(&drawing.stack, &order, NULL, &err) < 0);
		assert_null(order);
		assert_int_equal(err.code, ERR_CONFIG);
		assert_int_equal(err.count, 1);
		assert_string_equal(err.items[0].message, cases[i].message);
		assert_string_equal(err.items[0].file, "compose.yaml");
		assert_int_equal(err.items[0].line, cases[i].line);
		assert_non_null(err.items[0].hint);
		err_finish(&err);
	}
}

static void waiting_for_health_that_nobody_declares_is_refused(void **state)
{
	static const char *const lines[] = {"web: db+ cache+ image+", "db", "cache", "image", NULL};
	struct drawing drawing;
	struct err err = ERR_INIT;
	size_t *order = NULL;

	(void)state;
	draw(&drawing, lines);
	drawing.services[2].healthcheck.kind = PROBE_EXEC;
	drawing.services[3].kind = SERVICE_CONTAINER; /* its image may bring a healthcheck */
	assert_true(order_make(&drawing.stack, &order, NULL, &err) < 0);
	assert_int_equal(err.code, ERR_CONFIG);
	assert_int_equal(err.count, 1);
	assert_non_null(strstr(err.items[0].message, "'db' declares no healthcheck"));
	assert_int_equal(err.items[0].column, 1);
	err_finish(&err);

	drawing.services[1].ready.kind = PROBE_TCP;
	assert_int_equal(order_make(&drawing.stack, &order, NULL, &err), 0);
	free(order);
}

static const char *const shop[] = {"web: api", "api: db cache", "worker: db", "db: disk", "cache", "disk", NULL};

enum selection { SELECT_WITH_NEEDS, SELECT_ALONE, SELECT_DEPENDENTS };

static void selections(void **state)
{
	static const struct {
		enum selection how;
		const char *names[4];
		const char *members;
	} cases[] = {
		{SELECT_WITH_NEEDS, {NULL}, "web api worker db cache disk"},
		{SELECT_WITH_NEEDS, {"worker", NULL}, "worker db disk"},
		{SELECT_WITH_NEEDS, {"web", NULL}, "web api db cache disk"},
		{SELECT_WITH_NEEDS, {"cache", "cache", "disk", NULL}, "cache disk"},
		{SELECT_ALONE, {"web", "db", NULL}, "web db"},
		{SELECT_ALONE, {NULL}, "web api worker db cache disk"},
		{SELECT_DEPENDENTS, {"cache", NULL}, "web api cache"},
		{SELECT_DEPENDENTS, {"disk", NULL}, "web api worker db disk"},
		{SELECT_DEPENDENTS, {"web", NULL}, "web"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct drawing drawing;
		bool member[SERVICES_MAX] = {false};
		char text[128] = "";
		int rc;

		draw(&drawing, shop);
		if (cases[i].how == SELECT_DEPENDENTS)
			rc = order_dependents(&drawing.stack, cases[i].names, member, NULL);
		else
			rc = order_select(&drawing.stack, cases[i].names, cases[i].how == SELECT_ALONE, member, NULL);
		assert_int_equal(rc, 0);
		for (size_t s = 0; s < drawing.stack.service_count; s++) {
			if (member[s]) {
				strcat(text, text[0] != '\0' ? " " : "");
				strcat(text, drawing.services[s].name);
			}
		}
		assert_string_equal(text, cases[i].members);
	}
}

static void unknown_names_mark_nothing_and_are_all_told(void **state)
{
	static const char *const names[] = {"web", "wrker", "nonsense-far-off", NULL};
	struct drawing drawing;
	bool member[SERVICES_MAX] = {false};
	struct err err = ERR_INIT;

	(void)state;
	draw(&drawing, shop);
	assert_true(order_select(&drawing.stack, names, false, member, &err) < 0);
	assert_int_equal(err.code, ERR_USAGE);
	assert_int_equal(err.count, 2);
	assert_non_null(strstr(err.items[0].message, "'wrker'"));
	assert_non_null(strstr(err.items[0].hint, "'worker'"));
	assert_non_null(strstr(err.items[1].hint, "config --services"));
	for (size_t i = 0; i < SERVICES_MAX; i++)
		assert_false(member[i]);
	err_finish(&err);
}

/* ---- Size ---- */

#define MANY 2000

struct many {
	struct stack stack;
	struct service services[MANY];
	struct dependency chain[MANY];
	struct dependency *dense; /* MANY / 2 services, each on all of the other half */
	char names[MANY][8];
};

static struct many *many_create(void)
{
	struct many *many = calloc(1, sizeof *many);

	assert_non_null(many);
	many->stack.services = many->services;
	many->stack.service_count = MANY;
	for (size_t i = 0; i < MANY; i++) {
		snprintf(many->names[i], sizeof many->names[i], "s%zu", i);
		many->services[i].name = many->names[i];
	}
	return many;
}

static double seconds_of_order(const struct stack *stack, int wanted, struct err *err)
{
	struct timespec before, after;
	size_t *order = NULL, *wave = NULL;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
	assert_int_equal(order_make(stack, &order, &wave, err), wanted);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
	for (size_t i = 0; wanted == 0 && i < stack->service_count; i++) {
		for (size_t d = 0; d < stack->services[i].depends_on_count; d++)
			assert_true(wave[stack->services[i].depends_on[d].index] < wave[i]);
	}
	free(order);
	free(wave);
	return (double)(after.tv_sec - before.tv_sec) + (double)(after.tv_nsec - before.tv_nsec) / 1e9;
}

static void thousands_of_services_are_no_trouble(void **state)
{
	struct many *many = many_create();
	struct err err = ERR_INIT;
	size_t half = MANY / 2;

	(void)state;
	for (size_t i = 0; i < MANY; i++) { /* a chain from the last to the first */
		many->chain[i] = (struct dependency){.index = (i + 1) % MANY, .place = {"f", 1, 1}};
		many->services[i].depends_on = &many->chain[i];
		many->services[i].depends_on_count = i + 1 < MANY ? 1 : 0;
	}
	assert_true(seconds_of_order(&many->stack, 0, &err) < 0.5);

	many->services[MANY - 1].depends_on_count = 1; /* and closed to one cycle of all */
	assert_true(seconds_of_order(&many->stack, -EINVAL, &err) < 0.5);
	assert_non_null(strstr(err.items[0].message, "s0 -> s1 -> s2"));
	assert_non_null(strstr(err.items[0].message, "... -> s0"));
	assert_true(strlen(err.items[0].message) < 200);
	err_finish(&err);

	many->dense = calloc(half, sizeof *many->dense);
	assert_non_null(many->dense);
	for (size_t i = 0; i < half; i++)
		many->dense[i] = (struct dependency){.index = i};
	for (size_t i = 0; i < MANY; i++) {
		many->services[i].depends_on = many->dense;
		many->services[i].depends_on_count = i < half ? 0 : half;
	}
	assert_true(seconds_of_order(&many->stack, 0, &err) < 2); /* a million dependencies */
	free(many->dense);
	free(many);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dependencies_come_first_and_waves_keep_the_order_of_the_file),
		cmocka_unit_test(cycles_are_named_at_their_place),
		cmocka_unit_test(waiting_for_health_that_nobody_declares_is_refused),
		cmocka_unit_test(selections),
		cmocka_unit_test(unknown_names_mark_nothing_and_are_all_told),
		cmocka_unit_test(thousands_of_services_are_no_trouble),
	};

	return cmocka_run_group_tests_name("order", tests, NULL, NULL);
}
