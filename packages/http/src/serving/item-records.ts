/** The items of an answer as they go over the wire: what the handler gives is validated, measured and written, one by one. */
import { FwkError } from '@fwk/kernel';
import { encodeOf } from '../contract/codec.js';
import { itemId, type StreamPlan } from '../contract/item-stream.js';
import type { ItemWriter } from '../stream/item-writer.js';
import { jsonText } from '../wire/json-text.js';
import { formatIssues, type Validated } from '../wire/validate.js';
import { validateSent } from '../wire/validate-sent.js';

/** No character has more bytes than this for each of its units in a text. */
const MOST_BYTES = 3;

/** See the head of this file. */
export class ItemRecords {
  readonly #operation: string;
  readonly #plan: StreamPlan;
  readonly #writer: ItemWriter;
  /** Whether the schema gives out what goes over the wire, and not what readers get. */
  readonly #encodes: boolean;

  constructor(operation: string, plan: StreamPlan, writer: ItemWriter) {
    this.#operation = operation;
    this.#plan = plan;
    this.#writer = writer;
    this.#encodes = encodeOf(plan.schema) !== undefined;
  }

  /**
   * The record of an item.
   * @throws FwkError `FWK_HTTP_RESPONSE_INVALID`, also by its promise, for one against the contract; and what the schema throws
   */
  of(value: unknown): string | Promise<string> {
    const checked = validateSent(this.#plan.schema, 'response', value);
    return checked instanceof Promise
      ? checked.then((later) => this.#written(later, value))
      : this.#written(checked, value);
  }

  /** @param given - by the handler */
  #written(checked: Validated, given: unknown): string {
    const { issues } = checked;
    if (issues) throw this.#invalid(`an item against its contract: ${formatIssues(issues)}`, issues);
    const json: string | undefined = jsonText(checked.value);
    if (json === undefined) throw this.#invalid('an item that has no form in JSON');
    const { maxItemBytes } = this.#plan;
    if (json.length * MOST_BYTES > maxItemBytes && Buffer.byteLength(json) > maxItemBytes) {
      throw this.#invalid(`an item of ${Buffer.byteLength(json)} bytes, more than maxItemBytes ${maxItemBytes}`);
    }
    const record = this.#writer.item(json, itemId(this.#plan, this.#encodes ? given : checked.value));
    if (record === undefined) throw this.#invalid('an item that begins like the end of a stream');
    return record;
  }

  #invalid(what: string, issues?: unknown): FwkError {
    return new FwkError('FWK_HTTP_RESPONSE_INVALID', `${this.#operation} gave ${what}`, {
      details: { operation: this.#operation, issues },
    });
  }
}

/**
 * The iterator of what a handler answered.
 * @throws FwkError `FWK_HTTP_RESPONSE_INVALID` where that has none
 */
export function iteratorOf(operation: string, source: unknown): Iterator<unknown> | AsyncIterator<unknown> {
  if (typeof source === 'object' && source !== null) {
    if (Symbol.asyncIterator in source) return (source as AsyncIterable<unknown>)[Symbol.asyncIterator]();
    if (Symbol.iterator in source) return (source as Iterable<unknown>)[Symbol.iterator]();
  }
  throw new FwkError(
    'FWK_HTTP_RESPONSE_INVALID',
    `${operation} is a stream, but its handler answered no items: answer an async iterable, such as an async generator`,
    { details: { operation } },
  );
}
