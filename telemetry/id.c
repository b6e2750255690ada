/* SPDX-License-Identifier: MIT */
#include "telemetry/id.h"

#include "config/clock.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <uuid/uuid.h>

void id_random(char id[ID_BYTES])
{
	uuid_t bytes;

	uuid_generate_random(bytes);
	uuid_unparse_lower(bytes, id);
}

void id_event(int64_t time_ms, char id[ID_BYTES])
{
	uuid_t bytes;

	/* libuuid asks the system half a dozen things for one UUID, which is more than all the rest of an event takes. */
	if (getrandom(bytes, sizeof(bytes), GRND_NONBLOCK) != (ssize_t)sizeof(bytes))
		uuid_generate_random(bytes);
	for (int i = 0; i < 6; i++)
		bytes[i] = (unsigned char)((uint64_t)time_ms >> (40 - 8 * i) & 0xff);
	bytes[6] = (unsigned char)((bytes[6] & 0x0f) | 0x70);
	bytes[8] = (unsigned char)((bytes[8] & 0x3f) | 0x80);
	uuid_unparse_lower(bytes, id);
}

/* `form` in letters: h a lower-case hexadecimal digit, d a digit, anything else itself. */
static bool has_form(const char *text, const char *form)
{
	if (!text || strnlen(text, strlen(form) + 1) != strlen(form))
		return false;
	for (; *form; form++, text++) {
		bool digit = *text >= '0' && *text <= '9';

		if (*form == 'h' ? !digit && !(*text >= 'a' && *text <= 'f') : *form == 'd' ? !digit : *text != *form)
			return false;
	}
	return true;
}

bool id_is_valid(const char *id, int version)
{
	return has_form(id, "hhhhhhhh-hhhh-hhhh-hhhh-hhhhhhhhhhhh") && id[14] == '0' + version &&
	       strchr("89ab", id[19]) != NULL;
}

int64_t time_now_ms(void)
{
	return clock_wall_ms();
}

void time_text(int64_t time_ms, char text[TIME_BYTES])
{
	time_t seconds;
	struct tm parts;

	if (time_ms < 0 || time_ms > 253402300799999)
		time_ms = 0;
	seconds = (time_t)(time_ms / 1000);
	gmtime_r(&seconds, &parts);
	snprintf(text, TIME_BYTES, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ", (unsigned)(parts.tm_year + 1900) % 10000u,
		 (unsigned)(parts.tm_mon + 1) % 100u, (unsigned)parts.tm_mday % 100u, (unsigned)parts.tm_hour % 100u,
		 (unsigned)parts.tm_min % 100u, (unsigned)parts.tm_sec % 100u, (unsigned)(time_ms % 1000));
}

bool time_is_valid(const char *text)
{
	return has_form(text, "dddd-dd-ddTdd:dd:dd.dddZ");
}
