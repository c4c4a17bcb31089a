#!/usr/bin/env bash
# undici 7.30.2: compose(interceptors.responseError(), interceptors.retry()) sends a request once. The first one
# in the list sits next to the connection and turns a 503 into an error whose code retry does not know, so retry
# gives up without a word. In the other order there are retries, but the error that comes out is retry's own,
# without the body. List retry first and responseError after it, and check with a failing server.
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

function answer(_, response) {
  response.writeHead(503).end();
}
const options = { maxRetries: 2, minTimeout: 10 };
const dispatcher = new Agent();
async function count(...list) {
  requests.length = 0;
  const error = await request(origin, { dispatcher: dispatcher.compose(...list) }).catch((reason) => reason);
  return `${requests.length} (${error.name})`;
}
const errorFirst = await count(interceptors.responseError(), interceptors.retry(options));
const retryFirst = await count(interceptors.retry(options), interceptors.responseError());

server.closeAllConnections();
server.close();
await dispatcher.destroy();

const expected = 'requests for a 503 with two retries: 3 in either order';
const seen = `responseError then retry: ${errorFirst}; retry then responseError: ${retryFirst}`;
const holds = errorFirst.startsWith('1 ') && retryFirst.startsWith('3 ');

console.log(`expected: ${expected}`);
console.log(`seen:     ${seen}`);
process.exitCode = holds ? 0 : 1;
PROGRAM
echo "with:     undici@7.30.2, Node $(node -p process.versions.node)"
node program.mjs
