/* SPDX-License-Identifier: MIT */
#include "config/err.h"
#include "config/strmap.h"
#include "launcher/engine/compose.h"
#include "launcher/engine/docker_api.h"

#include <arpa/inet.h>
#include <cjson/cJSON.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* An engine that has gone to sleep is given time to wake up (socket activation); what is asked after that it answers at once. */
#define FIRST_ANSWER_MS 5000
#define ANSWER_MS 2000

static const char *text_of(const cJSON *map, const char *key)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(map, key));

	return text != NULL ? text : "";
}

static int find_version(struct compose_setup *self, const struct strmap *environment, struct err *err)
{
	cJSON *body = NULL;
	int result = docker_ask(&self->endpoint, environment, "GET", "/version", FIRST_ANSWER_MS, &body, err);
	const char *version = text_of(body, "Version");

	if (result == 0) {
		docker_endpoint_note_version(&self->endpoint, body);
		self->version = strdup(*version != '\0' ? version : "of an unknown version");
		if (self->version == NULL)
			result = err_set(err, ERR_INTERNAL, "out of memory");
	}
	cJSON_Delete(body);
	return result;
}

/* ---- How containers reach this machine ---- */

/* Something can only be bound to what is an address of ours. */
static bool is_here(const char *address)
{
	struct ifaddrs *all = NULL;
	struct in_addr wanted;
	bool found = false;

	if (inet_pton(AF_INET, address, &wanted) != 1 || getifaddrs(&all) < 0)
		return false;
	for (const struct ifaddrs *at = all; at != NULL && !found; at = at->ifa_next) {
		struct sockaddr_in own;

		if (at->ifa_addr == NULL || at->ifa_addr->sa_family != AF_INET)
			continue;
		memcpy(&own, at->ifa_addr, sizeof own);
		found = own.sin_addr.s_addr == wanted.s_addr;
	}
	freeifaddrs(all);
	return found;
}

static bool has_option(const cJSON *info, const char *option)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(info, "SecurityOptions"))
	{
		const char *text = cJSON_GetStringValue(item);

		if (text != NULL && strstr(text, option) != NULL)
			return true;
	}
	return false;
}

/* Why containers of such an engine cannot reach what listens on its bridge here; NULL: they can. */
static const char *apart(const struct docker_endpoint *endpoint, const cJSON *info)
{
	if (strstr(text_of(info, "OperatingSystem"), "Docker Desktop") != NULL)
		return "Docker Desktop runs containers in a machine of its own";
	if (has_option(info, "rootless"))
		return endpoint->podman ? "podman without root" : "Docker without root";
	return NULL;
}

/* The first IPv4 gateway of a network; "": it has none. */
static const char *gateway_of(const cJSON *network)
{
	const cJSON *ipam = cJSON_GetObjectItemCaseSensitive(network, "IPAM"), *config;

	cJSON_ArrayForEach(config, cJSON_GetObjectItemCaseSensitive(ipam, "Config"))
	{
		const char *gateway = text_of(config, "Gateway");
		struct in_addr address;

		if (inet_pton(AF_INET, gateway, &address) == 1)
			return gateway;
	}
	return "";
}

/* An engine that has chosen the gateway itself may not tell it: then it is the address of the bridge's interface. "": it has none. */
static void address_of_interface(const cJSON *network, char address[INET_ADDRSTRLEN])
{
	const char *name =
		text_of(cJSON_GetObjectItemCaseSensitive(network, "Options"), "com.docker.network.bridge.name");
	struct ifaddrs *all = NULL;

	address[0] = '\0';
	if (*name == '\0' || getifaddrs(&all) < 0)
		return;
	for (const struct ifaddrs *at = all; at != NULL && address[0] == '\0'; at = at->ifa_next) {
		const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)at->ifa_addr;

		if (in != NULL && in->sin_family == AF_INET && strcmp(at->ifa_name, name) == 0)
			(void)inet_ntop(AF_INET, &in->sin_addr, address, INET_ADDRSTRLEN);
	}
	freeifaddrs(all);
}

/* Constant text, or NULL with *bridge set. What cannot be found out costs the relay, and no start. */
static const char *find_bridge(const struct docker_endpoint *endpoint, const struct strmap *environment, char **bridge)
{
	cJSON *info = NULL, *network = NULL;
	const char *why = NULL, *gateway;
	char address[INET_ADDRSTRLEN];

	if (!endpoint->local)
		return "the engine runs on another machine";
	if (endpoint->podman && geteuid() != 0)
		return "podman without root";
	if (docker_ask(endpoint, environment, "GET", "/info", ANSWER_MS, &info, NULL) < 0 ||
	    docker_ask(endpoint, environment, "GET", endpoint->podman ? "/networks/podman" : "/networks/bridge",
		       ANSWER_MS, &network, NULL) < 0)
		why = "the engine does not tell its bridge";
	else
		why = apart(endpoint, info);
	gateway = gateway_of(network);
	if (*gateway == '\0') {
		address_of_interface(network, address);
		gateway = address;
	}
	if (why == NULL && *gateway == '\0')
		why = "the engine has no bridge";
	if (why == NULL && !is_here(gateway))
		why = endpoint->podman ? "Podman's bridge comes with the first container of its default network"
				       : "the engine's bridge is not on this machine";
	if (why == NULL && (*bridge = strdup(gateway)) == NULL)
		why = "out of memory";
	cJSON_Delete(info);
	cJSON_Delete(network);
	return why;
}

int compose_setup_find(const struct strmap *environment, const char *cache_path, struct compose_setup *self,
		       struct err *err)
{
	const char *why;
	int result;

	*self = (struct compose_setup){.version = NULL};
	result = docker_endpoint_find(environment, &self->endpoint, err);
	if (result == 0)
		result = find_version(self, environment, err);
	if (result == 0)
		result = compose_cli_find(&self->endpoint, environment, cache_path, &self->cli, err);
	if (result < 0)
		goto out;
	why = find_bridge(&self->endpoint, environment, &self->bridge);
	self->bridge_why = why != NULL ? strdup(why) : NULL;
	if (why != NULL && self->bridge_why == NULL)
		result = err_set(err, ERR_INTERNAL, "out of memory");
out:
	if (result < 0)
		compose_setup_finish(self);
	return result;
}

void compose_setup_finish(struct compose_setup *self)
{
	docker_endpoint_finish(&self->endpoint);
	compose_cli_finish(&self->cli);
	free(self->version);
	free(self->bridge);
	free(self->bridge_why);
	*self = (struct compose_setup){.version = NULL};
}
