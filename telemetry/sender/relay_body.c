/* SPDX-License-Identifier: MIT */
#include "telemetry/sender/relay_body.h"

#include "config/hex.h"
#include "telemetry/sender/relay.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define PIECE_BYTES 16384u
#define MAGIC_BYTES 3u
#define NAME_BYTES 5u /* "data=" */

/* Each stage takes bytes and hands what it makes of them to the next: form, base64, gzip, JSON. */
struct relay_body {
	struct relay_packing packing;
	struct relay_scan *scan;
	size_t taken_bytes, unpacked_bytes;
	/* form */
	char name[NAME_BYTES + 1]; /* of the field; filled to the end: none of ours */
	size_t name_size;
	bool begun, in_value, is_data, saw_data;
	unsigned escape_left, escape;
	/* base64 */
	bool chosen, is_base64, padded;
	uint32_t quad;
	unsigned quad_count;
	/* gzip */
	unsigned char magic[MAGIC_BYTES];
	size_t magic_size;
	bool unpacks, sniffed, unpacked_all;
	z_stream stream;
	unsigned char piece[PIECE_BYTES];
};

struct relay_body *relay_body_create(const struct relay_packing *packing, relay_scan_found *found, void *context)
{
	struct relay_body *self = calloc(1, sizeof(*self));

	if (!self)
		return NULL;
	self->packing = *packing;
	self->scan = relay_scan_create(found, context);
	if (!self->scan) {
		relay_body_destroy(self);
		return NULL;
	}
	return self;
}

void relay_body_destroy(struct relay_body *self)
{
	if (!self)
		return;
	if (self->unpacks)
		inflateEnd(&self->stream);
	relay_scan_destroy(self->scan);
	free(self);
}

/* ---- JSON ---- */

static enum relay_fault fault_of(int result)
{
	switch (result) {
	case 0:
		return RELAY_FINE;
	case -EBADMSG:
		return RELAY_NO_JSON;
	case -E2BIG:
		return RELAY_TOO_MANY;
	default:
		return RELAY_BUSY;
	}
}

static enum relay_fault feed_json(struct relay_body *self, const void *bytes, size_t size_bytes)
{
	self->unpacked_bytes += size_bytes;
	if (self->unpacked_bytes > RELAY_UNPACKED_MAX)
		return RELAY_TOO_LARGE;
	return fault_of(relay_scan_feed(self->scan, bytes, size_bytes));
}

/* ---- gzip ---- */

/* What follows the end of the packed data is nobody's. */
static enum relay_fault unpack(struct relay_body *self, const void *bytes, size_t size_bytes)
{
	enum relay_fault fault = RELAY_FINE;

	self->stream.next_in = (unsigned char *)bytes;
	self->stream.avail_in = (unsigned)size_bytes;
	while (fault == RELAY_FINE && !self->unpacked_all) {
		int result;

		self->stream.next_out = self->piece;
		self->stream.avail_out = PIECE_BYTES;
		result = inflate(&self->stream, Z_NO_FLUSH);
		if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR)
			return RELAY_NO_GZIP;
		self->unpacked_all = result == Z_STREAM_END;
		fault = feed_json(self, self->piece, PIECE_BYTES - self->stream.avail_out);
		if (self->stream.avail_out > 0)
			break;
	}
	return fault;
}

static enum relay_fault choose_unpacking(struct relay_body *self)
{
	static const unsigned char gzip_magic[MAGIC_BYTES] = {0x1f, 0x8b, 8};
	bool packed = self->magic_size == MAGIC_BYTES && memcmp(self->magic, gzip_magic, MAGIC_BYTES) == 0;

	self->sniffed = true;
	if (!packed) {
		if (self->packing.is_gzip)
			return RELAY_NO_GZIP;
		return feed_json(self, self->magic, self->magic_size);
	}
	/* 16: with gzip's header and sum. */
	if (inflateInit2(&self->stream, 15 + 16) != Z_OK)
		return RELAY_BUSY;
	self->unpacks = true;
	return unpack(self, self->magic, self->magic_size);
}

static enum relay_fault feed_packed(struct relay_body *self, const unsigned char *bytes, size_t size_bytes)
{
	enum relay_fault fault = RELAY_FINE;

	while (!self->sniffed && size_bytes > 0) {
		self->magic[self->magic_size++] = *bytes++;
		size_bytes--;
		if (self->magic_size == MAGIC_BYTES)
			fault = choose_unpacking(self);
	}
	if (fault != RELAY_FINE || size_bytes == 0)
		return fault;
	return self->unpacks ? unpack(self, bytes, size_bytes) : feed_json(self, bytes, size_bytes);
}

/* ---- base64 ---- */

/* Both alphabets; a '+' that went through a form is a space. -1: none of it. */
static int sextet(unsigned char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' || c == '-' || c == ' ' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

/* What `quad_count` characters hold; fewer than four: the last. */
static size_t quad_bytes(struct relay_body *self, unsigned char *bytes)
{
	uint32_t quad = self->quad << 6 * (4 - self->quad_count);
	size_t count = self->quad_count - 1;

	for (size_t i = 0; i < count; i++)
		bytes[i] = (unsigned char)(quad >> (16 - 8 * i));
	self->quad = 0;
	self->quad_count = 0;
	return count;
}

static enum relay_fault feed_base64(struct relay_body *self, const unsigned char *bytes, size_t size_bytes)
{
	unsigned char plain[768];
	enum relay_fault fault = RELAY_FINE;
	size_t used = 0;

	for (size_t i = 0; i < size_bytes && fault == RELAY_FINE; i++) {
		int value = sextet(bytes[i]);

		if (bytes[i] == '=') {
			self->padded = true;
			continue;
		}
		if (bytes[i] == '\n' || bytes[i] == '\r')
			continue;
		if (value < 0 || self->padded)
			return RELAY_NO_BASE64;
		self->quad = self->quad << 6 | (uint32_t)value;
		if (++self->quad_count == 4)
			used += quad_bytes(self, plain + used);
		if (used + 3 > sizeof(plain)) {
			fault = feed_packed(self, plain, used);
			used = 0;
		}
	}
	return fault != RELAY_FINE ? fault : feed_packed(self, plain, used);
}

static enum relay_fault end_base64(struct relay_body *self)
{
	unsigned char last[3];

	if (self->quad_count == 1)
		return RELAY_NO_BASE64;
	return self->quad_count == 0 ? RELAY_FINE : feed_packed(self, last, quad_bytes(self, last));
}

/* JSON and gzip begin with what base64 of either cannot begin with. */
static enum relay_fault feed_data(struct relay_body *self, const unsigned char *bytes, size_t size_bytes)
{
	if (size_bytes == 0)
		return RELAY_FINE;
	if (!self->chosen) {
		self->chosen = true;
		self->is_base64 =
			(self->packing.is_base64 || self->packing.is_form) && !memchr("{[\x1f\t\n\r", bytes[0], 6);
	}
	return self->is_base64 ? feed_base64(self, bytes, size_bytes) : feed_packed(self, bytes, size_bytes);
}

/* ---- Forms ---- */

static void name_byte(struct relay_body *self, char c)
{
	if (c == '=') {
		self->in_value = true;
		self->is_data = self->name_size == 4 && memcmp(self->name, "data", 4) == 0 && !self->saw_data;
		self->saw_data |= self->is_data;
	} else if (c == '&') {
		self->name_size = 0;
	} else if (self->name_size < NAME_BYTES) {
		self->name[self->name_size++] = c;
	}
}

/* Into *plain; false: there is nothing to be had of this byte (yet), or it is wrong (*fault). */
static bool value_byte(struct relay_body *self, char c, unsigned char *plain, enum relay_fault *fault)
{
	if (self->escape_left > 0) {
		int digit = hex_digit(c);

		if (digit < 0) {
			*fault = RELAY_NO_FORM;
			return false;
		}
		self->escape = self->escape << 4 | (unsigned)digit;
		*plain = (unsigned char)self->escape;
		return --self->escape_left == 0;
	}
	if (c == '%') {
		self->escape_left = 2;
		self->escape = 0;
		return false;
	}
	if (c == '&') {
		self->in_value = false;
		self->name_size = 0;
		return false;
	}
	*plain = c == '+' ? ' ' : (unsigned char)c;
	return true;
}

static enum relay_fault feed_form(struct relay_body *self, const char *bytes, size_t size_bytes)
{
	unsigned char plain[1024];
	enum relay_fault fault = RELAY_FINE;
	size_t used = 0;

	for (size_t i = 0; i < size_bytes && fault == RELAY_FINE; i++) {
		if (!self->in_value)
			name_byte(self, bytes[i]);
		else if (value_byte(self, bytes[i], &plain[used], &fault) && self->is_data)
			used++;
		if (fault == RELAY_FINE && used == sizeof(plain)) {
			fault = feed_data(self, plain, used);
			used = 0;
		}
	}
	return fault != RELAY_FINE ? fault : feed_data(self, plain, used);
}

/* ---- All together ---- */

/* Browsers may send a form as plain text: then it is known by its first bytes. */
static enum relay_fault begin(struct relay_body *self)
{
	size_t held = self->name_size;
	char first[NAME_BYTES];

	memcpy(first, self->name, NAME_BYTES);
	self->begun = true;
	self->name_size = 0;
	self->packing.is_form |= held == NAME_BYTES && memcmp(first, "data=", NAME_BYTES) == 0;
	if (self->packing.is_form)
		return feed_form(self, first, held);
	return feed_data(self, (const unsigned char *)first, held);
}

enum relay_fault relay_body_feed(struct relay_body *self, const char *bytes, size_t size_bytes)
{
	enum relay_fault fault = RELAY_FINE;

	self->taken_bytes += size_bytes;
	while (!self->begun && size_bytes > 0) {
		self->name[self->name_size++] = *bytes++;
		size_bytes--;
		if (self->name_size == NAME_BYTES)
			fault = begin(self);
	}
	if (fault != RELAY_FINE || size_bytes == 0)
		return fault;
	return self->packing.is_form ? feed_form(self, bytes, size_bytes)
				     : feed_data(self, (const unsigned char *)bytes, size_bytes);
}

enum relay_fault relay_body_end(struct relay_body *self)
{
	enum relay_fault fault = RELAY_FINE;

	if (self->taken_bytes == 0)
		return RELAY_EMPTY;
	if (!self->begun)
		fault = begin(self);
	if (fault == RELAY_FINE && self->packing.is_form && (!self->saw_data || self->escape_left > 0))
		return RELAY_NO_FORM;
	if (fault == RELAY_FINE && self->is_base64)
		fault = end_base64(self);
	if (fault == RELAY_FINE && !self->sniffed)
		fault = choose_unpacking(self);
	if (fault == RELAY_FINE && self->unpacks && !self->unpacked_all)
		return RELAY_NO_GZIP;
	return fault != RELAY_FINE ? fault : fault_of(relay_scan_end(self->scan));
}
