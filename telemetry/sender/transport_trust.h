/* SPDX-License-Identifier: MIT */
/*
 * Who may vouch for the receiver's certificate. What the environment names is trusted, and then nobody else: CURL_CA_BUNDLE, or
 * SSL_CERT_FILE and SSL_CERT_DIR, as the tool curl reads them. Else the system's own authorities: where libcurl was built to look for them,
 * or, when nothing is there (it was built elsewhere), where the distributions keep them.
 */
#ifndef UPFRONT_TELEMETRY_SENDER_TRANSPORT_TRUST_H
#define UPFRONT_TELEMETRY_SENDER_TRANSPORT_TRUST_H

struct transport_trust {
	const char *bundle; /* a PEM file, or NULL */
	const char *folder; /* certificates under hashed names (several: ':' between), or NULL */
};

/*
 * `root` stands in front of the system's paths when they are looked for ("": as they are). `built_in` is libcurl's own. Both NULL in
 * what is found: nobody is trusted. The texts are the environment's, the caller's, or constant.
 */
struct transport_trust transport_trust_find(const char *root, struct transport_trust built_in);

#endif
