/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the log of requests says of an exchange, and what is counted of it. Reactor's thread. */
#ifndef MHD_EXCHANGE_LOG_H
#define MHD_EXCHANGE_LOG_H

#include "mhd/exchange.h"

/* Where the body begins, as its first bytes are there and none of them was taken. */
enum access_source exchange_log_source(const struct request *request);

/* Counts it, and makes an entry if its site wants any. Its client got all of the body (whole), or what its kernel
 * acknowledged. */
void exchange_log(const struct exchange *exchange, unsigned status, bool whole);

/* A connection was refused before a request of it was read: an entry without a request. status: what the client was or
 * would be told. */
void exchange_log_refused(const struct request_site *site, const struct peer *peer, unsigned status);

#endif
