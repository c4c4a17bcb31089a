#!/usr/bin/env bash
# undici 7.30.2, RetryAgent. A PUT with a plain string body is sent again after a 503 when it goes through request(),
# but not when it goes through fetch(): fetch hands every body to the dispatcher as an iterable that can be read
# once, so the second attempt has no body, and the caller gets an error about the content length in place of
# either answer. Send PUT requests that may be repeated by request().
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true }' > package.json
npm install --no-audit --no-fund --silent undici@7.30.2

cat > program.mjs <<'PROGRAM'
import { createServer } from 'node:http';
import { Agent, fetch, RetryAgent, request } from 'undici';

let received = [];
const server = createServer(async (incoming, response) => {
  let body = '';
  for await (const chunk of incoming) body += chunk;
  received.push(body);
  response.writeHead(received.length === 1 ? 503 : 200).end();
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const url = `http://127.0.0.1:${server.address().port}/stock/1`;

const dispatcher = new RetryAgent(new Agent(), { minTimeout: 10 });
const options = { method: 'PUT', body: 'four', dispatcher };

const requested = await request(url, options);
await requested.body.dump();
const byRequest = `${requested.statusCode} after bodies ${JSON.stringify(received)}`;

received = [];
const byFetch = await fetch(url, options).then(
  (response) => String(response.status),
  (error) => error.cause?.code ?? error.code,
);
server.closeAllConnections();
server.close();

console.log('expected: request: 200 after bodies ["four","four"]; fetch: the same');
console.log(`seen:     request: ${byRequest}; fetch: ${byFetch} after bodies ${JSON.stringify(received)}`);
process.exit(
  byRequest === '200 after bodies ["four","four"]' && byFetch === 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH' && received.length === 1
    ? 0
    : 1,
);
PROGRAM
echo "with:     undici@7.30.2, Node $(node -p process.versions.node)"
node program.mjs
