#!/usr/bin/env bash
# undici 7.30.2, interceptors.cache: a response with stale-if-error is served from the cache when the server
# answers 503. When the server cannot be reached or drops the connection, the caller gets the error, although
# the standard for stale-if-error counts that as an error too, and it is the case people set it for. Catch
# connection errors and keep the last good value yourself.
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

let state = 'up';
function answer(incoming, response) {
  if (state === 'dropping') incoming.socket.destroy();
  else if (state === 'failing') response.writeHead(503).end('failing');
  else response.writeHead(200, { 'cache-control': 'max-age=1, stale-if-error=60' }).end('good');
}
const dispatcher = new Agent().compose(interceptors.cache());
const get = async () => {
  try {
    return await (await request(origin, { dispatcher })).body.text();
  } catch (error) {
    return `error ${error.code}`;
  }
};
const first = await get();
await new Promise((resolve) => setTimeout(resolve, 2200));
state = 'failing';
const failing = await get();
state = 'dropping';
const dropping = await get();

server.closeAllConnections();
server.close();
await dispatcher.destroy();

const expected = 'up: good; answering 503: good; dropping connections: good';
const seen = `up: ${first}; answering 503: ${failing}; dropping connections: ${dropping}`;
const holds = first === 'good' && failing === 'good' && dropping.startsWith('error');

console.log(`expected: ${expected}`);
console.log(`seen:     ${seen}`);
process.exitCode = holds ? 0 : 1;
PROGRAM
echo "with:     undici@7.30.2, Node $(node -p process.versions.node)"
node program.mjs
