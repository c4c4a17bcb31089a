#!/usr/bin/env bash
# undici 7.30.0, EnvHttpProxyAgent: a network in NO_PROXY, such as 10.0.0.0/8, is taken for a name that never
# matches. Requests to its addresses go through the proxy, where curl (from 7.86 on), Go and Python's requests
# reach them directly. Write each address, or a dispatcher that knows networks.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true }' > package.json
npm install --no-audit --no-fund --silent undici@7.30.0

cat > program.mjs <<'PROGRAM'
import { createServer } from 'node:http';
import { EnvHttpProxyAgent, request } from 'undici';

const listen = async (server) => {
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server.address().port;
};
const server = createServer((_request, response) => response.end('direct'));
const tunnels = [];
const proxy = createServer().on('connect', ({ url }, socket) => {
  tunnels.push(url);
  socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
});
const [port, proxyPort] = [await listen(server), await listen(proxy)];

async function way(noProxy) {
  const dispatcher = new EnvHttpProxyAgent({ httpProxy: `http://127.0.0.1:${proxyPort}`, noProxy });
  const before = tunnels.length;
  await request(`http://127.0.0.1:${port}`, { dispatcher }).then(({ body }) => body.dump(), () => {});
  return tunnels.length > before ? 'through the proxy' : 'directly';
}
const address = await way('127.0.0.1');
const network = await way('127.0.0.0/8');

console.log('expected: directly with NO_PROXY=127.0.0.1 and with NO_PROXY=127.0.0.0/8');
console.log(`seen:     ${address} with the address, ${network} with the network`);
process.exit(address === 'directly' && network === 'through the proxy' ? 0 : 1);
PROGRAM
echo "with:     undici@7.30.0, Node $(node -p process.versions.node)"
node program.mjs
