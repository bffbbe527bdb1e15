/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A URL is printed unchanged, including its dot segments. The path of the URL is parsed in the same way as in ranged.
 * The path of a file is first percent-encoded, including "%" and "?", so that names printed by find(1) can be used
 * directly.
 *
 * A struct sign_url owns its text. The functions have no side effects.
 */
#include "sign/url.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Returns the percent-encoded path, which the caller frees. Returns NULL if memory runs out or a name is too long. */
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

/* Returns the message for a -errno that path_parse() has returned. */
static const char *message_of(int error)
{
	if (error == -ENAMETOOLONG)
		return "the path or a name in it is too long";
	if (error == -ENOENT)
		return "the path contains %2F, but no file name can contain a slash";
	return "expected an http:// or https:// URL, or a path that starts with a slash; blanks, control "
	       "characters and invalid escapes are not allowed";
}

const char *sign_url_parse(const char *text, bool raw_path, struct sign_url *url)
{
	char *fragment;
	int error;

	*url = (struct sign_url){ .text = raw_path && *text == '/' ? escape(text) : strdup(text), .fragment = "" };
	if (url->text == NULL)
		return message_of(-ENAMETOOLONG);
	fragment = strchr(url->text, '#');
	if (fragment != NULL)
		*fragment = '\0';
	error = path_parse(url->text, &url->path, NULL, NULL);
	if (error != 0) {
		sign_url_free(url);
		return message_of(error);
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
