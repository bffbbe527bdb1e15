/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The certificates that TLS connections are met with, and their keys: one set, immutable once loaded, shared by all
 * reactors. A reload makes a new set; one lives as long as there is a connection that began with it, since GnuTLS
 * points into its certificates.
 */
#ifndef AUTH_CERTIFICATES_H
#define AUTH_CERTIFICATES_H

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <stddef.h>

struct certificates;

#define CERTIFICATES_FAULT_BYTES 512

/*
 * Reads pairs of files, "certificate.pem key.pem" (the certificate may have its chain behind it), or one file with
 * both. 0 with *set the caller's; -EINVAL with the file and what is wrong with it in `fault`; -ENOMEM. Logs a line for
 * each certificate, a warning for one that is not valid now. Reads files: not on a reactor.
 */
int certificates_load(struct certificates **set, char *const *pairs, size_t count,
		      char fault[CERTIFICATES_FAULT_BYTES]);

/* NULL is fine. */
void certificates_free(struct certificates *set);

/*
 * The certificate for a server name: one that has this name, else one that has it by a wildcard, else the first of all;
 * of those that are as good, the first whose kind of key is among the client's (count 0: any is), else the first. name
 * NULL: the client gave none. The index of the pair.
 */
size_t certificates_find(const struct certificates *set, const char *name, const gnutls_pk_algorithm_t *algorithms,
			 size_t count);

/*
 * Before the handshake: has the session take its certificate from this set, by certificates_retrieve(), and hand out
 * tickets with which a client may come back without the costly half of a handshake. The set must be held as long as the
 * session lives.
 */
void certificates_begin(const struct certificates *set, gnutls_session_t session);
/* A gnutls_certificate_retrieve_function2. */
int certificates_retrieve(gnutls_session_t session, const gnutls_datum_t *authorities, int authority_count,
			  const gnutls_pk_algorithm_t *algorithms, int algorithm_count, gnutls_pcert_st **chain,
			  unsigned *chain_length, gnutls_privkey_t *key);

#endif
