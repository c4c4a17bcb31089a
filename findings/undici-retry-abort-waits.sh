#!/usr/bin/env bash
# undici 7.30.2, interceptors.retry: a signal that aborts while the interceptor waits before its next attempt is
# not heard until the wait is over. With a backoff of 1500 ms and an abort after 100 ms the caller gets the
# AbortError more than a second late. No further request is sent. Race the request against your signal where a
# deadline must hold.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true }' > package.json
npm install --no-audit --no-fund --silent undici@7.30.2

cat > program.mjs <<'PROGRAM'
import { Agent, interceptors, request } from 'undici';
import { createServer } from 'node:http';

const requests = [];
const server = createServer((request, response) => {
  requests.push({ request, at: performance.now() });
  answer(request, response, requests.length);
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const origin = `http://127.0.0.1:${server.address().port}`;

const controller = new AbortController();
let abortedAt;
function answer(_, response) {
  response.writeHead(503).end();
  setTimeout(() => {
    abortedAt = performance.now();
    controller.abort();
  }, 100);
}
const dispatcher = new Agent().compose(interceptors.retry({ maxRetries: 3, minTimeout: 1500 }));
const name = await request(origin, { dispatcher, signal: controller.signal }).then(() => 'answer', (error) => error.name);
const took = Math.round(performance.now() - abortedAt);

server.closeAllConnections();
server.close();
await dispatcher.destroy();

const expected = 'AbortError within a few milliseconds of the abort';
const seen = `${name} ${took} ms after the abort; requests sent: ${requests.length}`;
const holds = name === 'AbortError' && took > 600 && requests.length === 1;

console.log(`expected: ${expected}`);
console.log(`seen:     ${seen}`);
process.exitCode = holds ? 0 : 1;
PROGRAM
echo "with:     undici@7.30.2, Node $(node -p process.versions.node)"
node program.mjs
