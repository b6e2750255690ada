/* SPDX-License-Identifier: MIT */
#include "launcher/screen/unit_spark.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define MEBI (1024 * 1024)

static void a_line_at_rest_stays_at_rest(void **state)
{
	struct unit_sparks sparks;
	struct spark cpu, memory, cpu_later, memory_later;

	(void)state;
	unit_sparks_init(&sparks);
	unit_sparks_take(&sparks, 7, 0, 40 * MEBI, 1000);
	unit_sparks_fill(&sparks, 7, 1000, &cpu, &memory);
	for (int64_t now_ms = 2000; now_ms < 400000; now_ms += 3333) {
		unit_sparks_fill(&sparks, 7, now_ms, &cpu_later, &memory_later);
		assert_memory_equal(&cpu, &cpu_later, sizeof(cpu));
		assert_memory_equal(&memory, &memory_later, sizeof(memory));
	}
	unit_sparks_finish(&sparks);
}

static void a_peak_moves_left_and_out(void **state)
{
	struct unit_sparks sparks;
	struct spark cpu, memory;

	(void)state;
	unit_sparks_init(&sparks);
	unit_sparks_take(&sparks, 1, 0, MEBI, 0);
	unit_sparks_take(&sparks, 1, 80, MEBI, 100);
	unit_sparks_fill(&sparks, 1, 100, &cpu, &memory);
	assert_int_equal(cpu.level[SPARK_CELLS - 1], 8);
	assert_int_equal(cpu.level[SPARK_CELLS - 2], 0);
	unit_sparks_take(&sparks, 1, 0, MEBI, UNIT_SPARK_CELL_MS);
	unit_sparks_fill(&sparks, 1, UNIT_SPARK_CELL_MS, &cpu, &memory);
	assert_int_equal(cpu.level[SPARK_CELLS - 1], 0);
	assert_int_equal(cpu.level[SPARK_CELLS - 2], 8);
	unit_sparks_fill(&sparks, 1, (int64_t)UNIT_SPARK_CELL_MS * 40, &cpu, &memory);
	for (size_t i = 0; i < SPARK_CELLS; i++)
		assert_int_equal(cpu.level[i], 0);
	unit_sparks_finish(&sparks);
}

static void what_has_ended_has_no_line(void **state)
{
	struct unit_sparks sparks;
	struct spark cpu, memory;

	(void)state;
	unit_sparks_init(&sparks);
	for (unsigned id = 1; id <= 3; id++)
		unit_sparks_take(&sparks, id, 50, MEBI, 0);
	unit_sparks_forget(&sparks, 2);
	unit_sparks_forget(&sparks, 2);
	unit_sparks_fill(&sparks, 2, 0, &cpu, &memory);
	assert_int_equal(memory.level[SPARK_CELLS - 1], SPARK_NONE);
	assert_int_equal(cpu.level[SPARK_CELLS - 1], SPARK_NONE);
	for (unsigned id = 1; id <= 3; id += 2) {
		unit_sparks_fill(&sparks, id, 0, &cpu, &memory);
		assert_int_not_equal(memory.level[SPARK_CELLS - 1], SPARK_NONE);
	}
	unit_sparks_finish(&sparks);
}

static void memory_that_grows_rises(void **state)
{
	struct unit_sparks sparks;
	struct spark cpu, memory;

	(void)state;
	unit_sparks_init(&sparks);
	for (int i = 0; i < (int)SPARK_CELLS; i++)
		unit_sparks_take(&sparks, 1, 0, (int64_t)(i + 1) * 10 * MEBI, (int64_t)i * UNIT_SPARK_CELL_MS);
	unit_sparks_fill(&sparks, 1, (int64_t)(SPARK_CELLS - 1) * UNIT_SPARK_CELL_MS, &cpu, &memory);
	for (size_t i = 1; i < SPARK_CELLS; i++)
		assert_true(memory.level[i] >= memory.level[i - 1]);
	assert_int_equal(memory.level[SPARK_CELLS - 1], 8);
	unit_sparks_finish(&sparks);
}

static void units_are_kept_apart_in_any_order(void **state)
{
	static const unsigned ids[] = {40, 3, 99, 1, 50, 2};
	struct unit_sparks sparks;
	struct spark cpu, memory;

	(void)state;
	unit_sparks_init(&sparks);
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
		unit_sparks_take(&sparks, ids[i], ids[i] == 99 ? 100 : 0, MEBI, 0);
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		unit_sparks_fill(&sparks, ids[i], 0, &cpu, &memory);
		assert_int_equal(cpu.level[SPARK_CELLS - 1], ids[i] == 99 ? 8 : 0);
	}
	unit_sparks_fill(&sparks, 12345, 0, &cpu, &memory);
	assert_int_equal(cpu.level[0], SPARK_NONE);
	unit_sparks_finish(&sparks);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_at_rest_stays_at_rest),      cmocka_unit_test(a_peak_moves_left_and_out),
		cmocka_unit_test(what_has_ended_has_no_line),        cmocka_unit_test(memory_that_grows_rises),
		cmocka_unit_test(units_are_kept_apart_in_any_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
