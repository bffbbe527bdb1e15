/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Finds the file of a request. The requested path is looked up below its root. If it is a directory, its
 * indexes are looked up in the configured order. If no index exists, a listing is made if the rules allow it. Otherwise
 * the paths of "try" are looked up in the configured order.
 *
 * The rules are matched again for each path that replaces the requested path (STEP_TO_RULES), because other locations
 * may apply to the new path. The state of the search is request->search, which this file writes. All functions run on
 * the reactor's thread. Lookups that would block run on the offload threads, and the request waits for them.
 */
#include "steps/locate.h"

#include <errno.h>
#include <string.h>

#include "http/status.h"
#include "steps/listing_reply.h"

enum step_result locate_find(struct request *request)
{
	return request_find(request);
}

static enum step_result look_up_replacement(struct request *request)
{
	request->search.inner = true;
	return STEP_TO_RULES;
}

/* Saves the requested path before the paths of "try" replace it. Returns 0 or -ENOMEM. */
static int begin_tries(struct request *request)
{
	struct request_search *search = &request->search;

	if (search->tries_done > 0 || search->original_path != NULL)
		return 0;
	search->try = request_settings(request)->try;
	if (search->try.count == 0)
		return 0;
	search->original_path = strdup(request->path.file);
	return search->original_path != NULL ? 0 : -ENOMEM;
}

/*
 * Replaces the current path by the next path of "try", with {path} expanded to the requested path. Skips paths that
 * are too long. Returns false if no path is left.
 */
static bool next_try(struct request *request)
{
	struct request_search *search = &request->search;
	char *file = request->path.file;

	while (search->original_path != NULL && search->tries_done < search->try.count) {
		const char *path = search->try.list[search->tries_done++];
		bool rooted = *path == '/';
		const char *original = rooted ? "" : search->original_path;

		path += rooted ? 1 : strlen("{path}");
		if (strlen(original) + strlen(path) >= PATH_BYTES)
			continue;
		strcpy(stpcpy(file, original), *original == '\0' && *path == '/' ? path + 1 : path);
		return true;
	}
	return false;
}

static enum step_result found_nothing(struct request *request, int error)
{
	int failed;

	if (request->search.error_status != 0 || status_of_error(error) != 404)
		return request_fail_errno(request, error, 0);
	failed = begin_tries(request);
	if (failed == 0 && next_try(request))
		return look_up_replacement(request);
	return request_fail_errno(request, failed != 0 ? failed : error, 0);
}

static enum step_result list(struct request *request)
{
	enum step_result result = listing_reply_begin(request);

	return result == STEP_NEXT ? STEP_TO_LISTING : result;
}

/*
 * Continues with the next index of the directory. After the last index, continues with a listing if the rules allow it,
 * else with the paths of "try".
 */
static enum step_result next_index(struct request *request)
{
	struct request_search *search = &request->search;
	char *file = request->path.file;
	size_t length = search->directory_bytes;

	while (search->indexes_tried < search->index.count) {
		const char *name = search->index.list[search->indexes_tried++];

		if (length + 1 + strlen(name) >= PATH_BYTES)
			continue;
		file[length] = '/';
		strcpy(file + length + (length > 0), name);
		return look_up_replacement(request);
	}
	search->in_directory = false;
	file[length] = '\0';
	rules_match(request->site->config.rules, request->match.site, file, true, &request->match);
	request_use_root(request, &request->match);
	if (request_settings(request)->listing)
		return list(request);
	return found_nothing(request, -ENOENT);
}

enum step_result locate_hidden(struct request *request)
{
	return request->search.in_directory ? next_index(request) : found_nothing(request, -ENOENT);
}

/*
 * Handles a path that is a directory. If the path ends in a slash, continues with the indexes of the directory.
 * Otherwise redirects to the path with a slash.
 */
static enum step_result found_directory(struct request *request)
{
	struct path *path = &request->path;
	char location[FIELDS_TARGET_MAX * 3];

	if (path->slash) {
		request->search.in_directory = true;
		request->search.directory_bytes = strlen(path->file);
		request->search.index = request_settings(request)->index;
		return next_index(request);
	}
	if (path_directory_location(path, location, sizeof(location)) != 0)
		return request_fail(request, 404);
	reply_empty(&request->reply, 301);
	reply_header_format(&request->reply, "Location", "%s", location);
	return STEP_REPLY;
}

/*
 * The memory order is relaxed, because the flag publishes no other data. The flag is stored only when it changes,
 * because all threads that use the file share its cache line.
 */
static void mark_append_only(struct file *file, bool append_only)
{
	if (atomic_load_explicit(&file->append_only, memory_order_relaxed) != append_only)
		atomic_store_explicit(&file->append_only, append_only, memory_order_relaxed);
}

enum step_result locate_found(struct request *request)
{
	int error;

	if (request->lookup.pending)
		return STEP_WAIT;
	error = request->lookup.want.error;
	if (error == -EISDIR && !request->search.inner)
		return found_directory(request);
	if (request->search.in_directory && error != 0 && status_of_error(error) == 404)
		return next_index(request);
	if (error != 0)
		return found_nothing(request, error);
	request->selected.stale = request->lookup.want.stale;
	request->selected.file = request->lookup.want.file;
	request->lookup.want.file = NULL;
	mark_append_only(request->selected.file, request_settings(request)->append_only);
	if (request->path.slash && !request->search.inner)
		return request_fail(request, 404);
	return STEP_NEXT;
}
