/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A URL is taken as it is, down to its dot segments, and the path in it as ranged will take it. The path of a file
 * becomes one by escaping all in it that is special, "%" and "?" too: names that find(1) prints can be handed over as
 * they are.
 */
#include "sign/url.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The memory is the caller's; NULL: none, or a name is too long. */
static char *escape(const char *path)
{
	size_t bytes = 3 * strlen(path) + 2;
	char *text = malloc(bytes);

	if (text == NULL)
		return NULL;
	text[0] = '/';
	if (path_escape(path + 1, text + 1, bytes - 1) == 0)
		return text;
	free(text);
	return NULL;
}

static const char *words(int error)
{
	if (error == -ENAMETOOLONG)
		return "a name or the path is too long";
	if (error == -ENOENT)
		return "there is a %2F in its path, which is in no name";
	return "that is no URL with http:// or https://, and no path that begins with a slash; or one with a blank, a control byte or a bad "
	       "escape in it";
}

const char *sign_url_parse(const char *text, bool raw_path, struct sign_url *url)
{
	char *fragment;
	int error;

	*url = (struct sign_url){ .text = raw_path && *text == '/' ? escape(text) : strdup(text), .fragment = "" };
	if (url->text == NULL)
		return words(-ENAMETOOLONG);
	fragment = strchr(url->text, '#');
	if (fragment != NULL)
		*fragment = '\0';
	error = path_parse(url->text, &url->path, NULL, NULL);
	if (error != 0) {
		sign_url_free(url);
		return words(error);
	}
	if (fragment != NULL)
		url->fragment = text + (fragment - url->text);
	url->query = url->path.query;
	return NULL;
}

void sign_url_free(struct sign_url *url)
{
	free(url->text);
	url->text = NULL;
}
