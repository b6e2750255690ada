/* SPDX-License-Identifier: MIT */
/*
 * What a service says of itself: the receiving end of sd_notify(3). One datagram socket a run, of the abstract kind: its name
 * ("@00a3f", what NOTIFY_SOCKET is set to) leaves no file behind, and a service of another user reaches it too.
 *
 *   READY=1                  it is ready                    WATCHDOG=1        it is alive       STATUS=text   what it does, for people
 *   RELOADING=1              not now, READY=1 follows       WATCHDOG=trigger  it is not well    ERRNO=n       why it fails
 *   EXTEND_TIMEOUT_USEC=n    so long it may take yet        STOPPING=1        it is about to end
 *
 * Everything else (MAINPID, FDSTORE, BARRIER...) is passed over. The name of such a socket can be guessed by anybody on the
 * machine, so who may speak is told by the kernel's word on the sender: our user, root, or the user the service runs as. Descriptors
 * that come along are never taken in: the kernel closes them with the message, which is what a BARRIER waits for.
 */
#ifndef UPFRONT_LAUNCHER_PROCESS_NOTIFY_H
#define UPFRONT_LAUNCHER_PROCESS_NOTIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define NOTIFY_MESSAGE_BYTES 4096u /* a longer message is ignored as a whole */
#define NOTIFY_STATUS_CHARS 200u
#define NOTIFY_STATUS_BYTES (NOTIFY_STATUS_CHARS * 4u + 1u)

struct err;
struct event_base;
struct notify;

/* What was said; of several messages heard at once, what holds after the last. */
struct notify_message {
	bool ready, reloading, stopping;
	bool watchdog; /* alive */
	bool trouble; /* WATCHDOG=trigger */
	bool has_status;
	char status[NOTIFY_STATUS_BYTES]; /* valid UTF-8 without control characters; "": none any more */
	int error; /* errno; 0: none */
	int64_t extend_ms; /* from now on; 0: not asked for */
};

/* Adds what one message says. True when there was anything that is known. Any bytes will do. */
bool notify_parse(const char *bytes, size_t size_bytes, struct notify_message *message);

/* What was heard in one turn of the loop, put together. The socket may not be destroyed from here. */
typedef void notify_heard(void *context, const struct notify_message *message);

struct notify_options {
	struct event_base *base;
	uid_t user; /* who may speak, beside root and us */
	notify_heard *heard;
	void *context;
};

struct notify *notify_create(const struct notify_options *options, struct err *err);
/* For NOTIFY_SOCKET. */
const char *notify_address(const struct notify *self);
/* Hears now what has been sent already, also from senders that are gone. */
void notify_drain(struct notify *self);
/* Messages not looked at: too long, or from somebody else. */
uint64_t notify_ignored(const struct notify *self);
void notify_destroy(struct notify *self);

#endif
