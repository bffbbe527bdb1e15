/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The tables of `top`: disks; files and clients that most is sent of and to. Pure. */
#ifndef CTL_TABLES_H
#define CTL_TABLES_H

#include "ctl/frame.h"

/* With the titles; what ctl_tables_devices() takes. */
unsigned ctl_tables_device_rows(const struct ctl_frame *frame);
void ctl_tables_devices(struct ctl_frame *frame);

/* How many rows would show all of them, and as many as there are rows for. */
unsigned ctl_tables_list_rows(const struct ctl_frame *frame);
void ctl_tables_lists(struct ctl_frame *frame, unsigned rows);

#endif
