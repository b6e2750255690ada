/* SPDX-License-Identifier: MIT */
/*
 * The least a service can be: says by one record in a FIFO that it runs, then waits for a signal.
 *   reporter FIFO [stubborn]     stubborn: ignores SIGTERM
 * It holds the FIFO open to its end, so that whoever reads there sees the last one go.
 */
#include "tests/lib/race_record.h"

#include <fcntl.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct race_record record = {.pid = getpid()};
	struct timespec now;
	int fd = argc > 1 ? open(argv[1], O_WRONLY) : -1;

	if (fd < 0)
		return 2;
	if (argc > 2)
		signal(SIGTERM, SIG_IGN);
	clock_gettime(CLOCK_MONOTONIC, &now);
	record.time_ns = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
	if (write(fd, &record, sizeof(record)) != (ssize_t)sizeof(record))
		return 3;
	for (;;)
		pause();
}
