/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sends replies as responses of libmicrohttpd (MHD). Runs on the reactor's thread. */
#ifndef MHD_SENDER_H
#define MHD_SENDER_H

#include "mhd/exchange.h"

/* Creates shared->prebuilt, and sets find_prebuilt() of shared->site. Returns 0 or -ENOMEM. */
int sender_init(struct exchange_shared *shared);
/* Drops all prebuilt responses, because shared->site has replaced the site `before`. */
void sender_reload(struct exchange_shared *shared, struct request_site *before);
/* Drops the prebuilt responses that were not used since the last call, or all prebuilt responses. */
void sender_sweep(struct exchange_shared *shared, bool all);
/*
 * Frees the table of prebuilt responses. All responses must have been dropped, and the daemons of MHD must have
 * stopped, so that no response is being sent. Does nothing if sender_init() failed.
 */
void sender_fini(struct exchange_shared *shared);

/*
 * Queues exchange->request.reply as a response of MHD. Returns false if memory runs out. In that case, the caller must
 * make MHD close the connection.
 */
bool sender_send(struct exchange *exchange);

#endif
