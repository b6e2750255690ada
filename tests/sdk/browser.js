// SPDX-License-Identifier: MIT
// posthog-js as pages of a listed origin, and one of another origin, have it in a real browser: browser.js HOST COUNT
// The page counts from 0; its last event is the one it sends while it goes away.
const { chromium } = require('playwright-core');
const fs = require('fs');
const http = require('http');
const path = require('path');

const host = process.argv[2];
const last = Number(process.argv[3]) - 1;
const deadline = Date.now() + 45000;
const library = path.join(path.dirname(require.resolve('posthog-js/package.json')), 'dist');
const problems = [];

// As in the pages of an app. All that a page's client can do by itself is left on, as it is by default.
const script = (settings) => `
	posthog.init('phc_canary_key', Object.assign({
		api_host: ${JSON.stringify(host)},
		opt_out_useragent_filter: true, // the client sends nothing from a browser that says it is driven
		loaded: (client) => {
			client.onFeatureFlags((flags) => { window.flags = flags.length; });
			client.identify('canary-person', {email: 'canary@example.org'});
			client.startSessionRecording();
		},
	}, ${JSON.stringify(settings)}));
	const send = (count, how) => posthog.capture('page_opened', {page: 'home', count, dark: true, canary: 'canary'}, how);`;
const body = '<!doctype html><title>canary</title><button>canary</button><a href="/canary">canary</a>';
const pages = {
	'/batched': `${body}<script src="/array.js"></script><script>${script({})}</script>`,
	'/plain': `${body}<script src="/array.js"></script><script>${script({ request_batching: false, disable_compression: true })}</script>`,
	'/module': `${body}<script type="module">import posthog from '/module.js';window.posthog = posthog;${script({ request_batching: false })}window.send = send;</script>`,
	'/favicon.ico': '',
	'/away': '<!doctype html><title>away</title>',
};

const site = http.createServer((request, response) => {
	const where = request.url.split('?')[0];
	const text = pages[where] ?? (/^\/(array|module)\.js$/.test(where) ? fs.readFileSync(library + where) : null);
	response.writeHead(text === null ? 404 : 200, { 'Content-Type': where.endsWith('.js') ? 'text/javascript' : 'text/html' });
	response.end(text ?? '');
});

// What it asks of the relay, each as: beacon or fetch, method, path, content type.
function watch(page) {
	const asked = [];
	page.on('console', (line) => line.type() === 'error' && problems.push(line.text()));
	page.on('pageerror', (error) => problems.push(error.message));
	page.on('requestfailed', (request) => {
		// Of a page that has gone nobody waits for the answer; whether a beacon came in is counted where it arrives.
		if (request.resourceType() !== 'ping') problems.push(`${request.url()}: ${request.failure().errorText}`);
	});
	page.on('request', (request) => {
		if (!request.url().startsWith(host)) return;
		const type = request.headers()['content-type'] ?? '';
		asked.push(`${request.resourceType()} ${request.method()} ${request.url().replace(host, '')} ${type}`);
	});
	return asked;
}

async function listed(context, where, counts, ...wanted) {
	const page = await context.newPage();
	const asked = watch(page);
	await page.goto(`http://localhost:3000${where}?canary=canary`);
	await page.waitForFunction(() => window.flags !== undefined);
	if (await page.evaluate(() => window.flags)) problems.push(`${where}: there are flags`);
	await page.click('button');
	await page.evaluate((numbers) => numbers.forEach((count) => send(count)), counts.slice(0, -1));
	// What is not kept for later by the client must have gone: a browser ends what a page that goes away asks for.
	if (where !== '/batched') await page.waitForLoadState('networkidle');
	await page.evaluate((count) => addEventListener('pagehide', () => send(count, { transport: 'sendBeacon' })), counts.at(-1));
	await page.goto('http://localhost:3000/away');
	for (const line of [/^fetch POST \/flags\//, /^script GET \/array\/[^/]*\/config\.js/, /^ping POST \/i\/v0\/e\//, ...wanted])
		if (!asked.some((one) => line.test(one))) problems.push(`${where}: ${line} was not asked for:\n${asked.join('\n')}`);
	if (asked.some((one) => /recorder|\/s\//.test(one))) problems.push(`${where}: a session was to be recorded`);
	await page.close();
}

// Nothing of it may get in, and the page has to live with that.
async function unlisted(context) {
	const page = await context.newPage();
	const errors = [];
	let refused = 0;
	page.on('pageerror', (error) => errors.push(error.message));
	page.on('requestfailed', () => refused++);
	await page.goto('http://localhost:3001/plain');
	await page.evaluate(() => { send(1000); });
	await page.click('button');
	// Addresses that any page can have asked for, without its origin in the request.
	const event = encodeURIComponent(JSON.stringify({ event: 'page_opened', properties: { count: 1002 } }));
	const blind = await page.evaluate(async (address) => {
		const picture = new Image();
		const done = new Promise((resolve) => (picture.onerror = resolve));
		picture.src = address;
		await done;
		return (await fetch(address, { mode: 'no-cors' })).type;
	}, `${host}/e/?data=${event}`);
	if (blind !== 'opaque') problems.push(`a stranger reads an answer: ${blind}`);
	await page.evaluate(() => addEventListener('pagehide', () => send(1001, { transport: 'sendBeacon' })));
	while (refused < 3 && Date.now() < deadline) await new Promise((done) => setTimeout(done, 20));
	await page.goto('http://localhost:3001/away');
	if (refused < 3) problems.push('a stranger was let in');
	console.log('a page of another origin was turned away');
	problems.push(...errors);
	await page.close();
}

async function main() {
	await new Promise((done) => site.listen(0, '127.0.0.1', done));
	const at = `127.0.0.1:${site.address().port}`;
	const folder = fs.mkdtempSync(path.join(process.env.TMPDIR, 'chromium-'));
	const context = await chromium.launchPersistentContext(folder, {
		executablePath: process.env.CHROMIUM,
		timeout: 20000,
		args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
			'--disable-component-update', '--disable-sync',
			`--host-resolver-rules=MAP localhost:3000 ${at}, MAP localhost:3001 ${at}`],
	});
	context.setDefaultTimeout(15000);
	const third = Math.floor(last / 3);
	const numbers = (from, to) => Array.from({ length: to - from }, (_, i) => from + i);
	try {
		await listed(context, '/batched', numbers(0, third), /^ping POST \/i\/v0\/e\/ text\/plain/);
		await listed(context, '/plain', numbers(third, 2 * third), /^fetch POST \/i\/v0\/e\/ application\/json/);
		await listed(context, '/module', numbers(2 * third, last + 1), /^fetch POST \/i\/v0\/e\/ text\/plain/);
		await unlisted(context);
	} catch (error) {
		problems.push(error.message);
	}
	await context.close();
	fs.rmSync(folder, { recursive: true, force: true });
	site.close();
	for (const problem of problems) console.log('problem', problem);
	process.exit(problems.length === 0 ? 0 : 1);
}

main();
