/* SPDX-License-Identifier: MIT */
/*
 * A client's bytes over a real socket: the relay as the sender serves it, an outbox in memory behind it. An odd first byte: the rest is all
 * that the client says. An even one: the rest are header lines, an empty one, and a body, of a client that has token and Host right; the byte
 * chooses what it asks for. Whatever came, the connection ends or an answer comes, what the outbox holds is what was declared
 * (relay_check.h), and a plain question is answered after it.
 */
#include "tests/fuzz/sender/relay_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PLAIN "{\"event\":\"started\"}"

static struct scene scene;

static void check_outbox(void)
{
	char *text = scene_take(&scene), *rest = NULL;

	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		relay_check_event(line);
	free(text);
}

static void say(const void *bytes, size_t size)
{
	int fd = scene_connect(&scene);

	scene_say(&scene, fd, bytes, size, true);
	close(fd);
}

static void ask(uint8_t choice, const char *data, size_t size)
{
	static const char *const lines[] = {
		"POST /r/" SCENE_TOKEN "/batch/",   "POST /r/" SCENE_TOKEN "/e/?compression=gzip-js",
		"POST /r/" SCENE_TOKEN "/i/v0/e/",  "POST /r/" SCENE_TOKEN "/e/?compression=base64",
		"OPTIONS /r/" SCENE_TOKEN "/e/",    "POST /r/" SCENE_TOKEN "/flags/?v=2",
		"POST /r/" SCENE_TOKEN "/capture/", "POST /r/" SCENE_TOKEN "/s/"};
	const char *end = memmem(data, size, "\r\n\r\n", 4);
	size_t head = end ? (size_t)(end + 2 - data) : 0, body = size - (end ? head + 2 : 0);
	char *whole;
	int length = asprintf(&whole, "%s HTTP/1.1\r\nHost: localhost:%d\r\nContent-Length: %zu\r\n",
			      lines[choice / 2 % 8], scene.port, body);

	whole = realloc(whole, (size_t)length + size + 2);
	memcpy(whole + length, data, head);
	memcpy(whole + length + head, "\r\n", 2);
	memcpy(whole + length + head + 2, data + size - body, body);
	say(whole, (size_t)length + head + 2 + body);
	free(whole);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static unsigned turns;

	if (!scene.relay)
		scene_begin(&scene, 0);
	if (size < 1)
		return 0;
	if (data[0] & 1)
		say(data + 1, size - 1);
	else
		ask(data[0], (const char *)data + 1, size - 1);
	check_outbox();
	if (turns++ % 64 == 0) {
		relay_demand(scene_post(&scene, "/e/", "", PLAIN, strlen(PLAIN)) == 200);
		check_outbox();
	}
	return 0;
}
