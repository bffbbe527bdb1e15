/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The measured cells as two tables and a bar chart, within 80 columns. */
#ifndef PROBE_TABLE_H
#define PROBE_TABLE_H

#include "probe/measure.h"
#include "probe/style.h"

void probe_table_print(const struct probe_style *style, const struct probe_result *result);

#endif
