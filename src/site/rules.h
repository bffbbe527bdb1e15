/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the configuration says of a request: its site (by the Host field), and the blocks that its path falls under,
 * laid over each other. Immutable after the start: every thread reads it.
 */
#ifndef SITE_RULES_H
#define SITE_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "site/settings.h"

#define RULES_SITES_MAX 64 /* with the top level; a bit each */
#define RULES_LISTENERS_MAX 64
#define RULES_CHAIN_MAX 32 /* blocks that one path falls under */

struct files;
struct log_form;
struct root;

/* One location block. */
struct rule {
	char *pattern; /* begins with a slash: a prefix of paths, or a glob if it has one of "*?["; else a glob of names
			*/
	unsigned line; /* where it begins in the file */
	struct settings settings;
};

/* What is served under one name. All names share what the top level says; all zero but for that is the site of no name.
 */
struct site {
	char *host; /* "www.example.org", "*.example.org", "*"; NULL: the top level, which is the first of all sites */
	unsigned line;
	char *root;	     /* NULL: of the top level, whoever serves no folder without a name */
	char *access_log;    /* NULL: as the top level; "": none */
	char *access_format; /* NULL: as the top level */
	struct settings settings;
	struct rule *list; /* rules_finish() puts prefixes in front, the short ones first */
	size_t count;
	/* while it runs; the daemon's */
	struct root *watched; /* the next two are of it; NULL: of no root yet, or of the top level's */
	int root_fd;
	struct files *files;
	unsigned https_port; /* of the first listener for TLS where it is to be had; 0: there is none, or not yet */
	unsigned log;	     /* where its requests go, in this form: see log_request(); 0: nowhere */
	struct log_form *log_form;
};

struct rules {
	struct site sites[RULES_SITES_MAX];
	size_t site_count;			 /* at least 1: the top level */
	uint64_t listeners[RULES_LISTENERS_MAX]; /* which sites can be asked for there: a bit each */
	uint16_t ports[RULES_LISTENERS_MAX];	 /* while they listen; 0: a Unix socket */
};

/* What holds for one path; rules_match() fills it. */
struct match {
	const struct site *site;
	const struct settings *settings; /* all blocks laid over each other: top->settings or `merged` */
	unsigned count;			 /* of the chain, which goes from outer to inner */
	uint64_t key;			 /* the same for two paths of the same blocks */
	/* from here on nothing is cleared beforehand */
	const struct settings *chain[RULES_CHAIN_MAX];
	const struct rule *rules[RULES_CHAIN_MAX]; /* NULL: the top level or the site itself */
	struct settings merged;
};

/* One site, the top level, with nothing said. */
void rules_init(struct rules *rules);
void rules_fini(struct rules *rules);

/* NULL, or why there can't be such a pattern, or host (a static string). */
const char *rules_pattern_fault(const char *pattern);
const char *rules_host_fault(const char *host);

/* A rule, or site, that says nothing yet. A rule moves with the next one of its site. NULL: no memory. */
struct rule *rules_add(struct site *site, const char *pattern);
struct site *rules_add_site(struct rules *rules, const char *host);
/* All blocks are known. */
void rules_finish(struct rules *rules);

/*
 * The site for this host (as in a Host field, with a port or without; any case) among those of the listener: the same
 * name, else the longest "*.name", else "*", else the top level if it has a root; NULL: none is meant (421). host may
 * be NULL.
 */
const struct site *rules_find_site(const struct rules *rules, unsigned listener, const char *host, size_t host_length);

/*
 * path as in struct path: decoded, normalised, without the slashes it begins and ends with; folder: it ended in one.
 * Prefixes are made of whole names: "/a" is one of "a" and "a/b", not of "ab"; "/a/" of the folder "a" and of what is
 * below it. In a glob "*" is any bytes, slashes too; one that does not begin with a slash is about the last name. 0, or
 * -E2BIG: more than RULES_CHAIN_MAX blocks.
 */
int rules_match(const struct rules *rules, const struct site *site, const char *path, bool folder, struct match *match);

/* A "hide" of any of the blocks is about this path: about one of its names, or, if it begins with a slash, about it or
 * a folder it is in. */
bool rules_hides(const struct match *match, const char *path);

/* The bytes of the prefix, its first slash included, of the innermost block that says this; 0: that is no prefix. */
size_t rules_prefix_bytes(const struct match *match, enum setting setting);

#endif
