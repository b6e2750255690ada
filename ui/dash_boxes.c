/* SPDX-License-Identifier: MIT */
/* Boxes: whom an act takes along, what a reload changes, signals, sorting, replicas, URLs. */
#include "ui/dash_private.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#define REPLICAS_SHOWN 16

/* ---- Boxes ---- */

static void open_menu(struct dash *self)
{
	self->front = FRONT_MENU;
	self->dirty = true;
	if (!self->menu.has_focus)
		self->wishes |= DASH_WISH_FLUSH;
}

void dash_close_front(struct dash *self)
{
	if (self->front == FRONT_MENU && self->menu.kind == MENU_TAKE_ALONG)
		dash_drop_request(self);
	self->front = FRONT_NOTHING;
	self->dirty = true;
}

static void along_text(const struct dash *self, const char *const *along, char *text, size_t size_bytes)
{
	static const char *const verbs[] = {"Starting", "Stopping", "Restarting", "Restarting", "Killing", "Scaling"};
	static const char *const others[] = {"starts", "stops", "restarts", "restarts", "stops", "scales"};
	char names[256], more[512];

	dash_list_names((const char *const *)self->request.names, names, sizeof(names));
	dash_list_names(along, more, sizeof(more));
	snprintf(text, size_bytes, "%s %s also %s %s.", verbs[self->request.act], names, others[self->request.act],
		 more);
}

void dash_take_along(struct dash *self, const char *const *names)
{
	const struct dash_request *kept = &self->request;
	char title[MENU_TEXT_MAX], row[MENU_TEXT_MAX];

	if (kept->names == NULL)
		return;
	self->context.words[0] = '\0';
	if (names[0] == NULL) {
		const struct act_request request = {kept->act, (const char *const *)kept->names, kept->number};
		dash_do_request(self, &request);
		dash_drop_request(self);
	} else if (self->front != FRONT_NOTHING || dash_is_stopping(self)) {
		/* Something else is being asked by now: this is no time for it. */
		dash_drop_request(self);
	} else {
		dash_list_names((const char *const *)kept->names, row, sizeof(row) / 2);
		snprintf(title, sizeof(title), "%s %.100s?",
			 kept->act == ACT_STOP   ? "Stop"
			 : kept->act == ACT_KILL ? "Kill"
						 : "Restart",
			 row);
		menu_begin(&self->menu, MENU_TAKE_ALONG, title, false);
		along_text(self, names, self->menu.text, sizeof(self->menu.text));
		menu_add(&self->menu, 'y', 1, "Yes, do it");
		menu_add(&self->menu, 'n', 0, "No, leave all as it is   (Esc)");
		open_menu(self);
	}
	dash_take_words(self);
	self->dirty = true;
}

void dash_drop_along(struct dash *self)
{
	if (self->front != FRONT_MENU || self->menu.kind != MENU_TAKE_ALONG)
		dash_drop_request(self);
}

void dash_ask_reload(struct dash *self, const char *text)
{
	size_t size = sizeof(self->menu.text);

	if (text[0] == '\0') {
		dash_say(self, "Nothing would change: the stack file says what runs.", false);
		return;
	}
	dash_close_front(self);
	menu_begin(&self->menu, MENU_RELOAD, "Apply the stack file?", false);
	if (snprintf(self->menu.text, size, "%s", text) >= (int)size) {
		/* Whole lines, and that there are more. */
		static const char more[] = "\n... and more";
		char *end = &self->menu.text[size - sizeof(more)];
		while (end > self->menu.text && *end != '\n')
			end--;
		memcpy(end, more, sizeof(more));
	}
	menu_add(&self->menu, 'y', 1, "Yes, change what runs");
	menu_add(&self->menu, 'n', 0, "No, all stays as it is   (Esc)");
	open_menu(self);
}

void dash_kill_menu(struct dash *self)
{
	const char *names[SERVICES_MARKS_MAX + 1];
	char title[MENU_TEXT_MAX], who[100];

	if (!dash_can_act(self, "That"))
		return;
	if (dash_sift(self, ACT_KILL, names, dash_meant(self, names)) == 0)
		return;
	dash_list_names(names, who, sizeof(who));
	snprintf(title, sizeof(title), "Send a signal to %s", who);
	menu_begin(&self->menu, MENU_SIGNAL, title, true);
	menu_add_signals(&self->menu);
	open_menu(self);
}

void dash_sort_menu(struct dash *self)
{
	static const char *const names[COLUMN_COUNT] = {
		[COLUMN_NONE] = "as in the stack file",
		[COLUMN_STATE] = "by state, what is wrong first",
		[COLUMN_NAME] = "by name",
		[COLUMN_WHY] = "by reason",
		[COLUMN_RESTARTS] = "by restarts",
		[COLUMN_UPTIME] = "by up-time",
		[COLUMN_CPU] = "by CPU",
		[COLUMN_MEMORY] = "by memory",
		[COLUMN_PORTS] = "by port",
	};

	if (dash_place(self) != KEY_SCREEN_SERVICES) {
		screen_say(&self->context, "sort has its place in: %s.", key_screen_title(KEY_SCREEN_SERVICES));
		return;
	}
	menu_begin(&self->menu, MENU_SORT, "Sort the services", true);
	for (int i = 0; i < COLUMN_COUNT; i++)
		menu_add(&self->menu, (uint32_t)('1' + i), i, names[i]);
	self->menu.list.selected = self->services.sort;
	open_menu(self);
}

void dash_scale_menu(struct dash *self)
{
	const struct unit_model *unit = dash_scaled_unit(self);
	char text[MENU_TEXT_MAX];

	if (unit == NULL)
		return;
	int now = dash_replicas_of(self, unit);
	snprintf(text, sizeof(text), "Replicas of %s", unit->service);
	menu_begin(&self->menu, MENU_SCALE, text, true);
	for (int i = 1; i <= REPLICAS_SHOWN || i == now; i = i < REPLICAS_SHOWN || now <= i ? i + 1 : now) {
		snprintf(text, sizeof(text), "%d%s", i, i == now ? "   as now" : "");
		if (i == now)
			self->menu.list.selected = self->menu.count;
		menu_add(&self->menu, i <= 9 ? (uint32_t)('0' + i) : 0, i, text);
	}
	open_menu(self);
}

/* ---- URLs ---- */

static void open_url(struct dash *self, const char *url)
{
	const struct actions *actions = self->context.actions;

	if (actions->open_url == NULL) {
		screen_say(&self->context, "A browser cannot be opened from here: %s", url);
		return;
	}
	/* What came of it is told there. */
	actions->open_url(actions->context, url);
}

/* Each URL of a unit (blanks are between them) is a row. */
static void add_urls(struct menu_view *menu, const char *text)
{
	while (*text != '\0') {
		size_t size = strcspn(text, " ");
		char row[MENU_TEXT_MAX];
		if (size > 0 && size < sizeof(row)) {
			snprintf(row, sizeof(row), "%.*s", (int)size, text);
			uint32_t key = menu->count < 9 ? (uint32_t)('1' + menu->count) : 0;
			menu_add(menu, key, (int)menu->count, row);
		}
		text += size;
		text += strspn(text, " ");
	}
}

void dash_open_meant(struct dash *self)
{
	const char *names[SERVICES_MARKS_MAX + 1];
	size_t count = dash_meant(self, names);

	if (!dash_is_clear_who(self))
		return;
	if (count == 0) {
		screen_say(&self->context, "There is no service to open.");
		return;
	}
	menu_begin(&self->menu, MENU_URL, "Open", true);
	for (size_t i = 0; i < count; i++) {
		const struct unit_model *unit = dash_unit_named(self->context.model, names[i]);
		if (unit != NULL && unit->open != NULL)
			add_urls(&self->menu, unit->open);
	}
	if (self->menu.count == 0)
		screen_say(&self->context, "nothing to open: %s has no URL", names[0]);
	else if (self->menu.count == 1)
		open_url(self, self->menu.rows[0].text);
	else
		open_menu(self);
}

void dash_menu_chosen(struct dash *self, int value)
{
	const struct actions *actions = self->context.actions;
	const struct unit_model *unit = screen_unit(self->context.model, self->context.unit);
	char url[MENU_TEXT_MAX];

	self->front = FRONT_NOTHING;
	switch (self->menu.kind) {
	case MENU_SIGNAL:
		dash_act_on_meant(self, ACT_KILL, value, "That");
		break;
	case MENU_SORT:
		self->services.sort = (enum services_column)value;
		self->services.turned = false;
		break;
	case MENU_SCALE:
		if (unit != NULL && dash_can_act(self, "That"))
			dash_scale_to(self, unit, value);
		break;
	case MENU_TAKE_ALONG:
		if (value == 1 && self->request.names != NULL && dash_can_act(self, "That"))
			dash_do_request(self, &(struct act_request){self->request.act,
								    (const char *const *)self->request.names,
								    self->request.number});
		dash_drop_request(self);
		break;
	case MENU_RELOAD:
		if (value == 1 && actions->reload != NULL)
			actions->reload(actions->context, false);
		else if (value == 1)
			dash_say_cannot(self, "That");
		break;
	case MENU_URL:
		snprintf(url, sizeof(url), "%s", self->menu.rows[value].text);
		open_url(self, url);
		break;
	}
}
