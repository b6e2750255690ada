/* SPDX-License-Identifier: MIT */
#include "tests/lib/registry_image.h"

#include "tests/lib/registry_play.h"

#include <openssl/evp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <zlib.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define TAR_BLOCK 512u

/* ---- Digests ---- */

static void digest(const void *bytes, size_t size_bytes, char text[REGISTRY_DIGEST_BYTES])
{
	unsigned char sum[32];
	size_t used = 7;

	assert_int_equal(EVP_Digest(bytes, size_bytes, sum, NULL, EVP_sha256(), NULL), 1);
	memcpy(text, "sha256:", used);
	for (size_t i = 0; i < sizeof(sum); i++, used += 2)
		snprintf(text + used, 3, "%02x", sum[i]);
}

/* ---- A layer: tar (POSIX.1-1988, ustar), gzipped ---- */

struct tar {
	char *bytes;
	size_t size_bytes;
};

static char *grow(struct tar *self, size_t size_bytes)
{
	self->bytes = realloc(self->bytes, self->size_bytes + size_bytes);
	assert_non_null(self->bytes);
	memset(self->bytes + self->size_bytes, 0, size_bytes);
	self->size_bytes += size_bytes;
	return self->bytes + self->size_bytes - size_bytes;
}

static void add_file(struct tar *self, const struct registry_file *file)
{
	char *header = grow(self, TAR_BLOCK);
	unsigned sum = 0;

	assert_true(strlen(file->name) < 100);
	memcpy(header, file->name, strlen(file->name));
	snprintf(header + 100, 8, "%07o", file->mode);
	snprintf(header + 108, 8, "%07o", 0u);
	snprintf(header + 116, 8, "%07o", 0u);
	snprintf(header + 124, 12, "%011zo", file->size_bytes);
	snprintf(header + 136, 12, "%011o", 0u);
	header[156] = '0';
	memcpy(header + 257, "ustar\00000", 8);
	memset(header + 148, ' ', 8);
	for (size_t i = 0; i < TAR_BLOCK; i++)
		sum += (unsigned char)header[i];
	snprintf(header + 148, 8, "%06o", sum);
	memcpy(grow(self, (file->size_bytes + TAR_BLOCK - 1) / TAR_BLOCK * TAR_BLOCK), file->bytes, file->size_bytes);
}

static void pack(const struct tar *tar, struct registry_blob *blob)
{
	z_stream stream = {.next_in = (Bytef *)tar->bytes, .avail_in = (uInt)tar->size_bytes};
	uLong bound;

	assert_int_equal(deflateInit2(&stream, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	bound = deflateBound(&stream, (uLong)tar->size_bytes);
	blob->bytes = malloc(bound);
	assert_non_null(blob->bytes);
	stream.next_out = (Bytef *)blob->bytes;
	stream.avail_out = (uInt)bound;
	assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
	blob->size_bytes = stream.total_out;
	deflateEnd(&stream);
	digest(blob->bytes, blob->size_bytes, blob->digest);
}

/* Makes a layer of the archive; `id` is what the configuration knows it by. */
static void add_layer(struct registry_image *self, struct tar *tar, char id[REGISTRY_DIGEST_BYTES])
{
	grow(tar, 2 * TAR_BLOCK);
	digest(tar->bytes, tar->size_bytes, id);
	pack(tar, &self->blobs[self->count++]);
	free(tar->bytes);
	*tar = (struct tar){NULL, 0};
}

/* Bytes that no packer makes smaller, the same every time (xorshift). */
static void add_padding(struct tar *tar, size_t size_bytes)
{
	char *bytes = malloc(size_bytes);
	const struct registry_file file = {"padding", bytes, size_bytes, 0644};
	uint32_t state = 2463534242u;

	assert_non_null(bytes);
	for (size_t i = 0; i < size_bytes; i++) {
		state ^= state << 13;
		state ^= state >> 17;
		state ^= state << 5;
		bytes[i] = (char)state;
	}
	add_file(tar, &file);
	free(bytes);
}

/* ---- What names them ---- */

static const char *architecture(void)
{
	static struct utsname name;

	uname(&name);
	return strcmp(name.machine, "x86_64") == 0    ? "amd64"
	       : strcmp(name.machine, "aarch64") == 0 ? "arm64"
						      : name.machine;
}

static void take_text(struct registry_blob *blob, char *text)
{
	blob->bytes = text;
	blob->size_bytes = strlen(text);
	digest(text, blob->size_bytes, blob->digest);
}

static void add_configuration(struct registry_image *self, char ids[][REGISTRY_DIGEST_BYTES], const char *command)
{
	const size_t layers = self->count;
	char *text;

	assert_true(asprintf(&text,
			     "{\"architecture\":\"%s\",\"os\":\"linux\",\"config\":{\"Cmd\":%s},\"rootfs\":{\"type\":"
			     "\"layers\","
			     "\"diff_ids\":[\"%s\"%s%s%s]},\"history\":[]}",
			     architecture(), command != NULL ? command : "null", ids[0], layers > 1 ? ",\"" : "",
			     layers > 1 ? ids[1] : "", layers > 1 ? "\"" : "") > 0);
	take_text(&self->blobs[self->count++], text);
}

static void make_manifest(struct registry_image *self)
{
	const struct registry_blob *config = &self->blobs[self->count - 1];
	char layers[REGISTRY_BLOBS_MAX * 200] = "", *text;

	for (size_t i = 0; i + 1 < self->count; i++) {
		const size_t used = strlen(layers);

		snprintf(layers + used, sizeof(layers) - used,
			 "%s{\"mediaType\":\"application/vnd.docker.image.rootfs.diff.tar.gzip\",\"size\":%zu,"
			 "\"digest\":\"%s\"}",
			 i > 0 ? "," : "", self->blobs[i].size_bytes, self->blobs[i].digest);
	}
	assert_true(asprintf(&text,
			     "{\"schemaVersion\":2,\"mediaType\":\"" REGISTRY_MANIFEST_TYPE
			     "\",\"config\":{\"mediaType\":"
			     "\"application/vnd.docker.container.image.v1+json\",\"size\":%zu,\"digest\":\"%s\"},"
			     "\"layers\":[%s]}",
			     config->size_bytes, config->digest, layers) > 0);
	take_text(&self->manifest, text);
}

void registry_image_make(struct registry_image *self, const struct registry_options *options)
{
	char ids[2][REGISTRY_DIGEST_BYTES];
	struct tar tar = {NULL, 0};

	memset(self, 0, sizeof(*self));
	for (size_t i = 0; i < options->file_count; i++)
		add_file(&tar, &options->files[i]);
	add_layer(self, &tar, ids[0]);
	if (options->padding_bytes > 0) {
		add_padding(&tar, options->padding_bytes);
		add_layer(self, &tar, ids[1]);
	}
	add_configuration(self, ids, options->command);
	make_manifest(self);
}

void registry_image_finish(struct registry_image *self)
{
	for (size_t i = 0; i < self->count; i++)
		free(self->blobs[i].bytes);
	free(self->manifest.bytes);
}
