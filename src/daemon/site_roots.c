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

#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/root.h"

/* Returns true if site i has its own root. */
static bool has_own(const struct rules *rules, size_t i)
{
	return rules->sites[i].root != NULL;
}

int site_roots_open(struct rules *rules)
{
	for (size_t i = 0; i < rules->site_count; i++) {
		struct site *site = &rules->sites[i];

		if (!has_own(rules, i))
			continue;
		site->root_fd = root_open(site->root);
		if (site->root_fd < 0)
			return site->root_fd;
	}
	return 0;
}

/* Returns a root of the former generation with the same path and the same directory, or NULL. */
static struct root *find_like(const struct rules *before, const char *path, const struct files_options *options)
{
	for (size_t i = 0; before != NULL && i < before->site_count; i++)
		if (has_own(before, i) && root_is_like(before->sites[i].watched, path, options))
			return before->sites[i].watched;
	return NULL;
}

static int make_files(struct site *site, const struct rules *before, const struct files_options *options)
{
	struct root *like = find_like(before, site->root, options);
	int error = 0;

	if (like != NULL) {
		close(site->root_fd);
		site->watched = root_ref(like);
	} else {
		error = root_new(&site->watched, site->root, site->root_fd, options);
	}
	if (error != 0)
		return error;
	site->root_fd = root_fd(site->watched);
	site->files = root_files(site->watched);
	return 0;
}

int site_roots_make_files(struct rules *rules, const struct rules *before, const struct files_options *options)
{
	struct files_options own = *options;
	int error = 0;

	for (size_t i = 0; i < rules->site_count && error == 0; i++) {
		struct site *site = &rules->sites[i];

		own.root_fd = site->root_fd;
		if (has_own(rules, i))
			error = make_files(site, before, &own);
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
		rules->sites[i].root_fd = -1;
	}
}
