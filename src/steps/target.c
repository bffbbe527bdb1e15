/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The first steps of a request. The steps decide which site and which blocks of the configuration apply, and reply to
 * requests that need no file: OPTIONS, redirects, configured statuses, and invalid targets. They write request->path,
 * request->match, input.authority, lookup.files and lookup.prefix_bytes. The steps run on the reactor's thread and
 * never wait.
 *
 * target_match() also runs for paths that replace the requested path, which are indexes of a directory and paths of
 * "try". If such a path is hidden, it counts as a missing file. Redirects do not apply to it.
 */
#include "steps/target.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "http/authority.h"
#include "steps/locate.h"

struct reply_rules target_reply_rules(struct request *request)
{
	return (struct reply_rules){ .reply = &request->reply,
				     .match = &request->match,
				     .fields = &request->input.fields,
				     .path = &request->path,
				     .now = clock_wall_ns() / (int64_t)CLOCK_NS_PER_S,
				     .secure = request->origin.secure,
				     .guarded = request->signature.required };
}

/*
 * Returns the host of the request if it is valid and unambiguous, or NULL. `host` is the host of an absolute target, or
 * NULL.
 */
static const char *valid_host(const struct fields *fields, const char *host, size_t *length)
{
	if (host == NULL && fields->hosts == 1) {
		host = fields->host;
		*length = strlen(host);
	}
	return host != NULL && authority_is_valid(host, *length) ? host : NULL;
}

void target_match_rejected(struct request *request)
{
	const struct rules *rules = request->site->config.rules;
	const char *host = NULL;
	size_t length = 0;

	if (path_parse(request->input.target, &request->path, &host, &length) != 0) {
		request->path.file[0] = '\0';
		request->path.slash = true;
		request->path.query = NULL;
	}
	host = valid_host(&request->input.fields, host, &length);
	request->match.site = rules_find_site(rules, request->origin.peer->listener, host, length);
	if (request->match.site != NULL)
		rules_match(rules, request->match.site, request->path.file, request->path.slash, &request->match);
}

/* Rejects a target with the error page and the header fields of its site. */
static enum step_result reject(struct request *request, unsigned status)
{
	target_match_rejected(request);
	if (request->match.site != NULL)
		request_use_root(request, &request->match);
	if (status == 400)
		request_note_rejection(request, COUNTERS_BAD_REQUEST);
	return request_fail(request, status);
}

enum step_result target_parse(struct request *request)
{
	const char *host;
	size_t host_length;
	int error = path_parse(request->input.target, &request->path, &host, &host_length);

	if (request->input.method == METHOD_OPTIONS && strcmp(request->input.target, "*") == 0) {
		struct reply_rules rules = target_reply_rules(request);

		host = request->input.fields.host;
		request->match.site = rules_find_site(request->site->config.rules, request->origin.peer->listener, host,
						      host != NULL ? strlen(host) : 0);
		reply_rules_options(&rules);
		return STEP_REPLY;
	}
	if (error != 0)
		return reject(request, error == -ENOENT ? 404 : 400);
	if (host != NULL) { /* the host of the target replaces the Host field (RFC 9112 section 3.2.2) */
		if (!authority_is_valid(host, host_length))
			return reject(request, 400);
		request->input.authority = strndup(host, host_length);
		if (request->input.authority == NULL)
			return request_fail_errno(request, -ENOMEM, 0);
		request->input.fields.host = request->input.authority;
	}
	return STEP_NEXT;
}

enum step_result target_find_site(struct request *request)
{
	const char *host = request->input.fields.host;

	request->match.site = rules_find_site(request->site->config.rules, request->origin.peer->listener, host,
					      host != NULL ? strlen(host) : 0);
	if (request->match.site == NULL) {
		request_note_rejection(request, COUNTERS_UNKNOWN_HOST);
		return request_fail(request, 421);
	}
	return STEP_NEXT;
}

enum step_result target_match(struct request *request)
{
	const struct path *path = &request->path;
	const bool inner = request->search.inner;
	int error = rules_match(request->site->config.rules, request->match.site, path->file, path->slash && !inner,
				&request->match);

	if (error != 0)
		return request_fail_errno(request, error, 0);
	request_use_root(request, &request->match);
	if (!inner && path->hidden && !request->site->config.dotfiles &&
	    path_is_hidden(request_path_below_root(request, path->file)))
		return request_fail(request, 404);
	if (!rules_hides(&request->match, path->file))
		return STEP_NEXT;
	return inner ? locate_hidden(request) : request_fail(request, 404);
}

/* Replies with the status of the configuration. */
static enum step_result reply_status(struct request *request, unsigned status)
{
	if (status >= 400)
		return request_fail(request, status);
	reply_empty(&request->reply, status);
	return STEP_REPLY;
}

enum step_result target_redirect(struct request *request)
{
	const struct settings *settings = request_settings(request);
	const bool inner = request->search.inner,
		   insecure = settings->https_redirect && !request->origin.secure && !inner,
		   has_status = settings->status != 0 && !inner,
		   redirected = settings->redirect != NULL && !inner &&
				(!has_status || rules_prefers(&request->match, SETTING_REDIRECT, SETTING_STATUS));
	struct reply_rules rules;

	if (request->input.method != METHOD_OPTIONS && !redirected && !insecure)
		return has_status ? reply_status(request, settings->status) : STEP_NEXT;
	rules = target_reply_rules(request);
	if (insecure) /* the client of a proxy connects to the port of the proxy */
		reply_rules_https(&rules, request->origin.proxied ? 443 : request->match.site->https_port);
	else if (request->input.method == METHOD_OPTIONS)
		reply_rules_options(&rules);
	else
		reply_rules_redirect(&rules);
	return STEP_REPLY;
}
