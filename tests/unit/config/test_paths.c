/* SPDX-License-Identifier: MIT */
/* Where things are kept, and that a folder or file that is not as it should be is refused rather than used. */
#include "config/err.h"
#include "config/paths.h"
#include "tests/lib/children.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

struct world {
	char *folder;
	char path[200]; /* folder/it */
	int descriptors;
};

static int setup(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	world->folder = children_make_folder();
	snprintf(world->path, sizeof(world->path), "%s/it", world->folder);
	world->descriptors = children_count_fds();
	*state = world;
	return 0;
}

static int teardown(void **state)
{
	struct world *world = *state;

	assert_int_equal(children_count_fds(), world->descriptors);
	children_remove_folder(world->folder);
	free(world);
	return 0;
}

static void set(const char *name, const char *value)
{
	if (value)
		setenv(name, value, 1);
	else
		unsetenv(name);
}

static void test_xdg_folders(void **state)
{
	static const struct {
		const char *home, *config, *state;
		const char *settings, *state_path, *app_path; /* NULL: none */
	} cases[] = {
		{"/h", NULL, NULL, "/h/.config/upfront/config.yaml", "/h/.local/state/upfront/shop",
		 "/h/.local/state/upfront/.apps/wren ai"},
		{"/h", "/c", "/s", "/c/upfront/config.yaml", "/s/upfront/shop", "/s/upfront/.apps/wren ai"},
		{NULL, "/c", "/s", "/c/upfront/config.yaml", "/s/upfront/shop", "/s/upfront/.apps/wren ai"},
		/* The XDG specification: what is empty or not absolute does not count. */
		{"/h", "", "relative", "/h/.config/upfront/config.yaml", "/h/.local/state/upfront/shop",
		 "/h/.local/state/upfront/.apps/wren ai"},
		{NULL, NULL, NULL, NULL, NULL, NULL},
		{"", NULL, NULL, NULL, NULL, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err err = ERR_INIT;
		char *settings, *path = NULL, *app = NULL;
		int result;

		set("HOME", cases[i].home);
		set("XDG_CONFIG_HOME", cases[i].config);
		set("XDG_STATE_HOME", cases[i].state);
		settings = paths_user_settings();
		result = paths_state("shop", &path, &err);
		if (cases[i].settings) {
			assert_string_equal(settings, cases[i].settings);
			assert_int_equal(result, 0);
			assert_string_equal(path, cases[i].state_path);
			assert_int_equal(paths_app_state("Wren AI", &app, &err), 0);
			assert_string_equal(app, cases[i].app_path);
			assert_false(err_is_set(&err));
		} else {
			assert_null(settings);
			assert_true(result < 0);
			assert_int_equal(err.code, ERR_MISSING);
			assert_non_null(strstr(err.items[0].hint, "XDG_STATE_HOME"));
		}
		free(settings);
		free(path);
		free(app);
		err_finish(&err);
	}
	assert_string_equal(paths_policy(), UPFRONT_SYSCONFDIR "/upfront/config.yaml");
}

/* Names come from files and command lines: none of them may lead elsewhere. */
static void test_names_stay_below(void **state)
{
	static const char *const bad[] = {"", ".", "..", "a/b", "../../etc", "/"};
	static const struct {
		const char *app, *folder;
	} apps[] = {
		{"a/b", "a_b"}, {"../x", "_._x"},   {".hidden", "_hidden"},
		{"..", "_."},   {"Größe", "größe"}, {"a\nb", "a_b"},
	};
	char *path = NULL, *expected;
	char endless[400];

	(void)state;
	set("XDG_STATE_HOME", "/s");
	set("XDG_RUNTIME_DIR", NULL);
	memset(endless, 'n', sizeof(endless) - 1);
	endless[sizeof(endless) - 1] = '\0';
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_true(paths_state(bad[i], &path, NULL) < 0);
		assert_true(paths_socket(bad[i], &path, NULL) < 0);
		assert_null(path);
	}
	assert_true(paths_state(endless, &path, NULL) < 0);
	assert_int_equal(paths_app_state(endless, &path, NULL), 0);
	assert_true(strlen(strrchr(path, '/')) < 256);
	free(path);
	for (size_t i = 0; i < sizeof(apps) / sizeof(apps[0]); i++) {
		assert_int_equal(paths_app_state(apps[i].app, &path, NULL), 0);
		assert_true(asprintf(&expected, "/s/upfront/.apps/%s", apps[i].folder) > 0);
		assert_string_equal(path, expected);
		free(expected);
		free(path);
	}
}

static void test_socket_is_put_where_nobody_else_writes(void **state)
{
	struct world *world = *state;
	char expected[300];
	char *path;

	set("XDG_STATE_HOME", "/s");
	set("XDG_RUNTIME_DIR", world->folder);
	assert_int_equal(paths_socket("shop", &path, NULL), 0);
	snprintf(expected, sizeof(expected), "%s/upfront/shop.sock", world->folder);
	assert_string_equal(path, expected);
	free(path);
	/* Open to others, a link, missing, not set: the state folder. */
	assert_int_equal(chmod(world->folder, 0777), 0);
	assert_int_equal(paths_socket("shop", &path, NULL), 0);
	assert_string_equal(path, "/s/upfront/shop/control.sock");
	free(path);
	assert_int_equal(chmod(world->folder, 0700), 0);
	assert_int_equal(symlink(world->folder, world->path), 0);
	set("XDG_RUNTIME_DIR", world->path);
	assert_int_equal(paths_socket("shop", &path, NULL), 0);
	assert_string_equal(path, "/s/upfront/shop/control.sock");
	free(path);
	set("XDG_RUNTIME_DIR", "/nowhere/at/all");
	assert_int_equal(paths_socket("shop", &path, NULL), 0);
	assert_string_equal(path, "/s/upfront/shop/control.sock");
	free(path);
}

static void test_private_folder_is_made(void **state)
{
	struct world *world = *state;
	mode_t mask = umask(0);
	struct stat status;
	char deep[300];

	snprintf(deep, sizeof(deep), "%s/a//b/c/", world->folder);
	assert_int_equal(paths_make_private(deep, NULL), 0);
	assert_int_equal(paths_make_private(deep, NULL), 0);
	assert_int_equal(stat(deep, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0700);
	snprintf(deep, sizeof(deep), "%s/a", world->folder);
	assert_int_equal(stat(deep, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0700);
	/* Readable for others is their own choice; and a link on the way there may be the person's. */
	assert_int_equal(chmod(deep, 0755), 0);
	assert_int_equal(paths_make_private(deep, NULL), 0);
	assert_int_equal(symlink(deep, world->path), 0);
	snprintf(deep, sizeof(deep), "%s/it/below", world->folder);
	assert_int_equal(paths_make_private(deep, NULL), 0);
	umask(mask);
}

static void assert_refused(const char *path, const char *why)
{
	struct err err = ERR_INIT;

	assert_true(paths_make_private(path, &err) < 0);
	assert_int_equal(err.code, ERR_MISSING);
	assert_int_equal(err.count, 1);
	if (!strstr(err.items[0].message, why))
		assert_string_equal(err.items[0].message, why);
	assert_non_null(err.items[0].hint);
	err_finish(&err);
}

static void test_private_folder_is_refused(void **state)
{
	struct world *world = *state;
	char below[300], slash[300];

	snprintf(below, sizeof(below), "%s/below", world->path);
	snprintf(slash, sizeof(slash), "%s/", world->path);
	/* A link, also with a slash behind it, also when it leads to a good folder. */
	assert_int_equal(symlink(world->folder, world->path), 0);
	assert_refused(world->path, "it is a symbolic link");
	assert_refused(slash, "it is a symbolic link");
	unlink(world->path);
	assert_int_equal(symlink("/nowhere", world->path), 0);
	assert_refused(world->path, "it is a symbolic link");
	unlink(world->path);
	/* A file in its place, and on the way. */
	close(open(world->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	assert_refused(world->path, "a file of that name is in the way");
	assert_refused(below, "Not a directory");
	unlink(world->path);
	/* Others may write. */
	assert_int_equal(mkdir(world->path, 0700), 0);
	assert_int_equal(chmod(world->path, 0777), 0);
	assert_refused(world->path, "others may write to it (mode 0777)");
	assert_int_equal(chmod(world->path, 0770), 0);
	assert_refused(world->path, "others may write to it (mode 0770)");
	assert_int_equal(chmod(world->path, 01777), 0);
	assert_refused(world->path, "others may write to it (mode 1777)");
	assert_int_equal(chmod(world->path, 0700), 0);
	if (geteuid() == 0) {
		assert_int_equal(chown(world->path, 54321, (gid_t)-1), 0);
		assert_refused(world->path, "it belongs to user 54321");
		assert_int_equal(chown(world->path, 1, (gid_t)-1), 0);
		assert_refused(world->path, "it belongs to daemon");
	}
	assert_refused("/proc/upfront", "cannot make folder /proc/upfront");
}

static void test_file_is_written_whole(void **state)
{
	struct world *world = *state;
	struct stat status;
	char *text;
	size_t size;
	mode_t mask = umask(0);

	assert_int_equal(paths_write_file(world->path, "one", 3, 0600), 0);
	assert_int_equal(paths_write_file(world->path, "a\0b", 3, 0644), 0);
	assert_int_equal(stat(world->path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0644);
	text = children_slurp(world->folder, "it", &size);
	assert_int_equal(size, 3);
	assert_memory_equal(text, "a\0b", 3);
	free(text);
	assert_int_equal(paths_write_file(world->path, "", 0, 0600), 0);
	assert_int_equal(stat(world->path, &status), 0);
	assert_int_equal(status.st_size, 0);
	assert_int_equal(paths_write_passing(world->path, "two", 3, 0600), 0);
	assert_int_equal(stat(world->path, &status), 0);
	assert_int_equal(status.st_size, 3);
	assert_int_equal(status.st_mode & 07777, 0600);
	umask(mask);
}

static void test_failed_write_leaves_everything_as_it_was(void **state)
{
	struct world *world = *state;
	char below[300];

	assert_int_equal(mkdir(world->path, 0700), 0);
	/* The rename fails; the temporary file must not stay. */
	assert_int_equal(paths_write_file(world->path, "x", 1, 0600), -EISDIR);
	assert_int_equal(rmdir(world->path), 0);
	snprintf(below, sizeof(below), "%s/file", world->path);
	assert_int_equal(paths_write_file(below, "x", 1, 0600), -ENOENT);
	assert_int_equal(rmdir(world->folder), 0); /* empty, then */
	assert_int_equal(mkdir(world->folder, 0700), 0);
	assert_int_equal(paths_write_file("/proc/version", "x", 1, 0600), -ENOENT);
}

static void test_file_is_read_up_to_the_limit(void **state)
{
	struct world *world = *state;
	char *bytes = NULL;
	size_t size = 0;
	char block[4096];
	FILE *out = fopen(world->path, "w");

	memset(block, 'x', sizeof(block));
	for (int i = 0; i < 64; i++)
		fwrite(block, 1, sizeof(block), out);
	fclose(out);
	assert_int_equal(paths_read_file(world->path, sizeof(block) * 64, &bytes, &size), 0);
	assert_int_equal(size, sizeof(block) * 64);
	assert_int_equal(bytes[size], '\0');
	free(bytes);
	bytes = NULL;
	assert_int_equal(paths_read_file(world->path, sizeof(block) * 64 - 1, &bytes, &size), -EFBIG);
	/* A file of /proc has size 0 and content all the same; the limit holds there too. */
	assert_int_equal(paths_read_file("/proc/self/status", 5, &bytes, &size), -EFBIG);
	assert_null(bytes);
	assert_int_equal(paths_read_file("/proc/self/status", 1u << 20, &bytes, &size), 0);
	assert_true(size > 0 && strlen(bytes) == size);
	free(bytes);
}

static void test_what_is_no_file_is_not_read(void **state)
{
	struct world *world = *state;
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int descriptor;
	char *bytes = NULL;
	size_t size;

	assert_int_equal(paths_read_file(world->path, 10, &bytes, &size), -ENOENT);
	assert_int_equal(paths_read_file(world->folder, 10, &bytes, &size), -EISDIR);
	assert_int_equal(paths_read_file("/dev/zero", 10, &bytes, &size), -ENODEV);
	descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "%.100s", world->path);
	assert_int_equal(bind(descriptor, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(paths_read_file(world->path, 10, &bytes, &size), -ENXIO);
	close(descriptor);
	assert_null(bytes);
	assert_string_equal(paths_read_reason(-ENXIO), paths_read_reason(-ENODEV));
}

static void test_pipes_are_read_to_their_end(void **state)
{
	struct world *world = *state;
	char path[40];
	char *bytes;
	size_t size;
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(write(ends[1], "text", 4), 4);
	close(ends[1]);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", ends[0]);
	assert_int_equal(paths_read_file(path, 10, &bytes, &size), 0);
	assert_string_equal(bytes, "text");
	free(bytes);
	close(ends[0]);
	assert_int_equal(mkfifo(world->path, 0600), 0);
	/* Held open for reading and writing by us, so that the text is there before it is opened. */
	ends[0] = open(world->path, O_RDWR | O_CLOEXEC);
	assert_int_equal(write(ends[0], "more text", 9), 9);
	assert_int_equal(paths_read_file(world->path, 5, &bytes, &size), -EFBIG);
	close(ends[0]);
}

static void test_program_folder(void **state)
{
	char *folder = paths_program_dir();

	(void)state;
	assert_int_equal(folder[0], '/');
	assert_non_null(strstr(folder, "/tests/unit/config"));
	assert_int_equal(access(folder, X_OK), 0);
	free(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_xdg_folders),
		cmocka_unit_test(test_names_stay_below),
		cmocka_unit_test_setup_teardown(test_socket_is_put_where_nobody_else_writes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_private_folder_is_made, setup, teardown),
		cmocka_unit_test_setup_teardown(test_private_folder_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_file_is_written_whole, setup, teardown),
		cmocka_unit_test_setup_teardown(test_failed_write_leaves_everything_as_it_was, setup, teardown),
		cmocka_unit_test_setup_teardown(test_file_is_read_up_to_the_limit, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_is_no_file_is_not_read, setup, teardown),
		cmocka_unit_test_setup_teardown(test_pipes_are_read_to_their_end, setup, teardown),
		cmocka_unit_test(test_program_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
