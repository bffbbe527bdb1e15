/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is to be signed: a URL, or the path of a file below the root of what is served. */
#ifndef SIGN_URL_H
#define SIGN_URL_H

#include "http/path.h"

struct sign_url {
	struct path path;
	char *text;	      /* as it is to be printed, with its query, without the fragment; owned */
	const char *query;    /* into text, past its "?"; NULL: none */
	const char *fragment; /* with its "#"; or "" */
};

/*
 * raw_path: a text that begins with a slash is the path of a file as it is called there, and is escaped; else it is the
 * beginning of a URL like any other. NULL and url to be freed, or what is wrong (a static string).
 */
const char *sign_url_parse(const char *text, bool raw_path, struct sign_url *url);
void sign_url_free(struct sign_url *url);

#endif
