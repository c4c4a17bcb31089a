import { EdgeWindow } from './edge-window.js';

/** Calls of one operation of another service, made by one operation of ours. */
export class Edge {
  /** The operation that was being handled; empty for what nobody asked for, such as timers. */
  readonly caller: string;
  readonly service: string;
  readonly operation: string;
  /** Since the edge is known. */
  calls = 0;
  errors = 0;
  #current = new EdgeWindow();
  #previous = new EdgeWindow();
  /** Number of the window that `#current` counts. */
  #window: number;
  readonly #windowMs: number;
  readonly #sinceMs: number;

  constructor(caller: string, service: string, operation: string, windowMs: number, nowMs: number) {
    this.caller = caller;
    this.service = service;
    this.operation = operation;
    this.#windowMs = windowMs;
    this.#sinceMs = nowMs;
    this.#window = Math.floor(nowMs / windowMs);
  }

  record(ms: number, failed: boolean, nowMs: number): void {
    this.#advance(nowMs);
    this.calls++;
    if (failed) this.errors++;
    this.#current.record(ms, failed);
  }

  /** Whether nothing was called for two windows at least. */
  idle(nowMs: number): boolean {
    this.#advance(nowMs);
    return this.#current.calls + this.#previous.calls === 0;
  }

  /** What happened in the window before and in this one, and how long that is, in milliseconds. */
  recent(nowMs: number): { readonly windows: readonly [EdgeWindow, EdgeWindow]; readonly ms: number } {
    this.#advance(nowMs);
    const fullMs = this.#windowMs + (nowMs - this.#window * this.#windowMs);
    return { windows: [this.#previous, this.#current], ms: Math.max(1, Math.min(fullMs, nowMs - this.#sinceMs)) };
  }

  #advance(nowMs: number): void {
    const window = Math.floor(nowMs / this.#windowMs);
    const passed = window - this.#window;
    if (passed <= 0) return;
    this.#window = window;
    [this.#previous, this.#current] = [this.#current, this.#previous];
    this.#current.clear();
    if (passed > 1) this.#previous.clear();
  }
}
