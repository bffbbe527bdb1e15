/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The tables of `top`: the disks, and the files and clients with the most bytes sent. */
#ifndef CTL_TABLES_H
#define CTL_TABLES_H

#include "ctl/frame.h"

/* Returns the number of rows that the table of disks needs, including the row of titles. */
unsigned ctl_tables_device_rows(const struct ctl_frame *frame);
/* Draws the table of disks. */
void ctl_tables_devices(struct ctl_frame *frame);

/* Returns the number of rows that are needed to show all files and clients. */
unsigned ctl_tables_list_rows(const struct ctl_frame *frame);
/* Draws the files and clients in this number of rows. Entries that do not fit are omitted. */
void ctl_tables_lists(struct ctl_frame *frame, unsigned rows);

#endif
