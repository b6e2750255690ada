/* SPDX-License-Identifier: MIT */
#include "tests/lib/sender_run.h"

#include "tests/lib/children.h"
#include "tests/lib/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* ---- the receiver ---- */

static void start_helper(struct receiver *self, const char *name, const char *folder, const char *mode, int port,
			 const char *const *options)
{
	char *program = children_helper(name), number[16], line[64];
	const char *argv[20] = {program, mode, NULL, "--port", number};
	int input[2], output[2], count = 5;
	static int number_of_receivers;

	/* A name of its own for each: the kernel may hand out the same port twice. */
	assert_true(asprintf(&self->notes, "%s/notes.%d.jsonl", folder, ++number_of_receivers) > 0);
	argv[2] = self->notes;
	snprintf(number, sizeof(number), "%d", port);
	for (; options && *options; options++)
		argv[count++] = *options;
	assert_int_equal(pipe2(input, O_CLOEXEC), 0);
	assert_int_equal(pipe2(output, O_CLOEXEC), 0);
	self->pid = fork();
	assert_true(self->pid >= 0);
	if (self->pid == 0) {
		dup2(input[0], 0);
		dup2(output[1], 1);
		execv(program, (char *const *)argv);
		_exit(127);
	}
	close(input[0]);
	close(output[1]);
	self->input = input[1];
	children_read(output[0], "\n", line, sizeof(line));
	close(output[0]);
	self->port = atoi(line);
	assert_true(self->port > 0);
	free(program);
}

void receiver_start(struct receiver *self, const char *folder, const char *mode, int port, const char *const *options)
{
	start_helper(self, "posthog_server", folder, mode, port, options);
}

void receiver_start_proxy(struct receiver *self, const char *folder, const char *mode)
{
	start_helper(self, "connect_proxy", folder, mode, 0, NULL);
}

void receiver_stop(struct receiver *self)
{
	close(self->input);
	assert_int_equal(children_wait(self->pid), 0);
	free(self->notes);
}

cJSON *receiver_notes(const struct receiver *self, const char *kind)
{
	cJSON *found = cJSON_CreateArray();
	FILE *file = fopen(self->notes, "re");
	char *line = NULL;
	size_t size_bytes = 0;

	while (file && getline(&line, &size_bytes, file) > 0) {
		cJSON *note = cJSON_Parse(line);
		const cJSON *name = cJSON_GetObjectItemCaseSensitive(note, "kind");

		if (cJSON_IsString(name) && strcmp(name->valuestring, kind) == 0)
			cJSON_AddItemToArray(found, note);
		else
			cJSON_Delete(note);
	}
	free(line);
	if (file)
		fclose(file);
	return found;
}

int receiver_count(const struct receiver *self, const char *kind)
{
	cJSON *found = receiver_notes(self, kind);
	int count = cJSON_GetArraySize(found);

	cJSON_Delete(found);
	return count;
}

void receiver_expect(const struct receiver *self, const char *kind, int count)
{
	int64_t since = world_now_ms();

	while (receiver_count(self, kind) < count)
		world_pause(since, CHILDREN_DEADLINE_MS, "the receiver's notes");
}

/* ---- networks ---- */

void network_forget_environment(void)
{
	static const char *const variables[] = {"http_proxy",   "HTTPS_PROXY",  "https_proxy",   "ALL_PROXY",
						"all_proxy",    "NO_PROXY",     "no_proxy",      "SSL_CERT_FILE",
						"SSL_CERT_DIR", "OPENSSL_CONF", "CURL_CA_BUNDLE"};

	for (size_t i = 0; i < sizeof(variables) / sizeof(*variables); i++)
		unsetenv(variables[i]);
}

void network_enter_silent(const char *folder)
{
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_port = htons(53), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	char path[PATH_MAX];
	int fd;

	if (unshare(CLONE_NEWNS | CLONE_NEWNET) < 0)
		_exit(NETWORK_REFUSED);
	snprintf(path, sizeof(path), "%s/resolv.conf", folder);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0 || write(fd, "nameserver 127.0.0.1\n", 21) != 21 || close(fd) < 0 ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount(path, "/etc/resolv.conf", NULL, MS_BIND, NULL) < 0)
		_exit(NETWORK_REFUSED);
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request) < 0 ||
	    bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || fcntl(fd, F_DUPFD, 10) < 0)
		_exit(NETWORK_REFUSED);
	close(fd);
}

/* ---- the sender ---- */

char *sender_program(void)
{
	const char *folder = getenv("UPFRONT_BIN_DIR");
	char own[PATH_MAX], *path;
	ssize_t length;

	if (folder) {
		assert_true(asprintf(&path, "%s/upfront-telemetry", folder) > 0);
		return path;
	}
	length = readlink("/proc/self/exe", own, sizeof(own) - 1);
	assert_true(length > 0);
	own[length] = '\0';
	assert_true(asprintf(&path, "%s/../../upfront-telemetry", dirname(own)) > 0);
	return path;
}

static void give(struct sender_run *self, char kind, const char *text)
{
	struct iovec parts[2] = {{&kind, 1}, {(void *)text, strlen(text)}};
	struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};

	assert_int_equal(sendmsg(self->fd, &message, MSG_NOSIGNAL), (ssize_t)strlen(text) + 1);
}

static void give_config(struct sender_run *self, const struct sender_setup *setup)
{
	cJSON *config = cJSON_CreateObject();
	char path[PATH_MAX], *text;

	cJSON_AddStringToObject(config, "host", setup->host);
	cJSON_AddStringToObject(config, "key", setup->key ? setup->key : "phc_test");
	cJSON_AddStringToObject(config, "app", "Shop");
	cJSON_AddNumberToObject(config, "notice", setup->notice ? setup->notice : 3);
	snprintf(path, sizeof(path), "%s/outbox.db", self->folder);
	cJSON_AddStringToObject(config, "outbox", path);
	snprintf(path, sizeof(path), "%s/ledger.jsonl", self->folder);
	cJSON_AddStringToObject(config, "ledger", path);
	text = cJSON_PrintUnformatted(config);
	give(self, 'C', text);
	free(text);
	cJSON_Delete(config);
}

void sender_start(struct sender_run *self, char *folder, const struct sender_setup *setup)
{
	char *program = sender_program(), noise[PATH_MAX];
	int ends[2], status;

	*self = (struct sender_run){.folder = folder};
	snprintf(noise, sizeof(noise), "%s/noise", folder);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	self->pid = fork();
	assert_true(self->pid >= 0);
	if (self->pid == 0) {
		int fd = open(noise, O_WRONLY | O_CREAT | O_APPEND, 0600);

		if (setup->silent_resolver)
			network_enter_silent(folder);
		dup2(fd, 1);
		dup2(fd, 2);
		if (ends[1] == 3)
			fcntl(3, F_SETFD, 0);
		else
			dup2(ends[1], 3);
		execl(program, "upfront-telemetry", (char *)NULL);
		_exit(127);
	}
	close(ends[1]);
	free(program);
	self->fd = ends[0];
	self->pidfd = (int)syscall(SYS_pidfd_open, self->pid, 0);
	assert_true(self->pidfd >= 0);
	fcntl(self->pidfd, F_SETFD, FD_CLOEXEC);
	if (setup->silent_resolver) {
		/* It either is refused at once or runs until its stream ends. */
		self->refused = children_readable(self->pidfd, 300);
		if (self->refused) {
			assert_int_equal(waitpid(self->pid, &status, 0), self->pid);
			assert_int_equal(WEXITSTATUS(status), NETWORK_REFUSED);
			close(self->fd);
			close(self->pidfd);
			return;
		}
	}
	give_config(self, setup);
}

char *sender_give(struct sender_run *self, char *uuid)
{
	struct timespec now;
	struct tm parts;
	unsigned char random[10];
	char time[32], *event;
	uint64_t ms;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &parts);
	strftime(time, sizeof(time), "%Y-%m-%dT%H:%M:%S", &parts);
	ms = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
	assert_int_equal(getrandom(random, sizeof(random), 0), sizeof(random));
	snprintf(uuid, 37, "%08x-%04x-7%01x%02x-a%01x%02x-%02x%02x%02x%02x%02x%02x", (unsigned)(ms >> 16),
		 (unsigned)(ms & 0xffff), random[0] & 15u, random[1], random[2] & 15u, random[3], random[4], random[5],
		 random[6], random[7], random[8], random[9]);
	assert_true(asprintf(&event,
			     "{\"uuid\":\"%s\",\"event\":\"server_start\",\"distinct_id\":\"0190c0de-1111-4000-8000-"
			     "000000000001\","
			     "\"timestamp\":\"%s.%03uZ\",\"properties\":{\"$geoip_disable\":true,\"$process_person_"
			     "profile\":false,"
			     "\"$ip\":\"0.0.0.0\",\"$lib\":\"upfront\",\"note\":\"caf\u00e9 \\u20ac\"}}",
			     uuid, time, (unsigned)(ms % 1000)) > 0);
	give(self, 'E', event);
	return event;
}

int64_t sender_end(struct sender_run *self)
{
	int64_t since = children_now_ms(), took;
	size_t size_bytes = 1;
	char *noise;

	close(self->fd);
	assert_true(children_readable(self->pidfd, CHILDREN_DEADLINE_MS));
	took = children_now_ms() - since;
	assert_int_equal(children_wait(self->pid), 0);
	close(self->pidfd);
	noise = children_slurp(self->folder, "noise", &size_bytes);
	assert_non_null(noise);
	assert_int_equal(size_bytes, 0);
	free(noise);
	return took;
}

void sender_kill(struct sender_run *self)
{
	kill(self->pid, SIGKILL);
	close(self->fd);
	assert_int_equal(children_wait(self->pid), 128 + SIGKILL);
	close(self->pidfd);
}

bool sender_keeps(const char *folder, const char *uuid)
{
	static const char *const names[] = {"outbox.db", "outbox.db-wal"};
	bool found = false;

	for (size_t i = 0; i < 2; i++) {
		size_t size_bytes = 0;
		char *bytes = children_slurp(folder, names[i], &size_bytes);

		found = found || (bytes && memmem(bytes, size_bytes, uuid, strlen(uuid)));
		free(bytes);
	}
	return found;
}
