/** Consul agents of a drill: each on free ports, in a folder of its own; ended with the stage. */
import { type ChildProcess, execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { freePort } from './free-port.js';
import { nowMs } from './now.js';
import type { Stage } from './stage.js';

const readyLimitMs = 30_000;
const pollMs = 50;

/** What an agent is. */
export interface AgentSetup {
  /** `alone`: a server of its own that keeps nothing; `server`: one of three; `client`: asks the servers it joins. */
  readonly kind: 'alone' | 'server' | 'client';
  /** Gossip ports of agents to join. */
  readonly join?: readonly number[];
  /** The token that may do everything; turns access rules on. */
  readonly rootToken?: string;
}

interface AgentCheck {
  readonly ServiceID: string;
  readonly Status: string;
}

/** The path of Consul, which `scripts/programs/consul.mjs` finds or fetches. @throws Error with the reason when there is none. */
export async function consulProgram(): Promise<string> {
  const script = fileURLToPath(new URL('../../../scripts/programs/consul.mjs', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [script]);
  return stdout.trim();
}

/** A running agent. */
export class ConsulAgent {
  readonly url: string;
  readonly serfPort: number;
  readonly serverPort: number;
  readonly #stage: Stage;
  readonly #program: string;
  readonly #folder: string;
  readonly #setup: AgentSetup;
  #child: ChildProcess | undefined;
  #runs = 0;
  #said = '';

  /** Starts an agent and waits until it answers. */
  static async start(stage: Stage, program: string, setup: AgentSetup): Promise<ConsulAgent> {
    const [http, server, serf, wan] = await Promise.all([freePort(), freePort(), freePort(), freePort()]);
    const folder = await stage.folder();
    const agent = new ConsulAgent(stage, program, setup, folder, { http, server, serf });
    const { rootToken, join: others = [] } = setup;
    const config = {
      bind_addr: '127.0.0.1',
      log_level: 'warn',
      disable_update_check: true,
      node_name: `node-${http}`,
      ports: { http, dns: -1, grpc: -1, server, serf_lan: serf, serf_wan: wan },
      retry_join: others.map((port) => `127.0.0.1:${port}`),
      retry_interval: '1s',
      ...(setup.kind === 'server' && { server: true, bootstrap_expect: 3, performance: { raft_multiplier: 1 } }),
      ...(rootToken !== undefined && {
        primary_datacenter: 'dc1',
        acl: { enabled: true, default_policy: 'deny', tokens: { master: rootToken, agent: rootToken } },
      }),
    };
    await writeFile(join(folder, 'agent.json'), JSON.stringify(config));
    await agent.begin();
    return agent;
  }

  private constructor(
    stage: Stage,
    program: string,
    setup: AgentSetup,
    folder: string,
    ports: { readonly http: number; readonly server: number; readonly serf: number },
  ) {
    this.#stage = stage;
    this.#program = program;
    this.#setup = setup;
    this.#folder = folder;
    this.url = `http://127.0.0.1:${ports.http}`;
    this.serverPort = ports.server;
    this.serfPort = ports.serf;
  }

  /** Starts its process, with nothing remembered, and waits until it answers. */
  async begin(): Promise<void> {
    this.#runs++;
    const data = `-data-dir=${join(this.#folder, `data-${this.#runs}`)}`;
    const dev = this.#setup.kind === 'alone' ? ['-dev'] : [];
    const args = ['agent', ...dev, `-config-file=${join(this.#folder, 'agent.json')}`, data];
    const child = this.#stage.spawn(this.#program, args);
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.#said = (this.#said + chunk.toString()).slice(-2000);
      });
    }
    await until(
      () => `Consul to be ready; it said:\n${this.#said}`,
      readyLimitMs,
      async () => {
        // A leader alone is not enough: a lone server answers questions once it has entered itself.
        if (this.#setup.kind === 'alone') return ((await this.ask('GET', '/catalog/nodes')) as unknown[]).length > 0;
        return this.#setup.kind === 'server' || (await this.leader()) !== '';
      },
    );
  }

  /** Ends its process at once. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  }

  /** Lets it hang, as one is that nobody can reach any more. */
  suspend(): void {
    this.#child?.kill('SIGSTOP');
  }

  resume(): void {
    this.#child?.kill('SIGCONT');
  }

  /** Where the leader that it knows listens: `127.0.0.1:8300`, or nothing. */
  async leader(): Promise<string> {
    return String(await this.ask('GET', '/status/leader'));
  }

  /** Ids of the instances of a service that pass their checks, for the servers and for this agent itself. */
  async passing(service: string): Promise<readonly string[]> {
    const entries = (await this.ask('GET', `/health/service/${service}?passing`)) as { Service: { ID: string } }[];
    const checks = Object.values((await this.ask('GET', '/agent/checks')) as Record<string, AgentCheck>);
    const own = new Set(checks.filter(({ Status }) => Status === 'passing').map(({ ServiceID }) => ServiceID));
    return entries.map(({ Service }) => Service.ID).filter((id) => own.has(id));
  }

  /** Asks its API, with the root token if there is one. */
  async ask(method: 'GET' | 'PUT' | 'DELETE', path: string, body?: object): Promise<unknown> {
    const { rootToken } = this.#setup;
    const answer = await fetch(`${this.url}/v1${path}`, {
      method,
      ...(rootToken !== undefined && { headers: { 'x-consul-token': rootToken } }),
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(2000),
    });
    if (!answer.ok) throw new Error(`Consul answers ${answer.status} to ${method} ${path}`);
    return answer.json();
  }
}

/** Asks again and again until something holds; one that cannot be asked does not hold. @throws Error after `withinMs`. */
export async function until(what: () => string, withinMs: number, holds: () => Promise<boolean>): Promise<void> {
  const startMs = nowMs();
  while (!(await holds().catch(() => false))) {
    if (nowMs() - startMs > withinMs) throw new Error(`waited ${withinMs} ms for ${what()}`);
    await sleep(pollMs);
  }
}
