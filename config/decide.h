/* SPDX-License-Identifier: MIT */
/*
 * Who decides on telemetry: a pure function of all sources. Any "off" wins; the order only says which reason is shown. `on` can come
 * from two places alone: `--telemetry=on` typed for this run, and the person's answer in the dialog.
 */
#ifndef UPFRONT_CONFIG_DECIDE_H
#define UPFRONT_CONFIG_DECIDE_H

#include <stdbool.h>
#include <stddef.h>

/* In the order of explanation (design.md section 5). */
#define CONSENT_REASONS(X)                                                                    \
	X(CONSENT_BY_POLICY, "policy", "managed policy /etc/upfront/config.yaml")             \
	X(CONSENT_BY_FLAG_OFF, "flag", "switched off on the command line")                    \
	X(CONSENT_BY_UPFRONT_ENV, "env", "UPFRONT_TELEMETRY_DISABLED is set")                 \
	X(CONSENT_BY_APP_ENV, "app_env", "the app's own _TELEMETRY_DISABLED variable is set") \
	X(CONSENT_BY_DO_NOT_TRACK, "do_not_track", "DO_NOT_TRACK is set")                     \
	X(CONSENT_BY_PROJECT, "project", "the stack file says telemetry.enabled: false")      \
	X(CONSENT_BY_USER, "user", "your settings say no")                                    \
	X(CONSENT_BY_FLAG_ON, "flag_on", "--telemetry=on was given for this run")             \
	X(CONSENT_BY_ANSWER, "answer", "your answer")                                         \
	X(CONSENT_BY_NO_ANSWER, "not_answered", "not answered this run")                      \
	X(CONSENT_BY_NOT_INTERACTIVE, "not_interactive", "nobody could be asked")             \
	X(CONSENT_BY_NO_ENDPOINT, "no_endpoint", "the stack declares no telemetry")

#define CONSENT_ENUMERATOR(name, word, text) name,
enum consent_reason { CONSENT_REASONS(CONSENT_ENUMERATOR) CONSENT_REASON_COUNT };
#undef CONSENT_ENUMERATOR

/* Stable word for JSON and receipts; sentence part for people. */
const char *consent_reason_word(enum consent_reason reason);
const char *consent_reason_text(enum consent_reason reason);

enum consent_flag { CONSENT_FLAG_ASK, CONSENT_FLAG_OFF, CONSENT_FLAG_ON };

/* What the command line says as a whole. */
struct consent_said {
	enum consent_flag flag;
	bool has_notice; /* on@N */
	int notice;
};

/*
 * Folds the words of every --telemetry, in whatever order they were typed ("ask", "on", "on@N", "off"; NULL-terminated, may be NULL):
 * any off is off, else any on is on, for the notice that was named. -EINVAL for two different notices.
 */
int consent_fold(const char *const *words, struct consent_said *said);

enum consent_answer {
	CONSENT_UNASKED,
	CONSENT_YES,
	CONSENT_NO,
	CONSENT_NO_FOR_GOOD, /* no, and don't ask again */
	CONSENT_NOT_THIS_RUN, /* Esc, end of input: nothing given, nothing kept */
	CONSENT_QUIT /* Ctrl-C: start nothing */
};

/* Everything that has a say; true in the first group means "says off". */
struct consent_inputs {
	bool policy_off, upfront_env_off, app_env_off, do_not_track, project_off, user_off;
	struct consent_said said;
	int notice; /* the stack's current one */
	bool has_endpoint;
	bool interactive;
	enum consent_answer answer; /* CONSENT_UNASKED before the dialog */
};

enum consent_state { CONSENT_OFF, CONSENT_ON, CONSENT_ASK };

struct consent_decision {
	enum consent_state state;
	enum consent_reason reason;
	bool stale_notice; /* on@N named another notice than the current one */
};

/* True when a source says off before anybody is asked; *reason is the first one in the order of explanation. */
bool consent_says_off(const struct consent_inputs *inputs, enum consent_reason *reason);

/* The source of such an off by its stable word. False: that word is none's. */
bool consent_off_by_word(const char *word, enum consent_reason *reason);

/* CONSENT_ASK only while nothing says off, nothing grants, and somebody can be asked. */
struct consent_decision consent_decide(const struct consent_inputs *inputs);

/* Any value but empty, 0, false, no, off (in any case) - and but unset (NULL). */
bool consent_env_says_off(const char *value);

/* <APP>_TELEMETRY_DISABLED with every run of other characters than [A-Z0-9] made one '_'. The caller frees. */
char *consent_app_variable(const char *app);

/* True when the environment shows a CI system (generic CI, CONTINUOUS_INTEGRATION, BUILD_NUMBER ... and the vendors'); CI=false: no. */
struct strmap;
bool consent_is_ci(const struct strmap *environment);

/* The variables that are looked at beside CI itself, one after the other; NULL behind the last. For tests and documentation. */
const char *consent_ci_variable(size_t index);

#endif
