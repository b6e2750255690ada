/* SPDX-License-Identifier: MIT */
#include "config/decide.h"

#include "config/strmap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct {
	const char *word;
	const char *text;
} consent_reasons[] = {
#define CONSENT_ROW(name, word, text) [name] = {word, text},
	CONSENT_REASONS(CONSENT_ROW)
#undef CONSENT_ROW
};

const char *consent_reason_word(enum consent_reason reason)
{
	return consent_reasons[reason].word;
}

const char *consent_reason_text(enum consent_reason reason)
{
	return consent_reasons[reason].text;
}

int consent_fold(const char *const *words, struct consent_said *said)
{
	struct consent_said folded = {CONSENT_FLAG_ASK, false, 0};
	bool off = false, torn = false;

	for (; words && *words; words++) {
		const char *at = strchr(*words, '@');
		int notice = at ? atoi(at + 1) : 0;

		off = off || strcmp(*words, "off") == 0;
		if (strncmp(*words, "on", 2) == 0)
			folded.flag = CONSENT_FLAG_ON;
		torn = torn || (at && folded.has_notice && folded.notice != notice);
		if (at) {
			folded.has_notice = true;
			folded.notice = notice;
		}
	}
	if (off)
		folded = (struct consent_said){CONSENT_FLAG_OFF, false, 0};
	else if (torn)
		return -EINVAL;
	*said = folded;
	return 0;
}

bool consent_off_by_word(const char *word, enum consent_reason *reason)
{
	static const enum consent_reason reasons[] = {
		CONSENT_BY_POLICY,       CONSENT_BY_FLAG_OFF, CONSENT_BY_UPFRONT_ENV, CONSENT_BY_APP_ENV,
		CONSENT_BY_DO_NOT_TRACK, CONSENT_BY_PROJECT,  CONSENT_BY_USER,
	};

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		if (strcmp(consent_reason_word(reasons[i]), word) == 0) {
			*reason = reasons[i];
			return true;
		}
	}
	return false;
}

bool consent_says_off(const struct consent_inputs *inputs, enum consent_reason *reason)
{
	const struct {
		bool off;
		enum consent_reason reason;
	} sources[] = {
		{inputs->policy_off, CONSENT_BY_POLICY},
		{inputs->said.flag == CONSENT_FLAG_OFF, CONSENT_BY_FLAG_OFF},
		{inputs->upfront_env_off, CONSENT_BY_UPFRONT_ENV},
		{inputs->app_env_off, CONSENT_BY_APP_ENV},
		{inputs->do_not_track, CONSENT_BY_DO_NOT_TRACK},
		{inputs->project_off, CONSENT_BY_PROJECT},
		{inputs->user_off, CONSENT_BY_USER},
	};

	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
		if (sources[i].off) {
			*reason = sources[i].reason;
			return true;
		}
	}
	return false;
}

/* What the flag and the dialog make of it once no source says off. A refusal counts before a grant here too. */
static void consent_ask(const struct consent_inputs *inputs, bool granted_by_flag, struct consent_decision *decision)
{
	switch (inputs->answer) {
	case CONSENT_NO:
	case CONSENT_NO_FOR_GOOD:
		decision->reason = CONSENT_BY_ANSWER;
		return;
	case CONSENT_NOT_THIS_RUN:
	case CONSENT_QUIT:
		decision->reason = CONSENT_BY_NO_ANSWER;
		return;
	case CONSENT_UNASKED:
	case CONSENT_YES:
		break;
	}
	if (granted_by_flag) {
		decision->state = CONSENT_ON;
		decision->reason = CONSENT_BY_FLAG_ON;
	} else if (!inputs->interactive) {
		/* A yes cannot come from where nobody can be asked. */
		decision->reason = CONSENT_BY_NOT_INTERACTIVE;
	} else if (inputs->answer == CONSENT_YES) {
		decision->state = CONSENT_ON;
		decision->reason = CONSENT_BY_ANSWER;
	} else {
		decision->state = CONSENT_ASK;
		decision->reason = CONSENT_BY_NO_ANSWER;
	}
}

struct consent_decision consent_decide(const struct consent_inputs *inputs)
{
	struct consent_decision decision = {CONSENT_OFF, CONSENT_BY_NO_ENDPOINT, false};
	bool granted_by_flag = inputs->said.flag == CONSENT_FLAG_ON;

	/* Where nothing can be sent, other sources explain nothing; the project's own "off" may be why there is no endpoint. */
	if (!inputs->has_endpoint) {
		if (inputs->project_off)
			decision.reason = CONSENT_BY_PROJECT;
		return decision;
	}
	if (granted_by_flag && inputs->said.has_notice && inputs->said.notice != inputs->notice) {
		granted_by_flag = false;
		decision.stale_notice = true;
	}
	if (!consent_says_off(inputs, &decision.reason))
		consent_ask(inputs, granted_by_flag, &decision);
	return decision;
}

bool consent_env_says_off(const char *value)
{
	static const char *const words[] = {"", "0", "false", "no", "off"};

	if (!value)
		return false;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcasecmp(value, words[i]) == 0)
			return false;
	}
	return true;
}

char *consent_app_variable(const char *app)
{
	static const char suffix[] = "_TELEMETRY_DISABLED";
	char *name = malloc(strlen(app) + sizeof(suffix));
	char *out = name;

	if (!name)
		return NULL;
	for (; *app; app++) {
		if (*app >= 'a' && *app <= 'z')
			*out++ = (char)(*app - 'a' + 'A');
		else if ((*app >= 'A' && *app <= 'Z') || (*app >= '0' && *app <= '9'))
			*out++ = *app;
		else if (out == name || out[-1] != '_')
			*out++ = '_';
	}
	strcpy(out, suffix);
	return name;
}

/* Generic names first, then each vendor's own, by the vendors' documentation. */
static const char *const consent_ci[] = {
	"CONTINUOUS_INTEGRATION",
	"BUILD_NUMBER",
	"BUILD_ID",
	"RUN_ID",
	"CI_APP_ID",
	"CI_BUILD_ID",
	"CI_BUILD_NUMBER",
	"CI_NAME", /* Codeship, sourcehut */
	"AC_APPCIRCLE", /* Appcircle */
	"AGOLA_GIT_REF",
	"APPCENTER_BUILD_ID", /* Visual Studio App Center */
	"APPVEYOR",
	"BITBUCKET_COMMIT",
	"BITRISE_IO",
	"BUDDY_WORKSPACE_ID",
	"BUILDER_OUTPUT", /* Google Cloud Build */
	"BUILDKITE",
	"CF_BUILD_ID", /* Codefresh */
	"CF_PAGES", /* Cloudflare Pages */
	"CIRCLECI",
	"CIRRUS_CI",
	"CI_XCODE_PROJECT", /* Xcode Cloud */
	"CM_BUILD_ID", /* Codemagic */
	"CODEBUILD_BUILD_ARN", /* AWS CodeBuild */
	"DRONE",
	"DSARI",
	"EARTHLY_CI",
	"EAS_BUILD", /* Expo */
	"GERRIT_PROJECT",
	"GITEA_ACTIONS",
	"GITHUB_ACTIONS",
	"GITLAB_CI",
	"GO_PIPELINE_LABEL", /* GoCD */
	"HARNESS_BUILD_ID",
	"HUDSON_URL",
	"JENKINS_URL",
	"LAYERCI",
	"MAGNUM",
	"NETLIFY",
	"NEVERCODE",
	"NOW_BUILDER", /* Vercel, earlier */
	"PROW_JOB_ID",
	"RELEASE_BUILD_ID", /* ReleaseHub */
	"RENDER",
	"SAILCI",
	"SCREWDRIVER",
	"SEMAPHORE",
	"STRIDER",
	"SYSTEM_TEAMFOUNDATIONCOLLECTIONURI", /* Azure Pipelines, earlier */
	"TASK_ID", /* Taskcluster */
	"TEAMCITY_VERSION",
	"TF_BUILD", /* Azure Pipelines */
	"TRAVIS",
	"VELA",
	"VERCEL",
	"WORKERS_CI", /* Cloudflare Workers */
	"XCS", /* Xcode Server */
	"bamboo_planKey",
};

const char *consent_ci_variable(size_t index)
{
	return index < sizeof(consent_ci) / sizeof(consent_ci[0]) ? consent_ci[index] : NULL;
}

bool consent_is_ci(const struct strmap *environment)
{
	const char *ci = strmap_find(environment, "CI");

	/* CI=woodpecker and the like are a yes too; a clear no holds over all that follows. */
	if (ci && *ci)
		return consent_env_says_off(ci);
	for (size_t i = 0; i < sizeof(consent_ci) / sizeof(consent_ci[0]); i++) {
		const char *value = strmap_find(environment, consent_ci[i]);

		if (value && *value && strcasecmp(value, "false") != 0)
			return true;
	}
	return false;
}
