/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whom a chain of proxies speaks for: Forwarded (RFC 7239), X-Forwarded-For and X-Forwarded-Proto. Pure. Only for
 * requests whose peer is a trusted proxy; from others these fields are a client's own words.
 */
#ifndef HTTP_FORWARDED_H
#define HTTP_FORWARDED_H

#include <stdbool.h>

#include "base/address.h"
#include "base/text_list.h"

enum forwarded_proto { FORWARDED_PROTO_UNKNOWN, FORWARDED_PROTO_HTTP, FORWARDED_PROTO_HTTPS, FORWARDED_CONTRADICTION };

/* The fields as they came, several lines joined with ", "; NULL: absent. */
struct forwarded_fields {
	const char *forwarded, *forwarded_for, *forwarded_proto;
};

/*
 * *client is the peer when called, and then the first address from the right that is not in `trusted` (of
 * networks_parse()); the last trusted one if whom it speaks for is not said, hidden ("unknown", "_name") or can't be
 * read: what stands to the left of that is anybody's. The result is how that client came in. FORWARDED_CONTRADICTION:
 * Forwarded names another client than X-Forwarded-For does; a proxy writes one of them and passes on what a client says
 * in the other, and nobody can tell which.
 */
enum forwarded_proto forwarded_walk(const struct forwarded_fields *fields, const struct text_list *trusted,
				    struct address *client);

#endif
