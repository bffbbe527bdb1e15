/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A struct files covers the paths below one root, so each site with a root has its own. A site without a root uses that
 * of the top level. All of them share one table of names, one list of descriptors and one cache. The cache identifies a
 * file by device and inode.
 *
 * Consecutive generations share a root if its directory is unchanged (root.h). Each function in this file applies an
 * operation to the roots of all sites of one configuration.
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

/* Returns true if site i has its own root. */
static bool has_own(const struct rules *rules, size_t i)
{
	return rules->sites[i].root != NULL;
}

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
 * Lists the files that sites require below the root of site i. The root of the top level also serves the sites without
 * a root. A site without required files uses the list of the top level.
 */
static int list_required(const struct rules *rules, size_t i, struct text_list *list)
{
	int error = 0;

	for (size_t j = 0; j < rules->site_count && error == 0; j++)
		if (j == i || (i == 0 && !has_own(rules, j)))
			error = add_required(list, rules->sites[j].require.count > 0 ? &rules->sites[j].require
										     : &rules->sites[0].require);
	return error;
}

/* --- opening --- */

/* Starts the lookup of the root of site i. Returns 0 or -errno. */
static int start_opening(const struct rules *rules, size_t i, enum file_symlinks symlinks,
			 struct root_opening **opening)
{
	struct text_list required = { 0 };
	int error = list_required(rules, i, &required);

	if (error == 0)
		error = root_opening_start(opening, &(struct root_place){ .path = rules->sites[i].root,
									  .symlinks = symlinks,
									  .required = &required });
	text_list_clear(&required);
	return error;
}

/* Waits for the lookup of the root of a site. Returns 0 or -errno. */
static int finish_opening(struct site *site, struct root_opening *opening, uint64_t until_ns)
{
	struct root_found *found = malloc(sizeof(*found));
	int error = found != NULL ? root_opening_finish(opening, until_ns, found)
				  : root_opening_finish(opening, until_ns, &(struct root_found){ 0 });

	if (error != 0) {
		free(found);
		return error;
	}
	site->found = found;
	site->root_fd = found->fd;
	return 0;
}

/* The lookups run at the same time, so roots that do not respond delay a reload by one timeout in all. */
int site_roots_open(struct rules *rules, enum file_symlinks symlinks, unsigned timeout_ms)
{
	const uint64_t until_ns = clock_now_ns() + timeout_ms * CLOCK_NS_PER_MS;
	struct root_opening *openings[RULES_SITES_MAX] = { NULL };
	int result = 0;

	for (size_t i = 0; i < rules->site_count; i++) {
		int error = has_own(rules, i) ? start_opening(rules, i, symlinks, &openings[i]) : 0;

		if (error != 0 && result == 0)
			result = log_failure("cannot start the lookup of a root", error);
	}
	for (size_t i = 0; i < rules->site_count; i++) {
		int error = openings[i] != NULL ? finish_opening(&rules->sites[i], openings[i], until_ns) : 0;

		if (error != 0)
			log_error("cannot serve %s: %s", rules->sites[i].root, root_lookup_text(error));
		if (result == 0)
			result = error;
	}
	return result;
}

void site_roots_warn_of_missing(const struct rules *rules)
{
	for (size_t i = 0; i < rules->site_count; i++) {
		const struct site *site = &rules->sites[i];
		struct text_list required = { 0 };

		if (site->found == NULL || site->found->required_error == 0)
			continue;
		if (list_required(rules, i, &required) == 0)
			log_warning("root %s: the required file %s: %s; requests would be answered with 503",
				    site->root, required.list[site->found->required_failed],
				    strerror(-site->found->required_error));
		text_list_clear(&required);
	}
}

/* --- the roots and their files --- */

/* Returns a root of the former generation that is equal, or NULL. */
static struct root *find_like(const struct rules *before, const struct root_place *place,
			      const struct root_found *found, const struct files_options *options)
{
	for (size_t i = 0; before != NULL && i < before->site_count; i++)
		if (has_own(before, i) && root_is_like(before->sites[i].watched, place, found, options))
			return before->sites[i].watched;
	return NULL;
}

/* Sets site->watched from site->found. Returns 0 or -errno. */
static int make_root(struct site *site, const struct root_place *place, const struct rules *before,
		     const struct files_options *options)
{
	struct root *like = find_like(before, place, site->found, options);
	int error = 0;

	if (like != NULL) {
		close(site->root_fd);
		site->watched = root_ref(like);
	} else {
		error = root_new(&site->watched, place, site->found, options);
	}
	if (error != 0)
		return error;
	free(site->found);
	site->found = NULL;
	site->root_fd = root_fd(site->watched);
	site->files = root_files(site->watched);
	return 0;
}

static int make_files(struct rules *rules, size_t i, const struct rules *before, const struct files_options *options)
{
	struct text_list required = { 0 };
	int error = list_required(rules, i, &required);

	if (error == 0)
		error = make_root(&rules->sites[i],
				  &(struct root_place){ .path = rules->sites[i].root,
							.symlinks = options->symlinks,
							.required = &required },
				  before, options);
	text_list_clear(&required);
	return error;
}

int site_roots_make_files(struct rules *rules, const struct rules *before, const struct files_options *options)
{
	struct files_options own = *options;
	int error = 0;

	for (size_t i = 0; i < rules->site_count && error == 0; i++) {
		struct site *site = &rules->sites[i];

		own.root_fd = site->root_fd;
		if (has_own(rules, i))
			error = make_files(rules, i, before, &own);
		else
			site->files = rules->sites[0].files;
	}
	return error;
}

void site_roots_watch(struct rules *rules, atomic_uint *replaced)
{
	for (size_t i = 0; i < rules->site_count; i++) {
		int error = has_own(rules, i) ? root_watch(rules->sites[i].watched, replaced) : 0;

		if (error != 0)
			log_error("root %s: cannot start the thread that watches its path: %s; changes of the path "
				  "are not detected",
				  rules->sites[i].root, strerror(-error));
	}
}

unsigned site_roots_gone(const struct rules *rules, unsigned *count)
{
	unsigned gone = 0;

	*count = 0;
	for (size_t i = 0; i < rules->site_count; i++) {
		*count += has_own(rules, i);
		gone += has_own(rules, i) && root_is_gone(rules->sites[i].watched);
	}
	return gone;
}

const struct root *site_roots_distinct(const struct rules *rules, size_t i)
{
	if (!has_own(rules, i))
		return NULL;
	for (size_t j = 0; j < i; j++)
		if (has_own(rules, j) && strcmp(rules->sites[j].root, rules->sites[i].root) == 0)
			return NULL;
	return rules->sites[i].watched;
}

bool site_roots_are_ready(const struct rules *rules, char *reason, size_t reason_bytes)
{
	unsigned count, gone = site_roots_gone(rules, &count);

	for (size_t i = 0; i < rules->site_count; i++)
		if (has_own(rules, i) && root_is_required(rules->sites[i].watched) &&
		    !root_is_ready(rules->sites[i].watched, reason, reason_bytes))
			return false;
	if (gone < count)
		return true;
	snprintf(reason, reason_bytes, "all roots are gone");
	return false;
}

static bool have_answered(const struct rules *rules, uint64_t since_ns)
{
	for (size_t i = 0; i < rules->site_count; i++)
		if (has_own(rules, i) && !root_has_answered(rules->sites[i].watched, since_ns))
			return false;
	return true;
}

bool site_roots_respond(const struct rules *rules, unsigned patience_ms)
{
	const uint64_t since_ns = clock_now_ns();

	for (size_t i = 0; i < rules->site_count; i++)
		if (has_own(rules, i))
			root_ask(rules->sites[i].watched);
	for (unsigned waited_ms = 0; waited_ms < patience_ms; waited_ms += STEP_MS) {
		if (have_answered(rules, since_ns))
			return true;
		nanosleep(&(struct timespec){ .tv_nsec = STEP_MS * CLOCK_NS_PER_MS }, NULL);
	}
	return have_answered(rules, since_ns);
}

const char *site_roots_first(const struct rules *rules)
{
	return rules->sites[0].root != NULL ? rules->sites[0].root : rules->sites[1].root;
}

int site_roots_first_fd(const struct rules *rules)
{
	size_t i = 0;

	while (i < rules->site_count - 1 && rules->sites[i].root_fd < 0)
		i++;
	return rules->sites[i].root_fd;
}

const char *site_roots_host(const struct rules *rules, const struct file_root *root)
{
	for (size_t i = 0; i < rules->site_count; i++)
		if (has_own(rules, i) && files_is_below(rules->sites[i].files, root))
			return rules->sites[i].host;
	return NULL;
}

void site_roots_free_files(struct rules *rules)
{
	for (size_t i = 0; i < rules->site_count; i++) {
		struct site *site = &rules->sites[i];

		site->files = NULL;
		if (site->watched == NULL)
			continue;
		root_unref(site->watched);
		site->watched = NULL;
		site->root_fd = -1;
	}
}

void site_roots_close(struct rules *rules)
{
	for (size_t i = 0; i < rules->site_count; i++) {
		if (rules->sites[i].root_fd >= 0)
			close(rules->sites[i].root_fd);
		free(rules->sites[i].found);
		rules->sites[i].found = NULL;
		rules->sites[i].root_fd = -1;
	}
}
