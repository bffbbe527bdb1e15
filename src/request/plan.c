/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Divides a body into pieces. The pieces are generated one at a time, when the transfer requests them, so the memory of
 * a plan does not depend on the length of the body. Spans end at multiples of block_bytes of the file, not of the
 * range. Each disk block therefore belongs to one span of a range only, and is read once for that range. Two ranges may
 * share the block in which one range ends and the other range begins. The transfer owns the plan. All functions run on
 * the reactor's thread.
 */
#include "request/plan.h"

#include "base/align.h"

void plan_init(struct plan *plan, const struct range_set *set, const struct multipart *multipart, size_t block_bytes)
{
	*plan = (struct plan){
		.set = set,
		.multipart = multipart,
		.block_bytes = block_bytes,
		.in_text = multipart != NULL,
		.position = set->ranges[0].first,
	};
}

static void next_part(struct plan *plan)
{
	plan->part++;
	plan->in_text = plan->multipart != NULL;
	if (plan->part < plan->set->count)
		plan->position = plan->set->ranges[plan->part].first;
}

static bool next_text(struct plan *plan, struct plan_piece *piece)
{
	*piece = (struct plan_piece){ .is_text = true,
				      .part = plan->part,
				      .length = multipart_head_bytes(plan->multipart, plan->part) };
	plan->in_text = false;
	return true;
}

bool plan_next(struct plan *plan, struct plan_piece *piece)
{
	uint64_t last, block_end;

	if (plan->in_text)
		return next_text(plan, piece);
	if (plan->part >= plan->set->count)
		return false;
	last = plan->set->ranges[plan->part].last;
	block_end = align_down(plan->position, plan->block_bytes) + (plan->block_bytes - 1);
	if (block_end > last)
		block_end = last;
	*piece = (struct plan_piece){ .offset = plan->position, .length = (size_t)(block_end - plan->position + 1) };
	if (block_end == last)
		next_part(plan);
	else
		plan->position = block_end + 1;
	return true;
}
