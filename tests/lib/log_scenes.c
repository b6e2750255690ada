/* SPDX-License-Identifier: MIT */
/* The logs that scenes show. */
#include "tests/lib/log_sample.h"

#include <stdlib.h>
#include <string.h>

static void add_api(struct log_sample *self)
{
	static const char denied[] = "cannot open the vault: permission denied (/var/lib/vault/key)";

	log_sample_time(self, 678500);
	log_sample_note(self, "api", "= started, pid 4690: ./api --port 8080");
	log_sample_time(self, 678702);
	log_sample_add(self, "api", "listening is next, after the vault");
	log_sample_error(self, "api", denied);
	log_sample_error(self, "api", "hint: run as the owner of the key file");
	log_sample_note(self, "api", "= exited with code 3 after 0.2s; restart 2 of 5 in 4s");
	log_sample_time(self, 682710);
	log_sample_note(self, "api", "= started, pid 4711: ./api --port 8080");
	log_sample_time(self, 682902);
	log_sample_error(self, "api", denied);
	log_sample_note(self, "api", "= exited with code 3 after 0.2s; restart 3 of 5 in 8s");
}

static void add_merged(struct log_sample *self)
{
	log_sample_time(self, 661000);
	log_sample_add(self, "engine", "INFO  plan cache hit id=c3dd9c96");
	log_sample_time(self, 662000);
	log_sample_add(self, "api", "GET /v1/items/1252 status=500 took=41ms");
	log_sample_error(self, "api", "TypeError: cannot read \"rows\" of undefined");
	log_sample_error(self, "api", "    at query (/srv/api/db.js:88:14)");
	log_sample_error(self, "api", "    at async list (/srv/api/items.js:12:9)");
	log_sample_add(self, "engine", "WARN  slow query 812ms");
	log_sample_time(self, 663000);
	log_sample_add(self, "api", "GET /v1/items/64 status=200 took=525ms");
	log_sample_add(self, "api", "GET /v1/items/1252 status=500 took=38ms");
	log_sample_time(self, 664000);
	log_sample_add(self, "engine", "INFO  plan cache hit id=1d159017");
	log_sample_add(self, "api",
		       "a line that goes on past the edge of the screen is cut here and goes on to be read by "
		       "whoever scrolls sideways");
}

static void add_colors(struct log_sample *self)
{
	log_sample_time(self, 1000);
	log_sample_add(self, "web", "\033[32mready\033[0m in \033[1m212 ms\033[0m");
	log_sample_add(self, "web", "\033[1;31merror\033[0m - \033[38;5;208mlate\033[39m \033[4munder\033[24m");
	log_sample_add(self, "web",
		       "moves \033[2J\033[10;10Hnothing\007 \r and \xc2\x9b"
		       "31m");
	log_sample_add(self, "web", "a\tb\tafter tabs");
	log_sample_add(self, "web", "\xe6\xbc\xa2\xe5\xad\x97 wide, e\xcc\x81 combined, \xff not UTF-8");
	log_sample_add(self, "web", "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d right to left, \xe2\x80\xae turned");
	log_sample_add(self, "web", "");
	log_sample_add_bytes(self, "web", "a\0b", 3);
}

static void add_long(struct log_sample *self)
{
	char *bytes = malloc(40001);

	for (size_t i = 0; bytes != NULL && i < 40000; i++)
		bytes[i] = i % 10 == 9 ? ' ' : (char)('0' + i / 10 % 10);
	log_sample_time(self, 1000);
	log_sample_add(self, "dump", "before");
	if (bytes != NULL)
		log_sample_add_bytes(self, "dump", bytes, 40000);
	log_sample_add(self, "dump", "between");
	if (bytes != NULL)
		log_sample_add_bytes(self, "dump", bytes, 300);
	log_sample_add(self, "dump", "behind");
	free(bytes);
}

struct log_sample *log_sample_scene(const char *name)
{
	struct log_sample *self;

	if (strcmp(name, "merged") == 0) {
		self = log_sample_create("api, engine", true);
		add_merged(self);
	} else if (strcmp(name, "api") == 0 || strcmp(name, "empty") == 0) {
		self = log_sample_create("api", false);
		if (name[0] == 'a')
			add_api(self);
	} else if (strcmp(name, "colors") == 0) {
		self = log_sample_create("web", false);
		add_colors(self);
	} else if (strcmp(name, "long") == 0) {
		self = log_sample_create("dump", false);
		add_long(self);
	} else if (strcmp(name, "many") == 0) {
		self = log_sample_create("engine", false);
		log_sample_time(self, 2000);
		log_sample_flood(self, "engine", 11000);
	} else {
		return NULL;
	}
	log_sample_text(self)->ops->refresh(log_sample_text(self));
	return self;
}
