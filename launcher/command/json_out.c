/* SPDX-License-Identifier: MIT */
#include "launcher/command/json_out.h"

#include "config/err.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>

struct cJSON *json_out_create(void)
{
	cJSON *object = cJSON_CreateObject();

	if (object != NULL)
		cJSON_AddNumberToObject(object, "version", JSON_OUT_VERSION);
	return object;
}

int json_out_print(struct cJSON *object, struct err *err)
{
	char *text = object != NULL ? cJSON_Print(object) : NULL;

	cJSON_Delete(object);
	if (text == NULL)
		return err_set(err, ERR_INTERNAL, "out of memory");
	puts(text);
	free(text);
	return 0;
}
