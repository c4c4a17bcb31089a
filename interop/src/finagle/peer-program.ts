import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

const longestWaitMs = 20_000;

/** An event that a program of the peer tells: a line of JSON. */
export type Told = { readonly event: string } & Readonly<Record<string, unknown>>;

/** A program of the Finagle peer. It takes commands and tells what happens, and ends when it is closed. */
export class PeerProgram implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #told: Told[] = [];
  readonly #waiting = new Set<() => void>();
  readonly #exited: Promise<void>;
  #complaints = '';
  #ended = false;

  constructor(classpath: string, name: 'PeerServer' | 'PeerClient', ...args: readonly number[]) {
    // Java's quick compiler is enough for programs that live for seconds.
    const java = ['-XX:TieredStopAtLevel=1', '-Xmx256m', '-cp', classpath, `fwk.interop.${name}`, ...args.map(String)];
    this.#child = spawn('java', java, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.#complaints = (this.#complaints + chunk.toString()).slice(-3000);
    });
    this.#child.stdin?.on('error', () => {});
    createInterface({ input: this.#child.stdout! }).on('line', (line) => {
      this.#told.push(JSON.parse(line) as Told);
      this.#look();
    });
    this.#exited = new Promise((resolve) => {
      const end = () => {
        this.#ended = true;
        this.#look();
        resolve();
      };
      this.#child.once('error', end);
      this.#child.once('close', end);
    });
  }

  /** Gives it a command. */
  send(command: Readonly<Record<string, unknown>>): void {
    this.#child.stdin?.write(`${JSON.stringify(command)}\n`);
  }

  /** How many events it has told; {@link told} takes it to look only at later ones. */
  get place(): number {
    return this.#told.length;
  }

  /** The events that it has told since a place. */
  toldSince(place: number): readonly Told[] {
    return this.#told.slice(place);
  }

  /** Waits for an event. @param from - events before this place do not count */
  told(event: string, fits: (told: Told) => boolean = () => true, from = 0): Promise<Told> {
    return this.#await(`"${event}"`, (told) => told.event === event && fits(told), from);
  }

  /** Waits until a call of a client has ended, in whatever way. */
  outcome(id: number): Promise<Told> {
    return this.#await(`the end of call ${id}`, (told) => told.id === id, 0);
  }

  #await(what: string, fits: (told: Told) => boolean, from: number): Promise<Told> {
    return new Promise((resolve, reject) => {
      const settle = (result: Told | string) => {
        clearTimeout(timer);
        this.#waiting.delete(look);
        if (typeof result !== 'string') resolve(result);
        else reject(new Error(`waited for ${what} of Finagle: ${result}. ${this.#complaints}`));
      };
      const look = () => {
        const found = this.#told.slice(from).find(fits);
        if (found) settle(found);
        else if (this.#ended) settle('it ended');
      };
      const timer = setTimeout(() => settle(`nothing within ${longestWaitMs} ms`), longestWaitMs);
      this.#waiting.add(look);
      look();
    });
  }

  /** Ends it by closing its input; it is killed when it has not ended after 5 s. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.stdin?.end();
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 5000);
    await this.#exited;
    clearTimeout(timer);
  }

  #look(): void {
    for (const look of [...this.#waiting]) look();
  }
}
