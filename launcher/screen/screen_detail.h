/* SPDX-License-Identifier: MIT */
/* screen_detail - one unit's story as the dashboard shows it (detail_model), made of what the supervisor tells (client/detail.h). */
#ifndef UPFRONT_LAUNCHER_SCREEN_SCREEN_DETAIL_H
#define UPFRONT_LAUNCHER_SCREEN_SCREEN_DETAIL_H

#include <stddef.h>

struct detail_model;
struct err;
struct screen_detail;
struct view_unit;

#define SCREEN_LAST_WORDS 8u

struct screen_detail *screen_detail_create(void);
void screen_detail_destroy(struct screen_detail *self);

/*
 * Takes an answer of GET /v1/services/NAME/detail in; `unit` is who it is about, `logs` the folder whose file gives the last words. The model is
 * good until the next call. NULL, with `err` set, for what is no such answer, or one about another unit: the one before stays.
 */
const struct detail_model *screen_detail_take(struct screen_detail *self, const struct view_unit *unit,
					      const char *logs, const char *answer, size_t size_bytes, struct err *err);

#endif
