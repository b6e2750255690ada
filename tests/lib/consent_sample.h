/* SPDX-License-Identifier: MIT */
/* Questions that the tests of the consent dialog ask: the same for frames, for the real terminal and for the demo program. */
#ifndef UPFRONT_TESTS_CONSENT_SAMPLE_H
#define UPFRONT_TESTS_CONSENT_SAMPLE_H

struct consent_model;

/*
 * "shop" an ordinary one, "wide" with a name in CJK, emoji and combining characters, "long" with a name and a text that do
 * not fit, "hostile" with control and bidi characters everywhere. NULL for any other name.
 */
const struct consent_model *consent_sample(const char *name);
/* Names of all samples; ends with NULL. */
extern const char *const consent_sample_names[];

#endif
