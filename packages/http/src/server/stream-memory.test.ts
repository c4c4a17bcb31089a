/** A gigabyte through a process whose heap has 50 MB, in both directions. The processes are real. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { get, request } from 'node:http';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';

const program = fileURLToPath(new URL('../fixtures/stream-server.mjs', import.meta.url));
const COUNT = 100_000;
/** The heap, the program itself, and what the system keeps for both ends of a connection. */
const MOST_BYTES = 250e6;

async function start() {
  const child = spawn(process.execPath, ['--max-old-space-size=50', program], { stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [said] = await once(child.stdout, 'data');
  const url = `http://127.0.0.1:${Number(String(said))}`;
  return { url, memory: async () => Number(await (await fetch(`${url}/memory`)).json()) };
}

test('out of it', { timeout: 120_000 }, async () => {
  const { url, memory } = await start();
  const bytes = await new Promise<number>((resolve, reject) => {
    get(`${url}/out/${COUNT}`, (answer) => {
      let got = 0;
      answer.on('data', (chunk: Buffer) => {
        got += chunk.length;
      });
      answer.on('end', () => resolve(got)).on('error', reject);
    });
  });
  expect(bytes).toBeGreaterThan(1e9);
  expect(await memory()).toBeLessThan(MOST_BYTES);
});

test.each([
  { to: 'in', count: COUNT, length: 10_000 },
  // A tenth of a gigabyte is twice its heap.
  { to: 'behind', count: COUNT, length: 1000 },
])('into it, by /$to', { timeout: 120_000 }, async ({ to, count, length }) => {
  const { url, memory } = await start();
  const sent = request(`${url}/${to}`, { method: 'POST', headers: { 'content-type': 'application/x-ndjson' } });
  const answered = once(sent, 'response');
  const text = 'x'.repeat(length);
  for (let seq = 1; seq <= count; seq++) {
    if (!sent.write(`{"seq":${seq},"text":"${text}"}\n`)) await once(sent, 'drain');
  }
  sent.end();
  const [answer] = await answered;
  let body = '';
  for await (const chunk of answer) body += chunk;
  expect(body).toBe(String(count * length));
  expect(await memory()).toBeLessThan(MOST_BYTES);
});

test.each([
  { to: 'in', type: 'application/x-ndjson', begin: '{"seq":1,"text":"', end: '"}\n' },
  { to: 'whole', type: 'application/json', begin: '"', end: '"' },
])(
  'nearly a megabyte in chunks of one byte, into it by /$to',
  { timeout: 120_000 },
  async ({ to, type, begin, end }) => {
    const { url } = await start();
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    const answered = once(socket, 'data');
    const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`;
    const thousand = chunk('x').repeat(1000);
    socket.write(
      `POST /${to} HTTP/1.1\r\nhost: big\r\ncontent-type: ${type}\r\ntransfer-encoding: chunked\r\n\r\n${chunk(begin)}`,
    );
    for (let sent = 0; sent < 900; sent++) if (!socket.write(thousand)) await once(socket, 'drain');
    socket.write(`${chunk(end)}0\r\n\r\n`);
    const [answer] = await answered;
    expect(String(answer)).toMatch(/^HTTP\/1\.1 200 [\s\S]*\r\n\r\n900000$/);
  },
);
