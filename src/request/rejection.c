/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Makes the response for a connection that exceeds a connection limit. The thread that accepted the connection sends
 * the response at once, and does not add the connection to libmicrohttpd. It reads only the bytes of the request that
 * are in the socket's buffer, and only to find the rules that apply. The request is not validated, because the status
 * is 503 in any case. All memory belongs to the caller.
 */
#include "request/rejection.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/writer.h"
#include "http/status.h"
#include "request/reply_rules.h"

#define STATUS 503
#define FALLBACK "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n"

/* Terminates the next complete line, and advances *at. Returns the line, or NULL if no complete line is left. */
static char *take_line(char **at)
{
	char *line = *at, *end = strstr(line, "\r\n");

	if (end == NULL)
		return NULL;
	*end = '\0';
	*at = end + 2;
	return line;
}

/* Splits "METHOD TARGET VERSION" into three texts. Returns the target, or NULL. */
static char *split_request_line(char *line)
{
	char *target = strchr(line, ' '), *version = target != NULL ? strchr(target + 1, ' ') : NULL;

	if (version == NULL)
		return NULL;
	*target = *version = '\0';
	return target + 1;
}

static void add_field(struct fields *fields, char *line)
{
	char *colon = strchr(line, ':'), *value, *end;

	if (colon == NULL)
		return;
	*colon = '\0';
	value = colon + 1 + strspn(colon + 1, " \t");
	end = value + strlen(value);
	while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
		*--end = '\0';
	fields_add(fields, line, (size_t)(colon - line), value);
}

/*
 * Parses the received lines of the head. Returns the target, or NULL. Sets *head_method to true if the method is HEAD.
 */
static const char *read_head(char *head, struct fields *fields, bool *head_method)
{
	char *line = take_line(&head), *target = line != NULL ? split_request_line(line) : NULL;

	*head_method = line != NULL && strcmp(line, "HEAD") == 0;
	while ((line = take_line(&head)) != NULL && *line != '\0')
		add_field(fields, line);
	return target;
}

static void find_rules(const struct rules *rules, unsigned listener, const char *target, const struct fields *fields,
		       struct path *path, struct match *match)
{
	const char *host = NULL;
	size_t length = 0;
	const struct site *site;

	if (target == NULL || path_parse(target, path, &host, &length) != 0) {
		path->file[0] = '\0';
		path->slash = true;
		path->query = NULL;
	}
	if (host == NULL && fields->host != NULL) {
		host = fields->host;
		length = strlen(host);
	}
	site = rules_find_site(rules, listener, host, length);
	rules_match(rules, site != NULL ? site : &rules->sites[0], path->file, path->slash, match);
}

static size_t write_reply(const struct reply *reply, bool with_body, char *text)
{
	struct writer writer = { .text = text, .size = REJECTION_TEXT_BYTES };
	char length[64];

	writer_text(&writer, "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n");
	for (unsigned i = 0; i < reply->header_count; i++) {
		writer_text(&writer, reply->headers[i].name);
		writer_text(&writer, ": ");
		writer_text(&writer, reply->headers[i].value);
		writer_text(&writer, "\r\n");
	}
	snprintf(length, sizeof(length), "Content-Length: %zu\r\n\r\n", (size_t)reply->length);
	writer_text(&writer, length);
	if (with_body)
		writer_bytes(&writer, reply->data, (size_t)reply->length);
	return reply->failed || writer_end(&writer) != 0 ? 0 : writer.used - 1;
}

size_t rejection_write(const struct rules *rules, unsigned listener, char *head, char *text)
{
	struct fields fields = { 0 };
	struct reply reply;
	struct match match;
	struct path path;
	bool head_method;
	const char *target = read_head(head, &fields, &head_method);
	const struct reply_rules context = {
		.reply = &reply, .match = &match, .fields = &fields, .path = &path, .now = (int64_t)time(NULL)
	};
	size_t length;

	find_rules(rules, listener, target, &fields, &path, &match);
	reply_init(&reply);
	reply_error(&reply, STATUS, false);
	reply_rules_finish(&context);
	length = write_reply(&reply, !head_method, text);
	if (length == 0)
		length = (size_t)(stpcpy(text, FALLBACK) - text);
	reply_fini(&reply);
	fields_fini(&fields);
	return length;
}
