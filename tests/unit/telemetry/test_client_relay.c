/* SPDX-License-Identifier: MIT */
/* What the sender is told and given so that it can serve the relay, and what becomes of one that it cannot be told all of. */
#include "telemetry/id.h"
#include "telemetry/wire.h"
#include "tests/unit/telemetry/client_scene.h"

#include <cjson/cJSON.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char *const addresses[] = {"127.0.0.1:41234", "172.17.0.1:41234"};
#define TOKEN "00112233445566778899aabbccddeeff"

/* Two listening sockets; where they are in this process is none of the sender's business. */
static void listen_twice(int fds[2])
{
	const struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	for (int i = 0; i < 2; i++) {
		fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		assert_int_equal(bind(fds[i], (const struct sockaddr *)&address, sizeof(address)), 0);
		assert_int_equal(listen(fds[i], 1), 0);
	}
}

static struct telemetry *open_with_relay(struct client_scene *self, const int fds[2])
{
	const struct telemetry_relay relay = {.fds = fds, .addresses = addresses, .count = 2, .token = TOKEN};

	return client_open(&self->shop.stack, &self->environment, 2, &relay, self->program);
}

static void test_the_relay_is_told_what_it_may_let_through(void **state)
{
	struct client_scene *self = *state;
	struct telemetry *telemetry;
	const cJSON *relay, *fields;
	cJSON *config;
	char *text, *common;
	int fds[2];

	client_scene_program(self, "exec cat <&3 >$folder/got");
	shop_declare_events(&self->shop);
	listen_twice(fds);
	telemetry = open_with_relay(self, fds);
	assert_non_null(telemetry);
	telemetry_start(telemetry);
	/* What the start finds out is common from then on. */
	telemetry_capture(telemetry, &(struct telemetry_event){.kind = TELEMETRY_SERVER_START, .facts = shop_facts()});
	assert_int_equal(telemetry_counts(telemetry).dropped, 0);
	text = client_scene_end(self, telemetry, "got");
	common = strstr(text, "}P{");
	assert_non_null(common);
	common[1] = '\0';
	config = cJSON_Parse(text + 1);
	relay = cJSON_GetObjectItemCaseSensitive(config, "relay");
	assert_int_equal(cJSON_GetObjectItemCaseSensitive(relay, "listeners")->valueint, 2);
	assert_string_equal(cJSON_GetObjectItemCaseSensitive(relay, "token")->valuestring, TOKEN);
	assert_true(id_is_valid(cJSON_GetObjectItemCaseSensitive(relay, "distinct_id")->valuestring, 4));
	assert_string_equal(cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(relay, "addresses"), 1)->valuestring,
			    "172.17.0.1:41234");
	assert_string_equal(cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(relay, "origins"), 0)->valuestring,
			    "http://localhost:3000");
	assert_string_equal(cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(relay, "routes"), 1)->valuestring,
			    "/api/v1/charts/{id}");
	fields = cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(relay, "events"),
						  "home_ask_candidate");
	assert_string_equal(cJSON_GetObjectItemCaseSensitive(fields, "success")->valuestring, "bool");
	assert_string_equal(cJSON_GetObjectItemCaseSensitive(fields, "duration_ms")->valuestring, "number");
	assert_string_equal(cJSON_GetObjectItemCaseSensitive(fields, "candidates")->valuestring, "int");
	assert_string_equal(cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(fields, "mode"), 0)->valuestring,
			    "fast");
	assert_string_equal(cJSON_GetObjectItemCaseSensitive(relay, "common")->child->string, "$geoip_disable");
	assert_true(cJSON_IsNull(
		cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(relay, "common"), "build")));
	assert_memory_equal(common + 2, "{\"$geoip_disable\":true,", 23);
	assert_non_null(strstr(common + 2, "}E{"));
	cJSON_Delete(config);
	free(text);
	close(fds[0]);
	close(fds[1]);
}

/* At its numbers, wherever they were before; and the token stands nowhere that others can read. */
static void test_the_relay_inherits_its_listening_sockets(void **state)
{
	struct client_scene *self = *state;
	struct telemetry *telemetry;
	char *text, line[64];
	struct stat seen;
	int fds[2], moved[2];

	client_scene_program(self,
			     "exec 9>$folder/seen\n"
			     "for fd in 4 5 6 7 8; do stat -L -c \"$fd=%i\" /proc/$$/fd/$fd >&9 2>/dev/null; done\n"
			     "tr '\\0' '\\n' </proc/$$/environ >&9; tr '\\0' '\\n' </proc/$$/cmdline >&9\n"
			     "exec cat <&3 >/dev/null");
	listen_twice(fds);
	/* The one where the other has to be, and both where the socket itself may be. */
	moved[0] = fcntl(fds[0], F_DUPFD_CLOEXEC, WIRE_RELAY_FD + 1);
	moved[1] = fcntl(fds[1], F_DUPFD_CLOEXEC, WIRE_FD);
	telemetry = open_with_relay(self, moved);
	telemetry_start(telemetry);
	text = client_scene_end(self, telemetry, "seen");
	for (int i = 0; i < 2; i++) {
		assert_int_equal(fstat(fds[i], &seen), 0);
		snprintf(line, sizeof(line), "%d=%ju\n", WIRE_RELAY_FD + i, (uintmax_t)seen.st_ino);
		assert_non_null(strstr(text, line));
		close(fds[i]);
		close(moved[i]);
	}
	assert_null(strstr(text, "6="));
	assert_null(strstr(text, TOKEN));
	assert_null(strstr(text, "phc_shop"));
	free(text);
}

/* More declarations than a message holds cost the relay, and nothing else. */
static void test_what_is_too_much_to_tell_costs_the_relay(void **state)
{
	struct client_scene *self = *state;
	struct telemetry_event_decl *events = calloc(30000, sizeof(*events));
	struct telemetry *telemetry;
	char *names = malloc(30000 * 41), *text;
	int fds[2];

	for (int i = 0; i < 30000; i++) {
		snprintf(names + i * 41, 41, "event_%034d", i);
		events[i].name = names + i * 41;
	}
	self->shop.decl.events = events;
	self->shop.decl.event_count = 30000;
	client_scene_program(self, "exec cat <&3 >$folder/got");
	listen_twice(fds);
	telemetry = open_with_relay(self, fds);
	assert_true(telemetry_serves_relay(telemetry));
	telemetry_capture(telemetry, &(struct telemetry_event){.kind = TELEMETRY_SERVER_START, .facts = shop_facts()});
	assert_int_equal(telemetry_counts(telemetry).dropped, 1);
	assert_false(telemetry_serves_relay(telemetry));
	text = client_scene_end(self, telemetry, "got");
	assert_memory_equal(text, "C{", 2);
	assert_null(strstr(text, "\"relay\""));
	assert_non_null(strstr(text, "}E{"));
	free(text);
	free(names);
	free(events);
	close(fds[0]);
	close(fds[1]);
}

/* Nor has it anything to begin events with when that cannot be sent. */
static void test_a_relay_without_common_properties_is_none(void **state)
{
	struct client_scene *self = *state;
	struct telemetry *telemetry;
	char *text;
	int fds[2];

	client_scene_program(self, "exec cat <&3 >$folder/got");
	self->shop.common[0].text = "caf\xe9";
	listen_twice(fds);
	telemetry = open_with_relay(self, fds);
	telemetry_start(telemetry);
	assert_int_equal(telemetry_counts(telemetry).dropped, 1);
	assert_false(telemetry_serves_relay(telemetry));
	text = client_scene_end(self, telemetry, "got");
	assert_memory_equal(text, "C{", 2);
	assert_null(strstr(text, "\"relay\""));
	free(text);
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_the_relay_is_told_what_it_may_let_through),
		CASE(test_the_relay_inherits_its_listening_sockets),
		CASE(test_what_is_too_much_to_tell_costs_the_relay),
		CASE(test_a_relay_without_common_properties_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
