/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The argument to sign or check: a URL, or the path of a file below the root that is served. */
#ifndef SIGN_URL_H
#define SIGN_URL_H

#include "http/path.h"

struct sign_url {
	struct path path;
	char *text;	      /* the URL with its query, without the fragment; owned */
	const char *query;    /* points into text, after the "?"; NULL: none */
	const char *fragment; /* the fragment with its "#"; "" if there is none */
};

/*
 * Parses a URL. raw_path: a text that starts with a slash is the path of a file, and is percent-encoded; otherwise such
 * a text is a URL without scheme and host. Returns NULL, and the caller calls sign_url_free(); or an error message,
 * which is a constant.
 */
const char *sign_url_parse(const char *text, bool raw_path, struct sign_url *url);
/* Frees the text. */
void sign_url_free(struct sign_url *url);

#endif
