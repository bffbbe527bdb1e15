/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An argument that is signed or checked: a URL, or the path of a file below the served root. */
#ifndef SIGN_URL_H
#define SIGN_URL_H

#include "http/path.h"

struct sign_url {
	struct path path;
	char *text;	      /* the URL with its query, without the fragment; owned */
	const char *query;    /* points into `text`, after the "?"; NULL: no query */
	const char *fragment; /* the fragment with its "#"; "" if there is none */
};

/*
 * Parses a URL. If raw_path is true, a text that starts with a slash is the path of a file and is percent-encoded. If
 * raw_path is false, a text that starts with a slash is a URL without scheme and host. Returns NULL on success; the
 * caller then calls sign_url_free(). Otherwise returns an error message, which is a constant string.
 */
const char *sign_url_parse(const char *text, bool raw_path, struct sign_url *url);
/* Frees the text. */
void sign_url_free(struct sign_url *url);

#endif
