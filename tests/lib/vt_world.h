/* SPDX-License-Identifier: MIT */
/* The built upfront on a pseudo terminal whose screen is read (term.h), in a world: standard output is that terminal too. */
#ifndef UPFRONT_TESTS_LIB_VT_WORLD_H
#define UPFRONT_TESTS_LIB_VT_WORLD_H

struct vt;
struct world;

/* Arguments end with NULL. vt_finish ends it. */
__attribute__((sentinel)) struct vt *vt_world_start(const struct world *world, unsigned rows, unsigned columns, ...);
/* The same with nothing to be read from standard input. */
__attribute__((sentinel)) struct vt *vt_world_start_mute(const struct world *world, unsigned rows, unsigned columns,
							 ...);
/* Any program there, started in the stack folder; its first argument is its path or found in PATH. */
struct vt *vt_world_run(const struct world *world, unsigned rows, unsigned columns, const char *const *argv);
/* What stands on the screen, without empty rows at the end, is `wanted`, soon. */
void vt_world_expect(struct vt *vt, const char *wanted);
/* How often a text stands on the screen. */
unsigned vt_world_count(const struct vt *vt, const char *text);

#endif
