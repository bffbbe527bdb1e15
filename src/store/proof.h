/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Proof that the bytes which were read from a remote file (struct file, `remote`) are of the file's version. The attributes that a
 * client of a network filesystem or of FUSE has at hand may be old, and asking the server takes a while. So the bytes may go into the
 * cache, and the first of a long body to the client, before the answer is here:
 *
 *	read ends at time r --> unproven --(a check that began at r or later found the version)--> proven
 *	                           |
 *	                           +------(a check found another version)--> file->changed: all that is asked from then on is -ESTALE,
 *	                                                                     and the table of files forgets the version
 *
 * The extent remembers r (0: its file is local, and the version was checked before the extent was ready), the file when the last good
 * check began. Both times are of CLOCK_MONOTONIC, so a version in the cache is proven by a check of any struct file of that version.
 * No response is complete before all of its bytes are proven: see store.c (whatever is one want) and transfer.c (the last part of a
 * longer body). At most one check of a file is under way, on an offload thread. All that is asked while one runs share the next one.
 */
#ifndef STORE_PROOF_H
#define STORE_PROOF_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/reactor.h"
#include "store/file.h"

/* One question, until it is answered. Belongs to its reactor's thread. */
struct proof;

struct proof_options {
	struct file *file; /* a reference is taken */
	uint64_t since_ns; /* no earlier check will do */
	struct reactor *reactor;
	unsigned *pending; /* counts the questions that still need the reactor */
	void (*done)(void *context, int error); /* on the reactor; 0, -ESTALE or -errno of the check */
	void *context;
};

/* Proves nothing new: whether bytes that were read until `read_ns` are known to be of the file's version. Any thread. */
bool proof_is_known(const struct file *file, uint64_t read_ns);

/* 1: they are of its version. 0: done() will run once. -ESTALE: the file changed. -ENOMEM. */
int proof_new(struct proof **proof, const struct proof_options *options);
/* done() will not run. NULL is fine. */
void proof_cancel(struct proof *proof);

/* Starts a check if none is under way and the last good one began more than a second ago. Nothing for a local file. Any thread. */
void proof_refresh(struct file *file);

#endif
