// SPDX-License-Identifier: MIT
// A web app on Redis: every request counts one up and answers with the count.
'use strict';
const http = require('http');
const net = require('net');
const [port, store] = process.argv.slice(2);

http.createServer((request, response) => {
	const fail = (error) => {
		response.statusCode = 503;
		response.end(`${error}\n`);
	};
	if (request.url === '/well') {
		response.end('well\n');
		return;
	}
	const redis = net.connect(store, () => redis.write('INCR node\r\n'));
	redis.setTimeout(2000, () => redis.destroy(new Error('timed out')));
	redis.once('data', (data) => {
		redis.end();
		response.end(data.toString().replace(/^:/, 'node ').replace('\r', ''));
	});
	redis.once('error', fail);
}).listen(Number(port), '127.0.0.1');
