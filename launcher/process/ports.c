/* SPDX-License-Identifier: MIT */
#include "launcher/process/ports.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "config/err.h"
#include "config/stack.h"
#include "launcher/process/ports_holder.h"

#define ADDRESSES_MAX 4

/* One port of one service, and where it is to be bound. */
struct claim {
	const struct service *service;
	const struct service_port *port;
	struct sockaddr_storage addresses[ADDRESSES_MAX]; /* without port numbers */
	size_t count;
	bool udp;
};

static void add_four(struct claim *claim, in_addr_t address)
{
	struct sockaddr_in four = {.sin_family = AF_INET, .sin_addr.s_addr = address};
	memcpy(&claim->addresses[claim->count++], &four, sizeof four);
}

static void add_six(struct claim *claim, const struct in6_addr *address)
{
	struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_addr = *address};
	memcpy(&claim->addresses[claim->count++], &six, sizeof six);
}

/* What is no address is left to the service itself: nothing is looked up here. */
static void find_addresses(struct claim *claim)
{
	const char *host = claim->port->host;
	char plain[INET6_ADDRSTRLEN + 2];
	struct in_addr four;
	struct in6_addr six;
	if (!host || !*host || strcmp(host, "*") == 0) {
		add_four(claim, htonl(INADDR_ANY));
		add_six(claim, &in6addr_any);
		return;
	}
	if (strcasecmp(host, "localhost") == 0) {
		add_four(claim, htonl(INADDR_LOOPBACK));
		add_six(claim, &in6addr_loopback);
		return;
	}
	size_t length = strlen(host);
	bool bracketed = length > 2 && host[0] == '[' && host[length - 1] == ']';
	snprintf(plain, sizeof plain, "%.*s", (int)(bracketed ? length - 2 : length), host + bracketed);
	if (inet_pton(AF_INET, plain, &four) == 1)
		add_four(claim, four.s_addr);
	else if (inet_pton(AF_INET6, plain, &six) == 1)
		add_six(claim, &six);
}

/*
 * As servers bind, so that connections that are only waiting to be forgotten do not count. For udp that option would let two share
 * a port. 0 or the errno of bind; 0 also when this machine has no such protocol.
 */
static int try_bind(const struct sockaddr *address, bool udp)
{
	socklen_t size = address->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
	int on = 1, error = 0;
	int fd = socket(address->sa_family, (udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return 0;
	if (!udp)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (address->sa_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
	if (bind(fd, address, size) < 0)
		error = errno;
	close(fd);
	return error;
}

static void describe_holder(const struct ports_holder *holder, char *text, size_t size_bytes)
{
	char buffer[1024];
	struct passwd entry, *found = NULL;
	if (holder->pid) {
		snprintf(text, size_bytes, "%s (pid %d)", *holder->name ? holder->name : "a process", (int)holder->pid);
	} else if (!holder->found) {
		snprintf(text, size_bytes, "a process that cannot be seen from here");
	} else if (holder->uid == geteuid()) {
		snprintf(text, size_bytes, "a process that cannot be looked into");
	} else if (getpwuid_r(holder->uid, &entry, buffer, sizeof buffer, &found) == 0 && found) {
		snprintf(text, size_bytes, "another user's process (user %s)", found->pw_name);
	} else {
		snprintf(text, size_bytes, "another user's process (uid %u)", (unsigned)holder->uid);
	}
}

static int explain(const struct claim *claim, const struct sockaddr *address, int number, int error, struct err *err)
{
	const char *service = claim->service->name, *kind = claim->udp ? "/udp" : "";
	struct err_place place = claim->port->place;
	struct ports_holder holder;
	char who[160];
	int result;
	switch (error) {
	case EADDRINUSE:
		ports_holder_find(address, claim->udp, &holder);
		describe_holder(&holder, who, sizeof who);
		result = err_at(err, ERR_MISSING, place, "port %d%s of service '%s' is in use by %s", number, kind,
				service, who);
		err_hint(err, "stop it, or choose another port");
		return result;
	case EACCES:
		result = err_at(err, ERR_MISSING, place, "port %d%s of service '%s': not permitted to use it", number,
				kind, service);
		err_hint(err, "ports below 1024 are root's: choose a higher one, or run upfront as root");
		return result;
	case EADDRNOTAVAIL:
		/* IPv6 beside IPv4 on a machine without IPv6 is no fault of the file. */
		if (claim->count > 1)
			return 0;
		result = err_at(err, ERR_MISSING, place, "port %d%s of service '%s': this machine has no address %s",
				number, kind, service, claim->port->host);
		err_hint(err, "correct the address, or leave it out");
		return result;
	default:
		return 0;
	}
}

static int check_number(const struct claim *claim, int number, struct err *err)
{
	for (size_t i = 0; i < claim->count; i++) {
		struct sockaddr_storage address = claim->addresses[i];
		/* The port lies at the same place in both kinds of address. */
		((struct sockaddr_in *)(void *)&address)->sin_port = htons((uint16_t)number);
		int error = try_bind((const struct sockaddr *)&address, claim->udp);
		int result = error ? explain(claim, (const struct sockaddr *)&address, number, error, err) : 0;
		if (result < 0)
			return result;
	}
	return 0;
}

static int check_port(const struct service *service, const struct service_port *port, struct err *err)
{
	struct claim claim = {.service = service, .port = port};
	int result = 0, failures = 0;
	claim.udp = port->protocol && strcmp(port->protocol, "udp") == 0;
	if (port->published <= 0 || (port->protocol && !claim.udp && strcmp(port->protocol, "tcp") != 0))
		return 0;
	find_addresses(&claim);
	int last = port->published_end > port->published ? port->published_end : port->published;
	for (int number = port->published; number <= last && number <= 65535 && failures < ERR_ITEMS_MAX; number++) {
		int one = check_number(&claim, number, err);
		failures += one < 0;
		result = result < 0 ? result : one;
	}
	return result;
}

/* The first address at which the port cannot be had, and why: the errno of bind, 0: it can. */
static int find_obstacle(int number, struct sockaddr_storage *obstacle)
{
	struct claim claim = {.udp = false};
	add_four(&claim, htonl(INADDR_ANY));
	add_six(&claim, &in6addr_any);
	add_four(&claim, htonl(INADDR_LOOPBACK));
	add_six(&claim, &in6addr_loopback);
	for (size_t i = 0; i < claim.count; i++) {
		struct sockaddr_storage address = claim.addresses[i];
		((struct sockaddr_in *)(void *)&address)->sin_port = htons((uint16_t)number);
		int error = try_bind((const struct sockaddr *)&address, false);
		if (error == EADDRINUSE || error == EACCES) {
			*obstacle = address;
			return error;
		}
	}
	return 0;
}

bool ports_is_free(int number)
{
	struct sockaddr_storage obstacle;
	return find_obstacle(number, &obstacle) == 0;
}

void ports_holder_words(int number, char *words, size_t size_bytes)
{
	struct sockaddr_storage obstacle;
	struct ports_holder holder;
	int error = find_obstacle(number, &obstacle);
	*words = '\0';
	if (error == EADDRINUSE) {
		ports_holder_find((const struct sockaddr *)&obstacle, false, &holder);
		describe_holder(&holder, words, size_bytes);
	} else if (error == EACCES) {
		snprintf(words, size_bytes, "the system, which keeps it for root");
	}
}

static bool declares(const struct service *service, const struct service_port *wanted)
{
	for (size_t i = 0; i < service->port_count; i++) {
		const struct service_port *port = &service->ports[i];
		bool udp = port->protocol && strcmp(port->protocol, "udp") == 0;
		bool wants_udp = wanted->protocol && strcmp(wanted->protocol, "udp") == 0;
		int last = port->published_end > port->published ? port->published_end : port->published;
		int wanted_last = wanted->published_end > wanted->published ? wanted->published_end : wanted->published;
		if (udp == wants_udp && port->published <= wanted_last && wanted->published <= last)
			return true;
	}
	return false;
}

/* Whoever of a running stack declares a port may well be who holds it. */
static bool is_declared(const struct stack *running, const struct service_port *port)
{
	for (size_t i = 0; running && i < running->service_count; i++) {
		if (declares(&running->services[i], port))
			return true;
	}
	return false;
}

int ports_check(const struct stack *stack, const bool *member, const struct stack *running, struct err *err)
{
	int result = 0;
	for (size_t i = 0; i < stack->service_count; i++) {
		const struct service *service = &stack->services[i];
		if (service->kind != SERVICE_NATIVE || (member && !member[i]))
			continue;
		for (size_t n = 0; n < service->port_count; n++) {
			const struct service_port *port = &service->ports[n];
			int one = is_declared(running, port) ? 0 : check_port(service, port, err);
			result = result < 0 ? result : one;
		}
	}
	return result;
}
