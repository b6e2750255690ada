/* SPDX-License-Identifier: MIT */
#include "telemetry/optout.h"

#include "telemetry/telemetry.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>

/* In alphabetical order of the variable. */
static const struct optout table[] = {
	{"ANONYMIZED_TELEMETRY", "False", "Chroma, browser-use", "docs.trychroma.com, Telemetry"},
	{"ARTILLERY_DISABLE_TELEMETRY", "true", "Artillery", "artillery.io docs, Telemetry"},
	{"ASTRO_TELEMETRY_DISABLED", "1", "Astro", "astro.build/telemetry"},
	{"AZURE_CORE_COLLECT_TELEMETRY", "false", "Azure CLI", "learn.microsoft.com, Azure CLI configuration"},
	{"CHECKPOINT_DISABLE", "1", "HashiCorp tools, Prisma", "developer.hashicorp.com, Terraform CLI commands"},
	{"DBT_SEND_ANONYMOUS_USAGE_STATS", "False", "dbt", "docs.getdbt.com, Anonymous usage stats"},
	{"DOTNET_CLI_TELEMETRY_OPTOUT", "1", ".NET SDK", "learn.microsoft.com, .NET SDK telemetry"},
	{"DO_NOT_TRACK", "1", "any software that honours it", "donottrack.sh"},
	{"EXPO_NO_TELEMETRY", "1", "Expo", "docs.expo.dev, Expo CLI telemetry"},
	{"FUNCTIONS_CORE_TOOLS_TELEMETRY_OPTOUT", "1", "Azure Functions Core Tools", "learn.microsoft.com, Core Tools"},
	{"GATSBY_TELEMETRY_DISABLED", "1", "Gatsby", "gatsbyjs.com/docs/telemetry"},
	{"GRADIO_ANALYTICS_ENABLED", "False", "Gradio", "gradio.app guides, Environment variables"},
	{"HASURA_GRAPHQL_ENABLE_TELEMETRY", "false", "Hasura GraphQL Engine", "hasura.io docs, Telemetry"},
	{"HF_HUB_DISABLE_TELEMETRY", "1", "Hugging Face Hub", "huggingface.co docs, Environment variables"},
	{"HOMEBREW_NO_ANALYTICS", "1", "Homebrew", "docs.brew.sh/Analytics"},
	{"INFLUXD_REPORTING_DISABLED", "true", "InfluxDB 2", "docs.influxdata.com, influxd options"},
	{"MEILI_NO_ANALYTICS", "true", "Meilisearch", "meilisearch.com docs, Telemetry"},
	{"MEM0_TELEMETRY", "False", "Mem0", "docs.mem0.ai, FAQ"},
	{"N8N_DIAGNOSTICS_ENABLED", "false", "n8n", "docs.n8n.io, Isolate n8n"},
	{"NEXT_TELEMETRY_DISABLED", "1", "Next.js", "nextjs.org/telemetry"},
	{"NG_CLI_ANALYTICS", "false", "Angular CLI", "angular.dev/cli/analytics"},
	{"NUXT_TELEMETRY_DISABLED", "1", "Nuxt", "github.com/nuxt/telemetry"},
	{"POWERSHELL_TELEMETRY_OPTOUT", "1", "PowerShell", "learn.microsoft.com, about_Telemetry"},
	{"QDRANT__TELEMETRY_DISABLED", "true", "Qdrant", "qdrant.tech documentation, Usage statistics"},
	{"RASA_TELEMETRY_ENABLED", "false", "Rasa", "rasa.com docs, Telemetry"},
	{"SAM_CLI_TELEMETRY", "0", "AWS SAM CLI", "docs.aws.amazon.com, SAM CLI telemetry"},
	{"SCARF_ANALYTICS", "false", "Scarf", "docs.scarf.sh, Package analytics"},
	{"SLS_TELEMETRY_DISABLED", "1", "Serverless Framework", "serverless.com docs, Telemetry"},
	{"STORYBOOK_DISABLE_TELEMETRY", "1", "Storybook", "storybook.js.org docs, Telemetry"},
	{"STRAPI_TELEMETRY_DISABLED", "true", "Strapi", "docs.strapi.io, Usage information"},
	{"STREAMLIT_BROWSER_GATHER_USAGE_STATS", "false", "Streamlit", "docs.streamlit.io, config.toml"},
	{"TURBO_TELEMETRY_DISABLED", "1", "Turborepo", "turborepo.com docs, Telemetry"},
	{"VCPKG_DISABLE_METRICS", "1", "vcpkg", "learn.microsoft.com, vcpkg telemetry"},
	{"WRANGLER_SEND_METRICS", "false", "Cloudflare Wrangler",
	 "developers.cloudflare.com, Wrangler system variables"},
	{"YARN_ENABLE_TELEMETRY", "0", "Yarn", "yarnpkg.com, Telemetry"},
};

const struct optout *optout_table(size_t *count)
{
	*count = sizeof(table) / sizeof(*table);
	return table;
}

char *telemetry_optout_table(void)
{
	char *text = NULL;
	size_t size_bytes, count;
	const struct optout *rows = optout_table(&count);
	FILE *out = open_memstream(&text, &size_bytes);

	if (!out)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		int width = fprintf(out, "%s=%s", rows[i].variable, rows[i].value);

		fprintf(out, "%*s  %s\n", width < 44 ? 44 - width : 0, "", rows[i].product);
	}
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

char *telemetry_optout_json(void)
{
	size_t count;
	const struct optout *rows = optout_table(&count);
	cJSON *object = cJSON_CreateObject(), *variables;
	char *text;

	cJSON_AddNumberToObject(object, "version", 1);
	variables = cJSON_AddArrayToObject(object, "variables");
	for (size_t i = 0; i < count; i++) {
		cJSON *row = cJSON_CreateObject();

		cJSON_AddStringToObject(row, "name", rows[i].variable);
		cJSON_AddStringToObject(row, "value", rows[i].value);
		cJSON_AddStringToObject(row, "product", rows[i].product);
		cJSON_AddItemToArray(variables, row);
	}
	text = object ? cJSON_Print(object) : NULL;
	cJSON_Delete(object);
	return text;
}
