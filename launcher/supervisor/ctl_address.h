/* SPDX-License-Identifier: MIT */
/*
 * The address of a unix socket whose path may be longer than the 107 bytes an address holds: such a path is reached through
 * a descriptor of its folder (/proc/self/fd/N/NAME). Server and client share this.
 */
#ifndef UPFRONT_LAUNCHER_SUPERVISOR_CTL_ADDRESS_H
#define UPFRONT_LAUNCHER_SUPERVISOR_CTL_ADDRESS_H

#include <sys/socket.h>
#include <sys/un.h>

struct ctl_address {
	struct sockaddr_un name;
	socklen_t size_bytes;
	int folder_fd; /* kept open while the address is used; -1: none needed */
};

/* 0, -ENAMETOOLONG when even the last component does not fit, or -errno of opening the folder. */
int ctl_address_make(struct ctl_address *self, const char *path);
void ctl_address_finish(struct ctl_address *self);

#endif
