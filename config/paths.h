/* SPDX-License-Identifier: MIT */
/*
 * Where upfront keeps things (XDG Base Directory Specification), and the only ways it makes folders and files.
 * A folder that is not ours, or that others may write to, is refused rather than used.
 */
#ifndef UPFRONT_CONFIG_PATHS_H
#define UPFRONT_CONFIG_PATHS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct err;

/* $XDG_CONFIG_HOME/upfront/config.yaml or ~/.config/...; NULL when there is no home. The caller frees. */
char *paths_user_settings(void);
/* /etc/upfront/config.yaml: fixed, no variable moves it. Not freed. */
const char *paths_policy(void);

/*
 * $XDG_STATE_HOME/upfront/<project> or ~/.local/state/...; neither: exit-4 error saying to set XDG_STATE_HOME.
 * Nothing is created. The caller frees.
 */
int paths_state(const char *project, char **path, struct err *err);

/*
 * Path of the control socket: $XDG_RUNTIME_DIR/upfront/<project>.sock if that folder is set and ours,
 * else <state>/control.sock. May be longer than the 107 bytes a socket address holds: see ctl_listen.
 */
int paths_socket(const char *project, char **path, struct err *err);

/* Folder of the stack's per-app answers, receipts and kept id: $XDG_STATE_HOME/upfront/.apps/<app>. */
int paths_app_state(const char *app, char **path, struct err *err);

/*
 * Makes `path` and its missing parents, the last one 0700 and owned by us. Refuses a last component that is a
 * symbolic link, is not owned by us, or is writable for others, and a folder above it - the last one, or the one that something
 * is to be made in - whose owner, neither we nor root, or whose other writers could put another in its place
 * (exit 4: what, whose, what to do).
 */
int paths_make_private(const char *path, struct err *err);

struct stat;
/* Why a file cannot be one that upfront made for itself: link, pipe, device, second name, another's. NULL: it can. */
const char *paths_flaw(const struct stat *status);
/*
 * Opens such a file (O_CLOEXEC; 0600 when made), through no link and waiting for nobody. The descriptor, -EPERM with *flaw set, or another
 * -errno. `folder` as for openat.
 */
int paths_open_own(int folder, const char *path, int flags, const char **flaw);
/* As paths_read_file and paths_write_file, for such a file; -EPERM with *flaw set (NULL: nobody asks), and nothing touched, when it is none. */
int paths_read_own(const char *path, size_t limit_bytes, char **bytes, size_t *size_bytes, const char **flaw);
int paths_write_own(const char *path, const void *bytes, size_t size_bytes, const char **flaw);

/*
 * Replaces `path` by `size_bytes` bytes: temporary file beside it, fsync, rename, fsync of the folder.
 * Returns 0 or -errno; on failure the old file is untouched.
 */
int paths_write_file(const char *path, const void *bytes, size_t size_bytes, mode_t mode);
/* The same without waiting for the disk, for what means nothing any more once the machine has stopped. */
int paths_write_passing(const char *path, const void *bytes, size_t size_bytes, mode_t mode);

/*
 * Whole file, zero-terminated, at most `limit_bytes` (-EFBIG beyond it); regular files and pipes only.
 * The caller frees *bytes.
 */
int paths_read_file(const char *path, size_t limit_bytes, char **bytes, size_t *size_bytes);
/* The same from an open descriptor of any kind, to its end; it stays open. */
int paths_read_descriptor(int descriptor, size_t limit_bytes, char **bytes, size_t *size_bytes);
/* Why either of them failed, in words; `result` is their negative errno. */
const char *paths_read_reason(int result);

/* The running executable's folder by /proc/self/exe; the caller frees. NULL when not known. */
char *paths_program_dir(void);

#endif
