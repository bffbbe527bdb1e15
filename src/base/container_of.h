/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finds the struct around an embedded member. Callbacks receive the member, such as a timer, a message or a job. */
#ifndef BASE_CONTAINER_OF_H
#define BASE_CONTAINER_OF_H

#include <stddef.h>

/*
 * Returns a pointer to the struct of type `type` whose member `member` is at `pointer`. The sizeof has no effect at run
 * time. It makes the compiler reject a pointer whose type differs from the type of the member.
 */
/* clang-format off */
#define container_of(pointer, type, member) \
	((type *)((char *)(pointer)-offsetof(type, member) + 0 * sizeof((pointer) == &((type *)0)->member)))
/* clang-format on */

#endif
