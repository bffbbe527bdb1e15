/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Replies as something that libmicrohttpd sends. Reactor's thread. */
#ifndef MHD_SENDER_H
#define MHD_SENDER_H

#include "mhd/exchange.h"

/* Makes shared->ready, and sets its site's ready(). 0 or -ENOMEM. */
int sender_init(struct exchange_shared *shared);
/* shared->site has taken the place of `before`: what was made ready under that is given up. */
void sender_renew(struct exchange_shared *shared, struct request_site *before);
/* Gives up ready replies that were not used since the last time; or all. */
void sender_sweep(struct exchange_shared *shared, bool all);
/* All were given up, and MHD's daemons have stopped, so that none is being sent. Nothing if sender_init() failed. */
void sender_fini(struct exchange_shared *shared);

/* Hands exchange->request.reply to MHD. False: there is no memory, and MHD is to close the connection. */
bool sender_send(struct exchange *exchange);

#endif
