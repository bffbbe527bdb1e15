/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Notes which connection libmicrohttpd (MHD) receives from. If the parser of MHD rejects a request before the target is
 * complete, MHD reports neither the request nor its connection. The struct belongs to a server and to the reactor's
 * thread.
 */
#ifndef MHD_INPUT_H
#define MHD_INPUT_H

#include <stddef.h>

#include "request/connection.h"

struct input {
	struct connection **connections; /* by descriptor */
	size_t size;
	struct connection *current; /* the connection whose input MHD is parsing; NULL: not known */
};

/* Adds a connection. If memory runs out, its input is not noted. */
void input_add(struct input *input, struct connection *connection);
/* Removes a connection. Does nothing if it was not added. */
void input_remove(struct input *input, struct connection *connection);
void input_fini(struct input *input);

/* Notes that MHD has parsed bytes of a request. */
static inline void input_consume(struct connection *connection, size_t bytes)
{
	connection->buffered_bytes -= bytes < connection->buffered_bytes ? bytes : connection->buffered_bytes;
}

/* Notes the input that this thread receives, until input_end(). */
void input_begin(struct input *input);
void input_end(void);

#endif
