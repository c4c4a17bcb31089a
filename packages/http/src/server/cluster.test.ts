/** Real clusters: each worker answers for itself alone, and replacing all of them loses no call. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent, get } from 'node:http';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { freePort } from '../fixtures/free-port.js';

const fixture = fileURLToPath(new URL('../fixtures/cluster.mjs', import.meta.url));
/** Another runtime to run the workers on, and more rounds; both for measurements by hand. */
const { CLUSTER_NODE = process.execPath, CLUSTER_RESTARTS = '2' } = process.env;

interface Worker {
  readonly pid: number;
  readonly url: string;
  readonly id: string;
}

let child: ChildProcess | undefined;
afterEach(() => {
  child?.kill('SIGKILL');
});

async function cluster() {
  const port = await freePort();
  const managementPort = await freePort();
  const made = spawn(CLUSTER_NODE, [fixture], {
    env: { ...process.env, PORT: String(port), MANAGEMENT_PORT: String(managementPort) },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child = made;
  const lines: Interface = createInterface({ input: made.stdout });
  const heard: string[] = [];
  lines.on('line', (line) => heard.push(line));
  const until = async (line: string) => {
    while (!heard.includes(line)) {
      if (made.exitCode !== null) throw new Error(`the primary ended: ${heard.join('\n')}`);
      await Promise.race([once(lines, 'line'), once(made, 'exit')]);
    }
    heard.splice(heard.indexOf(line), 1);
  };
  await until('up');
  const workers = () => heard.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as Worker);
  const tell = (line: string) => made.stdin.write(`${line}\n`);
  return { port, managementPort, workers, heard, until, tell, made };
}

function ask(url: string, agent: Agent | false): Promise<{ pid: number; limited: boolean }> {
  return new Promise((resolve, reject) => {
    get(url, { agent }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.on('end', () => (response.statusCode === 200 ? resolve(JSON.parse(text)) : reject(new Error(text))));
      response.on('error', reject);
    }).on('error', reject);
  });
}

test('each worker has a management listener and an instance id of its own', async () => {
  const { workers, managementPort, tell, made } = await cluster();
  const [first, second] = workers();
  expect(first?.url).toBe(`http://127.0.0.1:${managementPort}`);
  expect(new Set([first?.url, second?.url, first?.id, second?.id]).size).toBe(4);
  expect(second?.id).toMatch(/^hello-w\d+$/);
  for (const worker of workers()) {
    for (let times = 0; times < 5; times++) {
      const info = (await (await fetch(`${worker.url}/manage/info`)).json()) as { pid: number; instanceId: string };
      expect([info.pid, info.instanceId]).toEqual([worker.pid, worker.id]);
    }
  }
  tell('stop');
  expect(await once(made, 'exit')).toEqual([0, null]);
}, 60_000);

test('each worker has metrics of its own, which add up, and the shared port shows none', async () => {
  const { port, workers, tell, made } = await cluster();
  const pids = new Set<number>();
  for (let times = 0; times < 10; times++) pids.add((await ask(`http://127.0.0.1:${port}/who`, false)).pid);
  let counted = 0;
  for (const { url, id } of workers()) {
    const text = await (await fetch(`${url}/manage/metrics`)).text();
    expect(text).toContain(`service_instance_id="${id}"`);
    const counts = text.matchAll(/^http_server_request_duration_seconds_count\{.*http_route="\/who".*\} (\d+)$/gm);
    for (const [, count] of counts) counted += Number(count);
  }
  expect([pids.size, counted]).toEqual([2, 10]);
  expect((await fetch(`http://127.0.0.1:${port}/metrics`)).status).toBe(404);
  tell('stop');
  expect(await once(made, 'exit')).toEqual([0, null]);
}, 60_000);

test(
  'replacing all workers one after the other under load loses no call',
  async () => {
    const { port, workers, heard, until, tell, made } = await cluster();
    const url = `http://127.0.0.1:${port}/who`;
    const agent = new Agent({ keepAlive: true, maxSockets: 4 });
    let loading = true;
    const lost: unknown[] = [];
    const pids = new Set<number>();
    let answered = 0;
    const load = async (through: Agent | false) => {
      while (loading) {
        try {
          pids.add((await ask(url, through)).pid);
          answered++;
        } catch (error) {
          lost.push(error);
        }
      }
    };
    const loads = [agent, agent, agent, agent, false, false, false, false].map((through) =>
      load(through as Agent | false),
    );
    for (let round = 0; round < Number(CLUSTER_RESTARTS); round++) {
      tell('restart');
      await until('restarted');
    }
    loading = false;
    await Promise.all(loads);
    agent.destroy();
    expect(lost).toEqual([]);
    expect(heard.filter((line) => line.startsWith('exit'))).toEqual([]);
    expect(pids.size).toBeGreaterThan(2);
    expect(pids.size).toBeLessThanOrEqual(workers().length);
    if (process.env.CLUSTER_RESTARTS) process.stdout.write(`${answered} answered, ${pids.size} workers\n`);
    tell('stop');
    expect(await once(made, 'exit')).toEqual([0, null]);
  },
  process.env.CLUSTER_RESTARTS ? 300_000 : 60_000,
);
