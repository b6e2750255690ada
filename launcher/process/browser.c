/* SPDX-License-Identifier: MIT */
#include "launcher/process/browser.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORDS_MAX 16u
#define TEXT_BYTES 1024u

/* What is to be run, the URL not among the words yet. */
struct way {
	char path[PATH_MAX];
	char text[TEXT_BYTES]; /* of $BROWSER, cut into words */
	const char *words[WORDS_MAX + 2]; /* behind argv[0]; "%s" stands for the URL */
	size_t count;
};

bool browser_takes(const char *url)
{
	const size_t scheme = strncasecmp(url, "http://", 7) == 0 ? 7 : strncasecmp(url, "https://", 8) == 0 ? 8 : 0;

	if (scheme == 0 || url[scheme] == '\0' || url[scheme] == '/' || strlen(url) > BROWSER_URL_MAX)
		return false;
	for (const char *at = url; *at != '\0'; at++)
		if ((unsigned char)*at <= ' ' || *at == 0x7f || strchr("\"<>\\^`{|}", *at) != NULL)
			return false;
	return true;
}

/* ---- Which program ---- */

/* "" when it is not there. */
static const char *variable(const char *const *environment, const char *name)
{
	const size_t size = strlen(name);

	for (; environment != NULL && *environment != NULL; environment++)
		if (strncmp(*environment, name, size) == 0 && (*environment)[size] == '=')
			return *environment + size + 1;
	return "";
}

static bool is_program(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, X_OK) == 0;
}

/* What PATH says of the current folder does not count: that may be anybody's. */
static bool find_program(const char *const *environment, const char *name, char path[PATH_MAX])
{
	const char *folder = variable(environment, "PATH"), *end;

	if (strchr(name, '/') != NULL) {
		const int size = snprintf(path, PATH_MAX, "%s", name);

		return name[0] == '/' && size < PATH_MAX && is_program(path);
	}
	for (; *folder != '\0'; folder = *end == ':' ? end + 1 : end) {
		int size;

		end = strchrnul(folder, ':');
		size = snprintf(path, PATH_MAX, "%.*s/%s", (int)(end - folder), folder, name);
		if (*folder == '/' && size < PATH_MAX && is_program(path))
			return true;
	}
	return false;
}

/* These want the terminal, which is not theirs. */
static bool is_text_browser(const char *path)
{
	static const char *const names[] = {"lynx", "w3m", "links", "links2", "elinks", "browsh", "www-browser", NULL};
	const char *name = strrchr(path, '/') + 1;

	for (size_t i = 0; names[i] != NULL; i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

/* $BROWSER: commands between colons, the first that is there counts. */
static bool take_variable(const char *const *environment, struct way *self)
{
	const char *all = variable(environment, "BROWSER");
	char *rest = NULL, *words = NULL, copy[TEXT_BYTES];

	if (strlen(all) >= sizeof(copy))
		return false;
	snprintf(copy, sizeof(copy), "%s", all);
	for (char *one = strtok_r(copy, ":", &rest); one != NULL; one = strtok_r(NULL, ":", &rest)) {
		char *program;

		snprintf(self->text, sizeof(self->text), "%s", one);
		program = strtok_r(self->text, " \t", &words);
		if (program == NULL || !find_program(environment, program, self->path) || is_text_browser(self->path))
			continue;
		for (self->count = 0; self->count < WORDS_MAX; self->count++)
			if ((self->words[self->count] = strtok_r(NULL, " \t", &words)) == NULL)
				break;
		return true;
	}
	return false;
}

static bool is_windows_subsystem(const char *const *environment)
{
	char text[256] = "";
	FILE *file;

	if (variable(environment, "WSL_DISTRO_NAME")[0] != '\0')
		return true;
	file = fopen("/proc/sys/kernel/osrelease", "re");
	if (file == NULL)
		return false;
	if (fgets(text, sizeof(text), file) == NULL)
		text[0] = '\0';
	fclose(file);
	return strcasestr(text, "microsoft") != NULL;
}

/* rundll32 takes the URL as it is; `start` of cmd.exe and PowerShell would read it as a line of a shell. */
static bool take_windows(const char *const *environment, struct way *self)
{
	static const char system[] = "/mnt/c/Windows/System32/rundll32.exe";

	if (find_program(environment, "wslview", self->path))
		return true;
	if (!find_program(environment, "rundll32.exe", self->path) && !find_program(environment, system, self->path))
		return false;
	self->words[self->count++] = "url.dll,FileProtocolHandler";
	return true;
}

static int choose(const char *const *environment, struct way *self)
{
	*self = (struct way){.count = 0};
	if (take_variable(environment, self))
		return 0;
	self->count = 0;
	if (is_windows_subsystem(environment) && take_windows(environment, self))
		return 0;
	if (variable(environment, "DISPLAY")[0] == '\0' && variable(environment, "WAYLAND_DISPLAY")[0] == '\0')
		return -ENXIO;
	return find_program(environment, "xdg-open", self->path) ||
			       find_program(environment, "sensible-browser", self->path)
		       ? 0
		       : -ENOENT;
}

int browser_find(const char *const *environment, char *path, size_t size_bytes)
{
	struct way way;
	const int result = choose(environment, &way);

	if (result == 0)
		snprintf(path, size_bytes, "%s", way.path);
	return result;
}

/* ---- Running it ---- */

static void add_url(struct way *self, const char *url)
{
	bool placed = false;

	for (size_t i = 0; i < self->count; i++) {
		if (strcmp(self->words[i], "%s") == 0) {
			self->words[i] = url;
			placed = true;
		}
	}
	if (!placed)
		self->words[self->count++] = url;
	self->words[self->count] = NULL;
}

/* What we have blocked or handle is none of the browser's business. Never comes back. */
static void become(const struct way *self, const char *const *environment, int fd)
{
	const char *argv[WORDS_MAX + 4] = {self->path};
	const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	sigset_t none;
	int error;

	memcpy(argv + 1, self->words, (self->count + 1) * sizeof(*argv));
	for (int to = 0; null >= 0 && to <= 2; to++)
		dup2(null, to);
	for (int number = 1; number < SIGRTMIN; number++)
		signal(number, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execve(argv[0], (char *const *)argv, (char *const *)environment);
	error = errno;
	if (write(fd, &error, sizeof(error)) < 0)
		_exit(126);
	_exit(127);
}

/*
 * A child in between ends at once, so that the browser has no parent. Whoever takes in orphans (a terminal process does) does not for that
 * moment: this one is not to come back.
 */
static int run_away(const struct way *self, const char *const *environment, int fd)
{
	int takes_orphans = 0, result = 0;
	pid_t pid;

	(void)prctl(PR_GET_CHILD_SUBREAPER, &takes_orphans);
	(void)prctl(PR_SET_CHILD_SUBREAPER, 0);
	pid = fork();
	if (pid == 0) {
		setsid();
		pid = fork();
		if (pid == 0)
			become(self, environment, fd);
		_exit(pid < 0 ? errno : 0);
	}
	if (pid < 0)
		result = -errno;
	else
		while (waitpid(pid, &result, 0) < 0 && errno == EINTR)
			;
	(void)prctl(PR_SET_CHILD_SUBREAPER, takes_orphans);
	if (pid < 0)
		return result;
	return WIFEXITED(result) ? -WEXITSTATUS(result) : -EIO;
}

int browser_open(const char *url, const char *const *environment, int *fd)
{
	int fds[2], result;
	struct way way;

	if (!browser_takes(url))
		return -EINVAL;
	result = choose(environment, &way);
	if (result < 0)
		return result;
	add_url(&way, url);
	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0)
		return -errno;
	result = run_away(&way, environment, fds[1]);
	close(fds[1]);
	if (result < 0)
		close(fds[0]);
	else
		*fd = fds[0];
	return result;
}

int browser_result(int fd)
{
	int error = 0;
	const ssize_t size = read(fd, &error, sizeof(error));

	if (size < 0)
		return errno == EAGAIN || errno == EINTR ? -EAGAIN : 0;
	return size == sizeof(error) && error > 0 ? -error : 0;
}
