/* SPDX-License-Identifier: MIT */
/*
 * Where the container engine listens, found as its own client finds it: DOCKER_HOST, else DOCKER_CONTEXT or the current context of
 * DOCKER_CONFIG (default ~/.docker), else /var/run/docker.sock; where none of these says anything and Docker's socket is not there,
 * CONTAINER_HOST or Podman's socket (of root, or of the user's runtime folder), which speaks the same protocol. Nothing is connected to.
 *
 * A unix socket and plain tcp:// are connected to directly. Everything else (ssh://, TLS, a context with certificates) goes through
 * `docker system dial-stdio`, one child a connection, so that keys and certificates stay the business of the engine's own client.
 */
#ifndef UPFRONT_LAUNCHER_ENGINE_DOCKER_ENDPOINT_H
#define UPFRONT_LAUNCHER_ENGINE_DOCKER_ENDPOINT_H

#include <stdbool.h>

struct cJSON;
struct err;
struct strmap;

enum docker_dial { DIAL_UNIX, DIAL_TCP, DIAL_CLIENT };

struct docker_endpoint {
	enum docker_dial dial;
	char *path; /* DIAL_UNIX: of the socket */
	char *host; /* DIAL_TCP */
	int port;
	char *client; /* DIAL_CLIENT: path of the `docker` program */
	char *context; /* DIAL_CLIENT: the context that it is to take; NULL: what DOCKER_HOST says */
	char *shown; /* "unix:///var/run/docker.sock": for people, never with a password */
	char *host_variable; /* what DOCKER_HOST has to be for a program to reach this one; NULL: leave it as it is */
	char *why; /* "DOCKER_HOST says so", "context 'staging'", "the default", "Docker's socket is not there, Podman's is" */
	bool podman;
	bool local; /* its processes can be this machine's: a unix socket */
};

/* `environment` of the `up`. ERR_CONFIG for a DOCKER_HOST or context that cannot be read, ERR_MISSING where none is to be found. */
int docker_endpoint_find(const struct strmap *environment, struct docker_endpoint *self, struct err *err);
/* Whose engine it is, by what it says of its version: a socket's name may tell nothing (tcp://), or be Docker's (podman-docker). */
void docker_endpoint_note_version(struct docker_endpoint *self, const struct cJSON *version);
void docker_endpoint_finish(struct docker_endpoint *self);

#endif
