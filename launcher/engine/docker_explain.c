/* SPDX-License-Identifier: MIT */
#include "launcher/engine/docker_parts.h"

#include "config/err.h"
#include "launcher/engine/docker_endpoint.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

static const char *name_of(const struct docker_endpoint *endpoint)
{
	return endpoint->podman ? "Podman" : "the container engine";
}

static void hint_start(const struct docker_endpoint *endpoint, struct err *err)
{
	if (endpoint->podman)
		err_hint(err, "start it: systemctl %sstart podman.socket", geteuid() == 0 ? "" : "--user ");
	else if (endpoint->dial == DIAL_UNIX && strcmp(endpoint->path, DOCKER_SOCKET) != 0 &&
		 strcmp(endpoint->path, "/run/docker.sock") != 0)
		err_hint(err, "start it, or say with DOCKER_HOST where one listens (now: %s)", endpoint->why);
	else if (endpoint->local)
		err_hint(err, "start it: sudo systemctl start docker (or start Docker Desktop)");
	else
		err_hint(err, "see that it runs there, or choose another with DOCKER_HOST (now: %s)", endpoint->why);
}

static void explain_permission(const struct docker_endpoint *endpoint, struct err *err)
{
	err_set(err, ERR_MISSING, "not permitted to talk to %s at %s", name_of(endpoint), endpoint->shown);
	if (endpoint->podman)
		err_hint(err, "start your own: systemctl --user start podman.socket");
	else
		/* The shell knows who it is; asking for the name may ask the network. */
		err_hint(err, "sudo usermod -aG docker $USER, then log in anew");
}

/* The engine's own client could not get through: its words, and where the trouble is as a rule. */
static void explain_client(const struct docker_endpoint *endpoint, const char *message, struct err *err)
{
	/* What ssh itself says, without the story of how it was run. */
	const char *inner = strstr(message, "stderr=");

	if (inner != NULL && inner[7] != '\0')
		message = inner + 7;
	err_set(err, ERR_MISSING, "cannot reach %s at %s: %s", name_of(endpoint), endpoint->shown, message);
	if (strcasestr(message, "x509") != NULL || strcasestr(message, "certificate") != NULL ||
	    strcasestr(message, "tls") != NULL)
		err_hint(err, "its certificates: see DOCKER_CERT_PATH, or the context's (`docker context inspect`)");
	else if (strcasestr(message, "ssh") != NULL || strncmp(endpoint->shown, "ssh://", 6) == 0)
		err_hint(err, "see that `ssh` gets there without a question, and that `docker` is installed there");
	else
		err_hint(err, "see that `docker version` works with the same settings (%s)", endpoint->why);
}

static void explain_error(const struct docker_endpoint *endpoint, const struct docker_answer *answer, struct err *err)
{
	const char *name = name_of(endpoint), *shown = endpoint->shown;

	switch (-answer->error) {
	case EACCES:
	case EPERM:
		explain_permission(endpoint, err);
		return;
	case EPROTONOSUPPORT:
		err_set(err, ERR_MISSING, "%s at %s is too old: %s", name, shown, answer->message);
		err_hint(err, "update it, or choose another with DOCKER_HOST");
		return;
	case EPROTO:
		err_set(err, ERR_MISSING, "no container engine at %s: %s", shown, answer->message);
		err_hint(err, "say with DOCKER_HOST where one listens (now: %s)", endpoint->why);
		return;
	case ENOMEM:
	case EFBIG:
	case EINVAL:
		err_set(err, ERR_FAILED, "asking %s at %s: %s", name, shown, answer->message);
		return;
	default:
		break;
	}
	if (endpoint->dial == DIAL_CLIENT && answer->error != -ETIMEDOUT) {
		explain_client(endpoint, answer->message, err);
		return;
	}
	switch (-answer->error) {
	case ENOENT:
	case ENOTDIR:
		err_set(err, ERR_MISSING, "no container engine listens at %s: is it installed and running?", shown);
		hint_start(endpoint, err);
		return;
	case ECONNREFUSED:
		err_set(err, ERR_MISSING, "%s at %s is not running: connection refused", name, shown);
		hint_start(endpoint, err);
		return;
	case ETIMEDOUT:
		err_set(err, ERR_MISSING, "%s at %s does not answer: %s", name, shown, answer->message);
		if (endpoint->local)
			err_hint(err, endpoint->podman ? "restart it: systemctl restart podman.socket"
						       : "restart it: sudo systemctl restart docker");
		else
			err_hint(err, "see that it runs there and that the way there is open (%s)", endpoint->why);
		return;
	default:
		err_set(err, ERR_MISSING, "cannot reach %s at %s: %s", name, shown, answer->message);
		hint_start(endpoint, err);
	}
}

void docker_explain(const struct docker_endpoint *endpoint, const struct docker_answer *answer, struct err *err)
{
	if (answer->error != 0) {
		explain_error(endpoint, answer, err);
		return;
	}
	err_set(err, ERR_FAILED, "%s: %s", name_of(endpoint), answer->message);
	if (strcasestr(answer->message, "no space left on device") != NULL)
		err_hint(err, "its disk is full: `docker system df` shows by what, `docker system prune` makes room");
	else if (strcasestr(answer->message, "x509") != NULL || strcasestr(answer->message, "certificate") != NULL)
		err_hint(err, "a certificate is not trusted: see the engine's log, and /etc/docker/certs.d");
}
