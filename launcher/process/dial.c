/* SPDX-License-Identifier: MIT */
#include "launcher/process/dial.h"

#include <errno.h>
#include <event2/dns.h>
#include <event2/event.h>
#include <event2/util.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define ADDRESSES_MAX 8
#define HOST_BYTES_MAX 256

struct address {
	struct sockaddr_storage bytes;
	socklen_t size_bytes;
	int type; /* SOCK_* */
};

/* A question to the resolver. It outlives a dial that no longer waits for the answer. */
struct lookup {
	struct dial *dial; /* NULL: nobody waits */
	int port;
};

struct dial {
	struct event_base *base;
	dial_done *done;
	void *context;
	struct event *ready;
	int fd, folder_fd;
	struct address addresses[ADDRESSES_MAX];
	size_t count, next;
	int first_error, told_error;
	struct evdns_base *resolver; /* made for the first name */
	struct evdns_getaddrinfo_request *request;
	struct lookup *lookup;
};

const char *dial_words(int error)
{
	switch (error) {
	case ECONNREFUSED:
		return "connection refused";
	case ECONNRESET:
	case EPIPE:
		return "connection reset";
	case ETIMEDOUT:
		return "connection timed out";
	case ENOENT:
	case ENOTDIR:
		return "the socket is not there";
	case EAGAIN:
		return "busy: its queue of connections is full";
	case EHOSTUNREACH:
		return "no route to host";
	case ENETUNREACH:
		return "network unreachable";
	case EADDRNOTAVAIL:
		return "no free port to connect from";
	default:
		return strerror(error);
	}
}

struct dial *dial_create(struct event_base *base, dial_done *done, void *context)
{
	struct dial *self = calloc(1, sizeof *self);
	if (!self)
		return NULL;
	self->base = base;
	self->done = done;
	self->context = context;
	self->fd = self->folder_fd = -1;
	return self;
}

static void close_attempt(struct dial *self)
{
	if (self->ready)
		event_free(self->ready);
	self->ready = NULL;
	if (self->fd >= 0)
		close(self->fd);
	self->fd = -1;
}

void dial_stop(struct dial *self)
{
	close_attempt(self);
	if (self->lookup) {
		/* Its answer still comes, as "cancelled", and frees it. */
		self->lookup->dial = NULL;
		self->lookup = NULL;
		if (self->request)
			evdns_getaddrinfo_cancel(self->request);
		self->request = NULL;
	}
	if (self->folder_fd >= 0)
		close(self->folder_fd);
	self->folder_fd = -1;
	self->count = self->next = 0;
	self->first_error = 0;
}

void dial_destroy(struct dial *self)
{
	if (!self)
		return;
	dial_stop(self);
	if (self->resolver)
		evdns_base_free(self->resolver, 1);
	free(self);
}

static void fail_words(struct dial *self, int error, const char *why)
{
	dial_stop(self);
	self->told_error = error;
	self->done(self->context, -1, why);
}

static void fail(struct dial *self, int error)
{
	fail_words(self, error, dial_words(error));
}

int dial_error(const struct dial *self)
{
	return self->told_error;
}

/* Both ends of the connection are the same: the kernel gave us the very port we asked for, and nobody listens there. */
static bool is_self(int fd)
{
	struct sockaddr_storage here = {0}, there = {0};
	socklen_t here_bytes = sizeof here, there_bytes = sizeof there;
	return getsockname(fd, (struct sockaddr *)&here, &here_bytes) == 0 &&
	       getpeername(fd, (struct sockaddr *)&there, &there_bytes) == 0 &&
	       (here.ss_family == AF_INET || here.ss_family == AF_INET6) && here_bytes == there_bytes &&
	       memcmp(&here, &there, here_bytes) == 0;
}

/* Takes the connected socket out; -ECONNREFUSED when it leads back to itself. */
static int take(struct dial *self)
{
	if (is_self(self->fd))
		return -ECONNREFUSED;
	int fd = self->fd;
	self->fd = -1;
	dial_stop(self);
	self->done(self->context, fd, NULL);
	return 0;
}

static void try_next(struct dial *self);

static void note_error(struct dial *self, int error)
{
	close_attempt(self);
	/* The first that counts: a socket of another type is no news. */
	if (self->first_error == 0 || self->first_error == EPROTOTYPE)
		self->first_error = error;
}

static void on_ready(evutil_socket_t fd, short what, void *context)
{
	(void)what;
	struct dial *self = context;
	int error = 0;
	socklen_t size = sizeof error;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
		error = errno;
	if (error == 0)
		error = -take(self);
	if (error == 0)
		return;
	note_error(self, error);
	try_next(self);
}

/* True when the matter is decided or being waited for. */
static bool try_one(struct dial *self, const struct address *address)
{
	self->fd = socket(address->bytes.ss_family, address->type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int error = self->fd < 0 ? errno : 0;
	if (error == 0 && connect(self->fd, (const struct sockaddr *)&address->bytes, address->size_bytes) < 0)
		error = errno;
	if (error == EINPROGRESS) {
		self->ready = event_new(self->base, self->fd, EV_WRITE, on_ready, self);
		if (self->ready && event_add(self->ready, NULL) == 0)
			return true;
		error = ENOMEM;
	}
	if (error == 0)
		error = -take(self);
	if (error == 0)
		return true;
	note_error(self, error);
	return false;
}

static void try_next(struct dial *self)
{
	while (self->next < self->count) {
		if (try_one(self, &self->addresses[self->next++]))
			return;
	}
	fail(self, self->first_error ? self->first_error : EHOSTUNREACH);
}

static void add_address(struct dial *self, const struct sockaddr *bytes, socklen_t size_bytes)
{
	if (self->count == ADDRESSES_MAX || size_bytes > sizeof self->addresses[0].bytes)
		return;
	struct address *address = &self->addresses[self->count++];
	memcpy(&address->bytes, bytes, size_bytes);
	address->size_bytes = size_bytes;
	address->type = SOCK_STREAM;
}

static void add_loopback(struct dial *self, int port)
{
	struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
	four.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	six.sin6_addr = in6addr_loopback;
	add_address(self, (const struct sockaddr *)&four, sizeof four);
	add_address(self, (const struct sockaddr *)&six, sizeof six);
}

static bool is_localhost(const char *host)
{
	size_t length = strlen(host);
	return strcasecmp(host, "localhost") == 0 || (length > 10 && strcasecmp(host + length - 10, ".localhost") == 0);
}

static bool add_numeric(struct dial *self, const char *host, int port)
{
	struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM};
	struct addrinfo *found = NULL;
	char service[16];
	snprintf(service, sizeof service, "%d", port);
	if (getaddrinfo(host, service, &hints, &found) != 0)
		return false;
	add_address(self, found->ai_addr, found->ai_addrlen);
	freeaddrinfo(found);
	return true;
}

static void on_resolved(int result, struct evutil_addrinfo *found, void *context)
{
	struct lookup *lookup = context;
	struct dial *self = lookup->dial;
	int port = lookup->port;
	free(lookup);
	if (self) {
		self->lookup = NULL;
		self->request = NULL;
		for (const struct evutil_addrinfo *item = found; item; item = item->ai_next) {
			if (item->ai_family == AF_INET)
				((struct sockaddr_in *)(void *)item->ai_addr)->sin_port = htons((uint16_t)port);
			else if (item->ai_family == AF_INET6)
				((struct sockaddr_in6 *)(void *)item->ai_addr)->sin6_port = htons((uint16_t)port);
			add_address(self, item->ai_addr, (socklen_t)item->ai_addrlen);
		}
	}
	if (found)
		evutil_freeaddrinfo(found);
	if (!self)
		return;
	char why[HOST_BYTES_MAX];
	if (result == 0 && self->count > 0) {
		try_next(self);
		return;
	}
	snprintf(why, sizeof why, "host name not resolved: %s",
		 result ? evutil_gai_strerror(result) : "it has no address");
	fail_words(self, EHOSTUNREACH, why);
}

static void resolve(struct dial *self, const char *host, int port)
{
	struct evutil_addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_protocol = IPPROTO_TCP};
	if (!self->resolver)
		self->resolver = evdns_base_new(self->base,
						EVDNS_BASE_INITIALIZE_NAMESERVERS | EVDNS_BASE_DISABLE_WHEN_INACTIVE);
	struct lookup *lookup = self->resolver ? malloc(sizeof *lookup) : NULL;
	if (!lookup) {
		fail_words(self, ENOMEM, "host name not resolved: no resolver");
		return;
	}
	*lookup = (struct lookup){self, port};
	self->lookup = lookup;
	struct evdns_getaddrinfo_request *request =
		evdns_getaddrinfo(self->resolver, host, NULL, &hints, on_resolved, lookup);
	/* NULL: it was answered at once, and the answer may have started anything. */
	if (request)
		self->request = request;
}

void dial_host(struct dial *self, const char *host, int port)
{
	char name[HOST_BYTES_MAX];
	size_t length = strlen(host);
	bool bracketed = length > 2 && host[0] == '[' && host[length - 1] == ']';
	dial_stop(self);
	if (length == 0 || length >= sizeof name) {
		fail_words(self, EINVAL, "not a host name");
		return;
	}
	snprintf(name, sizeof name, "%.*s", (int)(bracketed ? length - 2 : length), host + bracketed);
	if (is_localhost(name))
		add_loopback(self, port);
	else if (!add_numeric(self, name, port)) {
		resolve(self, name, port);
		return;
	}
	try_next(self);
}

/* A path that is too long is taken from its folder, which goes by a short name in /proc. */
static int unix_address(struct dial *self, const char *path, struct sockaddr_un *address)
{
	const char *base = strrchr(path, '/');
	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (strlen(path) < sizeof address->sun_path) {
		strcpy(address->sun_path, path);
		return 0;
	}
	if (!base || strlen(base) > 64)
		return -ENAMETOOLONG;
	char *folder = strndup(path, (size_t)(base - path));
	if (!folder)
		return -ENOMEM;
	self->folder_fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int error = self->folder_fd < 0 ? errno : 0;
	free(folder);
	snprintf(address->sun_path, sizeof address->sun_path, "/proc/self/fd/%d%s", self->folder_fd, base);
	return -error;
}

void dial_unix(struct dial *self, const char *path)
{
	static const int types[] = {SOCK_STREAM, SOCK_SEQPACKET, SOCK_DGRAM};
	struct sockaddr_un address;
	dial_stop(self);
	int error = -unix_address(self, path, &address);
	if (error != 0) {
		fail(self, error);
		return;
	}
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		add_address(self, (const struct sockaddr *)&address, sizeof address);
		self->addresses[i].type = types[i];
	}
	try_next(self);
}
