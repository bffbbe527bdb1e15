/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Connections of proxies that have yet to say whom they speak for (the PROXY protocol). Belongs to its reactor's thread. */
#ifndef DAEMON_PREFACE_H
#define DAEMON_PREFACE_H

#include <stdint.h>

#include "engine/reactor.h"
#include "http/peer.h"

struct preface;

/*
 * The header has been read, and nothing behind it: the address is that of whom the proxy speaks for, or the proxy's; the socket is the
 * callee's. fd -1: it came to nothing, and has been closed. rejected: because of what the proxy sent, or did not send in time.
 */
typedef void (*preface_read_fn)(void *context, const struct arrival *arrival, bool rejected);

/* 0 with *preface owned by the caller, or -ENOMEM. */
int preface_new(struct preface **preface, struct reactor *reactor, uint64_t timeout_ms, preface_read_fn read, void *context);
/* Those that come from here on have so much time. */
void preface_renew(struct preface *preface, uint64_t timeout_ms);
/* None is left. NULL is fine. */
void preface_free(struct preface *preface);

/* Takes over its socket; read() will run once, maybe before this returns. The site is kept by the caller until then. */
void preface_take(struct preface *preface, const struct arrival *arrival);

/* Closes those that have not said anything yet. */
void preface_drain(struct preface *preface);
/* Closes all. */
void preface_cut(struct preface *preface);

#endif
