/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The rules of the configuration for a request: its site, which the Host field selects, and the blocks that match its
 * path, merged. The main thread builds the rules while it reads the configuration. Afterwards, any thread may read the
 * rules, and they are immutable except for some members of struct site, which are marked below.
 */
#ifndef SITE_RULES_H
#define SITE_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "site/settings.h"

/* maximum number of sites, including the top level; each site has one bit in rules->listeners */
#define RULES_SITES_MAX 64
#define RULES_LISTENERS_MAX 64
#define RULES_ALIASES_MAX 64	    /* maximum number of further names of one site */
#define RULES_CHAIN_MAX 32	    /* maximum number of blocks that match one path */
#define RULES_LOCATION_ROOTS_MAX 64 /* maximum number of locations with a root */
#define RULES_ROOTS_MAX (RULES_SITES_MAX + RULES_LOCATION_ROOTS_MAX)
#define RULES_NO_ROOT RULES_ROOTS_MAX

struct files;
struct log_form;
struct root;
struct root_found;
struct site;

/* One location block. */
struct rule {
	char *pattern; /* see pattern.h */
	unsigned line; /* line of the file where the block begins */
	unsigned root; /* index in rules->roots if the block contains a root, set by rules_finish() */
	struct settings settings;
};

/* A served directory: the root of a site, or of a location. */
struct rules_root {
	const char *path; /* owned by the site or by the settings of the location */
	const struct site *site;
	const struct rule *location; /* NULL: the root of the site */
	/* The members below belong to the daemon, which sets them before it publishes the rules to the workers. */
	struct root_found *found; /* result of the lookup of the path; NULL: not opened, or `watched` is set */
	struct root *watched;	  /* owner of `fd` and `files`; NULL: not open yet */
	int fd;
	struct files *files;
};

/* A site block, or the top level of the file. Every site inherits the settings of the top level. */
struct site {
	char *host; /* "www.example.org", "*.example.org" or "*"; NULL for the top level, which is the first site */
	struct text_list aliases; /* further names in the same form; logs and messages show `host` */
	unsigned line;
	char *root;		  /* served directory; NULL: the root of the top level, if it has one */
	unsigned served;	  /* index of the root in rules->roots, or RULES_NO_ROOT; set by rules_finish() */
	struct text_list require; /* files that must exist below the root; no elements: the list of the top level */
	char *access_log;	  /* NULL: the access log of the top level; "": no access log */
	char *access_format;	  /* NULL: the format of the top level */
	struct settings settings;
	struct rule *list; /* location blocks; rules_finish() sorts them */
	size_t count;	   /* number of location blocks */
	/* The members below belong to the daemon, which sets them before it publishes the rules to the workers. */
	unsigned https_port;	   /* port of the first TLS listener of this site; 0: none, or not listening yet */
	unsigned log;		   /* access log of this site, for log_request(); 0: none */
	struct log_form *log_form; /* format of the access log of this site */
};

struct rules {
	struct site sites[RULES_SITES_MAX];
	size_t site_count;			  /* at least 1: the top level */
	struct rules_root roots[RULES_ROOTS_MAX]; /* roots of the sites and of their locations, set by rules_finish() */
	size_t root_count;
	bool has_location_roots;
	uint64_t listeners[RULES_LISTENERS_MAX]; /* sites that each listener serves; bit i is sites[i] */
	uint16_t ports[RULES_LISTENERS_MAX];	 /* port of each open listener; 0: a Unix socket */
};

/* The rules for one path. The request owns the struct, and rules_match() fills it. */
struct match {
	const struct site *site;
	/* the merged settings: points to the settings of the top level, or to `merged` */
	const struct settings *settings;
	const struct rules_root *root; /* the directory of the path; NULL: the site has no root */
	size_t root_prefix_bytes;      /* length of the prefix that the root replaces, see path_below() */
	unsigned count;		       /* number of blocks in `chain` */
	uint64_t key;		       /* equal for two paths that match the same blocks */
	/* rules_match() does not clear the members below. Only the first `count` elements of the arrays are valid. */
	const struct settings *chain[RULES_CHAIN_MAX]; /* the matching blocks, from the outermost to the innermost */
	const struct rule *rules[RULES_CHAIN_MAX];     /* NULL: the block is the top level or a site */
	struct settings merged;
};

/* Initialises rules to a top level without settings. */
void rules_init(struct rules *rules);
/* Frees all sites and blocks. */
void rules_fini(struct rules *rules);

/* Returns NULL if the host of a site is valid, or a static string that describes the error. */
const char *rules_host_fault(const char *host);

/* Returns the site that has this name, ignoring case, as its host or an alias. Returns NULL if no site has it. */
const struct site *rules_find_name(const struct rules *rules, const char *host);

/*
 * Add an empty location block to a site, or an empty site. The next rules_add() for the same site invalidates the
 * pointer to a block. Return NULL if memory runs out. Called on the main thread.
 */
struct rule *rules_add(struct site *site, const char *pattern);
struct site *rules_add_site(struct rules *rules, const char *host);
/*
 * Sorts the blocks of each site: prefixes from short to long, then globs. Then lists the roots. Must be called after
 * all blocks are added. At most RULES_LOCATION_ROOTS_MAX locations may have a root.
 */
void rules_finish(struct rules *rules);

/*
 * Returns the site for a host among the sites of a listener. The host is the value of a Host field, with or without a
 * port, in upper or lower case. The host may be NULL. The order of precedence is: the exact name, the longest matching
 * "*.name", "*", and the top level if it has a root. Returns NULL if no site matches (status 421).
 */
const struct site *rules_find_site(const struct rules *rules, unsigned listener, const char *host, size_t host_length);

/*
 * Returns the site whose log has the requests that belong to no site of the listener. This is the top level. If the top
 * level has no log, it is the first site of the listener that has one. Therefore no line is lost if only sites have
 * logs. Never returns NULL.
 */
const struct site *rules_log_of_strangers(const struct rules *rules, unsigned listener);

/*
 * Finds the blocks that match a path. The path has the form of struct path: decoded, normalised, without leading and
 * trailing slashes. is_directory is true if the target ended in a slash. pattern_matches() compares the patterns. The
 * prefix "/a/" of a location with a root also matches "a" without a slash, so that the client is redirected.
 * Returns 0, or -E2BIG if more than RULES_CHAIN_MAX blocks match.
 */
int rules_match(const struct rules *rules, const struct site *site, const char *path, bool is_directory,
		struct match *match);

/* Returns true if a "hide" pattern of any of the blocks matches the path. See pattern_hides(). */
bool rules_hides(const struct match *match, const char *path);

/* Returns true if the innermost block with one of the settings has `setting`. If it has both, returns true. */
bool rules_prefers(const struct match *match, enum setting setting, enum setting other);

/*
 * Returns the length of the prefix that a root replaces, and sets *prefix to it. The prefix has no slashes at its ends
 * and does not end in a NUL. Returns 0 for the root of a site.
 */
size_t rules_root_prefix(const struct rules_root *root, const char **prefix);

/*
 * Returns the length of the prefix, including its leading slash, of the innermost block that has this setting. Returns
 * 0 if that block is not a prefix.
 */
size_t rules_prefix_bytes(const struct match *match, enum setting setting);

#endif
