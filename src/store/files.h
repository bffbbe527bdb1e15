/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table of open files: path to struct file, shared by all reactors behind locks, one a part, bounded, least
 * recently used goes first. An error that says nothing about the path (EMFILE, ETIMEDOUT, EACCES …) is the answer of
 * the lookups that waited, but the entry keeps its file, and nothing that is cached is evicted.
 *
 * An entry looked at less than 1 s ago is a hit and costs no syscall. Past half of that, a hit also starts a look in
 * the background, so that a busy file's readers do not wait; past all of it they wait for the look. One look or open
 * per path at a time, whoever asks (single-flight).
 */
#ifndef STORE_FILES_H
#define STORE_FILES_H

#include <stddef.h>

#include "engine/offload.h"
#include "engine/reactor.h"
#include "store/file.h"

struct files;
struct files_shard;
struct files_entry;

struct files_options {
	int root_fd; /* O_PATH or O_DIRECTORY; stays the caller's, the table has one of its own */
	enum file_symlinks symlinks;
	unsigned max_files;	/* open files kept at most (those in use stay open beyond it until their readers end) */
	unsigned revalidate_ms; /* 1000 */
	bool siblings;		/* look at what lies beside files, too, as often as at them */
	struct offload *offload;
	struct devices *devices; /* of the files */
	/* A file was opened. On an offload thread. May be NULL. */
	void (*opened)(void *context, struct file *file);
	/* This version is no more what any path is known to be. On an offload thread. May be NULL. */
	void (*gone)(void *context, const struct file_version *version);
	void *context;
};

/* One lookup; the caller's storage, which lives until done() has run or files_cancel() said true. */
struct files_want {
	struct reactor_message message;
	struct files_want *next;
	struct reactor *reactor;
	uint64_t since_ns; /* the answer must be of a lookup that began then or later (CLOCK_MONOTONIC); 0: any that is
			      fresh enough */
	void (*done)(struct files_want *want); /* on want->reactor */
	struct file *file;		       /* result: a reference the caller owns, or NULL */
	int error;			       /* result: 0 or -errno */
	struct files_shard *shard;	       /* private, as `entry` */
	struct files_entry *entry;
};

struct files_stats {
	unsigned open;
	uint64_t hits, opens, revalidations, failures;
};

/* 0 with one user, or -errno. */
int files_new(struct files **files, const struct files_options *options);
/* One user more. Any thread. */
struct files *files_ref(struct files *files);
/*
 * One less; no want of his waits. With the last one, and once no look is under way, it is gone. Before offload_free(),
 * which closes. NULL is fine.
 */
void files_unref(struct files *files);
/*
 * Another folder takes the place of the root, whose descriptor stays the caller's. Every path is looked up again before
 * it is answered; files that are in use stay open. The second: there is no root for now (lost), or there is again. Any
 * thread, one at a time. 0 or -errno.
 */
int files_replace_root(struct files *files, int root_fd);
void files_set_root_lost(struct files *files, bool lost);
/* Any thread. */
bool files_has_root(const struct files *files);
/* Whether another one of these options, which knows no file yet, would do the same: they have the same root. Main
 * thread. */
bool files_matches(const struct files *files, const struct files_options *options);

/*
 * path: relative and normalised (see http/path.h); copied. want->reactor and ->done are set by the caller.
 * 1: hit, want->file is set. 0: done() runs later, once. -errno (-ENOMEM): nothing was started. Called on
 * want->reactor's thread.
 */
int files_find(struct files *files, const char *path, struct files_want *want);

/* True: the want is out and done() will not run. False: the answer is under way and done() will run. On want->reactor's
 * thread. */
bool files_cancel(struct files_want *want);

/*
 * The caller, who has a reference to `file`, could not use it: -ESTALE. If the table holds it for this path, the next
 * files_find() opens the path again. If file_check() has found that the file changed, its version is reported to
 * options.gone() now; else only if the path turns out to lead to another version. Any thread.
 */
void files_invalidate(struct files *files, const char *path, struct file *file);

/*
 * Replaces *version, which a look at the path has found, by the version under which the bytes of the file are in the
 * cache: its ctime may be older by changes of metadata. Any thread.
 */
void files_cached_version(struct files *files, const char *path, struct file_version *version);

/*
 * Lets go of files that were deleted or replaced and that nobody has asked for since: as long as they are open, their
 * room on the disk is not free. One statx per open file; to be called every few seconds. Any thread, one at a time.
 */
void files_close_deleted(struct files *files);

/* Any thread. */
void files_stats(struct files *files, struct files_stats *stats);

#define FILES_RANK_PATH_BYTES 512

struct files_rank {
	char path[FILES_RANK_PATH_BYTES]; /* without a leading slash; a longer one is cut */
	uint64_t bytes, requests;	  /* since it was opened */
	unsigned table;			  /* its caller's number for it */
};

/*
 * Puts the open files of which most was sent among the `used` ranks that are there, the most first, at most `count`:
 * how many there are now. It looks at those used last only, some thousands. Any thread.
 */
unsigned files_top(struct files *files, unsigned table, struct files_rank *ranks, unsigned used, unsigned count);

/* A version, and the path that the table knows it by. */
struct files_name {
	struct file_version version;
	char path[FILES_RANK_PATH_BYTES]; /* "": none, yet */
	uint64_t requests;
	unsigned table;
	/* its caller's */
	uint64_t bytes, pinned_bytes;
};

/*
 * Fills in those of `names` (sorted by files_compare_names()) that are files of this table, and have no path yet. It
 * looks at those used last only, some thousands. Any thread.
 */
void files_name_all(struct files *files, unsigned table, struct files_name *names, size_t count);
/* As qsort() wants it. */
int files_compare_names(const void *a, const void *b);

#endif
