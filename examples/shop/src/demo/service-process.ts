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
  readonly service?: string;
  readonly instance?: string;
  readonly version?: string;
  readonly url?: string;
  readonly management?: string;
}

/** A service that is ready. */
export interface RunningService {
  readonly service: string;
  readonly version: string;
  readonly instance: string;
  readonly url: string;
  readonly management: string;
  readonly process: ServiceProcess;
}

const startLimitMs = 20_000;
const stopLimitMs = 15_000;
const program = fileURLToPath(new URL('../run.js', import.meta.url));

/** A process that runs one or more services of the shop; it is followed by its log, as any operator would. */
export class ServiceProcess {
  readonly services: readonly string[];
  readonly exited: Promise<Exit>;
  /** Settles when all its services are ready. */
  readonly ready: Promise<readonly RunningService[]>;
  /** Its services, once all are ready. */
  running: readonly RunningService[] = [];
  exit: Exit | undefined;
  /** True once we have asked it to stop or killed it. */
  leaving = false;
  readonly #child: ChildProcess;

  constructor(services: readonly string[], env: Readonly<Record<string, string>>) {
    this.services = services;
    // A group of its own, so that Ctrl-C reaches only the demo, which then stops its services in order.
    this.#child = spawn(process.execPath, [program, ...services], {
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
      this.#followLog((running) => {
        if (running.length < services.length) return;
        clearTimeout(limit);
        this.running = running;
        resolve(running);
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

  /** @param onReady - told the services that are ready whenever one more is */
  #followLog(onReady: (running: readonly RunningService[]) => void): void {
    const urls = new Map<string, string>();
    const running: RunningService[] = [];
    createInterface({ input: this.#child.stdout as NodeJS.ReadableStream }).on('line', (text) => {
      const line = parse(text);
      if (!line?.instance) return;
      const { message, instance, service = '', version = '', management = '' } = line;
      if (line.url) urls.set(instance, line.url);
      if (message !== 'ready') return;
      running.push({ service, version, instance, url: urls.get(instance) ?? '', management, process: this });
      onReady(running);
    });
  }

  #failure(what: string, complaints: readonly string[]): Error {
    const { pid } = this.#child;
    return new Error(`${this.services.join(', ')} (pid ${pid}) ${what}\n${complaints.join('').slice(-2000)}`);
  }
}

function parse(text: string): LogLine | undefined {
  try {
    return JSON.parse(text) as LogLine;
  } catch {
    return undefined;
  }
}
