#!/usr/bin/env bash
# @grpc/grpc-js 1.14.7: a server whose deserializer answers a value that counts as false (an empty text, 0, false) takes the request
# for missing: the call ends with UNIMPLEMENTED, "Received no request message for server streaming method", though it is a unary one
# and the message was sent. The handler is not called. The same values arrive well at a client, as answers. Messages as objects are safe.
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
  Echo: {
    path: '/test.Service/Echo', requestStream: false, responseStream: false,
    requestSerialize: encode, requestDeserialize: decode, responseSerialize: encode, responseDeserialize: decode,
  },
  Zero: {
    path: '/test.Service/Zero', requestStream: false, responseStream: false,
    requestSerialize: encode, requestDeserialize: decode, responseSerialize: encode, responseDeserialize: decode,
  },
};
const server = new grpc.Server();
server.addService(definition, { Echo: (call, done) => done(null, call.request), Zero: (_, done) => done(null, 0) });
const port = await new Promise((resolve) => {
  server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (_, bound) => resolve(bound));
});
const Client = grpc.makeGenericClientConstructor(definition, 'test.Service');
const client = new Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
const call = (method, request) => new Promise((resolve) => {
  client[method](request, (error, value) => resolve(error ? `${grpc.status[error.code]}: ${error.details}` : value));
});
const one = await call('Echo', 1);
const zero = await call('Echo', 0);
const answered = await call('Zero', 1);
client.close();
server.forceShutdown();

console.log('expected: a request of 1 is answered 1, one of 0 is answered 0');
console.log(`seen:     a request of 1 is answered ${one}, one of 0 is answered ${zero}; an answer of 0 arrives as ${answered}`);
process.exitCode = one === 1 && answered === 0 && String(zero).startsWith('UNIMPLEMENTED') ? 0 : 1;
PROGRAM
echo "with:     @grpc/grpc-js@1.14.7, Node $(node -p process.versions.node)"
node program.mjs
