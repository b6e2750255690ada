/* SPDX-License-Identifier: MIT */
#include "launcher/engine/docker_endpoint.h"

#include "config/err.h"
#include "config/strmap.h"
#include "launcher/engine/docker_context.h"
#include "launcher/engine/docker_parts.h"

#include <cjson/cJSON.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TCP_PORT 2375

static const char *value_of(const struct strmap *environment, const char *name)
{
	const char *value = strmap_find(environment, name);

	return value != NULL && value[0] != '\0' ? value : NULL;
}

static bool is_socket(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISSOCK(status.st_mode);
}

static int out_of_memory(struct err *err)
{
	err_set(err, ERR_INTERNAL, "out of memory");
	return -ENOMEM;
}

/* ---- What an address says ---- */

/* The first program of this name on PATH; NULL: there is none. */
static char *find_program(const struct strmap *environment, const char *name)
{
	const char *at = value_of(environment, "PATH");

	while (at != NULL) {
		size_t length = strcspn(at, ":");
		char *path = NULL;

		if (length > 0 && asprintf(&path, "%.*s/%s", (int)length, at, name) >= 0) {
			struct stat status;

			if (stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, X_OK) == 0)
				return path;
			free(path);
		}
		at = at[length] == ':' ? at + length + 1 : NULL;
	}
	return NULL;
}

/* "scheme://" and what follows, without "user:password@", as far as the user goes without a password. */
static char *without_password(const char *address)
{
	const char *rest = strstr(address, "://");
	size_t length = rest != NULL ? strcspn(rest + 3, "/?#") : 0;
	const char *at = rest != NULL ? memrchr(rest + 3, '@', length) : NULL;
	const char *colon = at != NULL ? memchr(rest + 3, ':', (size_t)(at - rest - 3)) : NULL;
	char *shown = NULL;

	if (colon == NULL)
		return strdup(address);
	return asprintf(&shown, "%.*s%s", (int)(colon - address), address, at) >= 0 ? shown : NULL;
}

/* By the engine's own client, which is asked for by `what`. */
static int by_client(struct docker_endpoint *self, const struct strmap *environment, const char *address,
		     const char *context, struct err *err)
{
	self->dial = DIAL_CLIENT;
	self->shown = without_password(address);
	self->host_variable = context == NULL ? strdup(address) : NULL;
	self->context = context != NULL ? strdup(context) : NULL;
	if (self->shown == NULL || (context == NULL && self->host_variable == NULL) ||
	    (context != NULL && self->context == NULL))
		return out_of_memory(err);
	self->client = find_program(environment, "docker");
	if (self->client != NULL)
		return 0;
	err_set(err, ERR_MISSING, "the container engine at %s is reached by the program 'docker', which is not on PATH",
		self->shown);
	err_hint(err, "install Docker's command line client");
	return -ENOENT;
}

static int bad_address(const char *address, const char *why, struct err *err)
{
	char *shown = without_password(address);

	err_set(err, ERR_CONFIG, "address of the container engine: %s: %s", shown != NULL ? shown : "", why);
	err_hint(err, "DOCKER_HOST is unix:///PATH, tcp://HOST:PORT or ssh://USER@HOST");
	free(shown);
	return -EINVAL;
}

static int by_socket(struct docker_endpoint *self, const char *path, struct err *err)
{
	const char *base = strrchr(path, '/');

	if (path[0] != '/')
		return bad_address(path, "the path of a socket begins with '/'", err);
	self->dial = DIAL_UNIX;
	self->local = true;
	self->podman = strcmp(base, "/podman.sock") == 0;
	self->path = strdup(path);
	if (self->path == NULL || asprintf(&self->shown, "unix://%s", path) < 0) {
		self->shown = NULL;
		return out_of_memory(err);
	}
	return 0;
}

/* "HOST", "HOST:PORT", "[::1]:PORT", with a path that is left alone. */
static int by_tcp(struct docker_endpoint *self, const char *address, const char *rest, struct err *err)
{
	size_t length = strcspn(rest, "/");
	const char *end = rest + length, *user = memrchr(rest, '@', length), *host = user != NULL ? user + 1 : rest;
	const char *close = host < end && host[0] == '[' ? memchr(host, ']', (size_t)(end - host)) : NULL;
	const char *colon = memchr(close != NULL ? close : host, ':', (size_t)(end - (close != NULL ? close : host)));
	const char *host_end = colon != NULL ? colon : end;
	long port = TCP_PORT;

	if (host_end == host)
		return bad_address(address, "it names no host", err);
	if (*end == '/' && end[1] != '\0')
		return bad_address(address, "an engine below a path is not supported", err);
	if (colon != NULL) {
		char *stop;

		port = isdigit((unsigned char)colon[1]) ? strtol(colon + 1, &stop, 10) : 0;
		if (port < 1 || port > 65535 || stop != end)
			return bad_address(address, "its port is none", err);
	}
	self->dial = DIAL_TCP;
	self->port = (int)port;
	self->host = strndup(host, (size_t)(host_end - host));
	if (self->host == NULL || asprintf(&self->shown, "tcp://%s:%d", self->host, self->port) < 0) {
		self->shown = NULL;
		return out_of_memory(err);
	}
	return 0;
}

/* `context`: of this one; NULL: of a variable. */
static int by_address(struct docker_endpoint *self, const struct strmap *environment, const char *address,
		      const char *context, bool tls, struct err *err)
{
	const char *rest = strstr(address, "://");

	if (rest == NULL)
		return tls ? by_client(self, environment, address, context, err) : by_tcp(self, address, address, err);
	rest += 3;
	if (strncmp(address, "unix://", 7) == 0)
		return by_socket(self, rest[0] != '\0' ? rest : DOCKER_SOCKET, err);
	if (strncmp(address, "ssh://", 6) == 0)
		return by_client(self, environment, address, context, err);
	if (strncmp(address, "tcp://", 6) == 0)
		return tls ? by_client(self, environment, address, context, err) : by_tcp(self, address, rest, err);
	if (strncmp(address, "npipe://", 8) == 0)
		return bad_address(address, "named pipes are of Windows", err);
	if (strncmp(address, "fd://", 5) == 0)
		return bad_address(address, "an inherited socket is where an engine listens, not where it is reached",
				   err);
	return bad_address(address, "neither unix://, tcp:// nor ssh://", err);
}

/* ---- Who says so ---- */

static int say_why(struct docker_endpoint *self, const char *why, struct err *err)
{
	return (self->why = strdup(why)) != NULL ? 0 : out_of_memory(err);
}

static int say_context(struct docker_endpoint *self, const char *name, struct err *err)
{
	if (asprintf(&self->why, "context '%s'", name) >= 0)
		return 0;
	self->why = NULL;
	return out_of_memory(err);
}

static int none_found(const struct strmap *environment, const struct docker_places *places, struct err *err)
{
	const char *runtime = value_of(environment, "XDG_RUNTIME_DIR");
	char *podman = find_program(environment, "podman"), *docker = find_program(environment, "docker");
	char *rootless = NULL;

	err_set(err, ERR_MISSING, "no container engine listens at %s: the socket is not there", places->docker_socket);
	if (runtime != NULL && asprintf(&rootless, "%s/docker.sock", runtime) >= 0 && is_socket(rootless))
		err_hint(err, "Docker without root is there: DOCKER_HOST=unix://%s", rootless);
	else if (docker != NULL)
		err_hint(err, "start it: systemctl start docker");
	else if (podman != NULL)
		err_hint(err, "start Podman's: systemctl %sstart podman.socket", geteuid() == 0 ? "" : "--user ");
	else
		err_hint(err, "install Docker or Podman, and start it: systemctl start docker");
	free(podman);
	free(docker);
	free(rootless);
	return -ENOENT;
}

static int by_podman(struct docker_endpoint *self, const struct strmap *environment, const struct docker_places *places,
		     struct err *err)
{
	const char *host = value_of(environment, "CONTAINER_HOST");
	const char *runtime = value_of(environment, "XDG_RUNTIME_DIR");
	char *path = NULL;
	int result;

	if (host != NULL && strncmp(host, "ssh://", 6) == 0)
		return bad_address(host, "of Podman's, CONTAINER_HOST is followed to a unix socket or tcp:// only",
				   err);
	if (host != NULL) {
		result = by_address(self, environment, host, NULL, false, err);
		if (result == 0)
			result = say_why(self, "CONTAINER_HOST says so", err);
		goto out;
	}
	if (geteuid() == 0 || runtime == NULL)
		path = strdup(places->podman_socket);
	else if (asprintf(&path, "%s/podman/podman.sock", runtime) < 0)
		path = NULL;
	if (path == NULL)
		return out_of_memory(err);
	if (!is_socket(path)) {
		result = none_found(environment, places, err);
		goto out;
	}
	result = by_socket(self, path, err);
	if (result == 0)
		result = say_why(self, "Docker's socket is not there, Podman's is", err);
out:
	free(path);
	self->podman = true;
	if (result == 0 && (self->host_variable = strdup(self->shown)) == NULL)
		result = out_of_memory(err);
	return result;
}

static int find(const struct strmap *environment, const struct docker_places *places, struct docker_endpoint *self,
		struct err *err)
{
	const char *host = value_of(environment, "DOCKER_HOST");
	bool tls =
		value_of(environment, "DOCKER_TLS_VERIFY") != NULL || value_of(environment, "DOCKER_CERT_PATH") != NULL;
	struct docker_context context = {0};
	int result;

	if (host != NULL) {
		result = by_address(self, environment, host, NULL, tls, err);
		return result < 0 ? result : say_why(self, "DOCKER_HOST says so", err);
	}
	result = docker_context_find(environment, &context, err);
	if (result == 0 && context.name != NULL && context.host != NULL) {
		result = by_address(self, environment, context.host, context.name, context.tls, err);
		if (result == 0)
			result = say_context(self, context.name, err);
		else
			err_context(err, "context '%s'", context.name);
	} else if (result == 0 && (context.name != NULL || is_socket(places->docker_socket))) {
		result = by_socket(self, places->docker_socket, err);
		if (result == 0)
			result = context.name != NULL ? say_context(self, context.name, err)
						      : say_why(self, "the default", err);
	} else if (result == 0) {
		result = by_podman(self, environment, places, err);
	}
	docker_context_finish(&context);
	return result;
}

int docker_endpoint_find_at(const struct strmap *environment, const struct docker_places *places,
			    struct docker_endpoint *self, struct err *err)
{
	struct docker_endpoint found = {0};
	int result = find(environment, places, &found, err);

	if (result < 0)
		docker_endpoint_finish(&found);
	else
		*self = found;
	return result;
}

int docker_endpoint_find(const struct strmap *environment, struct docker_endpoint *self, struct err *err)
{
	static const struct docker_places places = {DOCKER_SOCKET, "/run/podman/podman.sock"};

	return docker_endpoint_find_at(environment, &places, self, err);
}

void docker_endpoint_note_version(struct docker_endpoint *self, const struct cJSON *version)
{
	const cJSON *component;

	cJSON_ArrayForEach(component, cJSON_GetObjectItemCaseSensitive(version, "Components"))
	{
		const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(component, "Name"));

		if (name != NULL && strcmp(name, "Podman Engine") == 0)
			self->podman = true;
	}
}

void docker_endpoint_finish(struct docker_endpoint *self)
{
	free(self->path);
	free(self->host);
	free(self->client);
	free(self->context);
	free(self->shown);
	free(self->host_variable);
	free(self->why);
	*self = (struct docker_endpoint){0};
}
