/* SPDX-License-Identifier: MIT */
/*
 * Reads one HTTP/1.1 answer, piece by piece, without a socket: bytes in, body bytes out. Every limit is fixed and every byte is
 * taken as hostile: a status line and headers of at most 16 KB, lines of at most 4 KB, a body by Content-Length, by chunks or
 * until the peer closes (RFC 9112). An answer that says two different things about its length is refused. After "101 Switching
 * Protocols", where that may come, all that follows is body until the peer closes.
 */
#ifndef UPFRONT_LAUNCHER_PROCESS_HTTP_ANSWER_H
#define UPFRONT_LAUNCHER_PROCESS_HTTP_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define HTTP_ANSWER_LINE_MAX 4096u
#define HTTP_ANSWER_HEADERS_MAX 16384u

enum http_answer_state {
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

struct http_answer {
	enum http_answer_state state;
	int status; /* 0 until the status line is complete */
	bool chunked, has_length;
	bool closes; /* no other answer can follow on this connection */
	uint64_t left; /* of the body or of the chunk */
	size_t head_bytes; /* taken for status line, headers and trailers */
	size_t line_bytes;
	char line[HTTP_ANSWER_LINE_MAX];
	/* The owner's, set after http_answer_init. */
	bool may_upgrade; /* 101 is an answer, too */
	void (*header)(void *context, const char *name,
		       const char *value); /* of each header, as it comes; NULL: nobody looks */
	void *context;
};

void http_answer_init(struct http_answer *self);

/*
 * Takes bytes of `in` (how many: *used) and places body bytes in `out`; returns their number. Less than all of `in` is taken only
 * when `out` is full or the answer is complete. -EPROTO for anything that is no answer; it stays broken.
 */
ssize_t http_answer_feed(struct http_answer *self, const char *in, size_t in_bytes, size_t *used, char *out,
			 size_t out_bytes);

/* The peer closed: 0 when the answer is complete by that, else -EPROTO. */
int http_answer_end(struct http_answer *self);

bool http_answer_is_done(const struct http_answer *self);
/* Status and headers are complete and make sense. */
bool http_answer_has_head(const struct http_answer *self);

#endif
