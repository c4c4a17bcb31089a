import { type Exit, type LogLine, ServiceProcess } from './service-process.js';

/** All the processes of the shop. */
export class Fleet {
  readonly #processes: ServiceProcess[] = [];
  readonly #env: Readonly<Record<string, string>>;
  readonly #onLog: (line: LogLine, from: ServiceProcess) => void;
  /** Exits that nobody wanted: neither asked to stop nor killed by the story. */
  readonly unexpected: { service: string; exit: Exit }[] = [];

  constructor(env: Record<string, string>, onLog: (line: LogLine, from: ServiceProcess) => void) {
    this.#env = env;
    this.#onLog = onLog;
  }

  /** Starts a program and waits until it is ready. */
  async start(service: string, program: string, env: Record<string, string> = {}): Promise<ServiceProcess> {
    const started = new ServiceProcess(service, program, { ...this.#env, ...env }, this.#onLog);
    this.#processes.push(started);
    started.exited.then((exit) => {
      if (!started.leaving) this.unexpected.push({ service, exit });
    });
    await started.ready;
    return started;
  }

  /** The live processes of a service, oldest first. */
  of(service: string): readonly ServiceProcess[] {
    return this.live.filter((process) => process.service === service);
  }

  /** Processes that run and are not leaving. */
  get live(): readonly ServiceProcess[] {
    return this.#processes.filter((process) => !process.exit && !process.leaving && process.reached);
  }

  /** Stops what still runs, group after group; true when each ended by itself with code 0. */
  async stop(order: readonly (readonly string[])[]): Promise<boolean> {
    const clean: boolean[] = [];
    for (const group of order) {
      const leaving = this.#processes.filter((process) => group.includes(process.service) && !process.exit);
      const exits = await Promise.all(leaving.map((process) => process.stop()));
      clean.push(...exits.map(({ code }) => code === 0));
    }
    return clean.every(Boolean) && this.unexpected.length === 0;
  }

  /** Ends everything at once; for a second Ctrl-C and for failures. */
  async kill(): Promise<void> {
    await Promise.all(this.#processes.filter((process) => !process.exit).map((process) => process.kill()));
  }
}
