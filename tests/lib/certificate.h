/* SPDX-License-Identifier: MIT */
/* TLS for test servers: an authority and a certificate made on the spot, so that nothing with an expiry is kept. */
#ifndef UPFRONT_TESTS_LIB_CERTIFICATE_H
#define UPFRONT_TESTS_LIB_CERTIFICATE_H

struct ssl_ctx_st;

/*
 * The server's side of TLS. Writes the authority's certificate (PEM) to `authority_path`: who trusts it trusts the server, if `kind`
 * is one to be trusted:
 *
 *   good          for localhost, shop.localhost and 127.0.0.1
 *   wrong-name    for another host
 *   expired       good until yesterday
 *   future        good from tomorrow on
 *   self-signed   by nobody but itself
 *   tls1.1        good, but speaks nothing newer
 *   tls1.2        good, and speaks nothing newer
 *
 * NULL: no such kind, or the file cannot be written. The caller frees by SSL_CTX_free.
 */
struct ssl_ctx_st *certificate_server(const char *kind, const char *authority_path);

#endif
