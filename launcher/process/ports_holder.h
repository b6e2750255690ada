/* SPDX-License-Identifier: MIT */
/* Who holds a port: from the kernel's socket tables to the process, as far as /proc lets us see. */
#ifndef UPFRONT_LAUNCHER_PROCESS_PORTS_HOLDER_H
#define UPFRONT_LAUNCHER_PROCESS_PORTS_HOLDER_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/types.h>

struct ports_holder {
	bool found; /* the socket is in the tables */
	uid_t uid; /* its owner */
	pid_t pid; /* 0: not to be seen by us */
	char name[64]; /* of the process */
};

/* `address` is what could not be bound, with its port. */
void ports_holder_find(const struct sockaddr *address, bool udp, struct ports_holder *holder);

#endif
