/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Connections of proxies that have yet to say whom they speak for (the PROXY protocol). Belongs to its reactor's thread. */
#ifndef DAEMON_PREFACE_H
#define DAEMON_PREFACE_H

#include <stdint.h>
#include <sys/socket.h>

#include "engine/reactor.h"

struct preface;

/*
 * The header has been read, and nothing behind it: peer is whom the proxy speaks for, or the proxy; fd is the callee's. fd -1: it came
 * to nothing, and has been closed.
 */
typedef void (*preface_read_fn)(void *context, int fd, unsigned listener, const struct sockaddr *peer, socklen_t length, void *token);

/* 0 with *preface owned by the caller, or -ENOMEM. */
int preface_new(struct preface **preface, struct reactor *reactor, uint64_t timeout_ms, preface_read_fn read, void *context);
/* None is left. NULL is fine. */
void preface_free(struct preface *preface);

/* Takes over an accepted, non-blocking socket; read() will run once, maybe before this returns. */
void preface_take(struct preface *preface, int fd, unsigned listener, const struct sockaddr *peer, socklen_t length, void *token);

/* Closes those that have not said anything yet. */
void preface_drain(struct preface *preface);
/* Closes all. */
void preface_cut(struct preface *preface);

#endif
