// SPDX-License-Identifier: MIT
// posthog-js as a page of a listed origin has it, in a browser's stead: page.js HOST COUNT
const { JSDOM, VirtualConsole } = require('jsdom');
const fs = require('fs');

const host = process.argv[2];
const count = Number(process.argv[3]);
const quiet = new VirtualConsole();
const problems = [];
quiet.on('jsdomError', (error) => problems.push(error.message));
quiet.on('error', (...words) => problems.push(words.join(' ')));

// The page's own script, before the library is there.
const snippet = `
	window.posthog = [];
	posthog._i = [['phc_canary_key', {
		api_host: ${JSON.stringify(host)}, capture_pageview: true, request_batching: false,
		loaded: (client) => {
			for (let i = 0; i < ${count}; i++)
				client.capture('page_opened', {page: 'home', count: i, dark: true, canary: 'canary'});
			client.identify('canary-person', {email: 'canary@example.org'});
			client.onFeatureFlags((flags) => { window.flags = flags.length; });
		},
	}, 'posthog']];
	posthog.__SV = 1;`;

const page = new JSDOM('<!doctype html><title>canary</title><button>canary</button>', {
	url: 'http://localhost:3000/canary?canary=canary',
	runScripts: 'dangerously',
	resources: 'usable',
	pretendToBeVisual: true,
	virtualConsole: quiet,
});
page.window.eval(snippet);
page.window.eval(fs.readFileSync(require.resolve('posthog-js/dist/array.full.js'), 'utf8'));

// Done when the flags have been asked for and answered; what is sent meanwhile is counted where it arrives.
const deadline = Date.now() + 30000;
const look = setInterval(() => {
	if (page.window.flags === undefined && Date.now() < deadline) return;
	clearInterval(look);
	for (const problem of problems) console.log('problem', problem);
	console.log('flags', page.window.flags);
	setTimeout(() => process.exit(page.window.flags === 0 && problems.length === 0 ? 0 : 1), 1500);
}, 50);
