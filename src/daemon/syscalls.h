/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The system calls that a sandbox or an old kernel may refuse, and without which nothing can be served. Tried at
 * start, before any of them is needed: otherwise the first sign of a refused openat2(2) would be a 403 for every path.
 */
#ifndef DAEMON_SYSCALLS_H
#define DAEMON_SYSCALLS_H

#include <stdbool.h>
#include <stdio.h>

/*
 * Tries each call. True if none is refused; otherwise one line in `faults` names them and says what to do. Changes
 * nothing.
 */
bool syscalls_check(FILE *faults);

#endif
