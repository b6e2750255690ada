/* SPDX-License-Identifier: MIT */
/*
 * In three steps: which lines are about this service (said_of), what is left of them without the wrapping that each layer has put around
 * (strip), and which of the known troubles it is (rules). What is not known is told in the engine's own words.
 */
#include "launcher/engine/compose_explain.h"

#include "config/err.h"
#include "config/stack.h"
#include "launcher/engine/build_fault.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define SAID_BYTES 1024u

struct said {
	char text[SAID_BYTES]; /* lines, "; " between them, none twice */
	size_t size;
};

/* ---- Whose line it is ---- */

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '.';
}

static bool has_before(const char *line, const char *at, const char *words)
{
	size_t size = strlen(words);

	return (size_t)(at - line) >= size && strncmp(at - size, words, size) == 0;
}

/* "for web", "service web", "service \"web\"", "target web", "web Error ...", "web: ..." */
static bool is_named_at(const char *line, const char *at, size_t size)
{
	static const char *const befores[] = {"for ", "ervice ", "ervice \"", "ervice '", "for \"", "target ", NULL};
	const char *begin = line + strspn(line, " \t");

	if ((at > line && is_word(at[-1])) || is_word(at[size]))
		return false;
	for (size_t i = 0; befores[i] != NULL; i++)
		if (has_before(line, at, befores[i]))
			return true;
	return at == begin && (at[size] == ':' || strncmp(at + size, " Error", 6) == 0);
}

/* "shop-web-1", "shop_web_1" */
static bool is_container_at(const char *line, const char *at, size_t size, const char *project)
{
	size_t project_size = strlen(project);
	const char *begin = at - project_size - 1;

	return (size_t)(at - line) > project_size && strncmp(begin, project, project_size) == 0 &&
	       (at[-1] == '_' || at[-1] == '-') && (at[size] == '_' || at[size] == '-') &&
	       isdigit((unsigned char)at[size + 1]);
}

static bool names_image(const char *line, const char *image)
{
	const char *slash = image != NULL ? strrchr(image, '/') : NULL;
	const char *tag = image != NULL ? strchr(slash != NULL ? slash : image, ':') : NULL;
	char name[256];
	const char *at;

	if (image == NULL || *image == '\0')
		return false;
	snprintf(name, sizeof name, "%.*s", tag != NULL ? (int)(tag - image) : (int)strlen(image), image);
	at = strstr(line, name);
	return at != NULL && (at == line || !is_word(at[-1])) && !is_word(at[strlen(name)]);
}

static bool names(const char *line, const char *project, const char *service, const char *image)
{
	size_t size = strlen(service);

	if (size == 0)
		return false;
	for (const char *at = strstr(line, service); at != NULL; at = strstr(at + 1, service))
		if (is_named_at(line, at, size) || is_container_at(line, at, size, project))
			return true;
	return names_image(line, image);
}

static bool names_any(const char *line, const struct stack *stack)
{
	for (size_t i = 0; i < stack->service_count; i++)
		if (names(line, stack->name, stack->services[i].name, stack->services[i].image))
			return true;
	return false;
}

/* ---- What it says ---- */

static bool skip(char **line, const char *prefix)
{
	size_t size = strlen(prefix);

	if (strncmp(*line, prefix, size) != 0)
		return false;
	*line += size;
	return true;
}

/* "Cannot start service web: ", "for shop_web_1  ": what stands for a name is passed over. */
static bool skip_named(char **line, const char *prefix, const char *end)
{
	char *rest = *line;
	char *after;

	if (!skip(&rest, prefix) || (after = strstr(rest, end)) == NULL || after - rest > 200)
		return false;
	*line = after + strlen(end);
	return true;
}

static char *strip(char *line)
{
	static const char unknown[] = ": unknown";
	size_t size;

	do
		line += strspn(line, " \t");
	while (skip(&line, "ERROR: ") || skip_named(&line, "for ", "  ") ||
	       skip(&line, "Error response from daemon: ") || skip_named(&line, "Cannot start service ", ": ") ||
	       skip_named(&line, "Cannot create container for service ", ": ") ||
	       skip(&line, "failed to create shim task: ") || skip(&line, "OCI runtime create failed: ") ||
	       skip(&line, "runc create failed: ") || skip(&line, "unable to start container process: "));
	size = strlen(line);
	if (size > sizeof unknown && strcmp(line + size - (sizeof unknown - 1), unknown) == 0)
		line[size - (sizeof unknown - 1)] = '\0';
	return line;
}

static void say(struct said *self, const char *line)
{
	int size;

	if (*line == '\0' || strstr(self->text, line) != NULL)
		return;
	size = snprintf(self->text + self->size, sizeof self->text - self->size, "%s%s", self->size > 0 ? "; " : "",
			line);
	if (size > 0 && (size_t)size < sizeof self->text - self->size)
		self->size += (size_t)size;
	else
		self->size = strlen(self->text);
}

static bool is_noise(const char *line)
{
	return strstr(line, "Encountered errors while bringing up the project") != NULL;
}

enum whose { OWN, ANYBODYS, ALL };

/* The next complaint of the text; NULL: that was all. */
static const char *next_line(const char *text, char line[SAID_BYTES])
{
	const char *end, *semicolon;

	text += strspn(text, "\n; ");
	if (*text == '\0')
		return NULL;
	end = text + strcspn(text, "\n");
	semicolon = strstr(text, "; ");
	if (semicolon != NULL && semicolon < end)
		end = semicolon;
	snprintf(line, SAID_BYTES, "%.*s", (int)(end - text), text);
	return end;
}

/* The same is often said once without a name and once with one: then it is not anybody's. */
static bool is_somebodys(const struct compose_failure *failure, const char *line)
{
	const char *at = failure->complaint;
	char bare[SAID_BYTES], other[SAID_BYTES];
	const char *what;

	if (names_any(line, failure->stack))
		return true;
	snprintf(bare, sizeof bare, "%s", line);
	what = strip(bare);
	while ((at = next_line(at, other)) != NULL)
		if (*what != '\0' && strstr(other, what) != NULL && names_any(other, failure->stack))
			return true;
	return false;
}

static void said_of(const struct compose_failure *failure, enum whose whose, struct said *said)
{
	const char *at = failure->complaint;
	char line[SAID_BYTES];

	while ((at = next_line(at, line)) != NULL) {
		bool wanted = whose == ALL;

		if (whose == OWN)
			wanted = names(line, failure->stack->name, failure->service, failure->image);
		else if (whose == ANYBODYS)
			wanted = !is_somebodys(failure, line);
		if (wanted && !is_noise(line))
			say(said, strip(line));
	}
}

/* ---- What it means ---- */

static const struct rule {
	const char *sign; /* stands in it */
	const char *and_sign; /* so does this; NULL: nothing */
	const char *begin,
		*end; /* what stands between them goes into `told`; begin NULL: the image. end "": to the end */
	const char *told; /* NULL: as it was said */
	enum err_code code;
	enum err_cause cause;
	const char *hint; /* NULL: none */
} rules[] = {
#define PORT_HINT "end what holds it, or publish another port"
#define BUILD_HINT "build it by hand to see all that is said of it"
#define LOGIN_HINT "`docker login` to that registry, as who may have it"
#define IMAGE_HINT "check its name and tag; a private one needs `docker login`"
	{"port is already allocated", NULL, "Bind for ", " failed", "port %s is taken", ERR_MISSING, ERR_CAUSE_OTHER,
	 PORT_HINT},
	{"address already in use", "listen tcp4 ", "listen tcp4 ", ": ", "port %s is taken", ERR_MISSING,
	 ERR_CAUSE_OTHER, PORT_HINT},
	{"address already in use", NULL, NULL, NULL, NULL, ERR_MISSING, ERR_CAUSE_OTHER, PORT_HINT},
	{"no space left on device", NULL, NULL, NULL, "no space is left on the disk of the container engine",
	 ERR_MISSING, ERR_CAUSE_OTHER, "make room: `docker system df` shows what takes it"},
	{"failed to solve: ", NULL, "failed to solve: ", "", "its image cannot be built: %s", ERR_FAILED,
	 ERR_CAUSE_OTHER, BUILD_HINT},
	{"failed to build : Build failed", "The command ", "The command ", "", "its image cannot be built: %s",
	 ERR_FAILED, ERR_CAUSE_OTHER, BUILD_HINT},
	{"failed to build : Build failed", NULL, NULL, NULL, "its image cannot be built", ERR_FAILED, ERR_CAUSE_OTHER,
	 BUILD_HINT},
	{"failed to build: ", NULL, "failed to build: ", "", "its image cannot be built: %s", ERR_FAILED,
	 ERR_CAUSE_OTHER, BUILD_HINT},
	{"executable file not found", "exec: \"", "exec: \"", "\"", "command not found in its image: '%s'", ERR_MISSING,
	 ERR_CAUSE_COMMAND, "correct its command, or take an image that has it"},
	{"no such file or directory", "exec: \"", "exec: \"", "\"", "no such file in its image: '%s'", ERR_MISSING,
	 ERR_CAUSE_COMMAND, "correct its command; a script needs the interpreter that its first line names"},
	{"permission denied", "exec: \"", "exec: \"", "\"", "not a program that may be run in its image: '%s'",
	 ERR_MISSING, ERR_CAUSE_EXECUTABLE, "correct its command, or make the file executable in the image"},
	{"exec format error", NULL, NULL, NULL, "its image '%s' holds programs for another kind of machine",
	 ERR_MISSING, ERR_CAUSE_EXECUTABLE, "take an image for this kind of machine, or declare `platform`"},
	{"does not match the specified platform", NULL, NULL, NULL, NULL, ERR_MISSING, ERR_CAUSE_EXECUTABLE, NULL},
	{"unable to find user ", NULL, "unable to find user ", ":", "no such user in its image: '%s'", ERR_MISSING,
	 ERR_CAUSE_USER, "correct `user`, or take its number"},
	{"unable to find group ", NULL, "unable to find group ", ":", "no such group in its image: '%s'", ERR_MISSING,
	 ERR_CAUSE_USER, "correct `user`, or take its number"},
	{"bind source path does not exist", NULL, "does not exist: ", "", "what is to be mounted is not there: '%s'",
	 ERR_MISSING, ERR_CAUSE_OTHER, "make it, or correct `volumes`"},
	{"pull access denied", NULL, NULL, NULL, "its image '%s' is not to be had: it does not exist, or is private",
	 ERR_MISSING, ERR_CAUSE_OTHER, IMAGE_HINT},
	{"manifest unknown", NULL, NULL, NULL, "its image '%s' is not to be had: the registry does not have it",
	 ERR_MISSING, ERR_CAUSE_OTHER, IMAGE_HINT},
	{"manifest for ", "not found", NULL, NULL, "its image '%s' is not to be had: the registry does not have it",
	 ERR_MISSING, ERR_CAUSE_OTHER, IMAGE_HINT},
	{"No such image", NULL, NULL, NULL, "its image '%s' is not there", ERR_MISSING, ERR_CAUSE_OTHER, IMAGE_HINT},
	{"unauthorized", NULL, NULL, NULL,
	 "its image '%s' is not to be had: its registry wants user and password, or others", ERR_MISSING,
	 ERR_CAUSE_OTHER, LOGIN_HINT},
	{"no basic auth credentials", NULL, NULL, NULL,
	 "its image '%s' is not to be had: its registry wants user and password", ERR_MISSING, ERR_CAUSE_OTHER,
	 LOGIN_HINT},
	{"toomanyrequests", NULL, NULL, NULL, "its image '%s' is not to be had: the registry wants fewer requests",
	 ERR_MISSING, ERR_CAUSE_OTHER, "wait a while, or `docker login`"},
	{"dial tcp", "Get \"http", "dial tcp", "", "its image is not here, and its registry cannot be reached%s",
	 ERR_MISSING, ERR_CAUSE_OTHER, "check the network and the image's name"},
	{"TLS handshake timeout", NULL, NULL, NULL, "its image '%s' is not here, and its registry does not answer",
	 ERR_MISSING, ERR_CAUSE_OTHER, "check the network"},
	{"The container name \"", "already in use", "The container name \"/", "\"",
	 "another container has the name '%s'", ERR_MISSING, ERR_CAUSE_OTHER,
	 "remove or rename that one, or take another `container_name`"},
	{"declared as external, but could not be found", NULL, NULL, NULL, NULL, ERR_MISSING, ERR_CAUSE_OTHER,
	 "create it first: `docker network create`, `docker volume create`"},
	{"non-overlapping IPv4 address pool", NULL, NULL, NULL, "no range of addresses is left for its network",
	 ERR_MISSING, ERR_CAUSE_OTHER, "remove networks that nobody uses: `docker network prune`"},
	{"error gathering device information", NULL, NULL, NULL, NULL, ERR_MISSING, ERR_CAUSE_OTHER,
	 "correct `devices`"},
	{"permission denied while trying to connect", NULL, NULL, NULL, NULL, ERR_MISSING, ERR_CAUSE_OTHER,
	 "be in the group `docker`, or use an engine of your own"},
	{"permission denied", NULL, NULL, NULL, NULL, ERR_MISSING, ERR_CAUSE_OTHER, NULL},
	{"task ", ": already exists", NULL, NULL, NULL, ERR_FAILED, ERR_CAUSE_OTHER,
	 "the container engine holds on to something of its own from before it died: start it anew"},
	{"cannot allocate memory", NULL, NULL, NULL, NULL, ERR_MISSING, ERR_CAUSE_MEMORY, NULL},
};

static bool fits(const struct rule *rule, const char *said)
{
	return strcasestr(said, rule->sign) != NULL && (rule->and_sign == NULL || strstr(said, rule->and_sign) != NULL);
}

/* What goes into the words of a rule. */
static void pick(const struct rule *rule, const char *said, const char *image, char text[SAID_BYTES])
{
	const char *begin = rule->begin != NULL ? strstr(said, rule->begin) : NULL;
	const char *end;

	if (begin == NULL) {
		snprintf(text, SAID_BYTES, "%s", image != NULL ? image : "");
		return;
	}
	begin += strlen(rule->begin);
	end = *rule->end != '\0' ? strstr(begin, rule->end) : strstr(begin, "; ");
	snprintf(text, SAID_BYTES, "%.*s", end != NULL ? (int)(end - begin) : (int)strlen(begin), begin);
}

/* "%s" of a rule's words filled in: they are data, not a format. */
static void tell(const struct rule *rule, const char *said, const char *image, struct err *err)
{
	const char *hole = rule->told != NULL ? strstr(rule->told, "%s") : NULL;
	char text[SAID_BYTES];

	if (rule->told == NULL) {
		err_set(err, rule->code, "cannot start its container: %s", said);
	} else if (hole == NULL) {
		err_set(err, rule->code, "cannot start its container: %s", rule->told);
	} else {
		pick(rule, said, image, text);
		err_set(err, rule->code, "cannot start its container: %.*s%s%s", (int)(hole - rule->told), rule->told,
			text, hole + 2);
	}
	if (rule->hint != NULL)
		err_hint(err, "%s", rule->hint);
	if (rule->cause != ERR_CAUSE_OTHER)
		err_set_cause(err, rule->cause);
}

static const struct rule *find_rule(const char *said)
{
	for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
		if (fits(&rules[i], said))
			return &rules[i];
	return NULL;
}

static void say_own(const struct compose_failure *failure, struct said *said)
{
	said_of(failure, OWN, said);
	if (said->size == 0 && failure->own != NULL) {
		char line[SAID_BYTES];

		snprintf(line, sizeof line, "%.*s", (int)strcspn(failure->own, "\r\n"), failure->own);
		say(said, strip(line));
	}
	if (said->size == 0)
		said_of(failure, ANYBODYS, said);
}

/* What helps is what the step wrote that failed: of that the Compose program's own words say nothing. */
static bool tell_build(const struct compose_failure *failure, const struct rule *rule, struct err *err)
{
	const struct build_fault *fault = failure->fault;

	if (fault == NULL || strncmp(rule->sign, "failed to ", strlen("failed to ")) != 0 ||
	    !build_fault_is_of(fault, failure->service) || fault->said[0] == '\0')
		return false;
	err_set(err, rule->code, "cannot start its container: its image cannot be built: in '%s': %s", fault->step,
		fault->said);
	err_hint(err, "%s", rule->hint);
	return true;
}

bool compose_explain(const struct compose_failure *failure, struct err *err)
{
	struct said said = {"", 0};
	const struct rule *rule;

	say_own(failure, &said);
	if (said.size > 0) {
		rule = find_rule(said.text);
		if (rule != NULL && !tell_build(failure, rule, err))
			tell(rule, said.text, failure->image, err);
		else if (rule == NULL)
			err_set(err, ERR_FAILED, "cannot start its container: %s", said.text);
		return true;
	}
	said_of(failure, ALL, &said);
	if (said.size > 0) {
		rule = find_rule(said.text);
		err_set(err, rule != NULL ? rule->code : ERR_FAILED,
			"its container was not started, because of another one: %s", said.text);
		err_set_cause(err, ERR_CAUSE_ANOTHER);
		return false;
	}
	if (failure->code != 0)
		err_set(err, ERR_FAILED, "cannot start its container: '%s' ended with code %d and did not say why",
			failure->program, failure->code);
	else
		err_set(err, ERR_FAILED, "its container was not started: '%s' does not say why", failure->program);
	err_hint(err, "'%s up %s' by hand may say more", failure->program, failure->service);
	return true;
}
