/* SPDX-License-Identifier: MIT */
/* Whether the user's own files can be read by the Compose program as they are. */
#include "tests/unit/engine/compose_files_scene.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE(test_own_or_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
