import { followEvents } from './event-stream.js';
import { type Exit, type RunningService, ServiceProcess } from './service-process.js';

/** All the processes of the shop. */
export class Fleet {
  readonly #processes: ServiceProcess[] = [];
  readonly #env: Readonly<Record<string, string>>;
  readonly #onEvent: (service: string, event: string) => void;
  /** Exits that nobody wanted: neither asked to stop nor killed by the story. */
  readonly unexpected: { services: readonly string[]; exit: Exit }[] = [];

  /**
   * @param env - for every process.
   * @param onEvent - given what the services say has happened.
   */
  constructor(env: Record<string, string>, onEvent: (service: string, event: string) => void) {
    this.#env = env;
    this.#onEvent = onEvent;
  }

  /** Starts a service in a process of its own and waits until it is ready. */
  async start(service: string, env: Record<string, string> = {}): Promise<RunningService> {
    const [running] = await this.startTogether([service], env);
    return running as RunningService;
  }

  /** Starts services in one process and waits until all are ready. @param services - the called before their callers */
  async startTogether(
    services: readonly string[],
    env: Record<string, string> = {},
  ): Promise<readonly RunningService[]> {
    const started = new ServiceProcess(services, { ...this.#env, ...env });
    this.#processes.push(started);
    started.exited.then((exit) => {
      if (!started.leaving) this.unexpected.push({ services, exit });
    });
    const running = await started.ready;
    for (const { service, management } of running) {
      // The stream breaks when its process is killed; that is the story's doing, and the exit tells it.
      followEvents(management, (event) => this.#onEvent(service, event)).catch(() => {});
    }
    return running;
  }

  /** The instances of a service in processes that run, oldest first. */
  of(service: string): readonly RunningService[] {
    return this.live.filter((running) => running.service === service);
  }

  /** Services in processes that run and are not leaving. */
  get live(): readonly RunningService[] {
    return this.#processes.filter((process) => !process.exit && !process.leaving).flatMap((process) => process.running);
  }

  /** Stops what still runs, group after group; true when each ended by itself with code 0. */
  async stop(order: readonly (readonly string[])[]): Promise<boolean> {
    const clean: boolean[] = [];
    for (const group of order) {
      const leaving = this.#processes.filter(
        ({ services, exit }) => !exit && services.some((service) => group.includes(service)),
      );
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
