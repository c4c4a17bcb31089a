/** What a fake has got of a call, and what became of it. It goes on changing while the call is under way. */
import { type CallContext, isFwkError } from '@fwk/kernel';
import type { OperationPlan } from '../contract/contract.js';
import type { Call, OperationName } from '../contract/contract-types.js';

/** The body of a call: of a stream the items that were read, of an upload its bytes as far as they were read. */
export type FakeBody<Body> =
  Body extends AsyncIterable<infer Item> ? (Item extends Uint8Array ? Uint8Array : readonly Item[]) : Body;

/** One call that a fake has got. */
export interface FakeCall<C, Op extends OperationName<C> = OperationName<C>>
  extends Pick<Call<C, Op>, 'params' | 'query' | 'headers' | 'idempotencyKey' | 'lastEventId'> {
  readonly operation: Op;
  readonly body: FakeBody<Call<C, Op>['body']>;
  /** What the script did, in words: `answers`, `fails with 503`, `delays 300 ms, then answers`. */
  readonly did: string;
  /** When it came, on the clock of the client or the server. */
  readonly atMs: number;
  /** Items of a stream that were sent. A caller that leaves may not have read all of them. */
  readonly itemsSent: number;
  /** Whether its caller left before the answer was there, or before its stream had ended. */
  readonly cancelled: boolean;
}

/** A call as any handler gets it. */
export interface GivenCall {
  readonly params: unknown;
  readonly query: unknown;
  readonly headers: unknown;
  readonly body: unknown;
  readonly context: CallContext;
  readonly idempotencyKey: string | undefined;
  readonly lastEventId: string | undefined;
}

/** What is known of a call as it goes on. */
export interface RecordedCall extends Omit<GivenCall, 'context'> {
  readonly operation: string;
  readonly did: string;
  readonly atMs: number;
  itemsSent: number;
  cancelled: boolean;
}

/** Begins to record a call. @returns what is known of it, and the call as a handler is to get it: its body is recorded as it is read */
export function recordCall(
  { name, bodyStream }: OperationPlan,
  given: GivenCall,
  did: string,
  atMs: number,
): { readonly recorded: RecordedCall; readonly call: GivenCall } {
  const { context, body, ...values } = given;
  const recorded = { ...values, operation: name, body, did, atMs, itemsSent: 0, cancelled: false };
  context.onCancel((reason) => {
    recorded.cancelled = isFwkError(reason, 'FWK_KERNEL_CANCELLED');
  });
  if (!bodyStream) return { recorded, call: given };
  const read: unknown[] = [];
  if (bodyStream.content.kind === 'bytes') {
    Object.defineProperty(recorded, 'body', { enumerable: true, get: () => Buffer.concat(read as Uint8Array[]) });
  } else recorded.body = read;
  return { recorded, call: { ...given, body: noting(body as AsyncIterable<unknown>, read) } };
}

/** The same items; each is put into a list once it was read. */
function noting(items: AsyncIterable<unknown>, read: unknown[]): AsyncIterable<unknown> {
  const source = items[Symbol.asyncIterator]();
  const noted: AsyncIterableIterator<unknown> = {
    async next() {
      const step = await source.next();
      if (!step.done) read.push(step.value);
      return step;
    },
    async return() {
      await source.return?.();
      return { value: undefined, done: true };
    },
    [Symbol.asyncIterator]: () => noted,
  };
  return noted;
}
