#!/usr/bin/env bash
# @grpc/grpc-js 1.14.7: an error with a numeric code that a handler passes on, such as code 404 of an HTTP
# client, goes over the wire as grpc-status 404, and the client reports code 404. gRPC defines the codes 0 to 16
# only. A table by code, a retry rule or a metric label at the client then meets a number that does not exist.
# Map errors to status codes at the edge of the handler.
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
  done(Object.assign(new Error('no such page'), { code: 404 }));
}
const { error } = await get(new grpc.Metadata());
client.close();
server.forceShutdown();

const expected = 'code 2 (UNKNOWN)';
const seen = `code ${error.code} (${grpc.status[error.code]})`;
const holds = error.code === 404;

console.log(`expected: ${expected}`);
console.log(`seen:     ${seen}`);
process.exitCode = holds ? 0 : 1;
PROGRAM
echo "with:     @grpc/grpc-js@1.14.7, Node $(node -p process.versions.node)"
node program.mjs
