/** What a fake service does with one call: the words that scripts are made of. */
import { OptionsError, titleOf } from '@fwk/kernel';
import type { Items } from '../contract/contract-types.js';
import type { OperationError } from '../contract/operation-error.js';
import { type HttpError, type ProblemOptions, problem } from '../wire/problem.js';

/** One step of a script. `T` is what the operation answers. */
export type FakeReply<T> =
  | { readonly kind: 'answers'; readonly value: T }
  | ({ readonly kind: 'streams'; readonly items: Items<unknown> } & StreamsOptions)
  | { readonly kind: 'fails'; readonly error: HttpError | OperationError }
  | { readonly kind: 'delays'; readonly delayMs: number; readonly reply: FakeReply<T> }
  | { readonly kind: 'hangs' }
  | { readonly kind: 'refuses-connection' }
  | { readonly kind: 'breaks-connection' };

/** Options of {@link streams}. */
export interface StreamsOptions {
  /** Pause before each item but the first, 0 to 2^31 − 1 milliseconds on the clock of the client or the server. @defaultValue 0 */
  readonly everyMs?: number | undefined;
  /**
   * What comes behind the items: an error, a connection that breaks, or nothing more until the caller leaves (`hangs()`).
   * @defaultValue the stream ends
   */
  readonly ending?: FakeReply<never> | undefined;
}

/**
 * Answers a value, which must fit the response schema of the operation; nothing where there is no such schema. The answer of a stream
 * is its items: a list, or another iterable that can be read again.
 */
export function answers(): FakeReply<void>;
export function answers<T>(value: T): FakeReply<T>;
export function answers(value?: unknown): FakeReply<unknown> {
  return { kind: 'answers', value };
}

/**
 * Answers the items of a stream. Each must fit the contract.
 * @param items - a list, or another iterable that can be read again.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID` for a pause out of its range, or an ending that answers something.
 * @example streams([first, second], { everyMs: 200, ending: breaksConnection() })
 */
export function streams<Item>(items: Items<Item>, options: StreamsOptions = {}): FakeReply<Items<Item>> {
  const { everyMs = 0, ending } = options;
  const problems: string[] = [];
  if (!(everyMs >= 0 && everyMs < 2 ** 31)) {
    problems.push(`everyMs must be from 0 to 2^31 − 1 milliseconds, not ${everyMs}`);
  }
  if (ending && answersSomething(ending)) {
    problems.push('ending must be failsWith(), breaksConnection() or hangs(): what is answered are the items');
  }
  if (problems.length > 0) throw new OptionsError('streams', problems);
  return { kind: 'streams', items, everyMs, ending };
}

function answersSomething(reply: FakeReply<unknown>): boolean {
  if (reply.kind === 'delays') return answersSomething(reply.reply);
  return reply.kind === 'answers' || reply.kind === 'streams' || reply.kind === 'refuses-connection';
}

/**
 * Answers an error status with a problem document.
 * @param status - 400 to 599.
 * @param title - the kind of problem. @defaultValue what HTTP calls the status
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID` for another status.
 * @example failsWith(503, 'Full', { retryAfterMs: 200 })
 */
export function failsWith(status: number, title?: string, options?: ProblemOptions): FakeReply<never>;
/**
 * Answers an error that the operation declares.
 * @example failsWith(new inventory.errors.SoldOut({ data: { sku: 'lamp' } }))
 */
export function failsWith(error: OperationError): FakeReply<never>;
export function failsWith(given: number | OperationError, title?: string, options?: ProblemOptions): FakeReply<never> {
  if (typeof given !== 'number') return { kind: 'fails', error: given };
  return { kind: 'fails', error: problem(given, title ?? titleOf(given), undefined, options) };
}

/**
 * Does something else after a while, on the clock of the client or the server; a caller that leaves ends the wait.
 * @param delayMs - 0 to 2^31 − 1 milliseconds.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID` for another delay.
 * @example delays(300, answers({ left: 7 }))
 */
export function delays<T>(delayMs: number, reply: FakeReply<T>): FakeReply<T> {
  if (!(delayMs >= 0 && delayMs < 2 ** 31)) {
    throw new OptionsError('delays', [`delayMs must be from 0 to 2^31 − 1 milliseconds, not ${delayMs}`]);
  }
  return { kind: 'delays', delayMs, reply };
}

/** Never answers; the call ends when its caller gives up, or when the fake is closed. */
export function hangs(): FakeReply<never> {
  return { kind: 'hangs' };
}

/**
 * No connection can be made, so the call is not sent. In process only: a fake that listens on a port refuses connections while it is
 * closed.
 */
export function refusesConnection(): FakeReply<never> {
  return { kind: 'refuses-connection' };
}

/** The connection breaks after the call was sent and before there is an answer. In process only. */
export function breaksConnection(): FakeReply<never> {
  return { kind: 'breaks-connection' };
}

/** What a step does, for people: `delays 300 ms, then fails with 503`. */
export function inWords(reply: FakeReply<unknown>): string {
  if (reply.kind === 'fails') return `fails with ${reply.error.status}`;
  if (reply.kind === 'delays') return `delays ${reply.delayMs} ms, then ${inWords(reply.reply)}`;
  if (reply.kind === 'streams') {
    const what = Array.isArray(reply.items) ? `streams ${reply.items.length} items` : 'streams items';
    return reply.ending ? `${what}, then ${inWords(reply.ending)}` : what;
  }
  return reply.kind.replace('-', ' the ');
}
