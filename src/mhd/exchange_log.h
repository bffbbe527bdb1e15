/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The access log and the counters of exchanges. Runs on the reactor's thread. */
#ifndef MHD_EXCHANGE_LOG_H
#define MHD_EXCHANGE_LOG_H

#include "mhd/exchange.h"

/*
 * Returns the source of the first bytes of the body. Must be called when the first bytes are available and before they
 * are sent.
 */
enum access_source exchange_log_source(const struct request *request);

/* Logs that the body of a transfer is aborted because of an -errno of the file (-ESTALE: the file changed). */
void exchange_log_body_failed(struct exchange *exchange, int error);

/*
 * Counts an exchange, and writes it to the log of its site. If `whole` is true, the client has received the whole body.
 * Otherwise the number of bytes that the client's kernel has acknowledged is logged.
 */
void exchange_log(const struct exchange *exchange, unsigned status, bool whole);

/*
 * Logs a connection that was rejected, or ended, before a request was read. The entry has no request. `status` is the
 * status that the client received or would have received.
 */
void exchange_log_rejected(const struct request_site *site, const struct peer *peer, unsigned status,
			   enum counters_reason reason);

/*
 * Counts and logs the bytes after the last request, when the connection ends. Either MHD has rejected these bytes, or
 * the client or a timeout has ended the connection before a request was complete.
 */
void exchange_log_unparsed(const struct connection *connection);

#endif
