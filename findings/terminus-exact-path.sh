#!/usr/bin/env bash
# @godaddy/terminus 4.12.1 compares a health path with the whole request target. A probe of /health?from=proxy
# or of /health/ passes it by and reaches the application, which often has a route for everything and answers
# 200: the service looks healthy whatever the check says. A check that returns false also counts as healthy;
# only throwing is unhealthy. Let probes use the exact path without a query, and make checks throw.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true }' > package.json
npm install --no-audit --no-fund --silent @godaddy/terminus@4.12.1

cat > program.mjs <<'PROGRAM'
import { createServer } from 'node:http';
import { createTerminus } from '@godaddy/terminus';

const server = createServer((_, response) => response.end('application'));
const failing = async () => {
  throw new Error('database down');
};
createTerminus(server, { signals: [], healthChecks: { '/health': failing, '/ready': async () => false } });
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const status = async (path) => (await fetch(`http://127.0.0.1:${server.address().port}${path}`)).status;
const plain = await status('/health');
const query = await status('/health?from=proxy');
const returnsFalse = await status('/ready');
server.closeAllConnections();
server.close();

const expected = '/health 503, /health?from=proxy 503, a check that returns false 503';
const seen = `/health ${plain}, /health?from=proxy ${query}, a check that returns false ${returnsFalse}`;
const holds = plain === 503 && query === 200 && returnsFalse === 200;

console.log(`expected: ${expected}`);
console.log(`seen:     ${seen}`);
process.exitCode = holds ? 0 : 1;
PROGRAM
echo "with:     @godaddy/terminus@4.12.1, Node $(node -p process.versions.node)"
node program.mjs
