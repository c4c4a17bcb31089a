/** The examples of docs/management.md, and those of the list at `/manage`, asked of an application that has all parts. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { root } from './workspace.mjs';

interface Listed {
  readonly method: string;
  readonly path: string;
  readonly purpose: string;
  readonly guarded: boolean;
  readonly example: string;
}

const page = readFileSync(join(root, 'docs', 'management.md'), 'utf8');
/** Each example, and the answer below it where the page shows one. */
const examples = [...page.matchAll(/```sh\n(.*?)```\n(?:\n```json\n(.*?)```)?/gs)].map(([, line = '', answer]) => ({
  line,
  answer,
}));

let app: ChildProcess;
let url: string;
let tokenFile: string;
let folder: string;
let listed: readonly Listed[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fwk-management-docs-'));
  app = spawn(process.execPath, [join(root, 'scripts/docs/managed-app.mjs')], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: app.stdout as NodeJS.ReadableStream });
  const [line] = await Promise.race([
    once(lines, 'line'),
    once(app, 'exit').then(([code]) => Promise.reject(new Error(`the application ended with code ${code}`))),
  ]);
  ({ managementUrl: url, managementTokenFile: tokenFile } = JSON.parse(line));
  listed = ((await (await fetch(`${url}/manage`)).json()) as { endpoints: Listed[] }).endpoints;
}, 30_000);

afterAll(async () => {
  if (app.exitCode === null) {
    const ended = once(app, 'exit');
    app.stdin?.end();
    expect(await ended).toEqual([0, null]);
  }
  await rm(folder, { recursive: true });
});

/** Runs a line as a reader of the page would; an answer that is an error fails it. A stream is left when it has said something. */
async function shell(line: string): Promise<string> {
  const checked = `set -e\ncurl() { command curl -sS --fail-with-body --max-time 30 "$@"; }\n${line}`;
  const env = { ...process.env, MANAGEMENT: url, TOKEN_FILE: tokenFile };
  // A group of its own, so that curl is ended with its shell.
  const child = spawn('bash', ['-c', checked], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  let said = '';
  const hear = (chunk: Buffer) => {
    said += chunk.toString();
    if (line.includes('curl -N') && said.includes('\n') && child.pid) process.kill(-child.pid, 'SIGKILL');
  };
  child.stdout.on('data', hear);
  child.stderr.on('data', hear);
  const [code, signal] = await once(child, 'close');
  if (code !== 0 && signal !== 'SIGKILL') throw new Error(`it ended with ${code ?? signal}: ${said.slice(0, 1000)}`);
  return said;
}

/** True for examples of traces where the application records none. */
function isLeftOut(lines: string): boolean {
  return lines.includes('/manage/traces') && !listed.some(({ path }) => path === '/manage/traces');
}

/** Which endpoint the last line of curl asks. */
function askedBy(lines: string): string {
  const line = lines.slice(lines.lastIndexOf('\ncurl ') + 1);
  const method = /-X ([A-Z]+)/.exec(line)?.[1] ?? 'GET';
  const path = /(\/manage[^\s"'?]*)/.exec(line)?.[1] ?? '';
  const found = listed.filter(
    (each) =>
      each.method === method &&
      new RegExp(`^${each.path.replace(/[.]/g, '\\.').replace(/:[^/]+$/, '[^/]+')}$`).test(path),
  );
  // A path of its own goes before a parameter.
  const { path: place = path } = found.find((each) => each.path === path) ?? found[0] ?? {};
  return `${method} ${place}`;
}

describe('the page', () => {
  test('has an example of each endpoint there is, and of none that there is not', () => {
    const shown = new Set(examples.filter(({ line }) => !isLeftOut(line)).map(({ line }) => askedBy(line)));
    expect([...shown].sort()).toEqual([...new Set(listed.map(({ method, path }) => `${method} ${path}`))].sort());
  });

  test.each(examples)('runs $line', async ({ line, answer }) => {
    if (isLeftOut(line)) return;
    const said = await shell(line);
    if (answer === undefined) return void expect(said).not.toContain('"status":4');
    const expected = JSON.parse(answer);
    const actual = JSON.parse(said);
    expect(Object.keys(actual)).toEqual(expect.arrayContaining(Object.keys(expected)));
  });

  test('leaves the files that its examples download', () => {
    const fileOf = (name: string) => JSON.parse(readFileSync(join(folder, name), 'utf8'));
    expect(fileOf('service.cpuprofile').nodes.length).toBeGreaterThan(0);
    expect(fileOf('service.heapsnapshot').snapshot.node_count).toBeGreaterThan(1000);
  });
});

describe('each endpoint in the list', () => {
  test('says what it is for', () => {
    expect(listed.filter(({ purpose }) => !/^[A-Z].*\.$/.test(purpose)).map(({ path }) => path)).toEqual([]);
  });

  test('has an example that works', async () => {
    for (const { example, path } of listed) {
      // The page takes the snapshot; here it is enough to know that it would be taken.
      const { boot } = (await (await fetch(`${url}/manage/usage`)).json()) as { boot: string };
      const ownBoot = example.replace(/"boot":"\w+","through":\d+/, `"boot":"${boot}","through":0`);
      const short = ownBoot.replace('seconds=5', 'seconds=0.1').replace(/heap-snapshot .*/, '$& --head');
      // What is named in an example, such as a trace, may not be here; the form must be right all the same.
      const said = await shell(short).catch((error: Error) => {
        if (path.includes(':') && error.message.includes('error: 404')) return error.message;
        throw error;
      });
      expect([path, said.length > 0]).toEqual([path, true]);
    }
  });
});

/** Names and data of the last events of management. */
async function audit(): Promise<{ name: string; data: Record<string, unknown> }[]> {
  const answer = await fetch(`${url}/manage/events?name=management.*&recent=1000`, {
    headers: { accept: 'application/json' },
  });
  return ((await answer.json()) as { events: { name: string; data: Record<string, unknown> }[] }).events;
}

describe('each endpoint that changes something, or is guarded as if it did', () => {
  const changes = () => listed.filter(({ method }) => method !== 'GET');
  const ask = (method: string, path: string, authorization?: string) =>
    fetch(`${url}${path.replace(/:[^/]+$/, 'no-such-thing')}?actor=ann&reason=test`, {
      method,
      headers: { 'content-type': 'application/json', ...(authorization && { authorization }) },
      ...(method.startsWith('P') && { body: '{}' }),
    });

  test('is guarded in the list, and there are some', () => {
    expect(changes().length).toBeGreaterThan(3);
    expect(changes().filter(({ guarded }) => !guarded)).toEqual([]);
  });

  test('is refused without the token and with a wrong one, and so is what else is guarded', async () => {
    for (const { method, path } of listed.filter(({ guarded }) => guarded)) {
      for (const authorization of [undefined, `Bearer ${'x'.repeat(43)}`]) {
        expect([method, path, (await ask(method, path, authorization)).status]).toEqual([method, path, 401]);
      }
    }
    expect((await audit()).at(-1)).toMatchObject({ name: 'management.refused', data: { status: 401 } });
  });

  test('leaves a line with the token, whatever comes of it: who, from where, what and why', async () => {
    const authorization = `Bearer ${readFileSync(tokenFile, 'utf8')}`;
    for (const { method, path } of changes()) {
      await (await ask(method, path, authorization)).arrayBuffer();
      const { name, data } = (await audit()).at(-1) ?? expect.unreachable();
      expect([path, name, data]).toMatchObject([
        path,
        'management.changed',
        {
          method,
          actor: 'ann',
          reason: 'test',
          done: expect.any(Boolean),
          from: { address: expect.stringMatching(/^127\.0\.0\.1:/) },
        },
      ]);
    }
  });
});
