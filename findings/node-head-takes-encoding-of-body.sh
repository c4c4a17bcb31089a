#!/usr/bin/env bash
# Node 20.20.2, node:http: headers are Latin-1, and a server that writes a header `é` with a body of bytes, or of text in ASCII
# said to be latin1, sends the one byte e9. With a body of text in UTF-8, which is the default, head and body are joined and
# encoded together, so the header goes out as the two bytes c3 a9, and every client reads `Ã©`. Give such a body as bytes.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

cat > program.mjs <<'PROGRAM'
import { createServer, request } from 'node:http';

const bodies = { '/text': 'é', '/bytes': Buffer.from('é') };
const server = createServer(({ url }, response) => {
  const body = bodies[url];
  response.writeHead(200, { 'x-name': 'é', 'content-length': Buffer.byteLength(body) });
  response.end(body);
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const header = (path) =>
  new Promise((resolve) => {
    request({ port: server.address().port, host: '127.0.0.1', path, agent: false }, (answer) => {
      answer.resume();
      resolve(answer.headers['x-name']);
    }).end();
  });
const seen = { text: await header('/text'), bytes: await header('/bytes') };
server.close();

console.log('expected: the header é, whatever the body is');
console.log(`seen:     ${seen.text} before a body of text, ${seen.bytes} before the same body as bytes`);
process.exitCode = seen.text === 'Ã©' && seen.bytes === 'é' ? 0 : 1;
PROGRAM
echo "with:     Node $(node -p process.versions.node)"
node program.mjs
