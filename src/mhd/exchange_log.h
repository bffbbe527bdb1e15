/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The access log and the counters of exchanges. Runs on the reactor's thread. */
#ifndef MHD_EXCHANGE_LOG_H
#define MHD_EXCHANGE_LOG_H

#include "mhd/exchange.h"

/* Returns the source of the first bytes of the body. Call it when they are available and none of them was sent. */
enum access_source exchange_log_source(const struct request *request);

/*
 * Counts an exchange, and adds it to the log of its site. whole: the client has received the whole body. Otherwise the
 * number of bytes that its kernel acknowledged is logged.
 */
void exchange_log(const struct exchange *exchange, unsigned status, bool whole);

/*
 * Logs a connection that was rejected before a request was read: an entry without a request. status: the one that the
 * client received, or would have received.
 */
void exchange_log_rejected(const struct request_site *site, const struct peer *peer, unsigned status);

#endif
