/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The steps that find a file by the requested path, as the index of a directory, or by the paths of "try". They run on
 * the reactor's thread.
 */
#ifndef STEPS_LOCATE_H
#define STEPS_LOCATE_H

#include "request/request.h"

/* Step: starts the lookup of the current path. Returns STEP_NEXT or STEP_REPLY. */
enum step_result locate_find(struct request *request);
/*
 * Step: handles the result of the lookup. Returns STEP_NEXT with selected.file set, STEP_WAIT, STEP_TO_RULES for the
 * next index or path of "try", STEP_TO_LISTING, or STEP_REPLY with a redirect to the path with a slash or with an
 * error.
 */
enum step_result locate_found(struct request *request);
/*
 * Continues the search if the rules hide the current path, which is an index or a path of "try". Returns the same
 * results as locate_found().
 */
enum step_result locate_hidden(struct request *request);

#endif
