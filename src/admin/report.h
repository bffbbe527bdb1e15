/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What has been counted so far, as lines of the log: "stats SUBJECT key=value key=value …". */
#ifndef ADMIN_REPORT_H
#define ADMIN_REPORT_H

#include "admin/snapshot.h"

/* Any thread. */
void report_log(const struct snapshot *snapshot);

#endif
