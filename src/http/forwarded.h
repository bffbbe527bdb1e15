/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Finds the client behind a chain of proxies: Forwarded (RFC 7239), X-Forwarded-For and X-Forwarded-Proto. The
 * functions are only for requests whose peer is a trusted proxy, because any other peer may have forged these fields.
 * Pure; any thread.
 */
#ifndef HTTP_FORWARDED_H
#define HTTP_FORWARDED_H

#include <stdbool.h>

#include "base/address.h"
#include "base/text_list.h"

enum forwarded_proto { FORWARDED_PROTO_UNKNOWN, FORWARDED_PROTO_HTTP, FORWARDED_PROTO_HTTPS, FORWARDED_CONTRADICTION };

/* The field values, with several lines joined by ", "; NULL for an absent field. */
struct forwarded_fields {
	const char *forwarded, *forwarded_for, *forwarded_proto;
};

/*
 * Finds the client. On entry, *client is the peer. On return, *client is the rightmost address that is not in `trusted`
 * (a list of networks_parse()). If a trusted proxy names no client, a hidden one ("unknown", "_name") or a malformed
 * one, *client is that proxy. The elements further left are not used, because any client may have written them.
 *
 * Returns the scheme that this client used. Returns FORWARDED_CONTRADICTION if Forwarded and X-Forwarded-For name
 * different clients. A proxy writes one of the fields and passes on the other one unchanged from the client, and there
 * is no way to tell which.
 */
enum forwarded_proto forwarded_walk(const struct forwarded_fields *fields, const struct text_list *trusted,
				    struct address *client);

#endif
