#!/usr/bin/env bash
# @grpc/grpc-js 1.14.7: where the environment has grpc_proxy, https_proxy or http_proxy, a channel whose target has a scheme of the
# program's own never asks the resolver registered for it. The name that only that resolver knows goes to the proxy in a CONNECT, as
# if it were a host with port 443. Only `unix:` targets and hosts in no_proxy are spared. Set the channel's option
# `grpc.enable_http_proxy` to 0.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true }' > package.json
npm install --no-audit --no-fund --silent @grpc/grpc-js@1.14.7

cat > program.mjs <<'PROGRAM'
import { createServer } from 'node:http';
import grpc from '@grpc/grpc-js';

let asked = 0;
grpc.experimental.registerResolver('registry', class {
  static getDefaultAuthority = ({ path }) => path;
  updateResolution() { asked++; }
  destroy() {}
});
const connects = [];
const proxy = createServer();
proxy.on('connect', (request, socket) => { connects.push(request.url); socket.destroy(); });
await new Promise((resolve) => proxy.listen(0, '127.0.0.1', resolve));

async function tryIt(options) {
  const client = new grpc.Client('registry:///inventory', grpc.credentials.createInsecure(), options);
  await new Promise((resolve) => client.waitForReady(Date.now() + 1000, resolve));
  client.close();
  const result = `resolver asked ${asked} times, proxy asked for [${[...new Set(connects)]}]`;
  asked = 0;
  connects.length = 0;
  return result;
}
process.env.grpc_proxy = `http://127.0.0.1:${proxy.address().port}`;
// A channel that was closed goes on trying for a while, so this one comes first.
const without = await tryIt({ 'grpc.enable_http_proxy': 0 });
const seen = await tryIt({});
proxy.close();

console.log('expected: resolver asked 1 times, proxy asked for []');
console.log(`seen:     ${seen}`);
console.log(`with grpc.enable_http_proxy 0: ${without}`);
const holds = seen === 'resolver asked 0 times, proxy asked for [inventory:443]' && without === 'resolver asked 1 times, proxy asked for []';
process.exitCode = holds ? 0 : 1;
PROGRAM
echo "with:     @grpc/grpc-js@1.14.7, Node $(node -p process.versions.node)"
node program.mjs
