/** Bare fastify that sends the same lines in three ways, with no validation and no log. */
import './tell-costs.mjs';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import fastify from 'fastify';
import { exported, pushed } from './stream-items.mjs';

const pieceLength = 32_768;

async function* linesOf(items) {
  for await (const item of items) yield `${JSON.stringify(item)}\n`;
}

/** As a library sends an async iterable: each line is a chunk of its own. */
const sendLines = (reply, items) => reply.type('application/x-ndjson').send(Readable.from(linesOf(items)));

/** By hand: what comes in one turn goes out together, and nothing waits for more. */
async function sendCorked(reply, items) {
  reply.hijack();
  const { raw } = reply;
  raw.writeHead(200, { 'content-type': 'application/x-ndjson' });
  let corked = false;
  const uncork = () => {
    corked = false;
    raw.uncork();
  };
  for await (const line of linesOf(items)) {
    if (!corked) {
      corked = true;
      raw.cork();
      process.nextTick(uncork);
    }
    if (!raw.write(line)) await once(raw, 'drain');
  }
  raw.end();
}

/** Only whole pieces go out, so an item may wait for many others: for exports alone. */
async function* piecesOf(items) {
  let text = '';
  for await (const line of linesOf(items)) {
    text += line;
    if (text.length < pieceLength) continue;
    yield text;
    text = '';
  }
  yield text;
}

const server = fastify();
const of = (items, { params }) => items(Number(params.count));
server.get('/exported/:count', (request, reply) => sendCorked(reply, of(exported, request)));
server.get('/lines/:count', (request, reply) => sendLines(reply, of(exported, request)));
server.get('/gathered/:count', (request, reply) =>
  reply.type('application/x-ndjson').send(Readable.from(piecesOf(of(exported, request)))),
);
server.get('/pushed/:count', (request, reply) => sendCorked(reply, of(pushed, request)));
await server.listen({ port: Number(process.env.BENCH_PORT), host: '127.0.0.1' });
process.stdout.write('ready\n');
