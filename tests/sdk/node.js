// SPDX-License-Identifier: MIT
// posthog-node as an app uses it: node.js HOST COUNT
const { PostHog } = require('posthog-node');

async function main() {
	const client = new PostHog('phc_canary_key', { host: process.argv[2], flushAt: 100, maxQueueSize: 1000000 });
	const began = process.hrtime.bigint();

	for (let i = 0; i < Number(process.argv[3]); i++) {
		client.capture({
			distinctId: 'canary-person',
			event: 'page_opened',
			properties: { page: 'home', count: i, dark: true, canary: 'canary', $set: { email: 'canary@example.org' } },
		});
		// An app does something between its events.
		if (i % 100 === 99) await client.flush();
	}
	await client.flush();
	console.log('ms', Number(process.hrtime.bigint() - began) / 1e6);
	client.identify({ distinctId: 'canary-person', properties: { name: 'canary' } });
	console.log('flag', await client.getFeatureFlag('canary-flag', 'canary-person'));
	await client.shutdown();
}

main();
