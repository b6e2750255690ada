/* SPDX-License-Identifier: MIT */
#include "ui/sgr.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* More than any program sends; what is beyond is left out. */
#define PARAMETERS_MAX 64u
#define VALUE_MAX 9999u

struct parameters {
	uint16_t values[PARAMETERS_MAX];
	bool sub[PARAMETERS_MAX]; /* stands behind a colon: belongs to the one before */
	size_t count;
};

/* Digits, semicolons and colons up to the final m; 0 when it is another sequence, or cut. */
static size_t read_parameters(const char *at, const char *end, struct parameters *out)
{
	const char *begin = at;
	unsigned value = 0;
	bool sub = false;

	out->count = 0;
	if (end - at < 3 || at[0] != '\033' || at[1] != '[')
		return 0;
	for (at += 2; at < end; at++) {
		if (*at >= '0' && *at <= '9') {
			value = value * 10 + (unsigned)(*at - '0');
			value = value < VALUE_MAX ? value : VALUE_MAX;
			continue;
		}
		if (*at != ';' && *at != ':' && *at != 'm')
			return 0;
		if (out->count < PARAMETERS_MAX) {
			out->values[out->count] = (uint16_t)value;
			out->sub[out->count++] = sub;
		}
		if (*at == 'm')
			return (size_t)(at + 1 - begin);
		sub = *at == ':';
		value = 0;
	}
	return 0;
}

static unsigned distance(unsigned a, unsigned b)
{
	return a > b ? (a - b) * (a - b) : (b - a) * (b - a);
}

uint8_t sgr_nearest(uint8_t red, uint8_t green, uint8_t blue)
{
	static const uint8_t levels[] = {0, 95, 135, 175, 215, 255};
	const uint8_t wanted[] = {red, green, blue};
	unsigned cube = 16, cube_off = 0, gray_off = 0;
	unsigned average = ((unsigned)red + green + blue) / 3;
	unsigned step = average < 8 ? 0 : (average - 8 + 5) / 10;

	step = step < 23 ? step : 23;
	for (size_t i = 0; i < 3; i++) {
		unsigned best = 0;
		for (unsigned level = 1; level < 6; level++)
			if (distance(levels[level], wanted[i]) < distance(levels[best], wanted[i]))
				best = level;
		cube += best * (i == 0 ? 36 : i == 1 ? 6 : 1);
		cube_off += distance(levels[best], wanted[i]);
		gray_off += distance(8 + 10 * step, wanted[i]);
	}
	return (uint8_t)(gray_off < cube_off ? 232 + step : cube);
}

/* How many of the parameters from `at` on belong together by colons, the first one counted. */
static size_t group(const struct parameters *in, size_t at)
{
	size_t size = 1;

	while (at + size < in->count && in->sub[at + size])
		size++;
	return size;
}

static uint8_t byte_of(uint16_t value)
{
	return (uint8_t)(value < 255 ? value : 255);
}

/* 38, 48 and 58 with what follows: returns how many parameters that is; *color stays where it says nothing that is known. */
static size_t read_color(const struct parameters *in, size_t at, uint16_t *color)
{
	size_t size = group(in, at), left = in->count - at;
	const uint16_t *value = &in->values[at];

	/* With colons all of it is one parameter, and an id of a colour space may stand in front of the three. */
	if (size > 1) {
		if (value[1] == 5 && size >= 3 && value[2] < 256)
			*color = (uint16_t)(1 + value[2]);
		else if (value[1] == 2 && size >= 5)
			*color = (uint16_t)(1 + sgr_nearest(byte_of(value[size >= 6 ? 3 : 2]),
							    byte_of(value[size >= 6 ? 4 : 3]),
							    byte_of(value[size >= 6 ? 5 : 4])));
		return size;
	}
	if (left >= 3 && value[1] == 5) {
		if (value[2] < 256)
			*color = (uint16_t)(1 + value[2]);
		return 3;
	}
	if (left >= 5 && value[1] == 2) {
		*color = (uint16_t)(1 + sgr_nearest(byte_of(value[2]), byte_of(value[3]), byte_of(value[4])));
		return 5;
	}
	/* Cut in its middle: nothing of the rest can be understood. */
	return left;
}

static void set(struct theme_style *style, unsigned attributes, bool on)
{
	style->attributes = (uint8_t)(on ? style->attributes | attributes : style->attributes & ~attributes);
}

static void apply_attribute(struct theme_style *style, unsigned value, bool on)
{
	switch (value) {
	case 1:
		set(style, THEME_BOLD, true);
		break;
	case 2:
		set(style, THEME_DIM, true);
		break;
	case 3:
		set(style, THEME_ITALIC, true);
		break;
	case 4:
	case 21: /* twice underlined */
		set(style, THEME_UNDERLINE, on);
		break;
	case 7:
		set(style, THEME_REVERSE, true);
		break;
	case 22:
		set(style, THEME_BOLD | THEME_DIM, false);
		break;
	case 23:
		set(style, THEME_ITALIC, false);
		break;
	case 24:
		set(style, THEME_UNDERLINE, false);
		break;
	case 27:
		set(style, THEME_REVERSE, false);
		break;
	default:
		break;
	}
}

static void apply_color(struct theme_style *style, unsigned value)
{
	if (value >= 30 && value <= 37)
		style->foreground = (uint16_t)(THEME_BLACK + value - 30);
	else if (value >= 90 && value <= 97)
		style->foreground = (uint16_t)(THEME_BLACK + 8 + value - 90);
	else if (value == 39)
		style->foreground = THEME_DEFAULT;
	else if (value >= 40 && value <= 47)
		style->background = (uint16_t)(THEME_BLACK + value - 40);
	else if (value >= 100 && value <= 107)
		style->background = (uint16_t)(THEME_BLACK + 8 + value - 100);
	else if (value == 49)
		style->background = THEME_DEFAULT;
}

size_t sgr_read(const char *at, const char *end, struct theme_style *style)
{
	struct parameters in;
	size_t bytes = read_parameters(at, end, &in);
	uint16_t unused;

	for (size_t i = 0; bytes > 0 && i < in.count;) {
		unsigned value = in.values[i];
		if (value == 38 || value == 48 || value == 58) {
			i += read_color(&in, i,
					value == 38   ? &style->foreground
					: value == 48 ? &style->background
						      : &unused);
			continue;
		}
		size_t size = group(&in, i);
		if (value == 0)
			*style = (struct theme_style){0};
		/* 4:3 is a curly line, 4:0 none. */
		apply_attribute(style, value, size == 1 || in.values[i + 1] != 0);
		apply_color(style, value);
		i += size;
	}
	return bytes;
}

/* ";31", ";91", ";38;5;208"; `base` is 30 of the foreground, 40 of the background. */
static void spell_color(uint16_t color, unsigned base, char *text, size_t size_bytes)
{
	const unsigned number = (unsigned)color - 1;

	if (color == THEME_DEFAULT)
		return;
	if (number < 8)
		snprintf(text, size_bytes, ";%u", base + number);
	else if (number < 16)
		snprintf(text, size_bytes, ";%u", base + 60 + number - 8);
	else
		snprintf(text, size_bytes, ";%u;5;%u", base + 8, number & 0xff);
}

void sgr_spell(struct theme_style style, char text[SGR_SPELT_BYTES])
{
	static const struct {
		enum theme_attribute attribute;
		const char *code;
	} codes[] = {{THEME_BOLD, ";1"},
		     {THEME_DIM, ";2"},
		     {THEME_ITALIC, ";3"},
		     {THEME_UNDERLINE, ";4"},
		     {THEME_REVERSE, ";7"}};
	char foreground[16] = "", background[16] = "", attributes[16] = "";

	spell_color(style.foreground, 30, foreground, sizeof(foreground));
	spell_color(style.background, 40, background, sizeof(background));
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if ((style.attributes & codes[i].attribute) != 0)
			strcat(attributes, codes[i].code);
	text[0] = '\0';
	if (attributes[0] != '\0' || foreground[0] != '\0' || background[0] != '\0')
		snprintf(text, SGR_SPELT_BYTES, "\033[0%s%s%sm", attributes, foreground, background);
}
