import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RegistryPlace, registryVariable } from './messages.js';
import { Program } from './program.js';

/** Everything that a drill started: processes and folders. Disposing it ends and removes all. */
export class Stage implements AsyncDisposable {
  readonly #children = new Set<ChildProcess>();
  readonly #folders: string[] = [];
  #ended = false;

  /** Starts one of our programs and waits until it says that it is ready. */
  async start(program: 'target' | 'caller' | 'registry', place: RegistryPlace, env: Record<string, string> = {}) {
    const started = new Program(program, { ...env, [registryVariable]: JSON.stringify(place) });
    this.#keep(started.child);
    await started.ready;
    return started;
  }

  /** Starts any other program. */
  spawn(file: string, args: readonly string[]): ChildProcess {
    // A group of its own, so that Ctrl-C reaches only the drill, which then ends it.
    const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    this.#keep(child);
    return child;
  }

  /** A temporary folder. */
  async folder(): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'fwk-drill-'));
    this.#folders.push(folder);
    return folder;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true;
    const ended = [...this.#children].map((child) => new Promise((resolve) => child.once('close', resolve)));
    for (const child of this.#children) end(child);
    await Promise.all(ended);
    for (const folder of this.#folders) await rm(folder, { recursive: true, force: true });
  }

  #keep(child: ChildProcess): void {
    this.#children.add(child);
    child.once('close', () => this.#children.delete(child));
    if (this.#ended) end(child);
  }
}

function end(child: ChildProcess): void {
  child.kill('SIGKILL');
}
