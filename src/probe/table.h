/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints the measured cells (measure.c) as a bar chart and two tables, within 80 columns. */
#ifndef PROBE_TABLE_H
#define PROBE_TABLE_H

#include "probe/measure.h"
#include "probe/style.h"

/* Prints the chart and the tables to style->out. */
void probe_table_print(const struct probe_style *style, const struct probe_result *result);

#endif
