import { type Follower, lasts } from '@fwk/kernel';
import { beginAttempt, whenOver } from './call-frame.js';

/**
 * Calls `over` when an attempt has ended and with it all work that it began, an answer that goes on included. Made before the
 * attempt.
 */
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

  answered(value: Res): undefined {
    const over = () => whenOver(this.#request, this.#mark, this.#over);
    if (!lasts(value, over)) over();
  }

  failed(_error: unknown): undefined {
    whenOver(this.#request, this.#mark, this.#over);
  }
}
