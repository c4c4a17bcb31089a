/** What is made is compiled, tested and run, with the packages of this repository. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { link, node, tool } from '../fixtures/linked.js';
import { createProject, type ProjectKind } from './create-project.js';

const describer = fileURLToPath(new URL('../../../http/bin/fwk-contract.js', import.meta.url));
let place: string;
beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), 'fwk-create-'));
});
afterAll(() => rm(place, { recursive: true, force: true }));

const make = (kind: ProjectKind, name: string) =>
  createProject({ kind, name, folder: join(place, kind), frameworkVersion: '0.1.0' });
const released = async (path: string) => JSON.parse(await readFile(join(place, path), 'utf8'));

test('a service compiles, passes its tests, runs, answers, and stops', async () => {
  // A name whose words are reserved in the language.
  const { folder, files } = await make('service', '@acme/new-class');
  expect(files).toContain('src/service.test.ts');
  await link(folder);
  await tool(folder, 'typescript', '--noEmit');
  expect(await tool(folder, 'vitest', 'run')).toMatch(/Tests\s+2 passed \(2\)/);
  await tool(folder, 'typescript', '-p', 'tsconfig.build.json');

  const child = spawn(process.execPath, ['dist/main.js'], {
    cwd: folder,
    env: {
      ...process.env,
      PORT: '0',
      FWK_REGISTRY_PORT: String(await freePort()),
      FWK_REGISTRY_SOCKET_DIRECTORY: place,
    },
  });
  try {
    const url = await urlOnceReady(child.stdout);
    const added = await fetch(`${url}/items`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': '"first"' },
      body: '{"name":"lamp"}',
    });
    const item = (await added.json()) as { id: string };
    expect(item).toEqual({ id: expect.any(String), name: 'lamp' });
    expect(await (await fetch(`${url}/items/${item.id}`)).json()).toEqual(item);
    const ready = await (await fetch(`${url}/readyz?verbose`)).text();
    expect(ready).toContain('item-store');
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  } finally {
    child.kill('SIGKILL');
  }
}, 120_000);

test('a contract compiles, and is the one that its first release is said to have been', async () => {
  const { folder } = await make('contract', 'order-desk');
  await link(folder);
  await tool(folder, 'typescript', '--noEmit');
  await tool(folder, 'typescript', '-p', 'tsconfig.build.json');
  const said = await released('contract/released.json');
  expect(said.name).toBe('order-desk');
  expect(JSON.parse(await node(folder, describer, 'describe', 'dist/index.js'))).toEqual(said);
  expect(await tool(folder, 'vitest', 'run')).toMatch(/Tests\s+1 passed \(1\)/);
}, 120_000);

describe('an image', () => {
  const read = async (kind: ProjectKind, file: string) => {
    const folder = join(place, `image-${kind}`);
    await createProject({ kind, name: 'shop', folder, frameworkVersion: '0.1.0' });
    return readFile(join(folder, file), 'utf8');
  };

  test('is made without secrets and builds of any folder', async () => {
    const lines = (await read('workspace', '.dockerignore')).split('\n');
    expect(lines).toEqual(expect.arrayContaining(['**/.env', '**/node_modules', '**/dist', '.git']));
  });

  test('runs as a user with a number, which runAsNonRoot of Kubernetes asks for', async () => {
    expect(await read('service', 'Dockerfile')).toMatch(/^USER 1000$/m);
  });
});

describe('a workspace', () => {
  test('compiles and passes the tests of all its packages', async () => {
    const { folder } = await make('workspace', 'shop');
    await link(folder, ['contracts/catalog', 'services/catalog', 'services/storefront']);
    await tool(folder, 'typescript', '-b');
    await tool(folder, 'typescript', '-p', 'tsconfig.test.json');
    expect(await tool(folder, 'vitest', 'run')).toMatch(/Test Files\s+3 passed \(3\)[\s\S]*Tests\s+4 passed \(4\)/);
    const described = await node(folder, describer, 'describe', 'contracts/catalog/dist/index.js');
    expect(JSON.parse(described)).toEqual(await released('workspace/contracts/catalog/released.json'));
  }, 120_000);

  test('has no name that its scope does not say', async () => {
    const folder = join(place, 'scoped');
    await createProject({ kind: 'workspace', name: '@acme/shop', folder, frameworkVersion: '0.1.0' });
    const manifest = JSON.parse(await readFile(join(folder, 'services/storefront/package.json'), 'utf8'));
    expect([manifest.name, manifest.dependencies['@acme/catalog-contract']]).toEqual(['@acme/storefront', '0.1.0']);
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

/** The URL of a service, once its log says that it is ready: a start that is broken off ends with 1. */
function urlOnceReady(log: Readable): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    log.on('end', () => reject(new Error(`it ended before it was ready:\n${text}`)));
    log.on('data', (chunk) => {
      text += chunk;
      const url = /"url":"(http:[^"]+)"/.exec(text)?.[1];
      if (url !== undefined && text.includes('"message":"ready"')) resolve(url);
    });
  });
}
