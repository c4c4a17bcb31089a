/**
 * A simulated server that works on all its calls at once, as a process does on a machine with others: each gets the same share of
 * its processor, and at most one core. How many cores it has changes with what its neighbours leave. A call whose caller has left
 * is dropped.
 */
import { LoadGauge } from '@fwk/discovery';
import type { CallContext, Service, Status, Timer } from '@fwk/kernel';
import type { Simulation } from '../engine/simulation.js';

/** See the head of this file. */
export class SharingServer implements Service<unknown, string> {
  /** What it tells of its load. */
  readonly load: LoadGauge;
  /** Milliseconds of work of one core that it has done. */
  workedMs = 0;
  /** Calls that it has answered. */
  answered = 0;
  readonly #clock: Simulation['clock'];
  readonly #workMs: () => number;
  #cores: number;
  /** Work that each call under way had since the beginning, and when that was worked out. */
  #sharedMs = 0;
  #atMs = 0;
  /** By what `#sharedMs` has to be when they are done; the next one last. */
  readonly #jobs: Job[] = [];
  #timer: Timer | undefined;

  /** @param workMs - draws the work of one call, in milliseconds of one core. */
  constructor({ clock }: Simulation, cores: number, workMs: () => number) {
    this.load = new LoadGauge(clock);
    this.#clock = clock;
    this.#cores = cores;
    this.#workMs = workMs;
  }

  /** Cores that it has from now on. */
  set cores(cores: number) {
    this.#catchUp();
    this.#cores = cores;
    this.#wait();
  }

  call(_request: unknown, context: CallContext): Promise<string> {
    if (context.cancelled) return Promise.reject(context.reason);
    return new Promise((resolve, reject) => {
      this.#catchUp();
      const inFlight = this.load.begin();
      const job: Job = {
        doneAtMs: this.#sharedMs + this.#workMs(),
        fromMs: this.#clock.now(),
        inFlight,
        resolve,
        subscription: context.onCancel((reason) => {
          this.#catchUp();
          this.#jobs.splice(this.#jobs.indexOf(job), 1);
          this.load.ended();
          reject(reason);
          this.#wait();
        }),
      };
      this.#add(job);
      this.#wait();
    });
  }

  status(): Status {
    return 'ready';
  }

  get #rate(): number {
    return Math.min(1, this.#cores / this.#jobs.length);
  }

  #catchUp(): void {
    const nowMs = this.#clock.now();
    if (this.#jobs.length > 0) {
      const eachMs = (nowMs - this.#atMs) * this.#rate;
      this.#sharedMs += eachMs;
      this.workedMs += eachMs * this.#jobs.length;
    }
    this.#atMs = nowMs;
  }

  #add(job: Job): void {
    let low = 0;
    let high = this.#jobs.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#jobs[middle] as Job).doneAtMs > job.doneAtMs) low = middle + 1;
      else high = middle;
    }
    this.#jobs.splice(low, 0, job);
  }

  #wait(): void {
    if (this.#timer) this.#clock.clearTimer(this.#timer);
    this.#timer = undefined;
    const next = this.#jobs.at(-1);
    if (next) this.#timer = this.#clock.setTimer(() => this.#finish(), (next.doneAtMs - this.#sharedMs) / this.#rate);
  }

  #finish(): void {
    this.#catchUp();
    const { fromMs, inFlight, subscription, resolve } = this.#jobs.pop() as Job;
    subscription[Symbol.dispose]();
    this.answered++;
    this.load.answered(this.#clock.now() - fromMs, inFlight);
    resolve('answer');
    this.#wait();
  }
}

interface Job {
  readonly doneAtMs: number;
  readonly fromMs: number;
  readonly inFlight: number;
  readonly subscription: Disposable;
  resolve(answer: string): void;
}
