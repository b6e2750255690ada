/* SPDX-License-Identifier: MIT */
/* What a failed call says of a service, in words that help: texts as both versions of Compose and several engines write them. */
#include "launcher/engine/compose_explain.h"

#include "config/err.h"
#include "launcher/engine/build_fault.h"
#include "tests/lib/stack_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char stack[] = "name: shop\n"
			    "services:\n"
			    "  web: {image: 'example.org/web:9'}\n"
			    "  db: {image: db}\n"
			    "  web-2: {image: other}\n";

static const struct row {
	const char *service, *complaint, *own;
	const char *told, *hint; /* hint: something of it; "": none */
	enum err_code code;
	enum err_cause cause;
} rows[] = {
	{"web",
	 "Cannot start service web: driver failed programming external connectivity on endpoint shop_web_1 (68): Bind "
	 "for "
	 "0.0.0.0:80 failed: port is already allocated",
	 NULL, "cannot start its container: port 0.0.0.0:80 is taken", "another port", ERR_MISSING, ERR_CAUSE_OTHER},
	{"web",
	 "Error response from daemon: driver failed programming external connectivity on endpoint shop-web-1 (50): "
	 "Error "
	 "starting userland proxy: listen tcp4 0.0.0.0:80: bind: address already in use",
	 NULL, "cannot start its container: port 0.0.0.0:80 is taken", "another port", ERR_MISSING, ERR_CAUSE_OTHER},
	{"db",
	 "Cannot start service web: failed to create shim task: OCI runtime create failed: runc create failed: unable "
	 "to "
	 "start container process: exec: \"nosuch\": executable file not found in $PATH: unknown",
	 NULL,
	 "its container was not started, because of another one: exec: \"nosuch\": executable file not found in $PATH",
	 "", ERR_MISSING, ERR_CAUSE_ANOTHER},
	{"web",
	 "Cannot start service web: failed to create shim task: OCI runtime create failed: runc create failed: unable "
	 "to "
	 "start container process: exec: \"nosuch\": executable file not found in $PATH: unknown",
	 NULL, "cannot start its container: command not found in its image: 'nosuch'", "its command", ERR_MISSING,
	 ERR_CAUSE_COMMAND},
	{"web",
	 "Cannot start service web: unable to start container process: exec: \"/bin\": permission denied: unknown",
	 NULL, "cannot start its container: not a program that may be run in its image: '/bin'", "executable",
	 ERR_MISSING, ERR_CAUSE_EXECUTABLE},
	{"web", "Cannot start service web: unable to find user nobodyhere: no matching entries in passwd file", NULL,
	 "cannot start its container: no such user in its image: 'nobodyhere'", "`user`", ERR_MISSING, ERR_CAUSE_USER},
	{"web",
	 "Cannot create container for service web: invalid mount config for type \"bind\": bind source path does not "
	 "exist: "
	 "/no/such/dir",
	 NULL, "cannot start its container: what is to be mounted is not there: '/no/such/dir'", "`volumes`",
	 ERR_MISSING, ERR_CAUSE_OTHER},
	{"web", "pull access denied for example.org/web, repository does not exist or may require 'docker login'", NULL,
	 "cannot start its container: its image 'example.org/web:9' is not to be had: it does not exist, or is private",
	 "docker login", ERR_MISSING, ERR_CAUSE_OTHER},
	{"db", "manifest for db:latest not found: manifest unknown: manifest unknown", NULL,
	 "cannot start its container: its image 'db' is not to be had: the registry does not have it", "tag",
	 ERR_MISSING, ERR_CAUSE_OTHER},
	{"db",
	 "Error response from daemon: Get \"https://registry-1.docker.io/v2/\": dial tcp: lookup registry-1.docker.io "
	 "on "
	 "10.0.0.1:53: no such host",
	 NULL,
	 "cannot start its container: its image is not here, and its registry cannot be reached: lookup "
	 "registry-1.docker.io on 10.0.0.1:53: no such host",
	 "network", ERR_MISSING, ERR_CAUSE_OTHER},
	{"db", "Error response from daemon: mkdir /var/lib/docker/overlay2/x: no space left on device", NULL,
	 "cannot start its container: no space is left on the disk of the container engine", "docker system df",
	 ERR_MISSING, ERR_CAUSE_OTHER},
	{"db",
	 "Error response from daemon: Conflict. The container name \"/taken\" is already in use by container \"740f\". "
	 "You "
	 "have to remove (or rename) that container to be able to reuse that name.",
	 NULL, "cannot start its container: another container has the name 'taken'", "container_name", ERR_MISSING,
	 ERR_CAUSE_OTHER},
	{"db", "network shop-net declared as external, but could not be found", NULL,
	 "cannot start its container: network shop-net declared as external, but could not be found",
	 "docker network create", ERR_MISSING, ERR_CAUSE_OTHER},
	{"web", "for web  unauthorized: authentication required", NULL,
	 "cannot start its container: its image 'example.org/web:9' is not to be had: its registry wants user and "
	 "password, or others",
	 "docker login", ERR_MISSING, ERR_CAUSE_OTHER},
	{"web", "Get \"https://example.org/v2/web/manifests/9\": no basic auth credentials", NULL,
	 "cannot start its container: its image 'example.org/web:9' is not to be had: its registry wants user and "
	 "password",
	 "docker login", ERR_MISSING, ERR_CAUSE_OTHER},
	{"db", "something nobody has ever seen", NULL, "cannot start its container: something nobody has ever seen", "",
	 ERR_FAILED, ERR_CAUSE_OTHER},
	{"db", "for db  failed to solve: process \"/bin/sh -c exit 3\" did not complete successfully: exit code: 3",
	 NULL,
	 "cannot start its container: its image cannot be built: process \"/bin/sh -c exit 3\" did not complete "
	 "successfully: exit code: 3",
	 "by hand", ERR_FAILED, ERR_CAUSE_OTHER},
	{"db", "target db: failed to solve: no ink", NULL,
	 "cannot start its container: its image cannot be built: no ink", "by hand", ERR_FAILED, ERR_CAUSE_OTHER},
	{"web", "target db: failed to solve: no ink", NULL,
	 "its container was not started, because of another one: target db: failed to solve: no ink", "", ERR_FAILED,
	 ERR_CAUSE_ANOTHER},
	{"db", "ERROR: Service 'db' failed to build: The command '/bin/sh -c exit 3' returned a non-zero code: 3", NULL,
	 "cannot start its container: its image cannot be built: The command '/bin/sh -c exit 3' returned a non-zero "
	 "code: 3",
	 "by hand", ERR_FAILED, ERR_CAUSE_OTHER},
	{"db",
	 "Service 'db' failed to build : Build failed; for db  The command '/bin/sh -c exit 3' returned a non-zero "
	 "code: 3",
	 NULL, "cannot start its container: its image cannot be built: '/bin/sh -c exit 3' returned a non-zero code: 3",
	 "by hand", ERR_FAILED, ERR_CAUSE_OTHER},
	{"db", "Service 'db' failed to build : Build failed", NULL,
	 "cannot start its container: its image cannot be built", "by hand", ERR_FAILED, ERR_CAUSE_OTHER},
	/* What the engine keeps with the container is nearer than what was said of nobody in particular. */
	{"db", "Error response from daemon: of another", "exec format error",
	 "cannot start its container: its image 'db' holds programs for another kind of machine", "platform",
	 ERR_MISSING, ERR_CAUSE_EXECUTABLE},
	/* A name that is the beginning of another is not that other. */
	{"web", "Cannot start service web-2: bad; Cannot start service web: good", NULL,
	 "cannot start its container: good", "", ERR_FAILED, ERR_CAUSE_OTHER},
	{"web-2", "Cannot start service web-2: bad; Cannot start service web: good", NULL,
	 "cannot start its container: bad", "", ERR_FAILED, ERR_CAUSE_OTHER},
	/* The same is said of the container and of the service. */
	{"web", "ERROR: for shop_web_1  Cannot start service web: bad\n\nERROR: for web  Cannot start service web: bad",
	 NULL, "cannot start its container: bad", "", ERR_FAILED, ERR_CAUSE_OTHER},
	/* Said once of nobody, once of one: it is that one's. */
	{"web", "Error response from daemon: bad; for db  bad", NULL,
	 "its container was not started, because of another one: bad", "", ERR_FAILED, ERR_CAUSE_ANOTHER},
	{"web", "", NULL, "cannot start its container: 'docker compose' ended with code 14 and did not say why",
	 "docker compose up web", ERR_FAILED, ERR_CAUSE_OTHER},
};

static void each_trouble_is_told_as_what_it_is(void **state)
{
	struct stack_text text;

	(void)state;
	stack_text_resolve(&text, stack, NULL);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct row *row = &rows[i];
		struct compose_failure failure = {.stack = text.stack,
						  .service = row->service,
						  .image = stack_text_service(&text, row->service)->image,
						  .complaint = row->complaint,
						  .own = row->own,
						  .program = "docker compose",
						  .code = 14};
		struct err err = ERR_INIT;
		const char *hint;

		assert_int_equal(compose_explain(&failure, &err), strstr(row->told, "because of another") == NULL);
		assert_int_equal(err.count, 1);
		assert_string_equal(err.items[0].message, row->told);
		hint = err.items[0].hint;
		if (*row->hint != '\0' ? hint == NULL || strstr(hint, row->hint) == NULL
				       : hint != NULL && row->code == ERR_MISSING)
			fail_msg("%s: the hint is %s", row->told, hint);
		assert_int_equal(err.code, row->code);
		assert_int_equal(err.cause, row->cause);
		err_finish(&err);
	}
	stack_text_finish(&text);
}

/* What the failed step wrote, where that was seen and is of this service; else the Compose program's words. */
static void a_failed_build_is_told_by_its_step(void **state)
{
	struct build_fault fault = {.service = "web", .step = "RUN bake", .said = "the oven is cold"};
	struct stack_text text;
	struct compose_failure failure = {.service = "web",
					  .image = "example.org/web:9",
					  .complaint = "Service 'web' failed to build : Build failed",
					  .fault = &fault,
					  .program = "docker-compose",
					  .code = 1};
	struct err err = ERR_INIT;

	(void)state;
	stack_text_resolve(&text, stack, NULL);
	failure.stack = text.stack;
	assert_true(compose_explain(&failure, &err));
	assert_string_equal(err.items[0].message,
			    "cannot start its container: its image cannot be built: in 'RUN bake': the oven is cold");
	err_finish(&err);
	err_init(&err);
	memcpy(fault.service, "db", sizeof "db");
	assert_true(compose_explain(&failure, &err));
	assert_string_equal(err.items[0].message, "cannot start its container: its image cannot be built");
	err_finish(&err);
	stack_text_finish(&text);
}

static void a_text_of_any_length_is_bounded(void **state)
{
	struct stack_text text;
	char *complaint = malloc(100001);
	struct err err = ERR_INIT;

	(void)state;
	stack_text_resolve(&text, stack, NULL);
	memset(complaint, 'x', 100000);
	complaint[100000] = '\0';
	compose_explain(&(struct compose_failure){.stack = text.stack,
						  .service = "web",
						  .complaint = complaint,
						  .own = complaint,
						  .program = "docker compose"},
			&err);
	assert_true(strlen(err.items[0].message) < 2000);
	err_finish(&err);
	free(complaint);
	stack_text_finish(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_trouble_is_told_as_what_it_is),
		cmocka_unit_test(a_failed_build_is_told_by_its_step),
		cmocka_unit_test(a_text_of_any_length_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
