/* SPDX-License-Identifier: MIT */
/* What a Compose program is given to read. The texts were read by docker-compose 1.29.2 and docker compose 2.29.7. */
#include "tests/unit/engine/compose_files_scene.h"

#include <sys/stat.h>

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

/* Before anything is written it can be told which way it will be. */
static void test_choose(void **state)
{
	struct scene *scene = *state;
	struct compose_files_options options = {.cli = &one, .environment = &scene->world.environment};
	struct err err = ERR_INIT;

	begin_mixed(scene);
	options.stack = scene->stack;
	options.source = scene->source;
	assert_int_equal(compose_files_choose(&options, &scene->files, &err), 0);
	assert_false(scene->files.own);
	assert_string_equal(scene->files.why, "service 'api' runs on this machine");
	assert_string_equal(scene->files.left_out, "dockerfile_inline, name, start_interval");
	assert_null(scene->files.args);
	assert_false(world_has(&scene->world, "../run"));
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE(test_own),
		SCENE(test_environment),
		SCENE(test_other_folder),
		SCENE(test_generated_two),
		SCENE(test_generated_one),
		SCENE(test_choose),
		SCENE(test_generated_not_mixed),
		SCENE(test_forgotten),
		SCENE(test_host),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
