/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is sent, in all and by where it comes from, now and over time. Pure. */
#ifndef CTL_SENT_H
#define CTL_SENT_H

#include "ctl/frame.h"

#define CTL_SENT_ROWS (1 + CTL_SOURCES) /* at least */

/* The first chart is so many rows higher. */
void ctl_sent_draw(struct ctl_frame *frame, unsigned more_rows);

#endif
