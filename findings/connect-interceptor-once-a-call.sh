#!/usr/bin/env bash
# @connectrpc/connect 2.3.0: an interceptor is `next => request => ...`, as middleware is elsewhere, but its outer function is called
# anew for each call, not once when the transport is made. What it keeps between both arrows (a counter, a breaker, a limit, a cache)
# begins anew with each call, and never works. Keep such state outside the interceptor.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true }' > package.json
npm install --no-audit --no-fund --silent @connectrpc/connect@2.3.0 @connectrpc/connect-node@2.3.0 @bufbuild/protobuf@2.17.0

cat > program.mjs <<'PROGRAM'
import { createServer } from 'node:http';
import { create, createFileRegistry } from '@bufbuild/protobuf';
import { EmptySchema, FileDescriptorProtoSchema, file_google_protobuf_empty } from '@bufbuild/protobuf/wkt';
import { createClient } from '@connectrpc/connect';
import { connectNodeAdapter, createConnectTransport } from '@connectrpc/connect-node';

const file = create(FileDescriptorProtoSchema, {
  name: 'test.proto',
  package: 'test',
  syntax: 'proto3',
  dependency: ['google/protobuf/empty.proto'],
  service: [{ name: 'Service', method: [
    { name: 'Ping', inputType: '.google.protobuf.Empty', outputType: '.google.protobuf.Empty' },
  ] }],
});
const service = createFileRegistry(file, () => file_google_protobuf_empty).getService('test.Service');
const server = createServer(connectNodeAdapter({
  routes: (router) => router.service(service, { ping: () => create(EmptySchema) }),
}));
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
let built = 0;
const highest = [];
const counting = (next) => {
  built++;
  let calls = 0;
  return (request) => {
    highest.push(++calls);
    return next(request);
  };
};
const baseUrl = `http://127.0.0.1:${server.address().port}`;
const client = createClient(service, createConnectTransport({ baseUrl, httpVersion: '1.1', interceptors: [counting] }));
for (let call = 0; call < 3; call++) await client.ping({});
server.close();
server.closeAllConnections();

console.log('expected: after 3 calls the outer function has run 1 time, and the counter inside says 1,2,3');
console.log(`seen:     after 3 calls the outer function has run ${built} times, and the counter inside says ${highest}`);
process.exitCode = built === 3 && String(highest) === '1,1,1' ? 0 : 1;
PROGRAM
echo "with:     @connectrpc/connect@2.3.0, Node $(node -p process.versions.node)"
node program.mjs
