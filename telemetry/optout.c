/* SPDX-License-Identifier: MIT */
#include "telemetry/optout.h"

#include "telemetry/notice.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* In alphabetical order of the variable. A product's value is the one it documents: some want "1" and nothing else. */
static const struct optout table[] = {
	{"AGNO_TELEMETRY", "false", "Agno", "agno-agi/agno README.md"},
	{"ALIBABA_CLOUD_CLI_TELEMETRY_DISABLE", "1", "Alibaba Cloud CLI",
	 "docs: help.aliyun.com, CLI telemetry data collection"},
	{"ANONYMIZED_TELEMETRY", "False", "Chroma, browser-use",
	 "chroma-core/chroma chromadb/config.py, browser-use/browser-use AGENTS.md"},
	{"APOLLO_TELEMETRY_DISABLED", "true", "Apollo Rover", "apollographql/rover docs/source/privacy.mdx"},
	{"ARTILLERY_DISABLE_TELEMETRY", "true", "Artillery",
	 "artilleryio/artillery packages/artillery/lib/telemetry.ts"},
	{"ASTRO_TELEMETRY_DISABLED", "1", "Astro", "withastro/astro packages/telemetry/README.md"},
	{"AZURE_CORE_COLLECT_TELEMETRY", "false", "Azure CLI",
	 "MicrosoftDocs/azure-docs-cli docs-ref-conceptual/Latest-version/azure-cli-configuration.md"},
	{"AZURE_DEV_COLLECT_TELEMETRY", "no", "Azure Developer CLI", "Azure/azure-dev README.md"},
	{"BENTOML_DO_NOT_TRACK", "True", "BentoML",
	 "bentoml/BentoML src/bentoml/_internal/utils/analytics/usage_stats.py"},
	{"CHECKPOINT_DISABLE", "1", "HashiCorp tools, Prisma", "hashicorp/go-checkpoint check.go"},
	{"CLOUDSDK_CORE_DISABLE_USAGE_REPORTING", "true", "Google Cloud CLI",
	 "docs: cloud.google.com/sdk/usage-statistics"},
	{"COCKROACH_SKIP_ENABLING_DIAGNOSTIC_REPORTING", "true", "CockroachDB",
	 "cockroachdb/docs src/current/_includes/v23.1/sql/start-a-multi-region-demo-cluster.md"},
	{"COPILOTKIT_TELEMETRY_DISABLED", "true", "CopilotKit",
	 "@copilotkit/shared dist/telemetry/telemetry-client.d.ts"},
	{"CREWAI_DISABLE_TELEMETRY", "true", "CrewAI", "crewAIInc/crewAI docs/edge/en/telemetry.mdx"},
	{"CUBEJS_TELEMETRY", "false", "Cube", "docs: cube.dev/docs/reference/environment-variables"},
	{"DATAHUB_TELEMETRY_ENABLED", "false", "DataHub",
	 "datahub-project/datahub metadata-ingestion/src/datahub/telemetry/telemetry.py"},
	{"DBT_SEND_ANONYMOUS_USAGE_STATS", "False", "dbt", "dbt-labs/dbt-core crates/dbt-clap-core/src/lib.rs"},
	{"DEADLINE_CLOUD_TELEMETRY_OPT_OUT", "true", "AWS Deadline Cloud",
	 "aws-deadline/deadline-cloud-for-nuke docs/telemetry.md"},
	{"DEEPEVAL_TELEMETRY_OPT_OUT", "1", "DeepEval", "confident-ai/deepeval .env.example"},
	{"DISABLE_ENCORE_TELEMETRY", "1", "Encore", "encoredev/encore docs/go/cli/telemetry.md"},
	{"DISABLE_FLOWISE_TELEMETRY", "true", "Flowise", "FlowiseAI/Flowise docker/.env.example"},
	{"DISABLE_TELEMETRY", "true", "Weaviate, Netdata, GrowthBook, Chatwoot",
	 "weaviate/weaviate usecases/config/environment.go"},
	{"DOTNET_CLI_TELEMETRY_OPTOUT", "1", ".NET SDK", "dotnet/docs docs/core/tools/telemetry.md"},
	{"DO_NOT_TRACK", "1", "any software that honours it", "docs: donottrack.sh"},
	{"DROIDRUN_TELEMETRY_ENABLED", "false", "Droidrun", "docs: docs.droidrun.ai/features/telemetry"},
	{"DVC_NO_ANALYTICS", "1", "DVC", "treeverse/dvc dvc/analytics.py"},
	{"ENABLE_TELEMETRY", "false", "RisingWave, Flagsmith",
	 "risingwavelabs/risingwave src/common/src/telemetry/mod.rs"},
	{"EXPO_NO_TELEMETRY", "1", "Expo", "expo/expo packages/@expo/cli/src/utils/env.ts"},
	{"FASTLANE_OPT_OUT_USAGE", "YES", "fastlane", "fastlane/fastlane README.md"},
	{"FEAST_USAGE", "False", "Feast",
	 "feast-dev/feast docs/how-to-guides/feast-operator/03-serving-and-observability.md"},
	{"FUNCTIONS_CORE_TOOLS_TELEMETRY_OPTOUT", "1", "Azure Functions Core Tools",
	 "Azure/azure-functions-core-tools README.md"},
	{"GATSBY_TELEMETRY_DISABLED", "1", "Gatsby", "gatsbyjs/gatsby docs/docs/telemetry.md"},
	{"GF_ANALYTICS_REPORTING_ENABLED", "false", "Grafana",
	 "docs: grafana.com/docs/grafana, Configure Grafana, reporting_enabled"},
	{"GRADIO_ANALYTICS_ENABLED", "False", "Gradio",
	 "gradio-app/gradio guides/04_additional-features/10_environment-variables.md"},
	{"GX_ANALYTICS_ENABLED", "False", "Great Expectations",
	 "docs: docs.greatexpectations.io, Toggle analytics events"},
	{"HASURA_GRAPHQL_ENABLE_TELEMETRY", "false", "Hasura GraphQL Engine",
	 "hasura/graphql-engine docs/docs/policies/telemetry.mdx"},
	{"HAYSTACK_TELEMETRY_ENABLED", "False", "Haystack",
	 "deepset-ai/haystack docs-website/docs/overview/telemetry.mdx"},
	{"HF_HUB_DISABLE_TELEMETRY", "1", "Hugging Face Hub",
	 "huggingface/huggingface_hub docs/source/en/package_reference/environment_variables.md"},
	{"HOMEBREW_NO_ANALYTICS", "1", "Homebrew", "Homebrew/brew docs/Analytics.md"},
	{"INFLUXDB3_TELEMETRY_DISABLE_UPLOAD", "true", "InfluxDB 3",
	 "influxdata/influxdb influxdb3/src/commands/serve.rs"},
	{"INFLUXD_REPORTING_DISABLED", "true", "InfluxDB 2",
	 "influxdata/docs-v2 content/influxdb/v2/reference/config-options.md"},
	{"K6_NO_USAGE_REPORT", "true", "Grafana k6", "grafana/k6 internal/cmd/config.go"},
	{"KEDRO_DISABLE_TELEMETRY", "1", "Kedro", "kedro-org/kedro-plugins kedro-telemetry/README.md"},
	{"KEYSTONE_TELEMETRY_DISABLED", "1", "Keystone",
	 "keystonejs/keystone docs/content/docs/reference/telemetry.md"},
	{"KONG_ANONYMOUS_REPORTS", "off", "Kong", "Kong/kong kong.conf.default"},
	{"LANGGRAPH_CLI_NO_ANALYTICS", "1", "LangGraph CLI",
	 "langchain-ai/langgraph libs/cli/langgraph_cli/analytics.py"},
	{"MB_ANON_TRACKING_ENABLED", "false", "Metabase", "docs: metabase.com/docs, Environment variables"},
	{"MEDUSA_DISABLE_TELEMETRY", "true", "Medusa", "medusajs/medusa www/apps/resources/app/usage/page.mdx"},
	{"MEILI_NO_ANALYTICS", "true", "Meilisearch", "meilisearch/meilisearch crates/meilisearch/src/option.rs"},
	{"MELTANO_SEND_ANONYMOUS_USAGE_STATS", "false", "Meltano", "meltano/meltano docs/docs/reference/settings.mdx"},
	{"MEM0_TELEMETRY", "false", "Mem0", "mem0ai/mem0 cli/python/src/mem0_cli/telemetry.py"},
	{"MLFLOW_DISABLE_TELEMETRY", "true", "MLflow", "mlflow/mlflow mlflow/telemetry/utils.py"},
	{"MM_LOGSETTINGS_ENABLEDIAGNOSTICS", "false", "Mattermost",
	 "docs: docs.mattermost.com, Environment configuration settings"},
	{"MSSQL_CLI_TELEMETRY_OPTOUT", "True", "mssql-cli", "dbcli/mssql-cli doc/telemetry_guide.md"},
	{"N8N_DIAGNOSTICS_ENABLED", "false", "n8n",
	 "n8n-io/n8n-docs docs/hosting/configuration/environment-variables/deployment.md"},
	{"NC_DISABLE_TELE", "1", "NocoDB",
	 "nocodb/nocodb packages/noco-docs/docs/020.getting-started/050.self-hosted/020.environment-variables.md"},
	{"NEXT_TELEMETRY_DISABLED", "1", "Next.js", "vercel/next.js packages/next/src/telemetry/storage.ts"},
	{"NG_CLI_ANALYTICS", "false", "Angular CLI",
	 "angular/angular-cli packages/angular/cli/src/utilities/environment-options.ts"},
	{"NUXT_TELEMETRY_DISABLED", "1", "Nuxt", "nuxt/telemetry README.md"},
	{"PHOENIX_TELEMETRY_ENABLED", "false", "Arize Phoenix", "Arize-ai/phoenix README.md"},
	{"PLOOMBER_STATS_ENABLED", "false", "Ploomber",
	 "ploomber/ploomber-core src/ploomber_core/telemetry/telemetry.py"},
	{"PNPPOWERSHELL_DISABLETELEMETRY", "true", "PnP PowerShell", "pnp/powershell MIGRATE-1.0-to-2.0.md"},
	{"POWERSHELL_TELEMETRY_OPTOUT", "1", "PowerShell",
	 "PowerShell/PowerShell src/System.Management.Automation/utils/Telemetry.cs"},
	{"PREFECT_SERVER_ANALYTICS_ENABLED", "false", "Prefect",
	 "PrefectHQ/prefect docs/v3/advanced/configure-network-access.mdx"},
	{"PROMPTFOO_DISABLE_TELEMETRY", "1", "promptfoo", "promptfoo/promptfoo site/docs/configuration/telemetry.md"},
	{"QDRANT__TELEMETRY_DISABLED", "true", "Qdrant", "qdrant/qdrant src/settings.rs"},
	{"QUILT_DISABLE_USAGE_METRICS", "true", "Quilt", "quiltdata/quilt docs/FAQ.md"},
	{"RAGAS_DO_NOT_TRACK", "true", "Ragas", "explodinggradients/ragas README.md"},
	{"RASA_TELEMETRY_ENABLED", "false", "Rasa", "RasaHQ/rasa docs/docs/telemetry/telemetry.mdx"},
	{"RAY_USAGE_STATS_ENABLED", "0", "Ray", "ray-project/ray doc/source/cluster/usage-stats.rst"},
	{"REDWOOD_DISABLE_TELEMETRY", "1", "RedwoodJS", "redwoodjs/redwood packages/telemetry/src/telemetry.ts"},
	{"RUNTIME__DLTHUB_TELEMETRY", "false", "dlt", "dlt-hub/dlt docs/website/docs/reference/telemetry.md"},
	{"SAM_CLI_TELEMETRY", "0", "AWS SAM CLI", "aws/aws-sam-cli samcli/cli/main.py"},
	{"SCARF_ANALYTICS", "false", "Scarf (Airflow, Superset and others)", "scarf-sh/scarf-js README.md"},
	{"SCARF_NO_ANALYTICS", "true", "Scarf (Airflow, Superset and others)", "scarf-sh/scarf-js report.js"},
	{"SEND_TELEMETRY", "false", "Unleash", "Unleash/unleash src/lib/create-config.ts"},
	{"SF_DISABLE_TELEMETRY", "true", "Salesforce CLI", "forcedotcom/sfdx-core src/config/envVars.ts"},
	{"SHOPIFY_CLI_NO_ANALYTICS", "1", "Shopify CLI",
	 "Shopify/cli packages/cli-kit/src/public/node/context/local.ts"},
	{"SKYPILOT_DISABLE_USAGE_COLLECTION", "1", "SkyPilot",
	 "docs: docs.skypilot.co/en/stable/reference/logging.html"},
	{"SLS_TELEMETRY_DISABLED", "1", "Serverless Framework",
	 "serverless/serverless lib/utils/telemetry/are-disabled.js"},
	{"SNYK_DISABLE_ANALYTICS", "1", "Snyk CLI", "snyk/cli cliv2/internal/constants/constants.go"},
	{"SODA_CORE_TELEMETRY_ENABLED", "false", "Soda Core",
	 "sodadata/soda-core soda-core/src/soda_core/common/env_config_helper.py"},
	{"SQA_OPT_OUT", "true", "Ory Kratos, Hydra, Keto", "ory/kratos oryx/metricsx/middleware.go"},
	{"SQLMESH__DISABLE_ANONYMIZED_ANALYTICS", "1", "SQLMesh", "TobikoData/sqlmesh docs/reference/configuration.md"},
	{"STORYBOOK_DISABLE_TELEMETRY", "1", "Storybook", "storybookjs/storybook docs/configure/telemetry.mdx"},
	{"STRAPI_TELEMETRY_DISABLED", "true", "Strapi",
	 "strapi/strapi packages/core/core/src/services/metrics/index.ts"},
	{"STREAMLIT_BROWSER_GATHER_USAGE_STATS", "false", "Streamlit",
	 "streamlit/docs content/develop/concepts/configuration/options.md"},
	{"STRIPE_CLI_TELEMETRY_OPTOUT", "1", "Stripe CLI", "stripe/stripe-cli cmd/stripe/main.go"},
	{"SUPABASE_TELEMETRY_DISABLED", "1", "Supabase CLI", "supabase/cli apps/cli/docs/analytics.md"},
	{"TABBY_DISABLE_USAGE_COLLECTION", "1", "Tabby",
	 "TabbyML/tabby website/docs/administration/usage-collection.md"},
	{"TELEMETRY_DISABLED", "1", "Formbricks, Astro", "formbricks/formbricks apps/web/lib/constants.ts"},
	{"TELEMETRY_ENABLED", "false", "Langfuse, Automatisch, SigNoz, WrenAI", "langfuse/langfuse README.md"},
	{"TILT_DISABLE_ANALYTICS", "1", "Tilt", "tilt-dev/tilt internal/analytics/env.go"},
	{"TRIGGER_TELEMETRY_DISABLED", "1", "Trigger.dev",
	 "triggerdotdev/trigger.dev docs/self-hosting/env/webapp.mdx"},
	{"TRIVY_DISABLE_TELEMETRY", "true", "Trivy", "aquasecurity/trivy docs/guide/advanced/telemetry.md"},
	{"TURBO_TELEMETRY_DISABLED", "1", "Turborepo", "vercel/turborepo crates/turborepo-telemetry/src/config.rs"},
	{"VCPKG_DISABLE_METRICS", "1", "vcpkg", "microsoft/vcpkg-tool README.md"},
	{"VERCEL_TELEMETRY_DISABLED", "1", "Vercel CLI", "vercel/vercel packages/cli/src/util/telemetry/index.ts"},
	{"VISIVO_TELEMETRY_DISABLED", "true", "Visivo", "visivo-io/visivo README.md"},
	{"VLLM_NO_USAGE_STATS", "1", "vLLM", "vllm-project/vllm docs/usage/usage_stats.md"},
	{"WASP_TELEMETRY_DISABLE", "1", "Wasp", "wasp-lang/wasp web/docs/telemetry.md"},
	{"WERF_TELEMETRY", "0", "werf", "werf/werf docs/pages_en/resources/telemetry.md"},
	{"WHYLOGS_NO_ANALYTICS", "True", "whylogs", "whylabs/whylogs python/README.md"},
	{"WRANGLER_SEND_METRICS", "false", "Cloudflare Wrangler",
	 "cloudflare/workers-sdk packages/workers-utils/src/environment-variables/misc-variables.ts"},
	{"YARN_ENABLE_TELEMETRY", "0", "Yarn", "yarnpkg/berry packages/gatsby/content/advanced/telemetry.md"},
	{"ZENML_ANALYTICS_OPT_IN", "false", "ZenML", "zenml-io/zenml src/zenml/constants.py"},
};

const struct optout *optout_table(size_t *count)
{
	*count = sizeof(table) / sizeof(*table);
	return table;
}

/* Widest entry of the first two columns. */
static void measure(const struct optout *rows, size_t count, int *setting, int *product)
{
	*setting = *product = 0;
	for (size_t i = 0; i < count; i++) {
		int width = (int)(strlen(rows[i].variable) + 1 + strlen(rows[i].value));

		*setting = width > *setting ? width : *setting;
		width = (int)strlen(rows[i].product);
		*product = width > *product ? width : *product;
	}
}

char *telemetry_optout_table(void)
{
	char *text = NULL;
	size_t size_bytes, count;
	const struct optout *rows = optout_table(&count);
	FILE *out = open_memstream(&text, &size_bytes);
	int setting, product;

	if (!out)
		return NULL;
	measure(rows, count, &setting, &product);
	for (size_t i = 0; i < count; i++) {
		int width = fprintf(out, "%s=%s", rows[i].variable, rows[i].value);

		fprintf(out, "%*s  %-*s  (%s)\n", setting - width, "", product, rows[i].product, rows[i].source);
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
		cJSON_AddStringToObject(row, "source", rows[i].source);
		cJSON_AddItemToArray(variables, row);
	}
	text = object ? cJSON_Print(object) : NULL;
	cJSON_Delete(object);
	return text;
}
