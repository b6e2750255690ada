/* SPDX-License-Identifier: MIT */
#include "config/command_table.h"
#include "telemetry/catalog.h"
#include "telemetry/hash.h"
#include "telemetry/notice.h"
#include "tests/unit/telemetry/shop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

/* Lines a text takes when words are wrapped at `columns`; list items hang by two. Plain ASCII only. */
static int lines_at(const char *text, size_t columns)
{
	int lines = 1;
	size_t column = 0, indent = strncmp(text, "- ", 2) == 0 ? 2 : 0;

	while (*text) {
		size_t word = strcspn(text, " \n");

		assert_true(word <= columns);
		if (column > 0 && column + 1 + word > columns) {
			lines++;
			column = indent;
		}
		column += (column > indent) + word;
		text += word;
		if (*text == '\n') {
			lines++;
			column = 0;
			indent = strncmp(text + 1, "- ", 2) == 0 ? 2 : 0;
		}
		text += *text != '\0';
	}
	return lines;
}

static void assert_holds(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("'%s' is not in:\n%s", part, text);
}

static void assert_lacks(const char *text, const char *part)
{
	if (strstr(text, part))
		fail_msg("'%s' is in:\n%s", part, text);
}

static void test_the_words_of_the_question(void **state)
{
	struct shop shop;
	struct telemetry_notice notice;

	(void)state;
	shop_init(&shop);
	assert_int_equal(telemetry_notice_make(&shop.stack, &notice), 0);
	assert_string_equal(notice.title, "Usage statistics - notice 3");
	assert_string_equal(notice.question, "May Shop send usage statistics while it runs this time?");
	assert_holds(notice.summary, "Shop Inc. (us.i.posthog.com)");
	assert_holds(notice.summary, "Why: to learn what is used and what breaks.");
	assert_holds(notice.summary, "a random number made for this run");
	assert_holds(notice.summary, "names of commands, options, fixed choices; never values, paths, messages");
	assert_holds(notice.summary, "API routes as shapes (GET /api/charts/{id}), with status and duration");
	assert_lacks(notice.summary, "services report");
	assert_holds(notice.summary, "If you say no, nothing is sent");
	assert_holds(notice.summary, "upfront telemetry off|ask");
	assert_holds(notice.brief, "Shop Inc.");
	assert_holds(notice.brief, "command/option names (no values), route shapes");
	assert_holds(notice.brief, "No: nothing sent");
	telemetry_notice_finish(&notice);
	shop_finish(&shop);
}

static void test_it_fits_where_it_is_shown(void **state)
{
	struct shop shop;
	struct telemetry_notice notice;

	(void)state;
	shop_init(&shop);
	shop.decl.retention = "90 days";
	shop.decl.region = "the European Union";
	strmap_set(&shop.decl.env_on, "TELEMETRY_ENABLED", "true");
	assert_int_equal(telemetry_notice_make(&shop.stack, &notice), 0);
	/* 80x24 has room for 17 lines, 40x12 for five and one that says how to change the answer. */
	if (lines_at(notice.summary, 76) > 13 || lines_at(notice.brief, 36) > 4)
		fail_msg("%d and %d lines:\n%s\n%s", lines_at(notice.summary, 76), lines_at(notice.brief, 36),
			 notice.summary, notice.brief);
	telemetry_notice_finish(&notice);

	/* With all that there is to say. */
	shop_declare_events(&shop);
	shop.decl.identity = IDENTITY_INSTALL;
	strmap_set(&shop.decl.env_on, "POSTHOG_HOST", "${relay}");
	assert_int_equal(telemetry_notice_make(&shop.stack, &notice), 0);
	if (lines_at(notice.summary, 76) > 15 || lines_at(notice.brief, 36) > 4)
		fail_msg("%d and %d lines:\n%s\n%s", lines_at(notice.summary, 76), lines_at(notice.brief, 36),
			 notice.summary, notice.brief);
	telemetry_notice_finish(&notice);
	shop_finish(&shop);
}

/* Who gets their address and key from upfront has no other way than the relay; the others do as they like. */
static void test_services_report_through_upfront_or_on_their_own(void **state)
{
	struct shop shop;
	struct telemetry_notice notice;

	(void)state;
	shop_init(&shop);
	assert_int_equal(telemetry_notice_make(&shop.stack, &notice), 0);
	assert_lacks(notice.full, "WHAT SERVICES REPORT");
	assert_lacks(notice.summary, "The services");
	telemetry_notice_finish(&notice);

	strmap_set(&shop.decl.env_on, "TELEMETRY_ENABLED", "true");
	assert_int_equal(telemetry_notice_make(&shop.stack, &notice), 0);
	assert_holds(notice.summary, "after a yes they may report too");
	assert_holds(notice.full, "in their own way, which upfront does not see");
	telemetry_notice_finish(&notice);

	strmap_set(&shop.decl.env_on, "POSTHOG_HOST", "${relay}");
	shop_declare_events(&shop);
	assert_int_equal(telemetry_notice_make(&shop.stack, &notice), 0);
	assert_holds(notice.summary, "- what its services report: home_ask_candidate, page_opened\n");
	assert_holds(notice.summary, "they report through upfront, as declared");
	assert_lacks(notice.summary, "may report too");
	assert_holds(notice.brief, "services' reports");
	assert_lacks(notice.full, "their own way");
	assert_holds(notice.full, "Event home_ask_candidate, when a service reports it:\n");
	assert_holds(notice.full, "- mode: one of a closed list - fast, thorough; told by a service\n");
	assert_holds(notice.full, "of services: /api/v1/charts, /api/v1/charts/{id};");
	assert_holds(notice.full, "Everything else that they hand over is thrown away, and counted");
	telemetry_notice_finish(&notice);
	shop_finish(&shop);
}

/* What nobody declared is not said. */
static void test_sentences_need_a_declaration(void **state)
{
	static const char *const undeclared[] = {
		"Why:", "Kept:", "Stored in:", "Policy:", "Shop Inc.", "kept on this machine"};
	struct shop shop;
	struct telemetry_notice notice;

	(void)state;
	shop_init(&shop);
	shop.decl.controller = shop.decl.policy = shop.decl.purpose = NULL;
	shop.decl.purpose = "";
	assert_int_equal(telemetry_notice_make(&shop.stack, &notice), 0);
	for (size_t i = 0; i < sizeof(undeclared) / sizeof(*undeclared); i++) {
		assert_lacks(notice.summary, undeclared[i]);
		assert_lacks(notice.brief, undeclared[i]);
		assert_lacks(notice.full, undeclared[i]);
	}
	assert_holds(notice.summary, "to us.i.posthog.com");
	telemetry_notice_finish(&notice);

	shop.decl.retention = "90 days";
	shop.decl.region = "the EU";
	shop.decl.policy = "https://shop.example/telemetry";
	assert_int_equal(telemetry_notice_make(&shop.stack, &notice), 0);
	assert_holds(notice.summary, "Kept: 90 days. Stored in: the EU.");
	assert_holds(notice.full, "Policy: https://shop.example/telemetry");
	telemetry_notice_finish(&notice);
	shop_finish(&shop);
}

static void test_a_file_is_called_a_file(void **state)
{
	struct shop shop;
	struct telemetry_notice notice;

	(void)state;
	shop_init(&shop);
	shop.decl.host = "file:/var/tmp/events.jsonl";
	assert_int_equal(telemetry_notice_make(&shop.stack, &notice), 0);
	assert_holds(notice.summary, "a file on this machine, /var/tmp/events.jsonl");
	/* There is no network that could show an address. */
	assert_lacks(notice.summary, "IP address");
	assert_lacks(notice.full, "IP address");
	assert_lacks(notice.full, "PostHog");
	telemetry_notice_finish(&notice);
	shop_finish(&shop);
}

static void test_a_kept_number_is_not_called_one_of_this_run(void **state)
{
	struct shop shop;
	struct telemetry_notice notice;

	(void)state;
	shop_init(&shop);
	shop.decl.identity = IDENTITY_INSTALL;
	assert_int_equal(telemetry_notice_make(&shop.stack, &notice), 0);
	assert_holds(notice.summary, "kept until you say no");
	assert_lacks(notice.summary, "number made for this run");
	assert_lacks(notice.summary, "services get the same");
	assert_holds(notice.brief, "a kept random number");
	assert_lacks(notice.brief, "of this run");
	assert_holds(notice.full, "a no deletes it");
	telemetry_notice_finish(&notice);
	strmap_set(&shop.decl.env_on, "TELEMETRY_ENABLED", "true");
	assert_int_equal(telemetry_notice_make(&shop.stack, &notice), 0);
	assert_holds(notice.summary, "The services get the same answer");
	telemetry_notice_finish(&notice);
	shop_finish(&shop);
}

static void test_the_full_notice_names_every_event_and_property(void **state)
{
	size_t count;
	const struct catalog_event *events = catalog_events(&count);
	struct shop shop;
	struct telemetry_notice notice;

	(void)state;
	shop_init(&shop);
	assert_int_equal(telemetry_notice_make(&shop.stack, &notice), 0);
	for (size_t i = 0; i < count; i++) {
		struct catalog_list list;

		assert_holds(notice.full, events[i].name);
		assert_int_equal(catalog_list_make(&shop.stack, events[i].scope, &list), 0);
		for (size_t j = 0; j < list.count; j++) {
			char line[128];

			snprintf(line, sizeof(line), "\n- %s: ", list.entries[j].name);
			assert_holds(notice.full, line);
		}
		catalog_list_finish(&list);
	}
	assert_holds(notice.full, "- mem.rss: ");
	assert_holds(notice.full, "It goes to Shop Inc. (us.i.posthog.com).");
	assert_holds(notice.full, "What is expected there is PostHog");
	assert_holds(notice.full, "No for good: press D, or type upfront telemetry off");
	assert_holds(notice.full, "SHOP_TELEMETRY_DISABLED=1");
	telemetry_notice_finish(&notice);
	shop_finish(&shop);
}

static void test_the_full_notice_names_commands_and_pages(void **state)
{
	static const char *const formats[] = {"json", "csv", NULL};
	static const struct command_option of_all[] = {{.name = "--verbose", .letter = 'v', .kind = COMMAND_COUNT}};
	static const struct command_option of_run[] = {
		{.name = "--format", .kind = COMMAND_ENUM, .words = formats},
		{.name = "--cache", .negated = "--no-cache", .kind = COMMAND_BOOL},
		{.name = "--token", .kind = COMMAND_SECRET}};
	static const struct command_operand operands[] = {{COMMAND_PATH, NULL}, {COMMAND_ENUM, formats}};
	static const struct command_entry entries[] = {
		{.name = "run", .options = of_run, .option_count = 3, .operands = operands, .operand_count = 2},
		{.name = "dbt run"},
		{.name = "login", .untracked = true}};
	static const struct command_table commands[] = {
		{.program = "shopctl", .options = of_all, .option_count = 1, .entries = entries, .entry_count = 3}};
	struct shop shop;
	struct telemetry_notice notice, other;

	(void)state;
	shop_init(&shop);
	shop_declare_events(&shop);
	assert_int_equal(telemetry_notice_make(&shop.stack, &notice), 0);
	assert_null(strstr(notice.full, "upfront help lists"));
	assert_holds(notice.full, "if they come from http://localhost:3000.\n");
	shop.decl.commands = commands;
	shop.decl.command_count = 1;
	assert_int_equal(telemetry_notice_make(&shop.stack, &other), 0);
	assert_holds(other.full, "\n- shopctl with every command: --verbose\n");
	assert_holds(other.full,
		     "\n- shopctl run: --format (json, csv), --cache, --no-cache, --token; one of (json, csv)\n");
	assert_holds(other.full, "\n- shopctl dbt run\n");
	assert_null(strstr(other.full, "login"));
	assert_string_not_equal(notice.hash, other.hash);
	telemetry_notice_finish(&other);
	telemetry_notice_finish(&notice);
	shop_finish(&shop);
}

static void test_the_hash_changes_with_any_word(void **state)
{
	struct shop shop;
	struct telemetry_notice first, same, other;
	char hash[HASH_TEXT_BYTES];

	(void)state;
	hash_text("abc", 3, hash);
	assert_string_equal(hash, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	shop_init(&shop);
	assert_int_equal(telemetry_notice_make(&shop.stack, &first), 0);
	assert_int_equal(telemetry_notice_make(&shop.stack, &same), 0);
	shop.decl.controller = "Shop Ltd.";
	assert_int_equal(telemetry_notice_make(&shop.stack, &other), 0);
	assert_int_equal(strlen(first.hash), 64);
	assert_string_equal(first.hash, same.hash);
	assert_string_not_equal(first.hash, other.hash);
	/* Who receives it is no matter of the schema; what is sent is. */
	assert_string_equal(first.schema_hash, other.schema_hash);
	telemetry_notice_finish(&other);
	shop.common[0].name = "flavour";
	assert_int_equal(telemetry_notice_make(&shop.stack, &other), 0);
	assert_string_not_equal(first.schema_hash, other.schema_hash);
	telemetry_notice_finish(&other);
	telemetry_notice_finish(&same);
	telemetry_notice_finish(&first);
	shop_finish(&shop);
}

static void assert_plain(const char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		assert_true((c >= 0x20 || c == '\n') && c != 0x7f);
	}
}

/* A hostile stack file must not draw on the terminal, turn the text around, or push the question off the screen. */
static void test_hostile_names_become_harmless(void **state)
{
	struct shop shop;
	struct telemetry_notice notice;
	char *longest = malloc(100001);

	(void)state;
	memset(longest, 'x', 100000);
	longest[100000] = '\0';
	shop_init(&shop);
	shop.stack.app = "Sh\033[2Jop\n\xe2\x80\xae"
			 "evil\xff";
	shop.decl.controller = longest;
	shop.decl.purpose = "fun\r\nPress Y.";
	shop.common[0].name = "mo\033del";
	assert_int_equal(telemetry_notice_make(&shop.stack, &notice), 0);
	assert_string_equal(notice.question, "May Sh?[2Jop??evil? send usage statistics while it runs this time?");
	assert_plain(notice.title);
	assert_plain(notice.summary);
	assert_plain(notice.brief);
	assert_plain(notice.full);
	assert_true(strlen(notice.summary) < 1500);
	assert_holds(notice.summary, "xxx...");
	assert_holds(notice.summary, "fun??Press Y.");
	telemetry_notice_finish(&notice);
	shop_finish(&shop);
	free(longest);
}

static void test_no_declaration_no_notice(void **state)
{
	struct shop shop;
	struct telemetry_notice notice;

	(void)state;
	shop_init(&shop);
	shop.stack.telemetry = NULL;
	assert_true(telemetry_notice_make(&shop.stack, &notice) < 0);
	shop_finish(&shop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_words_of_the_question),
		cmocka_unit_test(test_it_fits_where_it_is_shown),
		cmocka_unit_test(test_sentences_need_a_declaration),
		cmocka_unit_test(test_a_file_is_called_a_file),
		cmocka_unit_test(test_services_report_through_upfront_or_on_their_own),
		cmocka_unit_test(test_a_kept_number_is_not_called_one_of_this_run),
		cmocka_unit_test(test_the_full_notice_names_every_event_and_property),
		cmocka_unit_test(test_the_full_notice_names_commands_and_pages),
		cmocka_unit_test(test_the_hash_changes_with_any_word),
		cmocka_unit_test(test_hostile_names_become_harmless),
		cmocka_unit_test(test_no_declaration_no_notice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
