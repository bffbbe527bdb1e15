/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Finds the client behind a chain of proxies: Forwarded (RFC 7239), X-Forwarded-For and X-Forwarded-Proto. The
 * functions are only for requests whose peer is a trusted proxy, because any other peer may have forged these fields.
 * The functions are pure and thread-safe.
 */
#ifndef HTTP_FORWARDED_H
#define HTTP_FORWARDED_H

#include <stdbool.h>

#include "base/address.h"
#include "base/text_list.h"

enum forwarded_proto { FORWARDED_PROTO_UNKNOWN, FORWARDED_PROTO_HTTP, FORWARDED_PROTO_HTTPS, FORWARDED_CONTRADICTION };

/* The values of the fields. The caller joins several lines of a field with ", ". An absent field is NULL. */
struct forwarded_fields {
	const char *forwarded, *forwarded_for, *forwarded_proto;
};

/*
 * Finds the client. On entry, *client is the peer. On return, *client is the rightmost address that is not in `trusted`
 * (a list of networks_parse()). If a trusted proxy names no client, a hidden client ("unknown", "_name") or a malformed
 * address, *client is that proxy. Elements to the left of that address are not used, because any client may have
 * written them.
 *
 * Returns the scheme that this client used. Returns FORWARDED_CONTRADICTION if Forwarded and X-Forwarded-For name
 * different clients. A proxy writes one of the two fields and passes on the other field unchanged from the client.
 * ranged cannot know which field the proxy has written.
 */
enum forwarded_proto forwarded_walk(const struct forwarded_fields *fields, const struct text_list *trusted,
				    struct address *client);

#endif
