/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The report for programs: one JSON object, its keys as ranged-probe(8) has them. */
#ifndef PROBE_JSON_H
#define PROBE_JSON_H

#include <stdio.h>

#include "probe/verdict.h"

/* 0 or -EIO (it could not be written), -ENOMEM. */
int probe_json_print(FILE *out, const struct probe_result *result, const struct probe_verdict *verdict);

#endif
