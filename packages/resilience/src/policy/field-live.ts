/**
 * What an option of a kind comes to, as a live value: for those who are told of changes rather than ask at each call. It
 * follows the levels, and a live value that somebody gave at one of them.
 */
import { isLive, type Live, type LiveSource, liveValue } from '@fwk/kernel';
import { sameOptions } from './same-options.js';

/** See the head of this file. */
export class FieldLive implements Disposable {
  readonly live: Live<unknown>;
  readonly #source: LiveSource<unknown>;
  #given: unknown;
  #followed: Disposable | undefined;

  /** @param given - the option as it is merged now. */
  constructor(name: string, given: unknown) {
    this.#source = liveValue<unknown>(undefined, { name });
    this.live = this.#source;
    this.follow(given);
  }

  /** Takes on what the levels come to now. */
  follow(given: unknown): void {
    if (given === this.#given) return;
    this.#given = given;
    this.#followed?.[Symbol.dispose]();
    this.#followed = isLive(given) ? given.subscribe((value) => this.#set(value)) : undefined;
    this.#set(isLive(given) ? given.value : given);
  }

  [Symbol.dispose](): void {
    this.#followed?.[Symbol.dispose]();
    this.#followed = undefined;
  }

  /** Levels are merged anew at each change of any option: what says the same is no change. */
  #set(value: unknown): void {
    if (!sameOptions(value, this.#source.value)) this.#source.set(value);
  }
}
