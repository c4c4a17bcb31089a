/** Real drills, made short. They run from the build, as everything does that is a process. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const program = fileURLToPath(new URL('../dist/main.js', import.meta.url));

function drill(...given: readonly string[]) {
  const child = spawn(process.execPath, [program, ...given], { stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said.out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said.err += text;
  });
  return { child, said, ended: once(child, 'close') };
}

test('without a registry nothing fails, and who came and went meanwhile is seen once it is back', async () => {
  const { said, ended } = drill('registry-down', '--json', '--seconds', '2');
  await ended;
  const { cases } = JSON.parse(said.out.trimEnd().split('\n').at(-1) ?? '');
  expect(cases).toMatchObject([{ case: 'away for 2 s', failed: 0 }]);
  expect(cases[0].requests).toBeGreaterThan(300);
  expect(cases[0].startedSeenMs).not.toBeNull();
  expect(cases[0].diedSeenMs).not.toBeNull();
}, 60_000);

test.runIf(process.platform === 'linux')('Ctrl-C ends all that a drill has started', async () => {
  const { child, said, ended } = drill('rolling');
  while (!said.err.includes('3 instances')) await once(child.stderr, 'data');
  const children = await childrenOf(child.pid ?? 0);
  expect(children).toHaveLength(5);
  child.kill('SIGINT');
  expect(await ended).toEqual([130, null]);
  for (const pid of children) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
});

async function childrenOf(parent: number): Promise<readonly number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const parents = await Promise.all(
    pids.map(async (pid) => /^PPid:\s+(\d+)/m.exec(await readFile(`/proc/${pid}/status`, 'utf8').catch(() => ''))?.[1]),
  );
  return pids.filter((_, index) => parents[index] === String(parent)).map(Number);
}
