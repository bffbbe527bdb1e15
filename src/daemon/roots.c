/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A table of open files knows paths below one root only, so each site that has a root has a table; what is read through them is one
 * cache's all the same, since that goes by device and inode.
 */
#include "daemon/roots.h"

#include <unistd.h>

#include "daemon/limits.h"

static bool has_own(const struct rules *rules, size_t i)
{
	return rules->sites[i].root != NULL;
}

int roots_open(struct rules *rules)
{
	for (size_t i = 0; i < rules->site_count; i++) {
		struct site *site = &rules->sites[i];

		if (!has_own(rules, i))
			continue;
		site->root_fd = limits_open_root(site->root);
		if (site->root_fd < 0)
			return site->root_fd;
	}
	return 0;
}

static int make_files(struct files **files, const struct rules *before, const struct files_options *options)
{
	for (size_t i = 0; before != NULL && i < before->site_count; i++) {
		if (!has_own(before, i) || !files_is_like(before->sites[i].files, options))
			continue;
		*files = files_ref(before->sites[i].files);
		return 0;
	}
	return files_new(files, options);
}

int roots_make_files(struct rules *rules, const struct rules *before, const struct files_options *options)
{
	struct files_options own = *options;
	int error = 0;

	for (size_t i = 0; i < rules->site_count && error == 0; i++) {
		struct site *site = &rules->sites[i];

		own.root_fd = site->root_fd;
		if (has_own(rules, i))
			error = make_files(&site->files, before, &own);
		else
			site->files = rules->sites[0].files;
	}
	return error;
}

const char *roots_first(const struct rules *rules)
{
	return rules->sites[0].root != NULL ? rules->sites[0].root : rules->sites[1].root;
}

int roots_first_fd(const struct rules *rules)
{
	size_t i = 0;

	while (i < rules->site_count - 1 && rules->sites[i].root_fd < 0)
		i++;
	return rules->sites[i].root_fd;
}

void roots_let_go(const struct rules *rules)
{
	for (size_t i = 0; i < rules->site_count; i++)
		if (has_own(rules, i))
			files_let_go(rules->sites[i].files);
}

void roots_stats(const struct rules *rules, struct files_stats *stats)
{
	*stats = (struct files_stats){ 0 };
	for (size_t i = 0; i < rules->site_count; i++) {
		struct files_stats one;

		if (!has_own(rules, i))
			continue;
		files_stats(rules->sites[i].files, &one);
		stats->open += one.open;
		stats->hits += one.hits;
		stats->opens += one.opens;
		stats->looks += one.looks;
		stats->failures += one.failures;
	}
}

unsigned roots_top(const struct rules *rules, struct files_rank *ranks, unsigned count)
{
	unsigned used = 0;

	for (size_t i = 0; i < rules->site_count; i++)
		if (has_own(rules, i))
			used = files_top(rules->sites[i].files, (unsigned)i, ranks, used, count);
	return used;
}

void roots_name_all(const struct rules *rules, struct files_name *names, size_t count)
{
	for (size_t i = 0; i < rules->site_count; i++)
		if (has_own(rules, i))
			files_name_all(rules->sites[i].files, (unsigned)i, names, count);
}

void roots_free_files(struct rules *rules)
{
	for (size_t i = 0; i < rules->site_count; i++) {
		if (has_own(rules, i))
			files_unref(rules->sites[i].files);
		rules->sites[i].files = NULL;
	}
}

void roots_close(struct rules *rules)
{
	for (size_t i = 0; i < rules->site_count; i++) {
		if (rules->sites[i].root_fd >= 0)
			close(rules->sites[i].root_fd);
		rules->sites[i].root_fd = -1;
	}
}
