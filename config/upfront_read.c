/* SPDX-License-Identifier: MIT */
/* `x-upfront` at the top of the file, and the top itself. */
#include "config/pool.h"
#include "config/reader.h"
#include "config/stack.h"
#include "config/utf8.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define IN_STACK(member) offsetof(struct stack, member)

/* Compares dotted numbers; a missing part is zero. False when `text` is no version. */
static bool version_compare(const char *text, const char *ours, int *order)
{
	*order = 0;
	if (*text < '0' || *text > '9')
		return false;
	while (*text || *ours) {
		char *text_end = NULL;
		char *ours_end = NULL;
		long wanted = 0;
		long have = 0;

		if (*text) {
			if (*text < '0' || *text > '9')
				return false;
			wanted = strtol(text, &text_end, 10);
			if (*text_end && *text_end != '.')
				return false;
			text = text_end + (*text_end == '.');
		}
		if (*ours >= '0' && *ours <= '9') {
			have = strtol(ours, &ours_end, 10);
			ours = ours_end + (*ours_end == '.');
		} else {
			ours += strlen(ours);
		}
		if (*order == 0 && wanted != have)
			*order = wanted > have ? 1 : -1;
	}
	return true;
}

static void read_requires(struct reader *self, const char *key, const struct node *value, void *field)
{
	const char *text = reader_scalar(self, key, value, "a version such as " UPFRONT_VERSION);
	int order;

	(void)field;
	if (!text)
		return;
	if (!version_compare(text, UPFRONT_VERSION, &order)) {
		reader_wanted(self, key, value, "a version such as " UPFRONT_VERSION);
	} else if (order > 0) {
		err_at(self->err, ERR_CONFIG, value->place, "this stack needs upfront %s or newer, and this is %s",
		       text, UPFRONT_VERSION);
		err_hint(self->err, "update upfront");
	}
}

static void read_hangup(struct reader *self, const char *key, const struct node *value, void *field)
{
	static const char *const names[] = {[HANGUP_STOP] = "stop", [HANGUP_DETACH] = "detach", NULL};
	int index = reader_word(self, key, value, "value of 'on_hangup'", names);

	if (index >= 0)
		*(enum on_hangup *)field = (enum on_hangup)index;
}

/* Shown on one line, and part of a variable's name and of a path. */
static void read_app(struct reader *self, const char *key, const struct node *value, void *field)
{
	const char *text = reader_scalar(self, key, value, "a name");

	if (!text)
		return;
	if (!utf8_is_plain(text, strlen(text)) || strchr(text, '/')) {
		reader_wanted(self, key, value, "a name on one line, without '/'");
		return;
	}
	if (!*text || *text == '.' || strlen(text) > 100)
		reader_wanted(self, key, value, "a name of 1 to 100 bytes that does not begin with '.'");
	else
		*(const char **)field = pool_strdup(self->pool, text);
}

static const struct key upfront_keys[] = {
	{"app", read_app, IN_STACK(app), 0},
	{"version", read_sent_text, IN_STACK(version), 0},
	{"requires", read_requires, 0, 0},
	{"open", read_url, IN_STACK(open), 0},
	{"on_hangup", read_hangup, IN_STACK(on_hangup), 0},
	{"setup", read_setup, 0, 0},
	{"files", read_templates, 0, 0},
	{"telemetry", read_telemetry, 0, 0},
};
const struct key_table table_upfront = {"x-upfront", "upfront", upfront_keys,
					sizeof(upfront_keys) / sizeof(*upfront_keys), false};

void read_upfront(struct reader *self, const char *key, const struct node *value, void *field)
{
	reader_map(self, key, value, &table_upfront, field);
}

static void check_section(struct reader *self, const char *key, const struct node *value, void *field)
{
	(void)field;
	if (value->kind != NODE_MAP)
		reader_wanted(self, key, value, "a map");
}

/* Services are walked by stack_read itself: they need each other's names. */
static const struct key top_keys[] = {
	{"name", NULL, 0, 0},
	{"version", NULL, 0, 0},
	{"include", NULL, 0, 0},
	{"services", check_section, 0, 0},
	{"networks", check_network_section, 0, 0},
	{"volumes", check_volume_section, 0, 0},
	{"configs", check_config_section, 0, 0},
	{"secrets", check_secret_section, 0, 0},
	{"models", check_section, 0, 0},
	{"x-upfront", read_upfront, 0, 0},
};
const struct key_table table_top = {"a stack file", "", top_keys, sizeof(top_keys) / sizeof(*top_keys), true};
