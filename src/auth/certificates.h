/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The set of TLS certificates and keys. A set is immutable after it is loaded, and all workers share it. A reload loads
 * a new set. The old set must live as long as any connection that began with it, because GnuTLS keeps pointers to its
 * certificates.
 */
#ifndef AUTH_CERTIFICATES_H
#define AUTH_CERTIFICATES_H

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <stddef.h>

struct certificates;

#define CERTIFICATES_FAULT_BYTES 512

/*
 * Loads certificates from pairs of PEM files, "certificate.pem key.pem", or from single files that contain both. The
 * certificate may be followed by its chain. Returns 0, and the caller owns *set; -EINVAL, and `fault` then names the
 * file and the error; or -ENOMEM. Logs a line for each certificate, and a warning if it is not valid now. Reads files,
 * so it must not run on a worker.
 */
int certificates_load(struct certificates **set, char *const *pairs, size_t count,
		      char fault[CERTIFICATES_FAULT_BYTES]);

/* Frees a set and wipes its ticket key. NULL is allowed. */
void certificates_free(struct certificates *set);

/*
 * Selects the certificate for a server name, which is NULL if the client sent none. Returns the index of its pair. The
 * order of precedence is: a certificate with exactly this name, a certificate with a matching wildcard, and the first
 * certificate of the set. Among equals, the first certificate whose key algorithm the client supports is selected, and
 * otherwise the first of them. With count 0, every algorithm is supported. Any thread.
 */
size_t certificates_find(const struct certificates *set, const char *name, const gnutls_pk_algorithm_t *algorithms,
			 size_t count);

/*
 * Prepares a session before its handshake. The session uses the certificates of this set, which certificates_retrieve()
 * returns to GnuTLS. It also issues session tickets, with which a client resumes without a full handshake. The caller
 * keeps the set alive as long as the session.
 */
void certificates_begin(const struct certificates *set, gnutls_session_t session);
/* Returns the certificate for a handshake to GnuTLS: a gnutls_certificate_retrieve_function2. Runs on the worker. */
int certificates_retrieve(gnutls_session_t session, const gnutls_datum_t *authorities, int authority_count,
			  const gnutls_pk_algorithm_t *algorithms, int algorithm_count, gnutls_pcert_st **chain,
			  unsigned *chain_length, gnutls_privkey_t *key);

#endif
