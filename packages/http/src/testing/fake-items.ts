/** The items of a stream that a fake answers, as they go: each is counted, and noted where it does not fit the contract. */
import { type CallContext, type Clock, sleep } from '@fwk/kernel';
import type { Items } from '../contract/contract-types.js';
import type { RecordedCall } from './fake-call.js';

/** What the items of one call need. */
export interface ItemsOfCall {
  readonly recorded: RecordedCall;
  readonly context: CallContext;
  readonly clock: Clock;
  /** Pause before each item but the first. */
  readonly everyMs: number;
  /** Whether an item fits the contract. */
  fits(item: unknown): Promise<boolean>;
  /** Does what comes behind the items. @throws what the stream ends with, by its promise */
  end(): Promise<unknown>;
  /** @throws what the body of the call has failed with */
  checkBody(): void;
}

/** Gives the items, with the pauses between them. What they throw is passed on. */
export async function* itemsOfCall(items: Items<unknown>, call: ItemsOfCall): AsyncGenerator<unknown, void> {
  const { recorded, context, clock, everyMs } = call;
  let first = true;
  for await (const item of items) {
    if (everyMs > 0 && !first) await sleep(clock, everyMs, context);
    first = false;
    call.checkBody();
    if (await call.fits(item)) recorded.itemsSent++;
    yield item;
  }
  await call.end();
}
