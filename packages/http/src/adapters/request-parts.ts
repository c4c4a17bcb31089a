/** What a request that is passed on consists of, and whether it can be sent more than once. */
import { stringify } from 'node:querystring';
import { isOfConnection } from '../contract/header-field.js';
import type { DispatchOptions } from './dispatch-types.js';

/** Bodies of at most so many bytes are kept, so that they can be sent again. */
const MAX_KEPT_BYTES = 1_048_576;

const ours = /^fwk-|^traceparent$|^tracestate$/;

/**
 * The headers of a request, names in lower case and values in turn; those of its connection, and those that the framework
 * writes itself, stay away.
 */
export function passedHeaders(headers: DispatchOptions['headers']): string[] {
  const passed: string[] = [];
  for (const [given, value] of entriesOf(headers)) {
    const name = given.toLowerCase();
    // A length must be told: undici checks it against the body.
    if ((isOfConnection(name) && name !== 'content-length') || ours.test(name)) continue;
    for (const each of Array.isArray(value) ? value : [value]) {
      if (each !== undefined && each !== null) passed.push(name, String(each));
    }
  }
  return passed;
}

/** The values of a header among those of a request. */
export function headerOf(headers: DispatchOptions['headers'], name: string): string | undefined {
  for (const [given, value] of entriesOf(headers)) {
    if (given.toLowerCase() === name) return Array.isArray(value) ? value.join(', ') : String(value);
  }
  return undefined;
}

function entriesOf(headers: DispatchOptions['headers']): Iterable<[string, unknown]> {
  if (!headers) return [];
  if (Array.isArray(headers)) {
    return Array.from({ length: headers.length >> 1 }, (_, index): [string, unknown] => [
      String(headers[2 * index]),
      headers[2 * index + 1],
    ]);
  }
  return Symbol.iterator in headers ? (headers as Iterable<[string, unknown]>) : Object.entries(headers);
}

type Body = DispatchOptions['body'];

/** Whether a body is there whole, so that it can be sent any number of times. */
export function isWhole(body: Body): boolean {
  return body === null || body === undefined || typeof body === 'string' || ArrayBuffer.isView(body);
}

/** Whether a body is short enough, by what its headers say, to be read whole before it is sent. */
export function isShort(body: Body, headers: readonly string[]): boolean {
  const at = headers.indexOf('content-length');
  if (at === -1 || at % 2 !== 0 || !isAsyncIterable(body)) return false;
  const length = Number(headers[at + 1]);
  return Number.isInteger(length) && length <= MAX_KEPT_BYTES;
}

/** Reads a body whole. @throws RangeError when it is longer than it may be, whatever its headers say */
export async function readWhole(body: Body): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body as AsyncIterable<Uint8Array | string>) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    length += bytes.byteLength;
    if (length > MAX_KEPT_BYTES) throw new RangeError('the body is longer than its content-length says');
    chunks.push(bytes);
  }
  return Buffer.concat(chunks, length);
}

function isAsyncIterable(body: unknown): boolean {
  return typeof body === 'object' && body !== null && Symbol.asyncIterator in body;
}

/** The path of a request with its query. */
export function pathOf({ path, query }: DispatchOptions): string {
  return query ? `${path}${path.includes('?') ? '&' : '?'}${stringify(query)}` : path;
}
