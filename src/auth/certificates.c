/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Loads TLS certificates and selects one for each handshake. A generation of the configuration has a reference to its
 * set, and outlives its connections. Connections of the monitor listener have references of their own. The main thread
 * loads the set. Other threads only read it.
 *
 * The main idea: GnuTLS requests a certificate during a handshake, on a worker, which must not block. All certificates
 * and keys are therefore loaded into memory in advance. GnuTLS does not copy the chain and the key, and it may read
 * them until the session ends. A connection therefore keeps a reference to its set until it is closed. Each old set
 * costs a few KiB until its connections are closed, so frequent reloads are cheap.
 *
 * Several workers can use a key at the same time, because GnuTLS does not modify the key. Each set has its own key for
 * session tickets. A reload, for example after a key was stolen, therefore invalidates all old tickets.
 */
#include "auth/certificates.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <gnutls/x509.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/log.h"

#define NAME_BYTES 256
#define ALGORITHMS_MAX 32

struct certificate {
	char **names; /* DNS names in lower case; "*.example.org" is a wildcard */
	size_t name_count;
	gnutls_pk_algorithm_t algorithm;
	gnutls_pcert_st *chain;
	unsigned chain_length;
	gnutls_privkey_t key;
};

struct certificates {
	atomic_uint references; /* sequentially consistent, because the last user frees the set */
	gnutls_datum_t ticket_key;
	size_t count;
	struct certificate list[];
};

static int refuse(char *fault, const char *path, const char *problem)
{
	snprintf(fault, CERTIFICATES_FAULT_BYTES, "%.300s: %s", path, problem);
	return -EINVAL;
}

static int refuse_code(char *fault, const char *path, int code)
{
	if (code == GNUTLS_E_MEMORY_ERROR)
		return -ENOMEM;
	return refuse(fault, path, gnutls_strerror(code));
}

static int load(const char *path, gnutls_datum_t *text, char *fault)
{
	errno = 0;
	if (gnutls_load_file(path, text) == GNUTLS_E_SUCCESS)
		return 0;
	return refuse(fault, path, errno != 0 ? strerror(errno) : "cannot read the file");
}

/* --- names --- */

/*
 * Copies a name to normal[NAME_BYTES], in lower case and without a trailing dot. Returns false if the name is too long
 * or contains a NUL.
 */
static bool normalize(const char *name, size_t length, char *normal)
{
	if (length > 0 && name[length - 1] == '.')
		length--;
	if (length >= NAME_BYTES || memchr(name, '\0', length) != NULL)
		return false;
	for (size_t i = 0; i < length; i++)
		normal[i] = (char)tolower((unsigned char)name[i]);
	normal[length] = '\0';
	return true;
}

static int add_name(struct certificate *certificate, const char *name, size_t length)
{
	char normal[NAME_BYTES];
	char **names;

	if (!normalize(name, length, normal))
		return 0; /* no client can request this name */
	names = realloc(certificate->names, (certificate->name_count + 1) * sizeof(*names));
	if (names == NULL)
		return -ENOMEM;
	certificate->names = names;
	names[certificate->name_count] = strdup(normal);
	return names[certificate->name_count++] != NULL ? 0 : -ENOMEM;
}

/*
 * Adds the DNS names of a certificate. The common name, which RFC 9525 deprecates, is used only if there is no DNS
 * name.
 */
static int add_names(struct certificate *certificate, gnutls_x509_crt_t leaf)
{
	char name[NAME_BYTES];
	size_t length = sizeof(name);
	int error = 0, type = 0;

	for (unsigned i = 0; error == 0 && type != GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE; i++) {
		length = sizeof(name);
		type = gnutls_x509_crt_get_subject_alt_name(leaf, i, name, &length, NULL);
		if (type == GNUTLS_SAN_DNSNAME)
			error = add_name(certificate, name, length);
		else if (type < 0 && type != GNUTLS_E_SHORT_MEMORY_BUFFER)
			break;
	}
	length = sizeof(name);
	if (error == 0 && certificate->name_count == 0 &&
	    gnutls_x509_crt_get_dn_by_oid(leaf, GNUTLS_OID_X520_COMMON_NAME, 0, 0, name, &length) == 0)
		error = add_name(certificate, name, length);
	return error;
}

/*
 * Returns true if the wildcard matches. A wildcard stands for exactly one label, the leftmost (RFC 9525 section 6.3).
 */
static bool covers(const char *pattern, const char *name)
{
	const char *rest = strchr(name, '.');

	return strncmp(pattern, "*.", 2) == 0 && rest != NULL && rest != name && strcmp(pattern + 1, rest) == 0;
}

/* Returns 2 for an exact match, 1 for a wildcard match, or 0 for no match. */
static unsigned match(const struct certificate *certificate, const char *name)
{
	unsigned best = 0;

	for (size_t i = 0; i < certificate->name_count && best < 2; i++) {
		if (strcmp(certificate->names[i], name) == 0)
			best = 2;
		else if (covers(certificate->names[i], name))
			best = 1;
	}
	return best;
}

/* --- loading --- */

static void log_certificate(const struct certificate *certificate, const char *path, gnutls_x509_crt_t leaf)
{
	time_t from = gnutls_x509_crt_get_activation_time(leaf), until = gnutls_x509_crt_get_expiration_time(leaf),
	       now = time(NULL);
	const char *name = certificate->name_count > 0 ? certificate->names[0] : "no name";
	struct tm day;
	char date[32];

	strftime(date, sizeof(date), "%Y-%m-%d %H:%M:%S UTC", gmtime_r(now < from ? &from : &until, &day));
	if (now < from)
		log_warning("%s: this certificate (%s) is not valid before %s", path, name, date);
	else if (now >= until)
		log_warning("%s: this certificate (%s) expired at %s", path, name, date);
	else
		log_info("%s: certificate of %s%s, %s, valid until %s", path, name,
			 certificate->name_count > 1 ? " and other names" : "",
			 gnutls_pk_get_name(certificate->algorithm), date);
}

static int load_key(struct certificate *certificate, const char *path, char *fault)
{
	gnutls_datum_t text;
	int code, error = load(path, &text, fault);

	if (error != 0)
		return error;
	code = gnutls_privkey_init(&certificate->key);
	if (code == 0)
		code = gnutls_privkey_import_x509_raw(certificate->key, &text, GNUTLS_X509_FMT_PEM, NULL, 0);
	gnutls_memset(text.data, 0, text.size);
	gnutls_free(text.data);
	if (code == GNUTLS_E_DECRYPTION_FAILED)
		return refuse(fault, path, "the key is encrypted with a password; ranged needs an unencrypted key");
	if (code == GNUTLS_E_BASE64_UNEXPECTED_HEADER_ERROR || code == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
		return refuse(fault, path, "the file contains no private key in PEM format");
	return code == 0 ? 0 : refuse_code(fault, path, code);
}

static bool belong_together(gnutls_x509_crt_t leaf, gnutls_privkey_t key)
{
	unsigned char of_leaf[64], of_key[64];
	size_t leaf_length = sizeof(of_leaf), key_length = sizeof(of_key);
	gnutls_pubkey_t public;
	bool same;

	if (gnutls_pubkey_init(&public) != 0)
		return false;
	same = gnutls_pubkey_import_privkey(public, key, 0, 0) == 0 &&
	       gnutls_pubkey_get_key_id(public, GNUTLS_KEYID_USE_SHA256, of_key, &key_length) == 0 &&
	       gnutls_x509_crt_get_key_id(leaf, GNUTLS_KEYID_USE_SHA256, of_leaf, &leaf_length) == 0 &&
	       key_length == leaf_length && memcmp(of_key, of_leaf, key_length) == 0;
	gnutls_pubkey_deinit(public);
	return same;
}

/* Imports a chain and its key. The first certificate of the chain is the certificate of the server. */
static int import_chain(struct certificate *certificate, gnutls_x509_crt_t *chain, unsigned length, const char *path,
			const char *key_path, char *fault)
{
	int code, error = add_names(certificate, chain[0]);

	if (error == 0)
		error = load_key(certificate, key_path, fault);
	if (error != 0)
		return error;
	certificate->algorithm = (gnutls_pk_algorithm_t)gnutls_x509_crt_get_pk_algorithm(chain[0], NULL);
	if (!belong_together(chain[0], certificate->key)) {
		snprintf(fault, CERTIFICATES_FAULT_BYTES, "%.200s: the key does not match the certificate in %.200s",
			 key_path, path);
		return -EINVAL;
	}
	certificate->chain = calloc(length, sizeof(*certificate->chain));
	if (certificate->chain == NULL)
		return -ENOMEM;
	code = gnutls_pcert_import_x509_list(certificate->chain, chain, &length, GNUTLS_X509_CRT_LIST_SORT);
	if (code != 0)
		return refuse_code(fault, path, code);
	certificate->chain_length = length;
	log_certificate(certificate, path, chain[0]);
	return 0;
}

static int load_certificate(struct certificate *certificate, const char *path, const char *key_path, char *fault)
{
	gnutls_x509_crt_t *chain = NULL;
	gnutls_datum_t text;
	unsigned length = 0;
	int code, error = load(path, &text, fault);

	if (error != 0)
		return error;
	code = gnutls_x509_crt_list_import2(&chain, &length, &text, GNUTLS_X509_FMT_PEM, GNUTLS_X509_CRT_LIST_SORT);
	gnutls_memset(text.data, 0, text.size);
	gnutls_free(text.data);
	if (code < 0 || length == 0)
		return code == GNUTLS_E_MEMORY_ERROR
			       ? -ENOMEM
			       : refuse(fault, path, "the file contains no certificate in PEM format");
	error = import_chain(certificate, chain, length, path, key_path, fault);
	for (unsigned i = 0; i < length; i++)
		gnutls_x509_crt_deinit(chain[i]);
	gnutls_free(chain);
	return error;
}

/* Loads a certificate and its key from two files, "certificate.pem key.pem", or from one file that contains both. */
static int load_pair(struct certificate *certificate, const char *pair, char *fault)
{
	char *text = strdup(pair), *rest, *path, *key_path;
	int error;

	if (text == NULL)
		return -ENOMEM;
	path = strtok_r(text, " \t", &rest);
	key_path = strtok_r(NULL, " \t", &rest);
	if (path == NULL || (key_path != NULL && strtok_r(NULL, " \t", &rest) != NULL))
		error = refuse(fault, pair,
			       "expected the file of a certificate and the file of its key, separated by a space");
	else
		error = load_certificate(certificate, path, key_path != NULL ? key_path : path, fault);
	free(text);
	return error;
}

int certificates_load(struct certificates **set, char *const *pairs, size_t count, char fault[CERTIFICATES_FAULT_BYTES])
{
	struct certificates *made = calloc(1, sizeof(*made) + count * sizeof(made->list[0]));
	int error = 0;

	assert(count > 0);
	if (made == NULL)
		return -ENOMEM;
	atomic_init(&made->references, 1);
	if (gnutls_session_ticket_key_generate(&made->ticket_key) != 0)
		error = -ENOMEM;
	for (; made->count < count && error == 0; made->count++)
		error = load_pair(&made->list[made->count], pairs[made->count], fault);
	if (error == -ENOMEM)
		snprintf(fault, CERTIFICATES_FAULT_BYTES, "certificates: out of memory");
	if (error != 0)
		certificates_free(made);
	else
		*set = made;
	return error;
}

static void discard(struct certificate *certificate)
{
	for (size_t i = 0; i < certificate->name_count; i++)
		free(certificate->names[i]);
	free(certificate->names);
	for (unsigned i = 0; i < certificate->chain_length; i++)
		gnutls_pcert_deinit(&certificate->chain[i]);
	free(certificate->chain);
	if (certificate->key != NULL)
		gnutls_privkey_deinit(certificate->key);
}

struct certificates *certificates_ref(struct certificates *set)
{
	if (set != NULL)
		atomic_fetch_add(&set->references, 1);
	return set;
}

void certificates_free(struct certificates *set)
{
	if (set == NULL || atomic_fetch_sub(&set->references, 1) > 1)
		return;
	for (size_t i = 0; i < set->count; i++)
		discard(&set->list[i]);
	if (set->ticket_key.data != NULL) {
		gnutls_memset(set->ticket_key.data, 0, set->ticket_key.size);
		gnutls_free(set->ticket_key.data);
	}
	free(set);
}

/* --- handshakes --- */

/* Returns true if the client supports the key algorithm of the certificate. */
static bool is_supported(const struct certificate *certificate, const gnutls_pk_algorithm_t *algorithms, size_t count)
{
	bool found = count == 0;

	for (size_t i = 0; i < count && !found; i++)
		found = algorithms[i] == certificate->algorithm;
	return found;
}

size_t certificates_find(const struct certificates *set, const char *name, const gnutls_pk_algorithm_t *algorithms,
			 size_t count)
{
	char normal[NAME_BYTES];
	bool named = name != NULL && normalize(name, strlen(name), normal);
	unsigned best_score = 0;
	size_t best = 0;

	for (size_t i = 0; i < set->count; i++) {
		const struct certificate *certificate = &set->list[i];
		unsigned score =
			2 * (named ? match(certificate, normal) : 0) + is_supported(certificate, algorithms, count);

		if (score > best_score) {
			best_score = score;
			best = i;
		}
	}
	return best;
}

/* Lists the key algorithms whose signatures the client can verify. Returns the number of elements. */
static size_t client_algorithms(gnutls_session_t session, gnutls_pk_algorithm_t *algorithms)
{
	gnutls_sign_algorithm_t sign;
	size_t count = 0;

	for (size_t i = 0; count < ALGORITHMS_MAX && gnutls_sign_algorithm_get_requested(session, i, &sign) == 0; i++) {
		gnutls_pk_algorithm_t algorithm = gnutls_sign_get_pk_algorithm(sign);

		/* An RSA key can also create PSS signatures. */
		algorithms[count++] = algorithm == GNUTLS_PK_RSA_PSS &&
						      gnutls_sign_supports_pk_algorithm(sign, GNUTLS_PK_RSA)
					      ? GNUTLS_PK_RSA
					      : algorithm;
	}
	return count;
}

void certificates_begin(const struct certificates *set, gnutls_session_t session)
{
	gnutls_session_set_ptr(session, (void *)set);
	if (set != NULL)
		gnutls_session_ticket_enable_server(session,
						    &set->ticket_key); /* an error (no memory) only disables tickets */
}

int certificates_retrieve(gnutls_session_t session, const gnutls_datum_t *authorities, int authority_count,
			  const gnutls_pk_algorithm_t *algorithms, int algorithm_count, gnutls_pcert_st **chain,
			  unsigned *chain_length, gnutls_privkey_t *key)
{
	struct certificates *set = gnutls_session_get_ptr(session);
	gnutls_pk_algorithm_t known[ALGORITHMS_MAX];
	char name[NAME_BYTES];
	size_t length = sizeof(name);
	unsigned type;
	bool named = gnutls_server_name_get(session, name, &length, &type, 0) == 0 && type == GNUTLS_NAME_DNS;
	struct certificate *chosen;

	(void)authorities;
	(void)authority_count;
	(void)algorithms; /* GnuTLS passes no algorithms to the callback of a server */
	(void)algorithm_count;
	if (set == NULL)
		return -1;
	chosen = &set->list[certificates_find(set, named ? name : NULL, known, client_algorithms(session, known))];
	*chain = chosen->chain;
	*chain_length = chosen->chain_length;
	*key = chosen->key;
	return 0;
}
