/* SPDX-License-Identifier: MIT */
/* screen_reload - an answer of POST /v1/stack/reload (openapi.yaml: Reload) in people's words. Pure. */
#ifndef UPFRONT_LAUNCHER_SCREEN_SCREEN_RELOAD_H
#define UPFRONT_LAUNCHER_SCREEN_SCREEN_RELOAD_H

/* A line for each service that would change: "api is restarted: command, environment". NULL when nothing differs. The caller frees. */
char *screen_reload_text(const char *answer);
/* "api, db changed; cache new"; NULL when nothing differs. The caller frees. */
char *screen_reload_brief(const char *answer);

#endif
