/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sends long bodies directly from the cache to the socket, without a copy through libmicrohttpd. Runs on the reactor's
 * thread. Needs libmicrohttpd 1.0, because older versions send a second Content-Length.
 */
#ifndef MHD_DIRECT_H
#define MHD_DIRECT_H

#include "mhd/exchange.h"

/*
 * Returns true if the body of the reply may be sent directly now. The response of MHD must then have a body of one
 * byte, and a field Content-Length with the length of the whole body.
 */
bool direct_may_send(const struct exchange *exchange);

/*
 * Makes the kernel hold the header back until the first bytes of the body follow, so that they share a segment.
 * direct_continue() ends this.
 */
void direct_cork(const struct exchange *exchange, bool corked);
/*
 * Continues the body. Called by the content reader: first when the header has been sent, then when the stream has
 * ended. Returns true if the body ends now, with the last byte in exchange->direct.last, or with an abort if
 * exchange->connection->aborted is set. Returns false if the connection was suspended until then.
 */
bool direct_continue(struct exchange *exchange);

#endif
