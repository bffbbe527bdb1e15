/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What has been counted so far, as lines of the log: "stats SUBJECT key=value key=value …". */
#ifndef DAEMON_REPORT_H
#define DAEMON_REPORT_H

#include "daemon/snapshot.h"

/* Any thread. */
void report_log(const struct snapshot *snapshot);

#endif
