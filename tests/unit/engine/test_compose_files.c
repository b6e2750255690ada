/* SPDX-License-Identifier: MIT */
/* What a Compose program is given to read. The texts were read by docker-compose 1.29.2 and docker compose 2.29.7. */
#include "launcher/engine/compose_files.h"

#include "config/err.h"
#include "config/stack.h"
#include "launcher/engine/compose_cli.h"
#include "tests/lib/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

static const struct compose_cli one = {.shown = (char *)"docker-compose", .version = (char *)"1.29.2", .major = 1};
static const struct compose_cli two = {.shown = (char *)"docker compose", .version = (char *)"2.29.7", .major = 2};

struct scene {
	struct world world;
	struct strmap telemetry, interpolation;
	struct stack_source *source;
	struct stack *stack;
	struct compose_files files;
};

static int scene_setup(void **state)
{
	struct scene *scene = calloc(1, sizeof(*scene));

	world_begin(&scene->world);
	strmap_init(&scene->telemetry);
	strmap_init(&scene->interpolation);
	*state = scene;
	return 0;
}

static void scene_forget(struct scene *scene)
{
	compose_files_finish(&scene->files);
	stack_destroy(scene->stack);
	stack_source_destroy(scene->source);
	scene->stack = NULL;
	scene->source = NULL;
}

static int scene_teardown(void **state)
{
	struct scene *scene = *state;

	scene_forget(scene);
	strmap_finish(&scene->telemetry);
	strmap_finish(&scene->interpolation);
	world_end(&scene->world);
	free(scene);
	return 0;
}

/* Resolves <stack>/a.yaml, with b.yaml over it when that is there. */
static void resolve(struct scene *scene, const char *const *profiles)
{
	const char *const files[] = {"a.yaml", world_has(&scene->world, "b.yaml") ? "b.yaml" : NULL, NULL};
	const struct stack_options options = {.files = files,
					      .directory = scene->world.stack,
					      .profiles = profiles,
					      .project = "shop",
					      .environment = &scene->world.environment};
	const struct stack_resolve_options how = {.overrides = &scene->interpolation};
	struct err err = ERR_INIT;

	scene_forget(scene);
	if (stack_source_open(&options, &scene->source, &err) < 0 ||
	    stack_resolve(scene->source, &how, &scene->stack, &err) < 0)
		fail_msg("%s", err.items[0].message);
}

static void write_files(struct scene *scene, const struct compose_cli *cli)
{
	char dir[WORLD_PATH_MAX];
	struct compose_files_options options = {.stack = scene->stack,
						.source = scene->source,
						.cli = cli,
						.environment = &scene->world.environment,
						.telemetry = &scene->telemetry,
						.interpolation = &scene->interpolation,
						.dir = dir};
	struct err err = ERR_INIT;

	snprintf(dir, sizeof(dir), "%s/run", scene->world.dir);
	if (compose_files_write(&options, &scene->files, &err) < 0)
		fail_msg("%s", err.items[0].message);
}

/* The arguments in one line, without the world's folder. */
static const char *args(const struct scene *scene)
{
	static char text[2048];
	size_t skip = strlen(scene->world.dir) + 1;

	*text = '\0';
	for (size_t i = 0; scene->files.args[i]; i++) {
		const char *word = scene->files.args[i];
		size_t used = strlen(text);

		if (strncmp(word, scene->world.dir, skip - 1) == 0)
			word += skip;
		snprintf(text + used, sizeof(text) - used, "%s%s", used ? " " : "", word);
	}
	return text;
}

/* A variable of the Compose program; NULL: unset. */
static const char *variable(const struct scene *scene, const char *name)
{
	size_t length = strlen(name);

	for (char *const *at = scene->files.environment; *at; at++)
		if (strncmp(*at, name, length) == 0 && (*at)[length] == '=')
			return *at + length + 1;
	return NULL;
}

/* ---- Which way ---- */

static void test_own_or_not(void **state)
{
	static const struct {
		const char *a, *b; /* b NULL: none */
		const struct compose_cli *cli;
		const char *why; /* NULL: the files as they are */
	} cases[] = {
		{"services: {web: {image: x}}", NULL, &one, NULL},
		{"version: '3.8'\nservices: {web: {build: .}}", NULL, &one, NULL},
		{"services: {web: {image: x}}", "services: {web: {user: me}, db: {image: x}}", &one, NULL},
		{"services: {web: {image: x}, api: {command: x}}", NULL, &two, "service 'api' runs on this machine"},
		/* What speaks to us alone is left away; beside what an engine reads it is in the way. */
		{"include: [c.yaml]\nx-upfront: {app: A}\nname: n\nservices: {web: {x-upfront: {open: 'http://a'}}}",
		 NULL, &two, NULL},
		{"include: [{path: c.yaml}, {path: [d.yaml]}]", NULL, &one, NULL},
		{"services: {web: {image: x}}", "x-upfront: {app: A}", &two, NULL},
		{"services: {web: {image: x}}\nx-upfront: {app: A}", NULL, &two, "a.yaml holds 'x-upfront'"},
		{"services:\n  web:\n    image: x\n    x-upfront: {open: 'http://a'}", NULL, &two,
		 "a.yaml:4 holds 'x-upfront'"},
		{"include: [c.yaml]\nservices: {db: {image: x}}", NULL, &two, "a.yaml includes others"},
		{"include: [e.yaml]", NULL, &two, "e.yaml includes others"},
		{"include: [sub/f.yaml]", NULL, &two, NULL},
		{"include: [c.yaml, sub/f.yaml]", NULL, &two, "the files that are included lie in different folders"},
		{"include: [{path: c.yaml, env_file: /dev/null}]", NULL, &two,
		 "an include in a.yaml says more than a path"},
		{"include: ['${C:-c.yaml}']", NULL, &two, "an include in a.yaml says more than a path"},
		/* Services that nobody starts here are read by the Compose program nevertheless. */
		{"services: {web: {image: x}, tool: {command: x, profiles: [t]}}", NULL, &two,
		 "service 'tool' has no image"},
		{"services: {web: {image: x}, tool: {extends: web, profiles: [t]}}", NULL, &two, NULL},
		/* Version 1 knows less. */
		{"name: shop\nservices: {web: {image: x}}", NULL, &two, NULL},
		{"name: shop\nservices: {web: {image: x}}", NULL, &one,
		 "docker-compose 1.29.2 does not know 'name' here (a.yaml:1)"},
		{"services:\n  web:\n    image: x\n    gpus: all", NULL, &one,
		 "docker-compose 1.29.2 does not know 'gpus' here (a.yaml:4)"},
		{"services: {web: {image: x, healthcheck: {test: x, start_interval: 1s}}}", NULL, &one,
		 "docker-compose 1.29.2 does not know 'start_interval' here (a.yaml:1)"},
		{"services: {db: {image: x}, web: {image: x, depends_on: {db: {condition: service_started, "
		 "required: false}}}}",
		 NULL, &one, "docker-compose 1.29.2 does not know 'required' here (a.yaml:1)"},
		{"services: {web: {image: x, env_file: [{path: x.env}]}}", NULL, &one,
		 "docker-compose 1.29.2 does not know 'path' here (a.yaml:1)"},
		{"services: {web: {image: x, pull_policy: missing}}", NULL, &one,
		 "docker-compose 1.29.2 does not know 'pull_policy: missing' (a.yaml:1)"},
		{"services: {web: {image: x, command: }}", NULL, &one,
		 "docker-compose 1.29.2 does not know 'command' without a value (a.yaml:1)"},
		{"services: {db: {image: x}, web: {extends: db}}", NULL, &one,
		 "docker-compose 1.29.2 does not know all that 'extends' means (a.yaml:1)"},
		{"services: {web: {image: '${A:-${B:-x}}'}}", NULL, &one,
		 "docker-compose 1.29.2 does not know variables within variables (a.yaml:1)"},
		{"services: {web: {image: 'a${A:+b}'}}", NULL, &one,
		 "docker-compose 1.29.2 does not know variables within variables (a.yaml:1)"},
		{"services: {web: {image: 'a${A-b}$${A:+b}${A:?c}$A'}}", NULL, &one, NULL},
		{"version: 3\nservices: {web: {image: x}}", NULL, &one,
		 "docker-compose 1.29.2 does not know files of this 'version' (a.yaml:1)"},
		{"services: {web: {image: x}}", "secrets: {s: {file: s}}", &one,
		 "docker-compose 1.29.2 does not know files of this 'version' (b.yaml:1)"},
		{"services: {web: {image: x, user: me}}", "services: {web: {user: !reset null}}", &one,
		 "docker-compose 1.29.2 does not know '!reset' and '!override' (b.yaml:1)"},
		{"services: {web: {image: x, user: me}}", "services: {web: {user: !reset null}}", &two, NULL},
		{"x-a: {any: '${A:+b}'}\nservices: {web: {image: x, x-b: {gpus: all}, labels: {gpus: all}}}", NULL,
		 &one, NULL},
		/* Variables that are not handed on as they are. */
		{"services: {web: {image: 'x${COMPOSE_PROFILES}'}}", NULL, &two, NULL},
		{"services: {web: {image: 'x${DOCKER_HOST}'}}", NULL, &two, "its files are filled in with DOCKER_HOST"},
		{"services: {web: {image: 'x${DOCKER_REGISTRY}'}}", NULL, &two, NULL},
	};
	struct scene *scene = *state;
	size_t wrong = 0;

	world_setenv(&scene->world, "A", "1");
	world_write(&scene->world, "c.yaml", "services: {web: {image: x}}\n");
	world_write(&scene->world, "d.yaml", "networks: {n: {}}\n");
	world_write(&scene->world, "e.yaml", "include: [c.yaml]\nservices: {db: {image: x}}\n");
	world_write(&scene->world, "sub/f.yaml", "services: {f: {image: x}}\n");
	world_write(&scene->world, "x.env", "");
	world_write(&scene->world, ".env", "DOCKER_HOST=tcp://nowhere\nDOCKER_REGISTRY=r\n");
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		world_write(&scene->world, "a.yaml", cases[i].a);
		(void)remove(world_path(&scene->world, "b.yaml"));
		if (cases[i].b)
			world_write(&scene->world, "b.yaml", cases[i].b);
		resolve(scene, NULL);
		write_files(scene, cases[i].cli);
		if (scene->files.own != (cases[i].why == NULL) ||
		    (cases[i].why && strcmp(scene->files.why, cases[i].why) != 0)) {
			print_error("%s: %s\n", cases[i].a, scene->files.why ? scene->files.why : "own");
			wrong++;
		}
		scene_forget(scene);
	}
	assert_int_equal(wrong, 0);
}

/* ---- The user's own files ---- */

static void begin_own(struct scene *scene)
{
	world_write(&scene->world, "a.yaml",
		    "include: [docker-compose.yaml]\n"
		    "x-upfront: {app: Shop}\n"
		    "services: {ui: {x-upfront: {open: 'http://localhost'}}}\n");
	world_write(&scene->world, "docker-compose.yaml",
		    "version: \"3\"\n"
		    "services:\n"
		    "  ui: {image: 'x:${UI_VERSION}', environment: {T: '${TELEMETRY_ENABLED}'}, depends_on: [api]}\n"
		    "  api: {image: x, build: {context: ., args: [PROXY]}, env_file: .env}\n"
		    "  tool: {image: x, profiles: [tools]}\n");
	world_write(&scene->world, ".env",
		    "UI_VERSION=7\nTELEMETRY_ENABLED=true\nPROXY=p\nPYTHONPATH=/app\nSHELLED=env\n"
		    "COMPOSE_HTTP_TIMEOUT=90\nCOMPOSE_PROFILES=none\nCOMPOSE_FILE=other.yaml\n");
	strmap_set(&scene->telemetry, "TELEMETRY_ENABLED", "false");
	strmap_set(&scene->telemetry, "ODD", "a$b \"c\"");
	strmap_set(&scene->telemetry, "GONE", NULL);
	strmap_set(&scene->interpolation, "TELEMETRY_ENABLED", "false");
}

static void test_own(void **state)
{
	static const char override[] = "services:\n"
				       "  ui:\n"
				       "    environment:\n"
				       "      TELEMETRY_ENABLED: \"false\"\n"
				       "      ODD: a$$b \"c\"\n"
				       "      GONE: null\n"
				       "  api:\n"
				       "    environment:\n"
				       "      TELEMETRY_ENABLED: \"false\"\n"
				       "      ODD: a$$b \"c\"\n"
				       "      GONE: null\n";
	static const char *const profiles[] = {"blue", NULL};
	struct scene *scene = *state;
	struct stat status;
	char *text;

	begin_own(scene);
	resolve(scene, profiles);
	write_files(scene, &one);
	assert_true(scene->files.own);
	assert_null(scene->files.why);
	assert_string_equal(args(scene), "-p shop --project-directory stack --env-file run/shop.compose.env "
					 "-f stack/docker-compose.yaml -f run/shop.compose.yaml --profile blue");
	text = world_read(&scene->world, "../run/shop.compose.yaml");
	assert_string_equal(text, override);
	free(text);
	assert_int_equal(stat(scene->files.override_path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	text = world_read(&scene->world, "../run/shop.compose.env");
	assert_string_equal(text, "");
	free(text);
	compose_files_finish(&scene->files);
	assert_false(world_has(&scene->world, "../run/shop.compose.yaml"));
	assert_false(world_has(&scene->world, "../run/shop.compose.env"));
}

static void test_environment(void **state)
{
	struct scene *scene = *state;

	begin_own(scene);
	world_setenv(&scene->world, "SHELLED", "shell");
	world_setenv(&scene->world, "GONE", "shell");
	world_setenv(&scene->world, "COMPOSE_FILE", "x.yaml");
	world_setenv(&scene->world, "COMPOSE_PROGRESS", "tty");
	world_setenv(&scene->world, "DOCKER_HOST", "tcp://there");
	resolve(scene, NULL);
	write_files(scene, &two);
	/* What the stack asks for, below what the shell says, below what we say. */
	assert_string_equal(variable(scene, "UI_VERSION"), "7");
	assert_string_equal(variable(scene, "PROXY"), "p");
	assert_string_equal(variable(scene, "SHELLED"), "shell");
	assert_string_equal(variable(scene, "TELEMETRY_ENABLED"), "false");
	assert_null(variable(scene, "GONE"));
	/* The program's own settings, but for those that choose what it reads and how it speaks. */
	assert_string_equal(variable(scene, "COMPOSE_HTTP_TIMEOUT"), "90");
	assert_string_equal(variable(scene, "COMPOSE_PROJECT_NAME"), "shop");
	assert_string_equal(variable(scene, "COMPOSE_PROGRESS"), "plain");
	assert_string_equal(variable(scene, "COMPOSE_ANSI"), "never");
	assert_null(variable(scene, "COMPOSE_FILE"));
	assert_null(variable(scene, "COMPOSE_PROFILES"));
	/* Nothing of .env that is for containers only. */
	assert_null(variable(scene, "PYTHONPATH"));
	assert_string_equal(variable(scene, "DOCKER_HOST"), "tcp://there");
}

/* Files that are included from another folder have that one's .env below all else, and its paths. */
static void test_other_folder(void **state)
{
	struct scene *scene = *state;

	world_write(&scene->world, "a.yaml", "include: [lib/c.yaml]\n");
	world_write(&scene->world, "lib/c.yaml", "services: {c: {image: '${A}${B}'}}\n");
	world_write(&scene->world, "lib/.env", "A=${B}lib\nB=lib\nC=lib\n");
	world_write(&scene->world, ".env", "B=top\n");
	resolve(scene, NULL);
	write_files(scene, &two);
	assert_string_equal(args(scene), "-p shop --project-directory stack/lib --env-file run/shop.compose.env "
					 "-f stack/lib/c.yaml -f run/shop.compose.yaml");
	assert_string_equal(scene->stack->services[0].image, "toplibtop");
	assert_string_equal(variable(scene, "A"), "toplib");
	assert_string_equal(variable(scene, "B"), "top");
	assert_null(variable(scene, "C"));
}

/* ---- One file ---- */

static const char mixed[] =
	"x-upfront: {app: Shop}\n"
	"x-any: {a: 1}\n"
	"services:\n"
	"  api: {command: ./api, ports: ['8000:8000']}\n"
	"  off: {image: x, profiles: [off]}\n"
	"  web:\n"
	"    image: x\n"
	"    build: {context: ., args: [A, B=1], dockerfile_inline: FROM scratch}\n"
	"    command: sh -c 'echo $$HOME'\n"
	"    environment: {HOME: , X: a$$b, N: 1, T: '${TELEMETRY_ENABLED}'}\n"
	"    env_file: w.env\n"
	"    ports: ['80', '127.0.0.1:8080:80/udp', '[::1]:81:81', {target: 9, name: n}]\n"
	"    volumes: ['./d:/d:ro', 'data:/data', './s:/s:z', {type: bind, source: ./n, target: /n}]\n"
	"    depends_on: {api: {condition: service_started}, db: {condition: service_started, "
	"restart: true}, off: {condition: service_started, required: false}}\n"
	"    healthcheck: {test: 'true', start_interval: 1s, retries: '${N}'}\n"
	"    scale: ${N}\n"
	"    tty: ${Y}\n"
	"    links: [api, 'db:database']\n"
	"    pull_policy: missing\n"
	"    profiles: [on]\n"
	"    entrypoint:\n"
	"    labels: {n: '${N}', gpus: all}\n"
	"    x-upfront: {open: 'http://a'}\n"
	"  db: {image: x, depends_on: [api], extra_hosts: {host.docker.internal: 10.0.0.1}}\n"
	"  side: {image: x, network_mode: 'service:web'}\n"
	"volumes: {data: {}}\n"
	"networks: {out: {external: '${Y}'}}\n"
	"secrets: {s: {file: ./s}}\n";

/* Where the stack lies is different each time. */
static char *without_folder(const struct scene *scene, char *text)
{
	size_t length = strlen(scene->world.stack);

	for (char *at = strstr(text, scene->world.stack); at; at = strstr(at, scene->world.stack))
		memmove(at, at + length, strlen(at + length) + 1);
	return text;
}

static void begin_mixed(struct scene *scene)
{
	static const char *const profiles[] = {"on", NULL};

	world_write(&scene->world, "a.yaml", mixed);
	world_write(&scene->world, "w.env", "FROM_FILE=f\nX=file\n");
	world_setenv(&scene->world, "N", "2");
	world_setenv(&scene->world, "Y", "yes");
	strmap_set(&scene->telemetry, "TELEMETRY_ENABLED", "false");
	strmap_set(&scene->telemetry, "FROM_FILE", "told");
	strmap_set(&scene->interpolation, "TELEMETRY_ENABLED", "false");
	resolve(scene, profiles);
}

/* The versions differ in the middle. */
#define HEAD                \
	"services:\n"       \
	"  web:\n"          \
	"    image: x\n"    \
	"    build:\n"      \
	"      context: \n" \
	"      args:\n"     \
	"        A: null\n" \
	"        B: \"1\"\n"
#define MIDDLE                                        \
	"    labels:\n"                               \
	"      \"n\": \"2\"\n"                        \
	"      gpus: all\n"                           \
	"    environment:\n"                          \
	"      FROM_FILE: told\n"                     \
	"      X: a$$b\n"                             \
	"      HOME: null\n"                          \
	"      \"N\": \"1\"\n"                        \
	"      T: \"false\"\n"                        \
	"      TELEMETRY_ENABLED: \"false\"\n"        \
	"    extra_hosts:\n"                          \
	"      - host.docker.internal:host-gateway\n" \
	"  db:\n"                                     \
	"    image: x\n"                              \
	"    extra_hosts:\n"                          \
	"      host.docker.internal: 10.0.0.1\n"      \
	"    environment:\n"                          \
	"      TELEMETRY_ENABLED: \"false\"\n"        \
	"      FROM_FILE: told\n"                     \
	"  side:\n"                                   \
	"    image: x\n"                              \
	"    network_mode: service:web\n"
#define TAIL                                   \
	"    environment:\n"                   \
	"      TELEMETRY_ENABLED: \"false\"\n" \
	"      FROM_FILE: told\n"              \
	"volumes:\n"                           \
	"  data: {}\n"                         \
	"networks:\n"                          \
	"  out:\n"                             \
	"    external: true\n"                 \
	"secrets:\n"                           \
	"  s:\n"                               \
	"    file: /s\n"
static const char for_two[] = HEAD "      dockerfile_inline: FROM scratch\n"
				   "    command:\n"
				   "      - sh\n"
				   "      - \"-c\"\n"
				   "      - echo $$HOME\n"
				   "    ports:\n"
				   "      - 80/tcp\n"
				   "      - 127.0.0.1:8080:80/udp\n"
				   "      - \"[::1]:81:81/tcp\"\n"
				   "      - target: 9\n"
				   "        name: n\n"
				   "        mode: ingress\n"
				   "        protocol: tcp\n"
				   "    volumes:\n"
				   "      - type: bind\n"
				   "        source: /d\n"
				   "        target: /d\n"
				   "        read_only: true\n"
				   "        bind:\n"
				   "          create_host_path: true\n"
				   "      - type: volume\n"
				   "        source: data\n"
				   "        target: /data\n"
				   "      - type: bind\n"
				   "        source: /s\n"
				   "        target: /s\n"
				   "        bind:\n"
				   "          selinux: z\n"
				   "          create_host_path: true\n"
				   "      - type: bind\n"
				   "        source: /n\n"
				   "        target: /n\n"
				   "    depends_on:\n"
				   "      db:\n"
				   "        condition: service_started\n"
				   "        restart: true\n"
				   "    healthcheck:\n"
				   "      test:\n"
				   "        - CMD-SHELL\n"
				   "        - \"true\"\n"
				   "      start_interval: 1s\n"
				   "      retries: 2\n"
				   "    scale: 2\n"
				   "    tty: true\n"
				   "    links:\n"
				   "      - db:database\n"
				   "    pull_policy: missing\n" MIDDLE "    depends_on:\n"
				   "      web:\n"
				   "        condition: service_started\n"
				   "        restart: true\n" TAIL;
static const char for_one[] = HEAD "    command:\n"
				   "      - sh\n"
				   "      - \"-c\"\n"
				   "      - echo $$HOME\n"
				   "    ports:\n"
				   "      - 80/tcp\n"
				   "      - 127.0.0.1:8080:80/udp\n"
				   "      - \"[::1]:81:81/tcp\"\n"
				   "      - target: 9\n"
				   "        mode: ingress\n"
				   "        protocol: tcp\n"
				   "    volumes:\n"
				   "      - /d:/d:ro\n"
				   "      - type: volume\n"
				   "        source: data\n"
				   "        target: /data\n"
				   "      - /s:/s:rw,z\n"
				   "      - type: bind\n"
				   "        source: /n\n"
				   "        target: /n\n"
				   "    depends_on:\n"
				   "      db:\n"
				   "        condition: service_started\n"
				   "    healthcheck:\n"
				   "      test:\n"
				   "        - CMD-SHELL\n"
				   "        - \"true\"\n"
				   "      retries: 2\n"
				   "    scale: 2\n"
				   "    tty: true\n"
				   "    links:\n"
				   "      - db:database\n"
				   "    pull_policy: if_not_present\n" MIDDLE "    depends_on:\n"
				   "      web:\n"
				   "        condition: service_started\n" TAIL;

static void assert_generated(struct scene *scene, int major, const char *expected)
{
	char *text = without_folder(scene, compose_generated_text(scene->stack, &scene->telemetry, major));

	if (strcmp(text, expected) != 0)
		print_error("---- found\n%s---- wanted\n%s", text, expected);
	assert_string_equal(text, expected);
	free(text);
}

static void test_generated_two(void **state)
{
	struct scene *scene = *state;

	begin_mixed(scene);
	assert_generated(scene, 2, for_two);
}

static void test_generated_one(void **state)
{
	struct scene *scene = *state;

	begin_mixed(scene);
	assert_generated(scene, 1, for_one);
	write_files(scene, &one);
	assert_string_equal(scene->files.left_out, "dockerfile_inline, name, start_interval");
	assert_string_equal(args(scene), "-p shop --project-directory stack --env-file run/shop.compose.env "
					 "-f run/shop.compose.yaml");
}

/* A stack of containers alone does not need to reach this machine. */
static void test_generated_not_mixed(void **state)
{
	struct scene *scene = *state;

	world_write(&scene->world, "a.yaml", "services: {w: {image: x}}\nx-upfront: {app: A}\n");
	resolve(scene, NULL);
	assert_generated(scene, 2, "services:\n  w:\n    image: x\n");
}

/* The source is gone: the files cannot be told to say the same. */
static void test_forgotten(void **state)
{
	struct scene *scene = *state;

	world_write(&scene->world, "a.yaml", "services: {w: {image: '${A}'}}\n");
	world_write(&scene->world, ".env", "A=x\n");
	resolve(scene, NULL);
	stack_source_forget(scene->source);
	write_files(scene, &two);
	assert_string_equal(scene->files.why, "what its files say is not kept");
	assert_null(scene->files.left_out);
}

static void test_host(void **state)
{
	struct scene *scene = *state;
	char dir[WORLD_PATH_MAX];
	struct compose_files_options options = {.cli = &two, .environment = &scene->world.environment, .dir = dir};
	struct err err = ERR_INIT;

	snprintf(dir, sizeof(dir), "%s/run", scene->world.dir);
	world_write(&scene->world, "a.yaml", "services: {w: {image: x}}\n");
	world_setenv(&scene->world, "DOCKER_CONTEXT", "other");
	resolve(scene, NULL);
	options.stack = scene->stack;
	options.host_variable = "unix:///p.sock";
	assert_int_equal(compose_files_write(&options, &scene->files, &err), 0);
	assert_string_equal(variable(scene, "DOCKER_HOST"), "unix:///p.sock");
	assert_null(variable(scene, "DOCKER_CONTEXT"));
	/* A folder that cannot be ours is no place for secrets. */
	compose_files_finish(&scene->files);
	options.dir = "/proc/no/such";
	assert_true(compose_files_write(&options, &scene->files, &err) < 0);
	assert_true(err_is_set(&err));
	err_finish(&err);
}

#define SCENE(test) cmocka_unit_test_setup_teardown(test, scene_setup, scene_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE(test_own_or_not),          SCENE(test_own),           SCENE(test_environment),
		SCENE(test_other_folder),        SCENE(test_generated_two), SCENE(test_generated_one),
		SCENE(test_generated_not_mixed), SCENE(test_forgotten),     SCENE(test_host),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
