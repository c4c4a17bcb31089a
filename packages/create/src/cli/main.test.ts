import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const program = fileURLToPath(new URL('../../bin/fwk-create.js', import.meta.url));
let place: string;
beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), 'fwk-create-'));
});
afterEach(() => rm(place, { recursive: true, force: true }));

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** The program without a terminal, as it runs in CI. */
function create(...args: readonly string[]): Promise<Ended> {
  return createWith({}, ...args);
}

/** The same, as npm runs it when it has taken flags. */
function createWith(taken: Readonly<Record<string, string>>, ...args: readonly string[]): Promise<Ended> {
  const env = { ...process.env, npm_config_user_agent: 'npm/10.8.2 node/v22.0.0 linux x64', ...taken };
  return new Promise((resolve) => {
    execFile(process.execPath, [program, ...args], { cwd: place, env, timeout: 15_000 }, (error, out, err) =>
      resolve({ code: error ? Number(error.code) : 0, out, err }),
    );
  });
}

describe('without a terminal', () => {
  test('makes what the flags say, and prints what comes next', async () => {
    const { code, out, err } = await create('--kind', 'service', '--name', 'order-desk');
    expect([code, err]).toEqual([0, '']);
    expect(out).toBe(
      'Made order-desk with 13 files. What comes next, and README.md says the rest:\n\n' +
        '  cd order-desk\n  npm install\n  npm test\n  npm run dev\n',
    );
    const manifest = JSON.parse(await readFile(join(place, 'order-desk/package.json'), 'utf8'));
    expect(manifest).toMatchObject({ name: 'order-desk', engines: { node: '>=20.19' } });
    expect(await readFile(join(place, 'order-desk/src/app.ts'), 'utf8')).toContain("owner: 'team-order-desk'");
  });

  test('takes the name from the folder, the owner from a flag, and the usual kind with --yes', async () => {
    expect(await create('apps/orders', '--yes', '--owner', 'sales')).toMatchObject({ code: 0 });
    expect(await readFile(join(place, 'apps/orders/src/app.ts'), 'utf8')).toContain("owner: 'sales'");
  });

  test('makes a scoped package in a folder without the scope, and in the current folder when told to', async () => {
    expect(await create('--kind', 'contract', '--name', '@acme/orders')).toMatchObject({ code: 0 });
    expect(await readdir(place)).toEqual(['orders']);
    await rm(join(place, 'orders'), { recursive: true });
    await mkdir(join(place, '.git'));
    const { code, out } = await create('.', '--kind', 'contract', '--name', 'orders');
    expect([code, out.includes('cd ')]).toEqual([0, false]);
    expect(await readdir(place)).toContain('package.json');
  });

  test('does not guess what was not said, and does not wait for answers', async () => {
    const both = await create();
    expect(both).toMatchObject({ code: 2, out: '' });
    expect(both.err).toMatch(/^--kind and --name must be said, since there is no terminal to ask in\./);
    expect((await create('--yes')).err).toMatch(/^--name must be said, since with --yes nothing is asked/);
    expect(await readdir(place)).toEqual([]);
  });
});

describe('refuses', () => {
  test.each([
    ['../orders', 'order-desk'],
    ['..', 'order-desk'],
    ['a b', 'order-desk'],
    ['Orders', 'order-desk'],
    ['-orders-', 'order-desk'],
    ['orders--desk', 'order-desk'],
    ["orders';process.exit(7)//", 'order-desk'],
    ['orders\u001b[2J', 'order-desk'],
    ['http', 'Node has a module'],
    ['@acme/', 'order-desk'],
    ['@a/b/c', 'order-desk'],
    ['@../orders', 'order-desk'],
    ['x'.repeat(64), '63 are the most'],
    [`@${'x'.repeat(210)}/orders`, '214 are the most'],
  ])('the name %j', async (name, hint) => {
    const { code, out, err } = await create('--kind', 'service', `--name=${name}`, '--dir', 'target');
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(hint);
    expect(err).not.toContain('\u001b');
    expect(err).not.toMatch(/\n +at /);
    expect(await readdir(place)).toEqual([]);
  });

  test('the name of a team that could end a text in the code', async () => {
    const { code, err } = await create('orders', '--yes', "--owner=a', name: 'b");
    expect(code).toBe(2);
    expect(err).toContain('owner must be the name of a team');
    expect(await readdir(place)).toEqual([]);
  });

  test('to overwrite: a folder with something in it, a file, a place below a file', async () => {
    await mkdir(join(place, 'full'));
    await writeFile(join(place, 'full/notes.txt'), 'mine');
    await writeFile(join(place, 'file'), 'mine');
    const full = await create('full', '--yes', '--name', 'orders');
    expect(full.code).toBe(1);
    expect(full.err).toMatch(
      /full is not empty \(notes\.txt\), and nothing is overwritten; name another folder with --dir/,
    );
    expect(await create('file', '--yes')).toMatchObject({ code: 1, err: expect.stringContaining('is no folder') });
    expect(await create('file/orders', '--yes')).toMatchObject({ code: 1, err: expect.stringContaining('ENOTDIR') });
    expect(await readdir(join(place, 'full'))).toEqual(['notes.txt']);
    expect(await readFile(join(place, 'file'), 'utf8')).toBe('mine');
  });

  test('a link that leads nowhere', async () => {
    await symlink(join(place, 'nowhere'), join(place, 'orders'));
    expect(await create('orders', '--yes')).toMatchObject({ code: 1, out: '' });
    expect(await readdir(place)).toEqual(['orders']);
  });

  test.each([
    [['--kind', 'app'], /"app" is no kind; there are service, contract, workspace/],
    [['a', 'b'], /one folder can be made at a time, not also b/],
    [['a', '--dir', 'b'], /the folder is a or b; say one of them/],
    [['--name='], /--name is empty/],
    [['--nmae', 'x'], /Unknown option '--nmae'/],
  ])('to be called wrongly: %j', async (args, hint) => {
    const { code, out, err } = await create(...args);
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(hint);
    expect(err).toContain('npm create @fwk');
  });
});

test('tells those who forgot the "--" which flags npm has taken', async () => {
  // npm create @fwk orders --kind service --owner=sales
  const { code, err } = await createWith({ npm_config_kind: 'true', npm_config_owner: 'sales' }, 'orders', 'service');
  expect(code).toBe(2);
  expect(err).toMatch(/not also service\nnpm has taken --kind and --owner for its own: flags stand after "--"/);
  expect((await createWith({ npm_config_name: 'orders' })).err).toContain('npm has taken --name for its own');
  expect((await create()).err).not.toContain('npm has taken');
});

test('says how it is called, and its version', async () => {
  const help = await create('--help');
  expect([help.code, help.err]).toEqual([0, '']);
  expect(help.out).toContain('workspace  a workspace of two services');
  const { version } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8'));
  expect(await create('--version')).toEqual({ code: 0, out: `${version}\n`, err: '' });
});
