/* SPDX-License-Identifier: MIT */
#include "telemetry/sender/sender.h"
#include "telemetry/wire.h"

#include <malloc.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/* `upfront` starts it; by hand, without a socket to read from, there is nothing for it to do. */
int main(void)
{
	struct rlimit none = {0, 0};
	int type = 0;
	socklen_t length = sizeof(type);

	setrlimit(RLIMIT_CORE, &none);
	/* Batches are large and rare: their memory goes back at once, and no thread gets a heap of its own. */
	mallopt(M_MMAP_THRESHOLD, 64 * 1024);
	mallopt(M_TRIM_THRESHOLD, 64 * 1024);
	mallopt(M_ARENA_MAX, 1);
	if (getsockopt(WIRE_FD, SOL_SOCKET, SO_TYPE, &type, &length) < 0 || type != SOCK_SEQPACKET)
		return 2;
	/* Out of reach of the terminal's keys; harmless when it is so already. */
	setsid();
	return sender_run(WIRE_FD) < 0 ? 70 : 0;
}
