import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';

/** Real processes on the built package: signals, exit codes, and lines that must not be lost. */
const root = fileURLToPath(new URL('../../../../', import.meta.url));
const children: ChildProcess[] = [];

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

/** Runs a module; `say(text)` in it writes a line that `heard` waits for. */
function program(source: string, env: NodeJS.ProcessEnv = process.env) {
  const say = 'const say = (text) => process.stdout.write(text + "\\n");';
  const script = `import { createApp } from '@fwk/core'; ${say} ${source}`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    cwd: root,
    env,
    // The channel of messages is what supervisors such as PM2 have.
    stdio: env.pm_id === undefined ? 'pipe' : ['pipe', 'pipe', 'pipe', 'ipc'],
  });
  children.push(child);
  if (!child.stdout || !child.stderr) throw new Error('a child has its output');
  const { stdout, stderr } = child;
  let output = '';
  let problems = '';
  stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  stderr.setEncoding('utf8').on('data', (text: string) => {
    problems += text;
  });
  return {
    child,
    async heard(text: string): Promise<void> {
      while (!output.includes(text)) {
        if (child.exitCode !== null) throw new Error(`ended without saying "${text}": ${output} ${problems}`);
        await Promise.race([once(stdout, 'data'), once(child, 'exit')]);
      }
    },
    async ended(): Promise<{ code: number | null; output: string; problems: string }> {
      if (child.exitCode === null && child.signalCode === null) await once(child, 'close');
      return { code: child.exitCode, output, problems };
    },
  };
}

const app = (use: string, more = '') => `createApp({
  name: 'shop', version: '1.0.0', owner: 'us', shutdown: { propagationDelayMs: 20 }, use: [${use}], ${more}
})`;

describe('an application in a process of its own', () => {
  test('drains and exits with 0 on SIGTERM, although something else keeps the process busy', async () => {
    const { child, heard, ended } = program(`
      setInterval(() => {}, 1000);
      const app = ${app(`{ name: 'server', drain() { say('drained') }, stop() { say('stopped it') } }`)};
      await app.start();
      say('is ready');
    `);
    await heard('is ready');
    child.kill('SIGTERM');
    const { code, output } = await ended();
    expect(code).toBe(0);
    expect(output).toMatch(/drained\n[\s\S]*stopped it\n/);
    const last = JSON.parse(output.trim().split('\n').at(-1) ?? '');
    expect(last).toMatchObject({ level: 'info', message: 'stopped', service: 'shop', version: '1.0.0', abandoned: 0 });
  });

  test('exits at once on a second signal, with its code', async () => {
    const { child, heard, ended } = program(`
      const app = ${app(`{ name: 'stuck', drain() { say('draining'); return new Promise(() => {}) } }`)};
      await app.start();
      say('is ready');
    `);
    await heard('is ready');
    child.kill('SIGTERM');
    await heard('draining');
    child.kill('SIGINT');
    expect((await ended()).code).toBe(130);
  });

  test('exits with 1 when a step of stopping hangs, and its log names the step', async () => {
    const { child, heard, ended } = program(`
      const app = ${app(`{ name: 'stuck', stop: () => new Promise(() => {}) }`, 'stepTimeoutMs: 1000')};
      await app.start();
      say('is ready');
    `);
    await heard('is ready');
    child.kill('SIGTERM');
    const { code, output } = await ended();
    expect(code).toBe(1);
    expect(output).toContain('\\"stuck\\" did not finish its step \\"stop\\" within 1000 ms');
  });

  test('stops what had started and exits with 0 on SIGTERM while it starts, whether the start is caught or not', async () => {
    const starts = ['await app.start()', "await app.start().catch(() => say('caught'))"];
    for (const start of starts) {
      const { child, heard, ended } = program(`
        const app = ${app(`
          { name: 'db', stop() { say('closed the db') } },
          { name: 'slow', start() { say('starting'); return new Promise(() => {}) } }
        `)};
        ${start};
        say('went on');
      `);
      await heard('starting');
      child.kill('SIGTERM');
      const { code, output, problems } = await ended();
      expect([code, problems]).toEqual([0, '']);
      expect(output).toContain('closed the db');
      expect(output).not.toMatch(/caught|went on|"level":"error"/);
      expect(JSON.parse(output.trim().split('\n').at(-1) ?? '')).toMatchObject({
        message: 'stopped',
        reason: 'SIGTERM',
      });
    }
  });

  test('exits with 1 on SIGTERM while it starts when what had started cannot be stopped', async () => {
    const { child, heard, ended } = program(`
      const app = ${app(`
        { name: 'db', stop() { throw new Error('the db is busy') } },
        { name: 'slow', start() { say('starting'); return new Promise(() => {}) } }
      `)};
      await app.start();
    `);
    await heard('starting');
    child.kill('SIGTERM');
    const { code, output } = await ended();
    expect(code).toBe(1);
    expect(output).toContain('the db is busy');
  });

  test('stops in order and exits with 1 when nobody catches an error; a second one is told as well', async () => {
    const { ended } = program(`
      const app = ${app(`{ name: 'db', stop() { say('closed'); Promise.reject(new Error('second')); return new Promise((r) => setTimeout(r, 20)); } }`)};
      await app.start();
      setImmediate(() => { throw new Error('first', { cause: new Error('the cause') }); });
    `);
    const { code, output, problems } = await ended();
    expect([code, problems]).toEqual([1, '']);
    expect(output).toMatch(/nobody caught: first[\s\S]*nobody looked: second[\s\S]*"stopped"/);
    expect(output).toContain('closed');
    expect(output).toContain('the cause');
  });

  test('exits with 1 and says what was cut off when calls are not answered in time', async () => {
    const { child, heard, ended } = program(`
      import { drainToken } from '@fwk/core';
      const app = createApp({
        name: 'shop', version: '1.0.0', owner: 'us', shutdown: { propagationDelayMs: 0, drainTimeoutMs: 50 },
      });
      await app.start();
      app.get(drainToken).track('shop.order');
      say('is ready');
    `);
    await heard('is ready');
    child.kill('SIGTERM');
    const { code, output } = await ended();
    expect(code).toBe(1);
    expect(JSON.parse(output.trim().split('\n').at(-1) ?? '')).toMatchObject({
      message: 'stopped',
      abandoned: 1,
      abandonedCalls: { 'shop.order': 1 },
    });
  });

  test('tells PM2 when it is ready, stops on its message, and waits for the other application of the process', async () => {
    const { child, ended } = program(
      `
      const quick = ${app('')};
      const slow = ${app(`{ name: 'slow', stop: () => new Promise((r) => setTimeout(r, 300, say('almost'))).then(() => say('slow ended')) }`)};
      await quick.start();
      await slow.start();
      process.send('both');
    `,
      { ...process.env, pm_id: '0' },
    );
    const heard: unknown[] = [];
    child.on('message', (message) => heard.push(message));
    while (!heard.includes('both')) await once(child, 'message');
    expect(heard).toEqual(['ready', 'ready', 'both']);
    child.send('something else');
    child.send('shutdown');
    const { code, output } = await ended();
    expect(code).toBe(0);
    expect(output).toContain('slow ended');
  });

  test('ends by itself after stop(), since nothing of it is left', async () => {
    const { ended } = program(`
      const app = ${app('', 'management: {}')};
      await app.start();
      await app.stop();
    `);
    expect(await ended()).toMatchObject({ code: 0, problems: '' });
  });

  test('stops gracefully when its process group and its parent both pass the signal on', async () => {
    const { child, heard, ended } = program(`
      const app = ${app(`{ name: 'slow', drain() { say('draining'); return new Promise((r) => setTimeout(r, 400)) } }`)};
      await app.start();
      say('is ready');
    `);
    await heard('is ready');
    child.kill('SIGTERM');
    child.kill('SIGTERM');
    expect((await ended()).code).toBe(0);
  });

  test('says so when it was made and never started, and exits with 0', async () => {
    const { ended } = program(`const app = ${app('')};`);
    const { code, problems } = await ended();
    expect(code).toBe(0);
    expect(problems.match(/"shop" was made but never started[^\n]*await app\.start\(\)/g)).toHaveLength(1);
  });

  test('says nothing of the kind when it was started, stopped unstarted, or the program chose to exit', async () => {
    const programs = [
      program(`const app = ${app('', 'management: false')}; await app.start(); await app.stop();`),
      program(`const app = ${app('')}; await app.stop();`),
      program(`const app = ${app('')}; process.exit(0);`),
    ];
    for (const { ended } of programs) expect(await ended()).toMatchObject({ code: 0, problems: '' });
  });

  test('loses no log line when the process exits before pino was loaded', async () => {
    const { ended } = program(`
      const app = ${app('')};
      app.env.logger.error({ order: 7 }, 'last words');
      process.exit(3);
    `);
    const { code, output } = await ended();
    expect(code).toBe(3);
    expect(JSON.parse(output)).toMatchObject({ level: 'error', order: 7, message: 'last words', service: 'shop' });
  });

  test('does not load tsyringe, pino or prom-client to be ready', async () => {
    const { ended } = program(`
      import { createRequire } from 'node:module';
      class Shelf {}
      const app = ${app('', 'providers: [Shelf], management: false')};
      await app.start();
      const loaded = Object.keys(createRequire(process.cwd() + '/x.js').cache);
      say('loaded: ' + loaded.filter((file) => /tsyringe|reflect|prom-client|pino/.test(file)).length);
      process.exit(0);
    `);
    expect((await ended()).output).toContain('loaded: 0\n');
  });
});
