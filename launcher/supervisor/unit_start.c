/* SPDX-License-Identifier: MIT */
#include "launcher/supervisor/unit_start.h"

#include "launcher/supervisor/svc.h"

static void note(int32_t *time_ms, int64_t since_ms)
{
	if (*time_ms < 0)
		*time_ms = since_ms < 0 ? 0 : since_ms < INT32_MAX ? (int32_t)since_ms : INT32_MAX;
}

void unit_start_launched(struct unit_start *self, int64_t since_ms)
{
	note(&self->launched_ms, since_ms);
}

void unit_start_probed(struct unit_start *self, int64_t since_ms)
{
	if (self->launched_ms >= 0 && self->ended_ms < 0)
		note(&self->probed_ms, since_ms);
}

void unit_start_changed(struct unit_start *self, const struct svc *svc, int64_t since_ms)
{
	const bool ended = svc->state == SVC_COMPLETED || svc->state == SVC_FAILED;

	if (self->ended_ms < 0 && !ended && svc_is_settled(svc))
		note(&self->ready_ms, since_ms);
	else if (ended && (svc->policy.one_shot || self->ready_ms < 0))
		note(&self->ended_ms, since_ms);
}
