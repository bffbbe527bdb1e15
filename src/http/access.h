/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One line of the access log: combined format, then the range asked for and the seconds taken. */
#ifndef HTTP_ACCESS_H
#define HTTP_ACCESS_H

#include <stddef.h>
#include <stdint.h>

#define ACCESS_LINE_BYTES 2048

struct access_entry {
	const char *client; /* address, or "unix:" */
	int64_t time;	    /* seconds since 1970 */
	const char *method, *target, *version;
	unsigned status;
	uint64_t sent_bytes; /* of the body */
	const char *referer, *user_agent, *range; /* NULL: absent, written as "-" */
	uint64_t taken_ns;
};

/*
 * Quotes, backslashes and control bytes are written as \xNN; fields too long for the line are cut. Returns its length, without
 * a newline.
 */
size_t access_format(const struct access_entry *entry, char line[ACCESS_LINE_BYTES]);

#endif
