/* SPDX-License-Identifier: MIT */
#include "telemetry/sender/transport_trust.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char *environment_value(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

static bool is_there(const char *root, const char *path)
{
	char whole[PATH_MAX];
	int length = snprintf(whole, sizeof(whole), "%s%s", root, path);

	return length > 0 && (size_t)length < sizeof(whole) && access(whole, R_OK) == 0;
}

static const char *first_there(const char *root, const char *const *paths)
{
	while (*paths && !is_there(root, *paths))
		paths++;
	return *paths;
}

struct transport_trust transport_trust_find(const char *root, struct transport_trust built_in)
{
	static const char *const bundles[] = {
		"/etc/ssl/certs/ca-certificates.crt", /* Debian, Ubuntu, Arch, Alpine */
		"/etc/pki/tls/certs/ca-bundle.crt", /* Fedora, RHEL */
		"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", /* Fedora from 43 on, RHEL */
		"/etc/ssl/ca-bundle.pem", /* SUSE */
		"/var/lib/ca-certificates/ca-bundle.pem", /* SUSE */
		"/etc/ssl/cert.pem", /* Alpine; OpenSSL's default */
		"/usr/lib/ssl/cert.pem", /* OpenSSL's default, as Debian builds it */
		"/usr/local/ssl/cert.pem", /* OpenSSL's default, as it comes */
		NULL,
	};
	static const char *const folders[] = {"/etc/ssl/certs", "/etc/pki/tls/certs", "/usr/lib/ssl/certs",
					      "/usr/local/ssl/certs", NULL};
	struct transport_trust found = {.bundle = environment_value("CURL_CA_BUNDLE")};

	if (found.bundle)
		return found;
	found.bundle = environment_value("SSL_CERT_FILE");
	found.folder = environment_value("SSL_CERT_DIR");
	if (found.bundle || found.folder)
		return found;
	if (built_in.bundle && is_there(root, built_in.bundle))
		return built_in;
	found.bundle = first_there(root, bundles);
	if (!found.bundle)
		found.folder = built_in.folder && is_there(root, built_in.folder) ? built_in.folder
										  : first_there(root, folders);
	return found;
}
