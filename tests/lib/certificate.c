/* SPDX-License-Identifier: MIT */
#include "tests/lib/certificate.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define DAY_S (24L * 3600)

static void add_extension(X509 *certificate, int kind, const char *value)
{
	X509V3_CTX context;
	X509_EXTENSION *extension;

	X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &context, kind, value);
	X509_add_ext(certificate, extension, -1);
	X509_EXTENSION_free(extension);
}

struct identity {
	X509 *certificate;
	EVP_PKEY *key;
};

static void finish(struct identity *self)
{
	X509_free(self->certificate);
	EVP_PKEY_free(self->key);
}

/* `issuer` NULL: signs itself. Valid from and until so many seconds from now. */
static struct identity make(const char *name, const char *alternatives, const struct identity *issuer, long from_s,
			    long until_s)
{
	struct identity made = {X509_new(), EVP_EC_gen("P-256")};
	X509_NAME *subject = X509_get_subject_name(made.certificate);
	static long serial;

	X509_set_version(made.certificate, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(made.certificate), ++serial);
	X509_gmtime_adj(X509_getm_notBefore(made.certificate), from_s);
	X509_gmtime_adj(X509_getm_notAfter(made.certificate), until_s);
	X509_set_pubkey(made.certificate, made.key);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
	X509_set_issuer_name(made.certificate, issuer ? X509_get_subject_name(issuer->certificate) : subject);
	if (alternatives)
		add_extension(made.certificate, NID_subject_alt_name, alternatives);
	else
		add_extension(made.certificate, NID_basic_constraints, "critical,CA:TRUE");
	X509_sign(made.certificate, issuer ? issuer->key : made.key, EVP_sha256());
	return made;
}

static bool write_authority(const struct identity *authority, const char *path)
{
	FILE *file = fopen(path, "we");
	bool written = file && PEM_write_X509(file, authority->certificate) == 1;

	return file && fclose(file) == 0 && written;
}

struct ssl_ctx_st *certificate_server(const char *kind, const char *authority_path)
{
	static const struct {
		const char *kind, *alternatives;
		long from_s, until_s;
		bool self_signed;
		int newest; /* TLS version, 0: any */
	} kinds[] = {
		{"good", "DNS:localhost,DNS:shop.localhost,IP:127.0.0.1", -DAY_S, DAY_S, false, 0},
		{"wrong-name", "DNS:other.example", -DAY_S, DAY_S, false, 0},
		{"expired", "DNS:localhost,DNS:shop.localhost,IP:127.0.0.1", -2 * DAY_S, -DAY_S, false, 0},
		{"future", "DNS:localhost,DNS:shop.localhost,IP:127.0.0.1", DAY_S, 2 * DAY_S, false, 0},
		{"self-signed", "DNS:localhost,DNS:shop.localhost,IP:127.0.0.1", -DAY_S, DAY_S, true, 0},
		{"tls1.1", "DNS:localhost,DNS:shop.localhost,IP:127.0.0.1", -DAY_S, DAY_S, false, TLS1_1_VERSION},
		{"tls1.2", "DNS:localhost,DNS:shop.localhost,IP:127.0.0.1", -DAY_S, DAY_S, false, TLS1_2_VERSION},
	};
	struct identity authority, own;
	SSL_CTX *context = NULL;
	size_t i = 0;

	while (i < sizeof(kinds) / sizeof(*kinds) && strcmp(kinds[i].kind, kind) != 0)
		i++;
	if (i == sizeof(kinds) / sizeof(*kinds))
		return NULL;
	authority = make("A test's authority", NULL, NULL, -3 * DAY_S, 3 * DAY_S);
	own = make("A test's receiver", kinds[i].alternatives, kinds[i].self_signed ? NULL : &authority,
		   kinds[i].from_s, kinds[i].until_s);
	if (write_authority(&authority, authority_path)) {
		context = SSL_CTX_new(TLS_server_method());
		/* What is older than TLS 1.2 is spoken at this level only. */
		SSL_CTX_set_security_level(context, 0);
		SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
		SSL_CTX_set_max_proto_version(context, kinds[i].newest);
		SSL_CTX_use_certificate(context, own.certificate);
		SSL_CTX_use_PrivateKey(context, own.key);
	}
	finish(&authority);
	finish(&own);
	return context;
}
