import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { noLogger } from '@fwk/kernel';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { freePort } from '../../fixtures/free-port.js';
import { anInstance } from '../../testing/instances.js';
import { localRegistry } from './local-registry.js';
import { type RegistryHost, serveRegistry } from './serve-registry.js';

let folder = '';
let snapshotFile = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fwk-snapshot-'));
  snapshotFile = join(folder, 'registry.json');
});

afterEach(() => rm(folder, { recursive: true }));

/** The instances that a registry tells whoever asks. */
async function instancesOf({ url }: RegistryHost): Promise<unknown> {
  const answer = (await (await fetch(`${url}/v1/instances`)).json()) as { readonly instances: unknown };
  return answer.instances;
}

/** What a registry that starts on the snapshot says before anybody has spoken to it. */
async function said(logger = noLogger): Promise<unknown> {
  await using served = await serveRegistry({ port: 0, snapshotFile }, { logger });
  return await instancesOf(served);
}

/** Serves with an instance that a process keeps registered until the registry is gone. */
async function lived(): Promise<void> {
  const served: RegistryHost = await serveRegistry({ port: 0, snapshotFile });
  const member = localRegistry({ port: served.port, serve: false }, { logger: noLogger });
  await member.register(anInstance());
  await member.register(anInstance({ id: 'inventory-2', port: 4002 }));
  await member.overrides?.set('inventory-2', { status: 'DOWN', cause: 'it smokes', actor: 'operator alice' });
  await served.close();
  await member.close();
}

describe('a snapshot', () => {
  test('lets a registry that starts again know everybody and every override from its first answer', async () => {
    await lived();
    expect(await said()).toMatchObject([
      { id: 'inventory-1', status: 'UP' },
      { id: 'inventory-2', status: 'DOWN', lastChange: { cause: 'it smokes', actor: 'operator alice' } },
    ]);
    expect((await stat(snapshotFile)).mode & 0o077).toBe(0);
  });

  test('is written while the registry is served, so that a crash loses little', async () => {
    await using served = await serveRegistry({ port: 0, snapshotFile });
    const member = localRegistry({ port: served.port, serve: false });
    await member.register(anInstance());
    await expect.poll(() => readFile(snapshotFile, 'utf8').catch(() => ''), { timeout: 5000 }).toContain('inventory-1');
    await member.close();
  });

  test('keeps nobody who does not come back for longer than a lease', async () => {
    await lived();
    await using served = await serveRegistry({ port: 0, snapshotFile, ttlMs: 300 });
    await expect.poll(() => instancesOf(served), { timeout: 5000 }).toEqual([]);
  });

  test.each([
    ['no JSON', '{"entries": ['],
    ['something else', '[1, 2]'],
    ['without entries', '{"overrides": {}}'],
  ])('that is %s is of no use, which is logged, and harms nobody', async (_, text) => {
    await writeFile(snapshotFile, text);
    const warnings: unknown[] = [];
    expect(await said({ ...noLogger, warn: (_fields, message) => void warnings.push(message) })).toEqual([]);
    expect(warnings).toEqual(['the snapshot of the registry cannot be used']);
    expect(await readFile(`${snapshotFile}.bad`, 'utf8')).toBe(text);
  });

  test('is written by a process that stands by, so that what is lifted while another serves stays lifted', async () => {
    const port = await freePort();
    const quiet = { logger: noLogger };
    const override = { status: 'DOWN', cause: 'it smokes', actor: 'operator alice' } as const;
    const first = localRegistry({ port, snapshotFile }, quiet);
    await first.overrides?.set('inventory-1', override);
    await first.close();
    const serving = localRegistry({ port }, quiet);
    serving.services();
    await expect.poll(() => serving.connection.value.state).toBe('connected');
    await serving.overrides?.set('inventory-1', override);
    const standingBy = localRegistry({ port, snapshotFile }, quiet);
    const { instances, known } = standingBy.watch('inventory');
    await expect.poll(() => known.value).toBe(true);
    await serving.register(anInstance());
    expect(await serving.overrides?.lift('inventory-1')).toBe(true);
    await expect.poll(() => instances.value[0]?.status).toBe('UP');
    await standingBy.close();
    await serving.close();
    expect(await said()).toMatchObject([{ id: 'inventory-1', status: 'UP' }]);
  });

  test('is left alone by a process that may not serve', async () => {
    await using served = await serveRegistry({ port: 0 });
    await writeFile(snapshotFile, 'as it was');
    const member = localRegistry({ port: served.port, serve: false, snapshotFile });
    await member.register(anInstance());
    await member.close();
    expect(await readFile(snapshotFile, 'utf8')).toBe('as it was');
  });

  test('that is damaged in part gives what is right', async () => {
    const entries = [
      { instance: anInstance(), holder: 'holder-one', owner: 'x'.repeat(43) },
      { instance: {}, holder: 'holder-two', owner: 'x'.repeat(43) },
      { instance: anInstance({ id: 'of-nobody' }), holder: 'holder-two' },
    ];
    await writeFile(snapshotFile, JSON.stringify({ entries, overrides: { x: { status: 'AWAY' } } }));
    expect(await said()).toMatchObject([{ id: 'inventory-1' }]);
  });
});
