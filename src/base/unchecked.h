/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The attribute of functions that sanitizers must not check. Each use states its reason. */
#ifndef BASE_UNCHECKED_H
#define BASE_UNCHECKED_H

#define UNCHECKED __attribute__((no_sanitize("address", "thread", "undefined")))

#endif
