/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Connections of proxies that have yet to say whom they speak for (the PROXY protocol). Belongs to its reactor's
 * thread. */
#ifndef NET_PROXY_PROTOCOL_H
#define NET_PROXY_PROTOCOL_H

#include <stdint.h>

#include "engine/reactor.h"
#include "request/peer.h"

struct proxy_protocol;

/*
 * The header has been read, and nothing behind it: the address is that of whom the proxy speaks for, or the proxy's;
 * the socket is the callee's. fd -1: it came to nothing, and has been closed. rejected: because of what the proxy sent,
 * or did not send in time.
 */
typedef void (*proxy_protocol_read_fn)(void *context, const struct arrival *arrival, bool rejected);

/* 0 with *preface owned by the caller, or -ENOMEM. */
int proxy_protocol_new(struct proxy_protocol **preface, struct reactor *reactor, uint64_t timeout_ms,
		       proxy_protocol_read_fn read, void *context);
/* Those that come from here on have so much time. */
void proxy_protocol_renew(struct proxy_protocol *preface, uint64_t timeout_ms);
/* None is left. NULL is fine. */
void proxy_protocol_free(struct proxy_protocol *preface);

/* Takes over its socket; read() will run once, maybe before this returns. The site is kept by the caller until then. */
void proxy_protocol_take(struct proxy_protocol *preface, const struct arrival *arrival);

/* Closes those that have not said anything yet. */
void proxy_protocol_drain(struct proxy_protocol *preface);
/* Closes all. */
void proxy_protocol_abort(struct proxy_protocol *preface);

#endif
