/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The set of TLS certificates and keys. A set is immutable after it is loaded, and all workers share it. A reload loads
 * a new set. The old set must live until all connections that use it are closed, because GnuTLS keeps pointers to the
 * certificates of a set.
 */
#ifndef AUTH_CERTIFICATES_H
#define AUTH_CERTIFICATES_H

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <stddef.h>

struct certificates;

#define CERTIFICATES_FAULT_BYTES 512

/* Protocol versions and ciphers, for gnutls_priority_init(). */
#define CERTIFICATES_PRIORITIES "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:%SERVER_PRECEDENCE"

/*
 * Loads certificates from pairs of PEM files, "certificate.pem key.pem", or from single files that contain both. The
 * certificate may be followed by its chain. Returns 0, -EINVAL or -ENOMEM. On success, the caller owns *set. After
 * -EINVAL, `fault` names the file and the error. Logs one line for each certificate, which is a warning if the
 * certificate is not valid now. Blocks; never called on a worker.
 */
int certificates_load(struct certificates **set, char *const *pairs, size_t count,
		      char fault[CERTIFICATES_FAULT_BYTES]);

/*
 * Adds a reference to a set, which certificates_free() drops, and returns the set. NULL is allowed. Thread-safe while
 * the caller has a reference.
 */
struct certificates *certificates_ref(struct certificates *set);
/* Drops a reference. Dropping the last one frees the set and wipes its ticket key. NULL is allowed. Thread-safe. */
void certificates_free(struct certificates *set);

/*
 * Selects the certificate for a server name, and returns the index of its pair. The name is NULL if the client sent no
 * server name. A certificate with exactly this name is preferred to a certificate with a matching wildcard, which is
 * preferred to any other certificate. Among certificates of equal precedence, the first one whose key algorithm the
 * client supports is selected. If the client supports none of the key algorithms, the first certificate is selected. A
 * count of 0 means that the client supports all algorithms. Thread-safe.
 */
size_t certificates_find(const struct certificates *set, const char *name, const gnutls_pk_algorithm_t *algorithms,
			 size_t count);

/*
 * Prepares a session before its handshake. The session uses the certificates of this set, which certificates_retrieve()
 * returns to GnuTLS. The session also issues session tickets, so that a client can resume without a full handshake. The
 * set must outlive the session. If the set is NULL, the handshake will fail.
 */
void certificates_begin(const struct certificates *set, gnutls_session_t session);
/*
 * Returns the certificate for a handshake. This is a gnutls_certificate_retrieve_function2, which runs on the worker.
 */
int certificates_retrieve(gnutls_session_t session, const gnutls_datum_t *authorities, int authority_count,
			  const gnutls_pk_algorithm_t *algorithms, int algorithm_count, gnutls_pcert_st **chain,
			  unsigned *chain_length, gnutls_privkey_t *key);

#endif
