/* SPDX-License-Identifier: MIT */
#include "launcher/supervisor/unit_story.h"

#include "launcher/engine/engine.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

static struct unit_story *get(struct unit_story **self)
{
	if (*self == NULL)
		*self = calloc(1, sizeof(**self));
	return *self;
}

/* Room for one more at the end of `list`, which has `*count` of `max`; the oldest has gone when there were so many. NULL: no memory. */
static void *make_room(void *list, unsigned *count, unsigned max, size_t size_bytes)
{
	if (*count < max)
		return reallocarray(list, *count + 1u, size_bytes);
	(*count)--;
	memmove(list, (char *)list + size_bytes, *count * size_bytes);
	return list;
}

static bool is_same_text(const char *kept, const char *text)
{
	if (kept == NULL || text == NULL)
		return kept == text;
	return strncmp(kept, text, STORY_TEXT_BYTES) == 0;
}

void unit_story_answer(struct unit_story **self, bool ok, const char *text, int64_t time_ms)
{
	struct unit_story *story = *self;
	struct story_answer *last, *grown;

	if (ok && (story == NULL || story->answer_count == 0))
		return;
	story = get(self);
	if (story == NULL)
		return;
	last = story->answer_count > 0 ? &story->answers[story->answer_count - 1] : NULL;
	if (last != NULL && last->ok == ok && is_same_text(last->text, text)) {
		last->count += last->count < INT_MAX;
		return;
	}
	if (story->answer_count == STORY_ANSWERS_MAX)
		free(story->answers[0].text);
	grown = make_room(story->answers, &story->answer_count, STORY_ANSWERS_MAX, sizeof(*grown));
	if (grown == NULL)
		return;
	story->answers = grown;
	grown[story->answer_count++] = (struct story_answer){
		.time_ms = time_ms,
		.text = text != NULL ? strndup(text, STORY_TEXT_BYTES) : NULL,
		.count = 1,
		.ok = ok,
	};
}

void unit_story_exit(struct unit_story **self, const struct engine_exit *how, int64_t ran_ms, int64_t time_ms)
{
	struct unit_story *story = get(self);
	struct story_exit *grown;

	if (story == NULL)
		return;
	grown = make_room(story->exits, &story->exit_count, STORY_EXITS_MAX, sizeof(*grown));
	if (grown == NULL)
		return;
	story->exits = grown;
	grown[story->exit_count++] = (struct story_exit){
		.time_ms = time_ms,
		.ran_ms = ran_ms > 0 ? ran_ms : 0,
		.value = how->signaled ? how->signal : how->code,
		.signaled = how->signaled,
	};
}

void unit_story_destroy(struct unit_story *self)
{
	if (self == NULL)
		return;
	for (unsigned i = 0; i < self->answer_count; i++)
		free(self->answers[i].text);
	free(self->answers);
	free(self->exits);
	free(self);
}
