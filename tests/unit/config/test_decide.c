/* SPDX-License-Identifier: MIT */
/* Who decides on telemetry. The full product of all inputs is held against rules written down independently of the code. */
#include "config/decide.h"
#include "config/strmap.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { NOTICE = 3, OFF_SOURCES = 6 };

static struct consent_inputs inputs_of(unsigned off_bits)
{
	return (struct consent_inputs){.policy_off = off_bits & 1,
				       .upfront_env_off = off_bits & 2,
				       .app_env_off = off_bits & 4,
				       .do_not_track = off_bits & 8,
				       .project_off = off_bits & 16,
				       .user_off = off_bits & 32,
				       .notice = NOTICE,
				       .has_endpoint = true,
				       .interactive = true};
}

/* The rules of consent, each said as "then it must (not) be", in the words of the design rather than in its order of checks. */
static void check_rules(const struct consent_inputs *in, struct consent_decision out)
{
	bool any_off = in->policy_off || in->upfront_env_off || in->app_env_off || in->do_not_track ||
		       in->project_off || in->user_off || in->said.flag == CONSENT_FLAG_OFF;
	bool refused = in->answer == CONSENT_NO || in->answer == CONSENT_NO_FOR_GOOD;
	bool left_open = in->answer == CONSENT_NOT_THIS_RUN || in->answer == CONSENT_QUIT;
	bool typed_on = in->said.flag == CONSENT_FLAG_ON && (!in->said.has_notice || in->said.notice == in->notice);
	bool said_yes = in->answer == CONSENT_YES && in->interactive;

	/* Deny wins, everywhere. */
	if (any_off || refused || left_open || !in->has_endpoint)
		assert_int_equal(out.state, CONSENT_OFF);
	/* Only the person's own yes, or the flag typed for this run, is consent. */
	if (out.state == CONSENT_ON)
		assert_true(typed_on || said_yes);
	if (out.state == CONSENT_ON)
		assert_int_equal(out.reason, typed_on ? CONSENT_BY_FLAG_ON : CONSENT_BY_ANSWER);
	/* And it counts when nothing stands against it. */
	if ((typed_on || said_yes) && !any_off && !refused && !left_open && in->has_endpoint)
		assert_int_equal(out.state, CONSENT_ON);
	/* The question comes up only where somebody can answer and nothing has been said; and then always. */
	assert_int_equal(out.state == CONSENT_ASK,
			 in->has_endpoint && in->interactive && !any_off && !typed_on && in->answer == CONSENT_UNASKED);
	/* A typed notice other than the current one is told, and gives nothing. */
	assert_int_equal(out.stale_notice, in->has_endpoint && in->said.flag == CONSENT_FLAG_ON &&
						   in->said.has_notice && in->said.notice != in->notice);
	/* The reason is a true one. */
	switch (out.reason) {
	case CONSENT_BY_POLICY:
		assert_true(in->policy_off);
		break;
	case CONSENT_BY_FLAG_OFF:
		assert_true(in->said.flag == CONSENT_FLAG_OFF && !in->policy_off);
		break;
	case CONSENT_BY_UPFRONT_ENV:
		assert_true(in->upfront_env_off && in->said.flag != CONSENT_FLAG_OFF && !in->policy_off);
		break;
	case CONSENT_BY_APP_ENV:
		assert_true(in->app_env_off && !in->upfront_env_off && in->said.flag != CONSENT_FLAG_OFF &&
			    !in->policy_off);
		break;
	case CONSENT_BY_DO_NOT_TRACK:
		assert_true(in->do_not_track && !in->app_env_off && !in->upfront_env_off && !in->policy_off);
		break;
	case CONSENT_BY_PROJECT:
		assert_true(in->project_off);
		if (in->has_endpoint)
			assert_false(in->policy_off || in->upfront_env_off || in->app_env_off || in->do_not_track ||
				     in->said.flag == CONSENT_FLAG_OFF);
		break;
	case CONSENT_BY_USER:
		assert_true(in->user_off && !in->project_off && !in->do_not_track);
		break;
	case CONSENT_BY_FLAG_ON:
		assert_true(typed_on && !any_off && out.state == CONSENT_ON);
		break;
	case CONSENT_BY_ANSWER:
		assert_true((refused || said_yes) && !any_off);
		break;
	case CONSENT_BY_NO_ANSWER:
		assert_true(!any_off && (left_open || out.state == CONSENT_ASK));
		break;
	case CONSENT_BY_NOT_INTERACTIVE:
		assert_true(!any_off && !in->interactive && !typed_on && !refused && !left_open);
		break;
	case CONSENT_BY_NO_ENDPOINT:
		assert_true(!in->has_endpoint && !in->project_off);
		break;
	case CONSENT_REASON_COUNT:
		fail();
	}
}

static void test_full_product(void **state)
{
	static const enum consent_flag flags[] = {CONSENT_FLAG_ASK, CONSENT_FLAG_OFF, CONSENT_FLAG_ON};
	/* Notice 0 is a notice like any other: of the stack, and behind on@. */
	static const struct {
		bool has_notice;
		int said, current;
	} notices[] = {{false, 0, NOTICE}, {true, NOTICE, NOTICE}, {true, NOTICE - 1, NOTICE}, {true, 0, NOTICE},
		       {false, 0, 0},      {true, 0, 0},           {true, NOTICE, 0}};
	const size_t notice_count = sizeof(notices) / sizeof(notices[0]);
	size_t combinations = 0;

	(void)state;
	for (unsigned bits = 0; bits < 1u << OFF_SOURCES; bits++) {
		for (size_t i = 0; i < 3 * notice_count * 2 * 2; i++) {
			for (int answer = CONSENT_UNASKED; answer <= CONSENT_QUIT; answer++) {
				struct consent_inputs in = inputs_of(bits);

				in.said.flag = flags[i % 3];
				in.said.has_notice = notices[i / 3 % notice_count].has_notice;
				in.said.notice = notices[i / 3 % notice_count].said;
				in.notice = notices[i / 3 % notice_count].current;
				in.has_endpoint = i / 3 / notice_count % 2;
				in.interactive = i / 6 / notice_count;
				in.answer = (enum consent_answer)answer;
				check_rules(&in, consent_decide(&in));
				combinations++;
			}
		}
	}
	assert_int_equal(combinations, 64 * 3 * 7 * 2 * 2 * 6);
}

/* Sources are added from the last in the order of explanation to the first: each takes over as the reason. */
static void test_order_of_explanation(void **state)
{
	static const enum consent_reason order[] = {CONSENT_BY_USER,    CONSENT_BY_PROJECT,     CONSENT_BY_DO_NOT_TRACK,
						    CONSENT_BY_APP_ENV, CONSENT_BY_UPFRONT_ENV, CONSENT_BY_FLAG_OFF,
						    CONSENT_BY_POLICY};
	struct consent_inputs in = inputs_of(0);

	(void)state;
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		switch (order[i]) {
		case CONSENT_BY_USER:
			in.user_off = true;
			break;
		case CONSENT_BY_PROJECT:
			in.project_off = true;
			break;
		case CONSENT_BY_DO_NOT_TRACK:
			in.do_not_track = true;
			break;
		case CONSENT_BY_APP_ENV:
			in.app_env_off = true;
			break;
		case CONSENT_BY_UPFRONT_ENV:
			in.upfront_env_off = true;
			break;
		case CONSENT_BY_FLAG_OFF:
			in.said.flag = CONSENT_FLAG_OFF;
			break;
		default:
			in.policy_off = true;
			break;
		}
		assert_int_equal(consent_decide(&in).reason, order[i]);
	}
}

/* However often and in whatever order it is typed: any off wins, and a notice that is named counts. */
static void test_words_are_folded(void **state)
{
	static const struct {
		const char *words[4];
		int result;
		struct consent_said said;
	} cases[] = {
		{{NULL}, 0, {CONSENT_FLAG_ASK, false, 0}},
		{{"ask", NULL}, 0, {CONSENT_FLAG_ASK, false, 0}},
		{{"on", NULL}, 0, {CONSENT_FLAG_ON, false, 0}},
		{{"off", NULL}, 0, {CONSENT_FLAG_OFF, false, 0}},
		{{"off", "on", NULL}, 0, {CONSENT_FLAG_OFF, false, 0}},
		{{"on", "off", NULL}, 0, {CONSENT_FLAG_OFF, false, 0}},
		{{"on", "off", "on@3"}, 0, {CONSENT_FLAG_OFF, false, 0}},
		{{"ask", "on", NULL}, 0, {CONSENT_FLAG_ON, false, 0}},
		{{"on", "ask", NULL}, 0, {CONSENT_FLAG_ON, false, 0}},
		{{"on@0", NULL}, 0, {CONSENT_FLAG_ON, true, 0}},
		{{"on@3", "on", NULL}, 0, {CONSENT_FLAG_ON, true, 3}},
		{{"on", "on@3", "on@3"}, 0, {CONSENT_FLAG_ON, true, 3}},
		{{"on@3", "on@4", NULL}, -EINVAL, {CONSENT_FLAG_ASK, false, 0}},
		{{"on@0", "on@1", NULL}, -EINVAL, {CONSENT_FLAG_ASK, false, 0}},
		{{"on@3", "off", "on@4"}, 0, {CONSENT_FLAG_OFF, false, 0}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct consent_said said = {CONSENT_FLAG_ASK, false, 0};

		assert_int_equal(consent_fold(cases[i].words, &said), cases[i].result);
		assert_int_equal(said.flag, cases[i].said.flag);
		assert_int_equal(said.has_notice, cases[i].said.has_notice);
		assert_int_equal(said.notice, cases[i].said.notice);
	}
	assert_int_equal(consent_fold(NULL, &(struct consent_said){CONSENT_FLAG_ON, true, 1}), 0);
}

static void test_typical_runs(void **state)
{
	static const struct {
		const char *what;
		enum consent_flag flag;
		int flag_notice; /* -1: none */
		bool has_endpoint, interactive;
		enum consent_answer answer;
		enum consent_state state;
		enum consent_reason reason;
		bool stale;
	} cases[] = {
		{"a person at a terminal", CONSENT_FLAG_ASK, -1, true, true, CONSENT_UNASKED, CONSENT_ASK,
		 CONSENT_BY_NO_ANSWER, false},
		{"who says yes", CONSENT_FLAG_ASK, -1, true, true, CONSENT_YES, CONSENT_ON, CONSENT_BY_ANSWER, false},
		{"who says no", CONSENT_FLAG_ASK, -1, true, true, CONSENT_NO, CONSENT_OFF, CONSENT_BY_ANSWER, false},
		{"no for good", CONSENT_FLAG_ASK, -1, true, true, CONSENT_NO_FOR_GOOD, CONSENT_OFF, CONSENT_BY_ANSWER,
		 false},
		{"who presses Esc", CONSENT_FLAG_ASK, -1, true, true, CONSENT_NOT_THIS_RUN, CONSENT_OFF,
		 CONSENT_BY_NO_ANSWER, false},
		{"a script", CONSENT_FLAG_ASK, -1, true, false, CONSENT_UNASKED, CONSENT_OFF,
		 CONSENT_BY_NOT_INTERACTIVE, false},
		{"a script, --telemetry=on", CONSENT_FLAG_ON, -1, true, false, CONSENT_UNASKED, CONSENT_ON,
		 CONSENT_BY_FLAG_ON, false},
		{"a script, on@3", CONSENT_FLAG_ON, 3, true, false, CONSENT_UNASKED, CONSENT_ON, CONSENT_BY_FLAG_ON,
		 false},
		{"a script, on@2", CONSENT_FLAG_ON, 2, true, false, CONSENT_UNASKED, CONSENT_OFF,
		 CONSENT_BY_NOT_INTERACTIVE, true},
		{"a script, on@0", CONSENT_FLAG_ON, 0, true, false, CONSENT_UNASKED, CONSENT_OFF,
		 CONSENT_BY_NOT_INTERACTIVE, true},
		{"a person, on@2", CONSENT_FLAG_ON, 2, true, true, CONSENT_UNASKED, CONSENT_ASK, CONSENT_BY_NO_ANSWER,
		 true},
		{"nothing declared, =on", CONSENT_FLAG_ON, -1, false, true, CONSENT_UNASKED, CONSENT_OFF,
		 CONSENT_BY_NO_ENDPOINT, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct consent_inputs in = inputs_of(0);
		struct consent_decision out;

		in.said.flag = cases[i].flag;
		in.said.has_notice = cases[i].flag_notice >= 0;
		in.said.notice = cases[i].flag_notice;
		in.has_endpoint = cases[i].has_endpoint;
		in.interactive = cases[i].interactive;
		in.answer = cases[i].answer;
		out = consent_decide(&in);
		if (out.state != cases[i].state || out.reason != cases[i].reason || out.stale_notice != cases[i].stale)
			fail_msg("%s: state %d, %s", cases[i].what, out.state, consent_reason_word(out.reason));
	}
}

static void test_every_reason_has_its_words(void **state)
{
	(void)state;
	for (int i = 0; i < CONSENT_REASON_COUNT; i++) {
		assert_true(strlen(consent_reason_word((enum consent_reason)i)) > 0);
		assert_true(strlen(consent_reason_text((enum consent_reason)i)) > 0);
		for (int j = 0; j < i; j++)
			assert_string_not_equal(consent_reason_word((enum consent_reason)i),
						consent_reason_word((enum consent_reason)j));
	}
	assert_string_equal(consent_reason_word(CONSENT_BY_DO_NOT_TRACK), "do_not_track");
}

/* Told to a running stack, whose statistics nothing but an off may end. */
static void test_only_an_off_is_found_by_its_word(void **state)
{
	(void)state;
	for (int i = 0; i < CONSENT_REASON_COUNT; i++) {
		enum consent_reason reason = CONSENT_REASON_COUNT;
		bool is_off = i <= CONSENT_BY_USER;

		assert_int_equal(consent_off_by_word(consent_reason_word((enum consent_reason)i), &reason), is_off);
		assert_int_equal(reason, is_off ? i : CONSENT_REASON_COUNT);
	}
}

static void test_values_of_off_variables(void **state)
{
	static const struct {
		const char *value;
		bool off;
	} cases[] = {
		{NULL, false}, {"", false},    {"0", false}, {"false", false}, {"FALSE", false},   {"no", false},
		{"No", false}, {"off", false}, {"1", true},  {"true", true},   {"yes", true},      {"on", true},
		{"2", true},   {"00", true},   {" ", true},  {"nope", true},   {"disabled", true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(consent_env_says_off(cases[i].value), cases[i].off);
}

static void test_app_variable(void **state)
{
	static const struct {
		const char *app, *variable;
	} cases[] = {
		{"WrenAI", "WRENAI_TELEMETRY_DISABLED"},
		{"wren-ui", "WREN_UI_TELEMETRY_DISABLED"},
		{"my  app!", "MY_APP__TELEMETRY_DISABLED"},
		{"a - b", "A_B_TELEMETRY_DISABLED"},
		{"a_-_b", "A_B_TELEMETRY_DISABLED"},
		{"7zip", "7ZIP_TELEMETRY_DISABLED"},
		{"Größe", "GR_E_TELEMETRY_DISABLED"},
		{"日本", "__TELEMETRY_DISABLED"},
		{"", "_TELEMETRY_DISABLED"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *variable = consent_app_variable(cases[i].app);

		assert_string_equal(variable, cases[i].variable);
		free(variable);
	}
}

static bool is_ci(const char *first, const char *second)
{
	struct strmap environment;
	bool result;

	strmap_init(&environment);
	strmap_set_pair(&environment, "PATH=/bin");
	if (first)
		strmap_set_pair(&environment, first);
	if (second)
		strmap_set_pair(&environment, second);
	result = consent_is_ci(&environment);
	strmap_finish(&environment);
	return result;
}

static void test_ci(void **state)
{
	static const struct {
		const char *first, *second;
		bool ci;
	} cases[] = {
		{NULL, NULL, false},
		{"CI=true", NULL, true},
		{"CI=1", NULL, true},
		{"CI=woodpecker", NULL, true},
		{"CI=", NULL, false},
		{"CI=false", NULL, false},
		{"CI=0", NULL, false},
		{"CI=false", "GITHUB_ACTIONS=true", false},
		{"CI=", "GITHUB_ACTIONS=true", true},
		{"BUILD_NUMBER=0", NULL, true},
		{"GITLAB_CI=false", NULL, false},
		{"CIRCLE=1", NULL, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(is_ci(cases[i].first, cases[i].second), cases[i].ci);
}

static void test_every_ci_variable(void **state)
{
	static const char *const must_be[] = {"CONTINUOUS_INTEGRATION",
					      "BUILD_NUMBER",
					      "BUILD_ID",
					      "RUN_ID",
					      "GITHUB_ACTIONS",
					      "GITLAB_CI",
					      "JENKINS_URL",
					      "TF_BUILD",
					      "BUILDKITE",
					      "CIRCLECI",
					      "TRAVIS",
					      "TEAMCITY_VERSION",
					      "bamboo_planKey",
					      "CODEBUILD_BUILD_ARN"};
	size_t count = 0;
	char pair[100];

	(void)state;
	for (; consent_ci_variable(count); count++) {
		snprintf(pair, sizeof(pair), "%s=x", consent_ci_variable(count));
		assert_true(is_ci(pair, NULL));
		assert_false(is_ci(pair, "CI=false"));
		snprintf(pair, sizeof(pair), "%s=", consent_ci_variable(count));
		assert_false(is_ci(pair, NULL));
	}
	assert_true(count >= 45);
	for (size_t i = 0; i < sizeof(must_be) / sizeof(must_be[0]); i++) {
		snprintf(pair, sizeof(pair), "%s=1", must_be[i]);
		assert_true(is_ci(pair, NULL));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_full_product),
		cmocka_unit_test(test_order_of_explanation),
		cmocka_unit_test(test_words_are_folded),
		cmocka_unit_test(test_typical_runs),
		cmocka_unit_test(test_every_reason_has_its_words),
		cmocka_unit_test(test_only_an_off_is_found_by_its_word),
		cmocka_unit_test(test_values_of_off_variables),
		cmocka_unit_test(test_app_variable),
		cmocka_unit_test(test_ci),
		cmocka_unit_test(test_every_ci_variable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
