/* SPDX-License-Identifier: MIT */
/*
 * The compose engine: units as containers, made by a Compose program and followed by the engine's API.
 *
 *   compose          the engine: units and their parts, what is to be done from the loop
 *   compose_call     starts of one turn of the loop gathered into one call of the Compose program
 *   compose_args     what it is called with
 *   compose_outcome  who has not started by it, and whether that is all
 *   compose_explain  what a failed call says of a service, in words that help
 *   compose_stop     asked to end, signalled, killed
 *   compose_close    the stack's end
 *   compose_setup    what is found before anybody is asked: endpoint, Compose program, how containers reach this machine
 *   compose_files    what the Compose program reads
 *   compose_watch    the engine's events: is it there, what happened, and all of that anew when it was away
 *   compose_list     which container is which unit
 *   compose_look     one container inspected: what is other than what was told is told
 *   container_state  what inspect says
 *   compose_logs     output of each container, in order, with its times, across its restarts and the engine's
 *   compose_terminal what is typed into a container's terminal, and its size
 *   compose_stats    what containers use: by /proc where their processes are this machine's, else asked of the engine
 *   compose_pull     images that are not there, fetched with their progress before the call
 *   compose_build    how far images are that the call builds, from its lines
 *   containers_end   the end
 *
 * A unit is the container that carries the project's, the service's and the replica's label (com.docker.compose.project, .service,
 * .container-number). Restarts are the engine's: a container that will come again is told as exited with `restarting`. The engine's death is
 * no end of anything: `reachable` says so, calls wait, and when it is back everything is looked at again.
 */
#ifndef UPFRONT_LAUNCHER_ENGINE_COMPOSE_H
#define UPFRONT_LAUNCHER_ENGINE_COMPOSE_H

#include "launcher/engine/compose_cli.h"
#include "launcher/engine/docker_endpoint.h"

#include <stdbool.h>

struct err;
struct strmap;

/* Found by the terminal before the question, used by the supervisor. */
struct compose_setup {
	struct docker_endpoint endpoint;
	struct compose_cli cli;
	char *version; /* of the engine, "20.10.24" */
	char *bridge; /* address of this machine as containers see it: what the relay is bound to; NULL: they cannot reach it */
	char *bridge_why; /* why not: "the engine runs on another machine", "podman without root" */
};

/*
 * Stands still, some milliseconds (see compose_cli_find). Everything that is missing is ERR_MISSING with its mend: engine not there, not
 * running, not permitted, too old; no Compose program.
 */
int compose_setup_find(const struct strmap *environment, const char *cache_path, struct compose_setup *self,
		       struct err *err);
void compose_setup_finish(struct compose_setup *self);

#endif
