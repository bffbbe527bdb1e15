/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finds the struct around an embedded member: callbacks receive the member, such as a timer, a message or a job. */
#ifndef BASE_CONTAINER_OF_H
#define BASE_CONTAINER_OF_H

#include <stddef.h>

/*
 * Returns the struct of this type whose member the pointer points to. The sizeof has no effect at run time: the compiler
 * rejects a pointer of another type than the member's.
 */
/* clang-format off */
#define container_of(pointer, type, member) \
	((type *)((char *)(pointer)-offsetof(type, member) + 0 * sizeof((pointer) == &((type *)0)->member)))
/* clang-format on */

#endif
