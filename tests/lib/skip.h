/* SPDX-License-Identifier: MIT */
/* A case that cannot run here says why; tests/run.sh shows these lines. */
#ifndef UPFRONT_TESTS_LIB_SKIP_H
#define UPFRONT_TESTS_LIB_SKIP_H

/* After <cmocka.h>. Leaves the running case. */
#define skip_because(why)                            \
	do {                                         \
		print_message("skipped: %s\n", why); \
		skip();                              \
	} while (0)

#endif
