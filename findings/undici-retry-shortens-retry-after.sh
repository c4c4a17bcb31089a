#!/usr/bin/env bash
# undici 7.30.2, interceptors.retry: a Retry-After of the server is cut to maxTimeout, the cap meant for the
# client's own backoff. A server that asks for 2 s is asked again after 200 ms when maxTimeout is 200; in an
# overload that is the opposite of what it needs. It does not give up either, as other clients do when Retry-
# After is above their cap. Keep maxTimeout above the longest Retry-After that you will honour, or pass a retry
# function of your own.
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

function answer(_, response, count) {
  if (count === 1) response.writeHead(503, { 'retry-after': '2' }).end();
  else response.end('ok');
}
const dispatcher = new Agent().compose(interceptors.retry({ maxRetries: 1, minTimeout: 20, maxTimeout: 200 }));
const { body } = await request(origin, { dispatcher });
await body.dump();
const gap = Math.round(requests[1].at - requests[0].at);

server.closeAllConnections();
server.close();
await dispatcher.destroy();

const expected = 'second request after 2000 ms, or none';
const seen = `second request after ${gap} ms`;
const holds = requests.length === 2 && gap < 1000;

console.log(`expected: ${expected}`);
console.log(`seen:     ${seen}`);
process.exitCode = holds ? 0 : 1;
PROGRAM
echo "with:     undici@7.30.2, Node $(node -p process.versions.node)"
node program.mjs
