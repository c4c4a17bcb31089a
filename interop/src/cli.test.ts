import { describe, expect, test } from 'vitest';
import { runCommand } from './cli.js';
import { type CaseResult, type Peer, ToolMissingError } from './interop.js';

const good: CaseResult = { name: 'success', direction: 'they call us', ok: true, detail: 'answered "a"' };
const bad: CaseResult = { name: 'drain', direction: 'we call them', ok: false, detail: 'no Tdrain' };

function peerOf(...cases: readonly CaseResult[]): Peer {
  return {
    name: 'them',
    about: 'somebody',
    run: async ({ told }) => {
      for (const each of cases) told(each);
    },
  };
}

function failing(error: Error): Peer {
  return { name: 'them', about: 'somebody', run: () => Promise.reject(error) };
}

async function run(given: readonly string[], peer: Peer, signal?: AbortSignal) {
  let written = '';
  let complained = '';
  const output = {
    write: (text: string) => {
      written += text;
    },
    complain: (text: string) => {
      complained += text;
    },
  };
  const code = await runCommand(given, [peer], output, signal);
  return { code, written, complained, lines: written.trimEnd().split('\n') };
}

describe('npm run interop', () => {
  test('prints a line a case, and ends with 0 when all pass', async () => {
    const { code, lines } = await run(['them'], peerOf(good));
    expect(code).toBe(0);
    expect(lines[0]).toMatch(/^✓ they call us: success +answered "a"$/);
    expect(lines.at(-1)).toBe('all 1 cases passed');
  });

  test('ends with 1 when a case fails, and says so in JSON on the last line', async () => {
    const { code, lines } = await run(['them', '--json'], peerOf(good, bad));
    expect(code).toBe(1);
    expect(JSON.parse(lines.at(-1) ?? '')).toEqual({ reached: false, cases: [good, bad] });
  });

  test('ends with 1 when no case was run', async () => {
    const { code, lines } = await run(['them', '--json'], peerOf());
    expect(code).toBe(1);
    expect(JSON.parse(lines.at(-1) ?? '')).toEqual({ reached: false, cases: [] });
  });

  test('ends with 2 and says which required program is missing', async () => {
    const { code, complained, lines } = await run(
      ['them', '--json'],
      failing(new ToolMissingError('Maven 3 is needed')),
    );
    expect(code).toBe(2);
    expect(complained).toContain('Maven 3 is needed');
    expect(JSON.parse(lines.at(-1) ?? '')).toEqual({ reached: false, cases: [], problem: 'Maven 3 is needed' });
  });

  test('ends with 1 when the run breaks off', async () => {
    const { code, complained } = await run(['them'], failing(new Error('no class path')));
    expect(code).toBe(1);
    expect(complained).toContain('no class path');
  });

  test.each([[[]], [['nobody']], [['them', 'them']], [['them', '--xml']]])('shows its usage for %j', async (given) => {
    const { code, complained } = await run(given, peerOf(good));
    expect(code).toBe(2);
    expect(complained).toContain('usage: npm run interop -- NAME [--json]');
  });

  test('shows its usage when asked for help', async () => {
    const { code, written } = await run(['--help'], peerOf(good));
    expect(code).toBe(0);
    expect(written).toContain('them  somebody');
  });

  test('ends with 130 when it is stopped, also while a case waits', async () => {
    const stopped = new AbortController();
    const waiting: Peer = { ...peerOf(), run: () => new Promise(() => {}) };
    const running = run(['them'], waiting, stopped.signal);
    stopped.abort();
    expect((await running).code).toBe(130);
  });
});
