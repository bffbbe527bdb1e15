/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A struct files covers the paths below one root, so each site with a root and each location with a root has its own. A
 * site without a root uses that of the top level. All of them share one table of names, one list of descriptors and one
 * cache. The cache identifies a file by device and inode.
 *
 * Consecutive generations share a root if its directory is unchanged (root.h). Each function in this file applies an
 * operation to all roots of one configuration.
 */
#include "daemon/site_roots.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/root.h"
#include "daemon/root_opening.h"

#define STEP_MS 5

/* --- required files --- */

/* Adds the paths of `from` that are not in the list yet, except "". Returns 0 or -ENOMEM. */
static int add_required(struct text_list *list, const struct text_list *from)
{
	for (size_t i = 0; i < from->count; i++) {
		size_t j = 0;

		while (j < list->count && strcmp(list->list[j], from->list[i]) != 0)
			j++;
		if (j == list->count && from->list[i][0] != '\0' && text_list_add(list, from->list[i], NULL) != NULL)
			return -ENOMEM;
	}
	return 0;
}

/*
 * Lists the files that sites require below root i. The root of the top level also serves the sites without a root. A
 * site without required files uses the list of the top level. Locations require no files.
 */
static int list_required(const struct rules *rules, size_t i, struct text_list *list)
{
	int error = 0;

	for (size_t j = 0; j < rules->site_count && error == 0; j++)
		if (rules->sites[j].served == i)
			error = add_required(list, rules->sites[j].require.count > 0 ? &rules->sites[j].require
										     : &rules->sites[0].require);
	return error;
}

/* --- opening --- */

/* Starts the lookup of root i. Returns 0 or -errno. */
static int start_opening(const struct rules *rules, size_t i, enum file_symlinks symlinks,
			 struct root_opening **opening)
{
	struct text_list required = { 0 };
	int error = list_required(rules, i, &required);

	if (error == 0)
		error = root_opening_start(opening, &(struct root_place){ .path = rules->roots[i].path,
									  .symlinks = symlinks,
									  .required = &required });
	text_list_clear(&required);
	return error;
}

/* Waits for the lookup of a root. Returns 0 or -errno. */
static int finish_opening(struct rules_root *root, struct root_opening *opening, uint64_t until_ns)
{
	struct root_found *found = malloc(sizeof(*found));
	int error = found != NULL ? root_opening_finish(opening, until_ns, found)
				  : root_opening_finish(opening, until_ns, &(struct root_found){ 0 });

	if (error != 0) {
		free(found);
		return error;
	}
	root->found = found;
	root->fd = found->fd;
	return 0;
}

/* The lookups run at the same time, so roots that do not respond delay a reload by one timeout in all. */
int site_roots_open(struct rules *rules, enum file_symlinks symlinks, unsigned timeout_ms)
{
	const uint64_t until_ns = clock_now_ns() + timeout_ms * CLOCK_NS_PER_MS;
	struct root_opening *openings[RULES_ROOTS_MAX] = { NULL };
	int result = 0;

	for (size_t i = 0; i < rules->root_count; i++) {
		int error = start_opening(rules, i, symlinks, &openings[i]);

		if (error != 0 && result == 0)
			result = log_failure("cannot start the lookup of a root", error);
	}
	for (size_t i = 0; i < rules->root_count; i++) {
		int error = openings[i] != NULL ? finish_opening(&rules->roots[i], openings[i], until_ns) : 0;

		if (error != 0)
			log_error("cannot serve %s: %s", rules->roots[i].path, root_lookup_text(error));
		if (result == 0)
			result = error;
	}
	return result;
}

void site_roots_warn_of_missing(const struct rules *rules)
{
	for (size_t i = 0; i < rules->root_count; i++) {
		const struct rules_root *root = &rules->roots[i];
		struct text_list required = { 0 };

		if (root->found == NULL || root->found->required_error == 0)
			continue;
		if (list_required(rules, i, &required) == 0)
			log_warning("root %s: the required file %s: %s; requests would be answered with 503",
				    root->path, required.list[root->found->required_failed],
				    strerror(-root->found->required_error));
		text_list_clear(&required);
	}
}

/* --- the roots and their files --- */

/* Returns a root of the former generation that is equal, or NULL. */
static struct root *find_like(const struct rules *before, const struct root_place *place,
			      const struct root_found *found, const struct files_options *options)
{
	for (size_t i = 0; before != NULL && i < before->root_count; i++)
		if (root_is_like(before->roots[i].watched, place, found, options))
			return before->roots[i].watched;
	return NULL;
}

/* Sets root->watched from root->found. Returns 0 or -errno. */
static int make_root(struct rules_root *root, const struct root_place *place, const struct rules *before,
		     const struct files_options *options)
{
	struct root *like = find_like(before, place, root->found, options);
	int error = 0;

	if (like != NULL) {
		close(root->fd);
		root->watched = root_ref(like);
	} else {
		error = root_new(&root->watched, place, root->found, options);
	}
	if (error != 0)
		return error;
	free(root->found);
	root->found = NULL;
	root->fd = root_fd(root->watched);
	root->files = root_files(root->watched);
	return 0;
}

int site_roots_make_files(struct rules *rules, const struct rules *before, const struct files_options *options)
{
	struct files_options own = *options;
	int error = 0;

	for (size_t i = 0; i < rules->root_count && error == 0; i++) {
		struct rules_root *root = &rules->roots[i];
		struct text_list required = { 0 };

		own.root_fd = root->fd;
		error = list_required(rules, i, &required);
		if (error == 0)
			error = make_root(root,
					  &(struct root_place){ .path = root->path,
								.symlinks = options->symlinks,
								.required = &required },
					  before, &own);
		text_list_clear(&required);
	}
	return error;
}

void site_roots_watch(struct rules *rules, atomic_uint *replaced)
{
	for (size_t i = 0; i < rules->root_count; i++) {
		int error = root_watch(rules->roots[i].watched, replaced);

		if (error != 0)
			log_error("root %s: cannot start the thread that watches its path: %s; changes of the path "
				  "are not detected",
				  rules->roots[i].path, strerror(-error));
	}
}

unsigned site_roots_gone(const struct rules *rules, unsigned *count)
{
	unsigned gone = 0;

	*count = (unsigned)rules->root_count;
	for (size_t i = 0; i < rules->root_count; i++)
		gone += root_is_gone(rules->roots[i].watched);
	return gone;
}

const struct root *site_roots_distinct(const struct rules *rules, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (strcmp(rules->roots[j].path, rules->roots[i].path) == 0)
			return NULL;
	return rules->roots[i].watched;
}

bool site_roots_are_ready(const struct rules *rules, char *reason, size_t reason_bytes)
{
	unsigned count, gone = site_roots_gone(rules, &count);

	for (size_t i = 0; i < rules->root_count; i++)
		if (root_is_required(rules->roots[i].watched) &&
		    !root_is_ready(rules->roots[i].watched, reason, reason_bytes))
			return false;
	if (gone < count)
		return true;
	snprintf(reason, reason_bytes, "all roots are gone");
	return false;
}

static bool have_answered(const struct rules *rules, uint64_t since_ns)
{
	for (size_t i = 0; i < rules->root_count; i++)
		if (!root_has_answered(rules->roots[i].watched, since_ns))
			return false;
	return true;
}

bool site_roots_respond(const struct rules *rules, unsigned patience_ms)
{
	const uint64_t since_ns = clock_now_ns();

	for (size_t i = 0; i < rules->root_count; i++)
		root_ask(rules->roots[i].watched);
	for (unsigned waited_ms = 0; waited_ms < patience_ms; waited_ms += STEP_MS) {
		if (have_answered(rules, since_ns))
			return true;
		nanosleep(&(struct timespec){ .tv_nsec = STEP_MS * CLOCK_NS_PER_MS }, NULL);
	}
	return have_answered(rules, since_ns);
}

const char *site_roots_first(const struct rules *rules)
{
	return rules->roots[0].path;
}

int site_roots_first_fd(const struct rules *rules)
{
	return rules->roots[0].fd;
}

const struct rules_root *site_roots_find(const struct rules *rules, const struct file_root *below)
{
	for (size_t i = 0; i < rules->root_count; i++)
		if (files_is_below(rules->roots[i].files, below))
			return &rules->roots[i];
	return NULL;
}

char *site_roots_url_path(const struct rules_root *root, const char *path, char *text, size_t text_bytes)
{
	const char *prefix;
	const size_t length = root != NULL ? rules_root_prefix(root, &prefix) : 0;

	snprintf(text, text_bytes, "%s%.*s/%s", length > 0 ? "/" : "", (int)length, length > 0 ? prefix : "", path);
	return text;
}

void site_roots_free_files(struct rules *rules)
{
	for (size_t i = 0; i < rules->root_count; i++) {
		struct rules_root *root = &rules->roots[i];

		root->files = NULL;
		if (root->watched == NULL)
			continue;
		root_unref(root->watched);
		root->watched = NULL;
		root->fd = -1;
	}
}

void site_roots_close(struct rules *rules)
{
	for (size_t i = 0; i < rules->root_count; i++) {
		if (rules->roots[i].fd >= 0)
			close(rules->roots[i].fd);
		free(rules->roots[i].found);
		rules->roots[i].found = NULL;
		rules->roots[i].fd = -1;
	}
}
