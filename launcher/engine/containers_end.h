/* SPDX-License-Identifier: MIT */
/*
 * Takes a project's containers away: everything that carries its label (com.docker.compose.project) - containers stopped and removed,
 * then its networks, and its volumes if that is asked - by the engine's API and without a Compose program, so that it also works for who comes
 * after: the guard of a killed supervisor, the next command on the project. Containers of a project of the same name that somebody has made from
 * another folder (com.docker.compose.project.working_dir) are not ours, and stay.
 *
 * The note: while containers of a project may be there, <state>/containers says where (0600, one line of JSON: endpoint, project, folder, marker). Found
 * while nobody runs the project it says that somebody has to see to them.
 */
#ifndef UPFRONT_LAUNCHER_ENGINE_CONTAINERS_END_H
#define UPFRONT_LAUNCHER_ENGINE_CONTAINERS_END_H

#include "launcher/engine/docker_endpoint.h"

#include <stdbool.h>
#include <stddef.h>

struct docker;
struct err;
struct event_base;
struct strmap;

struct containers_end_options {
	const char *project;
	const char *dir; /* folder that the Compose program was told it works in; NULL: any */
	bool kill; /* SIGKILL at once; else each gets its own stop signal and grace period */
	bool volumes; /* named and nameless ones as well */
	bool keep; /* only ends them: containers, networks and volumes stay */
};

struct containers_end;
/* `done`: why NULL: nothing of it is left (or, with `keep`, runs). Comes once, from the loop. NULL: out of memory. */
struct containers_end *containers_end_begin(struct docker *docker, const struct containers_end_options *options,
					    void (*done)(void *context, size_t ended, const struct err *why),
					    void *context);
/* Before the client is destroyed. NULL is nothing; from inside of `done`: nothing, too. After that it is no more. */
void containers_end_cancel(struct containers_end *self);
/*
 * Asked from inside of `done`: no container of the project is left (or runs), whatever else is: a network that others use, a volume. Then
 * nobody needs to come again for it.
 */
bool containers_end_is_clear(const struct containers_end *self);

/* ---- The note ---- */

#define CONTAINERS_NOTE "containers"

struct containers_note {
	struct docker_endpoint endpoint;
	char *project;
	char *dir; /* as in containers_end_options */
	char *marker; /* UPFRONT_STACK of the run: a state folder of the same path elsewhere is not ours */
};
int containers_note_write(const char *state_dir, const struct docker_endpoint *endpoint, const char *project,
			  const char *dir, const char *marker, struct err *err);
/* 0; -ENOENT: none; -EBADMSG: it is no such note. */
int containers_note_read(const char *state_dir, struct containers_note *self);
void containers_note_finish(struct containers_note *self);
void containers_note_remove(const char *state_dir);

/*
 * Standing still, at most limit_ms: kills and removes what the note speaks of, but for volumes, and removes the note. *ended: how many containers
 * were running. -errno when the engine cannot be asked or a container stays: so does the note. 0 with words in `err`: of what else is left.
 */
int containers_sweep(const char *state_dir, const struct strmap *environment, int limit_ms, size_t *ended,
		     struct err *err);

#endif
