/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The system calls that ranged cannot work without, and that a sandbox or an old kernel may refuse. They are tried
 * at start, before any of them is needed. Otherwise the first sign of a refused openat2(2) would be a 403 for every
 * path.
 */
#ifndef DAEMON_SYSCALLS_H
#define DAEMON_SYSCALLS_H

#include <stdbool.h>
#include <stdio.h>

/*
 * Tries each call, without a side effect. Returns true if none is refused. Otherwise writes one line to `faults`
 * that names the refused calls and says what to do.
 */
bool syscalls_check(FILE *faults);

#endif
