import type { Follower } from '@fwk/kernel';
import { beginAttempt, whenOver } from './call-frame.js';

/** Calls `over` when an attempt has ended and with it all work that it began. Made before the attempt. */
export class AttemptOver<Res> implements Follower<Res> {
  next: Follower<Res> | undefined = undefined;
  readonly #request: unknown;
  readonly #mark: number;
  readonly #over: () => void;

  constructor(request: unknown, over: () => void) {
    this.#request = request;
    this.#mark = beginAttempt(request);
    this.#over = over;
  }

  answered(_value: Res): undefined {
    whenOver(this.#request, this.#mark, this.#over);
  }

  failed(_error: unknown): undefined {
    whenOver(this.#request, this.#mark, this.#over);
  }
}
