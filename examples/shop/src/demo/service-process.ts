import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** What the demo reads of a service's log; each line is one JSON object. */
interface LogLine {
  readonly message: string;
  readonly instance?: string;
  readonly url?: string;
  readonly management?: string;
}

/** Where a service that is ready can be reached. */
export interface Reached {
  readonly instance: string;
  readonly url: string;
  readonly management: string;
}

const startLimitMs = 20_000;
const stopLimitMs = 15_000;

/** One service of the shop in a process of its own; it is followed by its log, as any operator would. */
export class ServiceProcess {
  readonly service: string;
  /** Of the program, where the one who started it said which. */
  readonly version: string | undefined;
  readonly exited: Promise<Exit>;
  readonly ready: Promise<Reached>;
  /** Where it is reached, once it is ready. */
  reached: Reached | undefined;
  exit: Exit | undefined;
  /** True once we have asked it to stop or killed it. */
  leaving = false;
  readonly #child: ChildProcess;

  constructor(service: string, program: string, env: Record<string, string>) {
    this.service = service;
    this.version = env.SHOP_INVENTORY_VERSION;
    const file = fileURLToPath(new URL(`../services/${program}.js`, import.meta.url));
    // A group of its own, so that Ctrl-C reaches only the demo, which then stops its services in order.
    this.#child = spawn(process.execPath, [file], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    this.exited = new Promise((resolve) => {
      this.#child.once('exit', (code, signal) => {
        this.exit = { code, signal };
        resolve(this.exit);
      });
    });
    const complaints: string[] = [];
    this.#child.stderr?.on('data', (chunk: Buffer) => complaints.push(chunk.toString()));
    this.ready = new Promise((resolve, reject) => {
      const limit = setTimeout(
        () => reject(this.#failure(`not ready after ${startLimitMs} ms`, complaints)),
        startLimitMs,
      );
      let url = '';
      createInterface({ input: this.#child.stdout as NodeJS.ReadableStream }).on('line', (text) => {
        const line = parse(text);
        if (!line) return;
        url = line.url ?? url;
        if (line.message === 'ready') {
          clearTimeout(limit);
          this.reached = { instance: line.instance ?? '', url, management: line.management ?? '' };
          resolve(this.reached);
        }
      });
      this.exited.then(({ code, signal }) => {
        clearTimeout(limit);
        reject(this.#failure(`ended with ${signal ?? `code ${code}`} before it was ready`, complaints));
      });
    });
    // Whoever starts a process awaits `ready`; one that is killed while starting must not end the demo by itself.
    this.ready.catch(() => {});
  }

  /** Ends it without warning, as a crash or a lost machine would. */
  kill(): Promise<Exit> {
    this.leaving = true;
    this.#child.kill('SIGKILL');
    return this.exited;
  }

  /** Asks it to stop and waits; after 15 seconds it is killed, which shows in its exit. */
  async stop(): Promise<Exit> {
    this.leaving = true;
    this.#child.kill('SIGTERM');
    const limit = setTimeout(() => this.#child.kill('SIGKILL'), stopLimitMs);
    try {
      return await this.exited;
    } finally {
      clearTimeout(limit);
    }
  }

  #failure(what: string, complaints: readonly string[]): Error {
    return new Error(`${this.service} (pid ${this.#child.pid}) ${what}\n${complaints.join('').slice(-2000)}`);
  }
}

function parse(text: string): LogLine | undefined {
  try {
    return JSON.parse(text) as LogLine;
  } catch {
    return undefined;
  }
}
