/* SPDX-License-Identifier: MIT */
/*
 * Reads one HTTP/1.1 answer, piece by piece, without a socket: bytes in, body bytes out. Every limit is fixed and every byte is
 * taken as hostile: a status line and headers of at most 16 KB, lines of at most 4 KB, a body by Content-Length, by chunks or
 * until the peer closes (RFC 9112). An answer that says two different things about its length is refused.
 */
#ifndef UPFRONT_LAUNCHER_CLIENT_CTL_HTTP_H
#define UPFRONT_LAUNCHER_CLIENT_CTL_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define CTL_HTTP_LINE_MAX 4096u
#define CTL_HTTP_HEADERS_MAX 16384u

enum ctl_http_state {
	HTTP_STATUS_LINE,
	HTTP_HEADER,
	HTTP_BODY_LENGTH,
	HTTP_BODY_CLOSE,
	HTTP_CHUNK_SIZE,
	HTTP_CHUNK_DATA,
	HTTP_CHUNK_END,
	HTTP_TRAILER,
	HTTP_DONE,
	HTTP_BROKEN
};

struct ctl_http {
	enum ctl_http_state state;
	int status; /* 0 until the status line is complete */
	bool chunked, has_length;
	bool telemetry_on; /* "Upfront-Telemetry: on" was among the headers */
	uint64_t left; /* of the body or of the chunk */
	size_t head_bytes; /* taken for status line, headers and trailers */
	size_t line_bytes;
	char line[CTL_HTTP_LINE_MAX];
};

void ctl_http_init(struct ctl_http *self);

/*
 * Takes bytes of `in` (how many: *used) and places body bytes in `out`; returns their number. Less than all of `in` is taken only
 * when `out` is full or the answer is complete. -EPROTO for anything that is no answer; it stays broken.
 */
ssize_t ctl_http_feed(struct ctl_http *self, const char *in, size_t in_bytes, size_t *used, char *out,
		      size_t out_bytes);

/* The peer closed: 0 when the answer is complete by that, else -EPROTO. */
int ctl_http_end(struct ctl_http *self);

bool ctl_http_is_done(const struct ctl_http *self);

#endif
