/** Runs passes one at a time; all that is asked for while one runs is served by one more. */
export class Passes {
  readonly #run: (confirm: boolean) => Promise<void>;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  /** @param run - one pass; must not reject. `confirm` asks to look a second time before something is refused. */
  constructor(run: (confirm: boolean) => Promise<void>) {
    this.#run = run;
  }

  /** Resolves after a pass that began after this was asked. */
  ask(confirm: boolean): Promise<void> {
    if (!this.#running) {
      this.#running = this.#run(confirm).finally(() => {
        this.#running = undefined;
      });
      return this.#running;
    }
    this.#next ??= this.#running.then(() => {
      this.#next = undefined;
      return this.ask(confirm);
    });
    return this.#next;
  }

  /** Runs something else while no pass does. Its error is the caller's. */
  async between<R>(work: () => Promise<R>): Promise<R> {
    while (this.#running) await this.#running;
    const result = work();
    this.#running = result
      .then(
        () => {},
        () => {},
      )
      .finally(() => {
        this.#running = undefined;
      });
    return result;
  }

  /** Resolves when the pass that runs now is over. */
  async idle(): Promise<void> {
    await this.#running;
  }
}
