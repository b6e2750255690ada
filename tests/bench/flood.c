/* SPDX-License-Identifier: MIT */
/*
 * A service that floods, and what a plain reader makes of it:
 *   flood write MB TIMES     MB megabytes of numbered lines of 100 bytes in big writes; when all have been taken it appends
 *                            "BEGAN ENDED" (monotonic milliseconds) to TIMES
 *   flood await COUNT TIMES  waits until as many have
 *   flood spend SPENT COMMAND ...   runs it and appends the milliseconds of processor time that it took to SPENT
 *   flood pace LINES WORD    so many lines of 100 bytes each second, WORD in front, until it is ended; 0: as many as are taken
 *   flood log LINES          so many lines of about 95 bytes, the only `needle` 201 lines before the end, the last one `all is written`; then it stays
 *   flood prefix NAME        the floor of a foreground `up`: stdin in lines, "NAME | " in front, out in big blocks
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LINE_BYTES 100
#define BLOCK_LINES 655
#define READ_BYTES 65536
#define OUT_BYTES (256 * 1024)

static double now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void write_all(const char *bytes, size_t size)
{
	while (size > 0) {
		ssize_t count = write(STDOUT_FILENO, bytes, size);

		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			_exit(1);
		bytes += count;
		size -= (size_t)count;
	}
}

static int flood(long megabytes, const char *times)
{
	const struct timespec moment = {.tv_nsec = 200000};
	long lines = megabytes * 1000000 / LINE_BYTES;
	static char block[LINE_BYTES * BLOCK_LINES];
	double began = now_ms();
	int unread = 1;
	FILE *file;

	memset(block, 'x', sizeof(block));
	for (long line = 0; line < lines;) {
		size_t size = 0;

		for (; size < sizeof(block) && line < lines; size += LINE_BYTES, line++) {
			char number[32];

			snprintf(number, sizeof(number), "%09ld ", line);
			memcpy(block + size, number, 10);
			block[size + LINE_BYTES - 1] = '\n';
		}
		write_all(block, size);
	}
	while (ioctl(STDOUT_FILENO, FIONREAD, &unread) == 0 && unread > 0)
		nanosleep(&moment, NULL);
	file = fopen(times, "ae");
	if (file == NULL)
		return 1;
	fprintf(file, "%.3f %.3f\n", began, now_ms());
	return fclose(file) == 0 ? 0 : 1;
}

/* Looks seldom, and starts nothing to do so: what is measured meanwhile needs the processors. */
static int await(long count, const char *times)
{
	const struct timespec moment = {.tv_nsec = 10000000};

	for (long lines = 0; lines < count; nanosleep(&moment, NULL)) {
		FILE *file = fopen(times, "re");

		lines = 0;
		for (int c; file != NULL && (c = getc(file)) != EOF;)
			lines += c == '\n';
		if (file != NULL)
			fclose(file);
	}
	return 0;
}

static double ms_of(const struct timeval *time)
{
	return (double)time->tv_sec * 1e3 + (double)time->tv_usec / 1e3;
}

static int spend(const char *spent, char **command)
{
	struct rusage usage;
	pid_t pid = fork();
	FILE *file;
	int status;

	if (pid == 0) {
		execvp(command[0], command);
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, &usage) != pid || status != 0)
		return 1;
	file = fopen(spent, "ae");
	if (file == NULL)
		return 1;
	fprintf(file, "%.3f\n", ms_of(&usage.ru_utime) + ms_of(&usage.ru_stime));
	return fclose(file) == 0 ? 0 : 1;
}

static int prefix(const char *name)
{
	static char in[READ_BYTES], out[OUT_BYTES + 2 * READ_BYTES];
	char front[64];
	size_t front_bytes = (size_t)snprintf(front, sizeof(front), "%s | ", name), held = 0, used = 0;
	ssize_t count;

	while ((count = read(STDIN_FILENO, in + held, sizeof(in) - held)) > 0) {
		char *at = in, *end = in + held + count, *next;

		while ((next = memchr(at, '\n', (size_t)(end - at))) != NULL) {
			memcpy(out + used, front, front_bytes);
			memcpy(out + used + front_bytes, at, (size_t)(next + 1 - at));
			used += front_bytes + (size_t)(next + 1 - at);
			at = next + 1;
			if (used >= OUT_BYTES) {
				write_all(out, used);
				used = 0;
			}
		}
		held = (size_t)(end - at);
		memmove(in, at, held);
	}
	write_all(out, used);
	return 0;
}

/* ---- For the screen ---- */

#define BEAT_NS 2000000L
#define BEATS (1000000000L / BEAT_NS)

static int pace(long lines_per_s, const char *word)
{
	static const char filling[] =
		"carries the parcels of the morning to the counter where nobody has asked for them but "
		"carries the parcels of the morning to the counter where nobody has asked for them";
	const long lines = lines_per_s > 0 ? lines_per_s / BEATS : BLOCK_LINES;
	static char block[LINE_BYTES * (BLOCK_LINES + 1)];
	struct timespec next;

	if (lines < 1 || lines > BLOCK_LINES)
		return 2;
	clock_gettime(CLOCK_MONOTONIC, &next);
	for (long number = 0;;) {
		size_t size = 0;

		for (long i = 0; i < lines; i++) {
			size += (size_t)snprintf(block + size, LINE_BYTES + 1, "%.8s %07ld %.82s\n", word,
						 number % 10000000, filling + number % 86);
			number++;
		}
		write_all(block, size);
		if (lines_per_s == 0)
			continue;
		next.tv_nsec += BEAT_NS;
		next.tv_sec += next.tv_nsec / 1000000000L;
		next.tv_nsec %= 1000000000L;
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
	}
}

static int write_log(long lines)
{
	static char block[LINE_BYTES * BLOCK_LINES * 2];
	size_t size = 0;

	for (long line = 1; line <= lines; line++) {
		const long mix = line * 2654435761L % 1000003;

		size += (size_t)snprintf(
			block + size, 2 * LINE_BYTES,
			"%08ld GET /parcels/%06ld status=%d bytes=%05ld from 10.0.%ld.%ld%s took %03ldms\n", line, mix,
			mix % 50 == 0 ? 503 : 200, mix % 65536, mix % 256, mix % 251,
			line == lines - 201 ? " needle-4711"
			: line == 1         ? " here it begins"
					    : " the counter is open",
			mix % 997);
		if (size >= sizeof(block) / 2) {
			write_all(block, size);
			size = 0;
		}
	}
	size += (size_t)snprintf(block + size, 2 * LINE_BYTES, "all is written\n");
	write_all(block, size);
	while (pause() < 0 && errno == EINTR)
		continue;
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[1], "write") == 0)
		return flood(atol(argv[2]), argv[3]);
	if (argc == 4 && strcmp(argv[1], "await") == 0)
		return await(atol(argv[2]), argv[3]);
	if (argc > 3 && strcmp(argv[1], "spend") == 0)
		return spend(argv[2], argv + 3);
	if (argc == 3 && strcmp(argv[1], "prefix") == 0)
		return prefix(argv[2]);
	if (argc == 4 && strcmp(argv[1], "pace") == 0)
		return pace(atol(argv[2]), argv[3]);
	if (argc == 3 && strcmp(argv[1], "log") == 0)
		return write_log(atol(argv[2]));
	return 2;
}
