import { followEvents } from './event-stream.js';
import { type Exit, ServiceProcess } from './service-process.js';

/** All the processes of the shop. */
export class Fleet {
  readonly #processes: ServiceProcess[] = [];
  readonly #env: Readonly<Record<string, string>>;
  readonly #onEvent: (service: string, event: string) => void;
  /** Exits that nobody wanted: neither asked to stop nor killed by the story. */
  readonly unexpected: { service: string; exit: Exit }[] = [];

  /**
   * @param env - for every process.
   * @param onEvent - given what the services say has happened.
   */
  constructor(env: Record<string, string>, onEvent: (service: string, event: string) => void) {
    this.#env = env;
    this.#onEvent = onEvent;
  }

  /** Starts a program and waits until it is ready. */
  async start(service: string, program: string, env: Record<string, string> = {}): Promise<ServiceProcess> {
    const started = new ServiceProcess(service, program, { ...this.#env, ...env });
    this.#processes.push(started);
    started.exited.then((exit) => {
      if (!started.leaving) this.unexpected.push({ service, exit });
    });
    const { management } = await started.ready;
    // The stream breaks when its process is killed; that is the story's doing, and the exit tells it.
    followEvents(management, (event) => this.#onEvent(service, event)).catch(() => {});
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
