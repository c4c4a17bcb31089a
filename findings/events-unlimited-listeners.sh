#!/usr/bin/env bash
# Node 20.20.2: 0 is the documented way to allow any number of listeners. After setMaxListeners(0, signal) the question
# getMaxListeners(signal) throws ERR_INVALID_ARG_TYPE, which says that an AbortSignal is no EventTarget. undici 7.16.0 asks
# it in fetch(), so each fetch with such a signal is rejected before anything is sent. Infinity works instead of 0.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true }' > package.json
npm install --no-audit --no-fund --silent node@20.20.2 undici@7.16.0

cat > program.mjs <<'PROGRAM'
import { getMaxListeners, setMaxListeners } from 'node:events';
import { createServer } from 'node:http';
import { fetch } from 'undici';

const ask = (limit) => {
  const { signal } = new AbortController();
  setMaxListeners(limit, signal);
  try {
    return String(getMaxListeners(signal));
  } catch (error) {
    return error.code;
  }
};
let arrived = 0;
const server = createServer((_request, response) => {
  arrived++;
  response.end();
}).listen(0, '127.0.0.1');
await new Promise((resolve) => server.once('listening', resolve));
const { signal } = new AbortController();
setMaxListeners(0, signal);
const url = `http://127.0.0.1:${server.address().port}`;
const fetched = await fetch(url, { signal }).then(({ status }) => String(status), (error) => error.code ?? error.name);
server.close();

console.log('expected: 0 reads back as 0, and the fetch is answered with 200');
console.log(`seen:     0 reads back as ${ask(0)}, Infinity as ${ask(Infinity)}; the fetch ends with ${fetched}, ${arrived} requests arrived`);
process.exit(ask(0) === 'ERR_INVALID_ARG_TYPE' && ask(Infinity) === 'Infinity' && fetched !== '200' && arrived === 0 ? 0 : 1);
PROGRAM
echo "with:     undici@7.16.0, Node $(node_modules/.bin/node -p process.versions.node)"
node_modules/.bin/node program.mjs
