import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { CallerAsked, TargetAsked, Told } from './messages.js';
import { nowMs } from './now.js';

const startLimitMs = 20_000;

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** The list of members that a process knew at a moment. */
export interface Sighting {
  readonly atMs: number;
  readonly ids: readonly string[];
}

/** One of our programs in a process of its own, that tells what it sees. It ends when the drill does, however that ends. */
export class Program {
  readonly child: ChildProcess;
  readonly ready: Promise<void>;
  readonly exited: Promise<Exit>;
  /** Its instance id, once it is ready. */
  instance = '';
  /** Where it serves, once it is ready. */
  port = 0;
  /** When it was ready. */
  readyMs = Number.NaN;
  /** What it knew of the others, in order. */
  readonly sightings: Sighting[] = [];
  readonly #listeners = new Set<(told: Told) => void>();
  #complaints = '';

  constructor(name: string, env: Readonly<Record<string, string>>) {
    const file = fileURLToPath(new URL(`../programs/${name}.js`, import.meta.url));
    this.child = fork(file, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      detached: true,
    });
    this.child.stderr?.on('data', (chunk: Buffer) => {
      this.#complaints = (this.#complaints + chunk.toString()).slice(-2000);
    });
    this.exited = new Promise((resolve) => this.child.once('exit', (code, signal) => resolve({ code, signal })));
    this.child.on('message', (told) => this.#hear(told as Told));
    this.ready = this.#await(`${name} to be ready`, startLimitMs, (told) => told.is === 'ready').then(() => {});
    this.ready.catch(() => {});
  }

  /** Waits until it knows a list that fits; answers since when, or Infinity when that does not come in time. */
  async sees(fits: (ids: readonly string[]) => boolean, withinMs: number): Promise<number> {
    const last = this.sightings.at(-1);
    if (last && fits(last.ids)) return last.atMs;
    return this.tells('members', withinMs, (each) => each.is === 'members' && fits(each.ids));
  }

  /** Waits until it tells something that fits; answers when, or Infinity when that does not come in time. */
  tells(what: string, withinMs: number, fits: (told: Told) => boolean): Promise<number> {
    return this.#await(what, withinMs, fits).then(
      () => nowMs(),
      () => Number.POSITIVE_INFINITY,
    );
  }

  ask(asked: CallerAsked | TargetAsked): void {
    this.child.send(asked);
  }

  /** Ends a caller's load and answers its report. */
  async report(): Promise<Extract<Told, { is: 'report' }>> {
    const told = this.#await('the report', startLimitMs, ({ is }) => is === 'report');
    this.ask({ stop: true });
    return (await told) as Extract<Told, { is: 'report' }>;
  }

  /** Ends it without warning, as a crash does. @returns when. */
  async kill(): Promise<number> {
    const atMs = nowMs();
    this.child.kill('SIGKILL');
    await this.exited;
    return atMs;
  }

  /** Stops its process as it is: it answers nothing, and its connections stay. @returns when. */
  freeze(): number {
    this.child.kill('SIGSTOP');
    return nowMs();
  }

  /** Lets a frozen process go on. @returns when. */
  thaw(): number {
    this.child.kill('SIGCONT');
    return nowMs();
  }

  /** Asks it to stop, and waits. */
  stop(): Promise<Exit> {
    this.child.kill('SIGTERM');
    return this.exited;
  }

  #hear(told: Told): void {
    if (told.is === 'ready') {
      this.instance = told.instance;
      this.port = told.port;
      this.readyMs = nowMs();
    } else if (told.is === 'members') this.sightings.push({ atMs: nowMs(), ids: told.ids });
    for (const listener of [...this.#listeners]) listener(told);
  }

  #await(what: string, withinMs: number, fits: (told: Told) => boolean): Promise<Told> {
    return new Promise((resolve, reject) => {
      const end = () => {
        clearTimeout(timer);
        this.#listeners.delete(listener);
      };
      const fail = (problem: string) => {
        end();
        reject(new Error(`waited for ${what}: ${problem}\n${this.#complaints}`));
      };
      const timer = setTimeout(() => fail(`nothing within ${withinMs} ms`), withinMs);
      const listener = (told: Told) => {
        if (!fits(told)) return;
        end();
        resolve(told);
      };
      this.#listeners.add(listener);
      void this.exited.then(({ code, signal }) => fail(`it ended with ${signal ?? `code ${code}`}`));
    });
  }
}
