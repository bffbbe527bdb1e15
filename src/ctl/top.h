/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* `ranged-ctl top`: what is going on, once a second until it is told to stop, or in one frame. */
#ifndef CTL_TOP_H
#define CTL_TOP_H

#include "ctl/client.h"

#include <stdint.h>

/* On the terminal. Returns a sysexit; a signal that ends it ends the process. */
int ctl_top_run(struct ctl_client *client, uint64_t interval_ms, bool unicode);

/* One frame as text, made of two answers that are so far apart. Returns a sysexit. */
int ctl_top_once(struct ctl_client *client, uint64_t interval_ms, bool unicode);

#endif
