/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The steps that find the file: by its path, as the index of a directory, or by the paths of "try". Runs on the
 * reactor's thread.
 */
#ifndef STEPS_LOCATE_H
#define STEPS_LOCATE_H

#include "request/request.h"

/* Step: starts the lookup of the current path. Returns STEP_NEXT or STEP_REPLY. */
enum step_result locate_find(struct request *request);
/*
 * Step: handles the result of the lookup. Returns STEP_NEXT with selected.file set, STEP_WAIT, STEP_TO_RULES for the
 * next index or "try", STEP_TO_LISTING, or STEP_REPLY: a redirect to the path with a slash, or an error.
 */
enum step_result locate_found(struct request *request);
/*
 * Continues the search because the rules hide the current path, an index or a path of "try". Returns the same results
 * as locate_found().
 */
enum step_result locate_hidden(struct request *request);

#endif
