/* SPDX-License-Identifier: MIT */
#include "tests/lib/registry_play.h"

#include "tests/lib/registry_image.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* What both processes see. */
struct shared {
	atomic_size_t refused, blobs;
	atomic_bool hurry;
};

struct registry_play {
	const struct registry_options *options; /* of the serving process only */
	struct shared *shared;
	struct event_base *base;
	struct registry_image image;
	char address[32], name[300], wanted[400]; /* the header of who may */
	pid_t pid;
};

/* A blob on its way. */
struct delivery {
	struct registry_play *registry;
	struct evhttp_request *request;
	const struct registry_blob *blob;
	size_t sent;
	struct event *next;
};

/* ---- Serving ---- */

static void delivery_end(struct delivery *self)
{
	event_free(self->next);
	free(self);
}

static void on_gone(struct evhttp_connection *connection, void *context)
{
	(void)connection;
	delivery_end(context);
}

static void on_next(evutil_socket_t fd, short what, void *context)
{
	struct delivery *self = context;
	const struct registry_options *options = self->registry->options;
	const struct timeval pause = {options->pause_ms / 1000, options->pause_ms % 1000 * 1000};
	const bool at_once = options->piece_bytes == 0 || atomic_load(&self->registry->shared->hurry);
	size_t size_bytes = self->blob->size_bytes - self->sent;
	struct evbuffer *piece = evbuffer_new();

	(void)fd;
	(void)what;
	if (!at_once && size_bytes > options->piece_bytes)
		size_bytes = options->piece_bytes;
	evbuffer_add(piece, self->blob->bytes + self->sent, size_bytes);
	evhttp_send_reply_chunk(self->request, piece);
	evbuffer_free(piece);
	self->sent += size_bytes;
	if (self->sent < self->blob->size_bytes) {
		evtimer_add(self->next, &pause);
		return;
	}
	evhttp_connection_set_closecb(evhttp_request_get_connection(self->request), NULL, NULL);
	evhttp_send_reply_end(self->request);
	delivery_end(self);
}

static void deliver(struct registry_play *self, struct evhttp_request *request, const struct registry_blob *blob)
{
	struct delivery *delivery = calloc(1, sizeof(*delivery));

	*delivery = (struct delivery){.registry = self, .request = request, .blob = blob};
	delivery->next = evtimer_new(self->base, on_next, delivery);
	evhttp_connection_set_closecb(evhttp_request_get_connection(request), on_gone, delivery);
	evhttp_send_reply_start(request, HTTP_OK, "OK");
	event_active(delivery->next, EV_TIMEOUT, 1);
}

static void set_header(struct evhttp_request *request, const char *name, const char *value)
{
	evhttp_add_header(evhttp_request_get_output_headers(request), name, value);
}

static void serve(struct registry_play *self, struct evhttp_request *request, const struct registry_blob *blob,
		  const char *type)
{
	char length[32];

	snprintf(length, sizeof(length), "%zu", blob->size_bytes);
	set_header(request, "Content-Type", type);
	set_header(request, "Content-Length", length);
	set_header(request, "Docker-Content-Digest", blob->digest);
	if (evhttp_request_get_command(request) == EVHTTP_REQ_HEAD)
		evhttp_send_reply(request, HTTP_OK, "OK", NULL);
	else
		deliver(self, request, blob);
}

static bool may(const struct registry_play *self, struct evhttp_request *request)
{
	const char *given = evhttp_find_header(evhttp_request_get_input_headers(request), "Authorization");

	return self->wanted[0] == '\0' || (given != NULL && strcmp(given, self->wanted) == 0);
}

/* What stands behind "/v2/REPOSITORY/KIND/"; NULL: something else. */
static const char *path_behind(const struct registry_play *self, const char *path, const char *kind)
{
	char start[300];
	const size_t length = (size_t)snprintf(start, sizeof(start), "/v2/%s/%s/", self->options->repository, kind);

	return strncmp(path, start, length) == 0 ? path + length : NULL;
}

static const struct registry_blob *find_blob(const struct registry_play *self, const char *digest)
{
	for (size_t i = 0; i < self->image.count; i++)
		if (strcmp(self->image.blobs[i].digest, digest) == 0)
			return &self->image.blobs[i];
	return NULL;
}

static void on_request(struct evhttp_request *request, void *context)
{
	struct registry_play *self = context;
	const char *path = evhttp_request_get_uri(request);
	const char *reference = path_behind(self, path, "manifests"), *digest = path_behind(self, path, "blobs");
	const struct registry_blob *blob = digest != NULL ? find_blob(self, digest) : NULL;

	set_header(request, "Docker-Distribution-Api-Version", "registry/2.0");
	if (!may(self, request)) {
		atomic_fetch_add(&self->shared->refused, 1);
		set_header(request, "WWW-Authenticate", "Basic realm=\"registry\"");
		evhttp_send_reply(request, 401, "Unauthorized", NULL);
	} else if (strcmp(path, "/v2/") == 0) {
		evhttp_send_reply(request, HTTP_OK, "OK", NULL);
	} else if (blob != NULL) {
		atomic_fetch_add(&self->shared->blobs, 1);
		serve(self, request, blob, "application/octet-stream");
	} else if (reference != NULL && (strcmp(reference, self->options->tag) == 0 ||
					 strcmp(reference, self->image.manifest.digest) == 0)) {
		serve(self, request, &self->image.manifest, REGISTRY_MANIFEST_TYPE);
	} else {
		evhttp_send_reply(request, HTTP_NOTFOUND, "Not Found", NULL);
	}
}

static void run(struct registry_play *self, int fd)
{
	struct evhttp *http;

	self->base = event_base_new();
	http = evhttp_new(self->base);
	evhttp_set_allowed_methods(http, EVHTTP_REQ_GET | EVHTTP_REQ_HEAD);
	evhttp_set_gencb(http, on_request, self);
	if (evutil_make_socket_nonblocking(fd) == 0 && evhttp_accept_socket(http, fd) == 0)
		event_base_dispatch(self->base);
	_exit(1);
}

/* ---- Starting ---- */

static int listen_here(char address[32])
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(at);
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(fd, 16), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &size), 0);
	snprintf(address, 32, "127.0.0.1:%d", ntohs(at.sin_port));
	return fd;
}

static void set_wanted(struct registry_play *self, const struct registry_options *options)
{
	char pair[200];
	unsigned char code[300];
	int length;

	if (options->user == NULL)
		return;
	length = snprintf(pair, sizeof(pair), "%s:%s", options->user, options->password);
	assert_true(length > 0 && (size_t)length < sizeof(pair));
	EVP_EncodeBlock(code, (const unsigned char *)pair, length);
	snprintf(self->wanted, sizeof(self->wanted), "Basic %s", (const char *)code);
}

struct registry_play *registry_play_start(const struct registry_options *options)
{
	struct registry_play *self = calloc(1, sizeof(*self));
	const pid_t parent = getpid();
	int fd;

	assert_non_null(self);
	self->options = options;
	self->shared = mmap(NULL, sizeof(*self->shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(self->shared, MAP_FAILED);
	registry_image_make(&self->image, options);
	set_wanted(self, options);
	fd = listen_here(self->address);
	snprintf(self->name, sizeof(self->name), "%s/%s:%s", self->address, options->repository, options->tag);
	self->pid = fork();
	assert_true(self->pid >= 0);
	if (self->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() == parent)
			run(self, fd);
		_exit(1);
	}
	close(fd);
	return self;
}

void registry_play_stop(struct registry_play *self)
{
	if (self == NULL)
		return;
	kill(self->pid, SIGKILL);
	while (waitpid(self->pid, NULL, 0) < 0 && errno == EINTR)
		;
	munmap(self->shared, sizeof(*self->shared));
	registry_image_finish(&self->image);
	free(self);
}

const char *registry_play_address(const struct registry_play *self)
{
	return self->address;
}

const char *registry_play_image(const struct registry_play *self)
{
	return self->name;
}

void registry_play_hurry(struct registry_play *self)
{
	atomic_store(&self->shared->hurry, true);
}

size_t registry_play_refused(const struct registry_play *self)
{
	return atomic_load(&self->shared->refused);
}

size_t registry_play_blobs(const struct registry_play *self)
{
	return atomic_load(&self->shared->blobs);
}
