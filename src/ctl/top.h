/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The command `ranged-ctl top`. The functions return an exit status of sysexits.h. */
#ifndef CTL_TOP_H
#define CTL_TOP_H

#include "ctl/client.h"

#include <stdint.h>

/* Shows a live screen until the user quits. A signal that ends the screen also ends the process. */
int ctl_top_run(struct ctl_client *client, uint64_t interval_ms, bool unicode);

/* Prints one frame as text, from two answers of /status with this interval between them. */
int ctl_top_once(struct ctl_client *client, uint64_t interval_ms, bool unicode);

#endif
