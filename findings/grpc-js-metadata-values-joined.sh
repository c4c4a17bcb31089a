#!/usr/bin/env bash
# @grpc/grpc-js 1.14.7: two values added to one metadata key leave as two, and arrive as one text joined with a
# comma and a blank. The client's own object still shows two, so a test without a connection does not find it. A
# single value that has a comma looks the same at the server. Binary keys (-bin) keep their values apart. Use a
# binary key or one key for each value.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true }' > package.json
npm install --no-audit --no-fund --silent @grpc/grpc-js@1.14.7

cat > program.mjs <<'PROGRAM'
import grpc from '@grpc/grpc-js';

const encode = (value) => Buffer.from(JSON.stringify(value));
const decode = (bytes) => JSON.parse(bytes.toString());
const definition = {
  Get: {
    path: '/test.Service/Get', requestStream: false, responseStream: false,
    requestSerialize: encode, requestDeserialize: decode, responseSerialize: encode, responseDeserialize: decode,
  },
};
const server = new grpc.Server();
server.addService(definition, { Get: (call, done) => handle(call, done) });
const port = await new Promise((resolve) => {
  server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (_, bound) => resolve(bound));
});
const Client = grpc.makeGenericClientConstructor(definition, 'test.Service');
const client = new Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
const get = (metadata) => new Promise((resolve) => client.Get({}, metadata, (error, value) => resolve({ error, value })));

function handle(call, done) {
  done(null, { text: call.metadata.get('role'), binary: call.metadata.get('role-bin').map(String) });
}
const metadata = new grpc.Metadata();
for (const role of ['reader', 'writer']) {
  metadata.add('role', role);
  metadata.add('role-bin', Buffer.from(role));
}
const { value } = await get(metadata);
client.close();
server.forceShutdown();

const expected = 'at the server: text ["reader","writer"], binary ["reader","writer"]';
const seen = `at the server: text ${JSON.stringify(value.text)}, binary ${JSON.stringify(value.binary)}`;
const holds = metadata.get('role').length === 2 && value.text.length === 1 && value.binary.length === 2;

console.log(`expected: ${expected}`);
console.log(`seen:     ${seen}`);
process.exitCode = holds ? 0 : 1;
PROGRAM
echo "with:     @grpc/grpc-js@1.14.7, Node $(node -p process.versions.node)"
node program.mjs
