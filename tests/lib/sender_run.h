/* SPDX-License-Identifier: MIT */
/* The built `upfront-telemetry` under the hands of a test that plays the supervisor, and the receiver it talks to. */
#ifndef UPFRONT_TESTS_LIB_SENDER_RUN_H
#define UPFRONT_TESTS_LIB_SENDER_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct cJSON;

/* A server of the tests in a mode, with its notes: posthog_server, or connect_proxy. */
struct receiver {
	char *notes; /* path of its file */
	pid_t pid;
	int input; /* closing it ends the server */
	int port;
};

/* `options` are more arguments, NULL-terminated, or NULL. `port` 0: any. */
void receiver_start(struct receiver *self, const char *folder, const char *mode, int port, const char *const *options);
/* connect_proxy in a mode: a receiver of another kind, with notes of its own. */
void receiver_start_proxy(struct receiver *self, const char *folder, const char *mode);
void receiver_stop(struct receiver *self);
/* Lines of that kind so far, as an array; the caller deletes it. */
struct cJSON *receiver_notes(const struct receiver *self, const char *kind);
int receiver_count(const struct receiver *self, const char *kind);
/* Waits until there are at least `count` of them. */
void receiver_expect(const struct receiver *self, const char *kind, int count);

/* Unsets what libcurl and OpenSSL read of proxies and authorities, so that a machine's own settings do not matter. */
void network_forget_environment(void);

/*
 * For a child process: a network with a loopback device only, where a name server listens at 127.0.0.1 and never says a word. Its socket
 * is left open for the program that follows. Ends the process with NETWORK_REFUSED when the system does not allow it.
 */
void network_enter_silent(const char *folder);
#define NETWORK_REFUSED 99

/* Path of the built program. The caller frees. */
char *sender_program(void);

struct sender_run {
	char *folder; /* outbox.db, ledger.jsonl, and what it wrote to its standard streams */
	pid_t pid;
	int pidfd;
	int fd; /* the supervisor's end */
	bool refused; /* `silent_resolver` was asked for and the system does not allow it */
};

struct sender_setup {
	const char *host, *key; /* key NULL: "phc_test" */
	int notice; /* 0: 3 */
	bool silent_resolver; /* in a network of its own, where name look-ups are never answered */
};

/* Starts it and hands over the configuration. */
void sender_start(struct sender_run *self, char *folder, const struct sender_setup *setup);
/* Hands over a valid event; its text is `event` (the caller frees), its uuid stands in `uuid` (37 bytes). */
char *sender_give(struct sender_run *self, char *uuid);
/* Ends the stream and returns how long the process then lived, in ms. Checks that it ended well and wrote nothing. */
int64_t sender_end(struct sender_run *self);
/* Without ceremony: SIGKILL. */
void sender_kill(struct sender_run *self);

/* True while the outbox (all its files) holds that uuid. */
bool sender_keeps(const char *folder, const char *uuid);

#endif
