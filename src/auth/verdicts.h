/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which credentials were right or wrong a short while ago. Bounded; a table forgets what is oldest. Not locked: its
 * owner's business. */
#ifndef AUTH_VERDICTS_H
#define AUTH_VERDICTS_H

#include <stdbool.h>
#include <stdint.h>

#define VERDICTS_KEY_BYTES 32

struct verdicts;

enum verdict { VERDICT_NONE, VERDICT_GOOD, VERDICT_BAD };

/* 0 or -ENOMEM. */
int verdicts_new(struct verdicts **verdicts);
void verdicts_free(struct verdicts *verdicts);

/* key: a keyed hash, of which nobody outside can choose a bit. generation: of the file; a verdict holds for its own
 * only. */
enum verdict verdicts_find(const struct verdicts *verdicts, const uint8_t key[VERDICTS_KEY_BYTES], uint64_t generation,
			   uint64_t now_ns);
void verdicts_keep(struct verdicts *verdicts, const uint8_t key[VERDICTS_KEY_BYTES], uint64_t generation, bool good,
		   uint64_t now_ns);

#endif
