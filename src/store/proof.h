/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A proof shows that bytes read from a remote file (struct file, `remote`) belong to the version of the file that is
 * being sent. The client of a network filesystem or of FUSE may have cached attributes that are out of date, and asking
 * the server takes time. Therefore the bytes may enter the cache, and the first bytes of a long body may be sent,
 * before the server has answered.
 *
 *	read ends at time r --> unproven --(a check that began at r or later found the version)--> proven
 *	                           |
 *	                           +------(a check found another version)--> file->changed is set:
 *	                                   every later proof is -ESTALE, and the version is superseded
 *
 * The extent stores r. (r is 0 for a local file, whose version was checked before the extent was ready.) The file
 * stores the time at which its last successful check began. Both times are of CLOCK_MONOTONIC. A check through any
 * struct file of a version therefore proves the cached extents of that version.
 *
 * No response is complete before all of its bytes are proven. store.c ensures this for responses of a single want,
 * transfer.c for the last part of a longer body. At most one check of a file runs at a time, on an offload thread. All
 * proofs that are requested during a check share the next check.
 */
#ifndef STORE_PROOF_H
#define STORE_PROOF_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/reactor.h"
#include "store/file.h"

/* A request for a proof. It exists until done() has run, and is used on the thread of its reactor. */
struct proof;

struct proof_options {
	struct file *file; /* The proof has a reference of its own. */
	uint64_t since_ns; /* the check must begin at this time or later */
	struct reactor *reactor;
	unsigned *pending;			/* counts the proofs that still need the reactor */
	void (*done)(void *context, int error); /* runs on the reactor; `error`: 0, -ESTALE or -errno */
	void *context;
};

/*
 * Returns true if a finished check has proven bytes that were read until `read_ns`. Does not start a check.
 * Thread-safe.
 */
bool proof_is_known(const struct file *file, uint64_t read_ns);

/*
 * Requests a proof. Returns 1 if the bytes are proven already, 0 if done() will run once, -ESTALE if the file
 * changed, or -ENOMEM.
 */
int proof_new(struct proof **proof, const struct proof_options *options);
/* Cancels the request, so that done() will not run. NULL is allowed. */
void proof_cancel(struct proof *proof);

/*
 * Starts a check, unless a check is running, the last successful check began less than max_age_ns ago, or the device
 * does not respond. Has no effect on a local file. Thread-safe.
 */
void proof_refresh(struct file *file, uint64_t max_age_ns);

#endif
