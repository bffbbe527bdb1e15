/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Content readers: the callbacks of MHD_create_response_from_callback(), which provide the next bytes of a body. `cls`
 * is the exchange. They return the number of bytes, 0 if they have suspended the connection, or a result of MHD that
 * ends the body. They run on the reactor's thread.
 */
#ifndef MHD_READERS_H
#define MHD_READERS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Body of a transfer. */
ssize_t readers_body(void *cls, uint64_t position, char *buffer, size_t length);
/*
 * The one byte that MHD sends of a direct body. Called when the header has been sent, and again when direct.c has sent
 * all other bytes.
 */
ssize_t readers_last_byte(void *cls, uint64_t position, char *buffer, size_t length);
/* Body in memory, over TLS. Provides at most one TLS record at a time. */
ssize_t readers_data(void *cls, uint64_t position, char *buffer, size_t length);
/* Listing. Its length is unknown, so MHD sends chunks or closes the connection at the end. */
ssize_t readers_listing(void *cls, uint64_t position, char *buffer, size_t length);
/* For HEAD and 304, and never called, because MHD uses only the length of the response. `cls` may be NULL. */
ssize_t readers_nothing(void *cls, uint64_t position, char *buffer, size_t length);

#endif
