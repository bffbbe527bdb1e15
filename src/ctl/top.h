/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The command `ranged-ctl top`. The functions return an exit status of sysexits.h. */
#ifndef CTL_TOP_H
#define CTL_TOP_H

#include "ctl/client.h"

#include <stdint.h>

/* Shows a live screen until the user quits. A signal that closes the screen then also ends the process. */
int ctl_top_run(struct ctl_client *client, uint64_t interval_ms, bool unicode);

/* Requests /status twice, with this interval between the requests, and prints one frame as text. */
int ctl_top_once(struct ctl_client *client, uint64_t interval_ms, bool unicode);

#endif
