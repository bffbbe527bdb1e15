/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The output of `ranged-ctl status`: the most important numbers of /status as lines of text. */
#ifndef CTL_SUMMARY_H
#define CTL_SUMMARY_H

#include <jansson.h>

#include "ctl/canvas.h"

/* The size in characters of a canvas that has room for every summary, even with the longest names. */
#define CTL_SUMMARY_ROWS 200
#define CTL_SUMMARY_WIDTH 1024

/* Draws the summary. Lines are broken at `columns` columns, but never within an item. */
void ctl_summary_draw(struct ctl_canvas *canvas, unsigned columns, const json_t *status);

#endif
