/**
 * A copy of what a program answers, kept under an idempotency key. Cookies are not kept: they belong to one browser, and a store may be
 * shared by many programs. A body that is no text is kept as base64.
 */
import { isUtf8 } from 'node:buffer';
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { isOfConnection } from '../contract/header-field.js';
import type { KeptAnswer } from '../idempotency/idempotency-store.js';
import type { WireAnswer } from '../serving/answer.js';
import { headersOf } from './head-arguments.js';

/** Marks a kept body that is no text. */
const encodedMark = 'fwk-kept-body';

const notKept: readonly string[] = ['set-cookie', 'date', 'content-length', 'content-type', encodedMark];

interface Head {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
}

/** See the head of this file. */
export class AnswerCopy {
  readonly #limitBytes: number;
  readonly #chunks: Buffer[] = [];
  #bytes = 0;
  #head: (() => Head) | undefined;

  /** @param limitBytes - a longer body is not kept. */
  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  /** Notes the head, as `writeHead` is given it. */
  head(node: ServerResponse, given: readonly unknown[]): void {
    const headers = { ...node.getHeaders(), ...headersOf(given) };
    const status = typeof given[0] === 'number' ? given[0] : node.statusCode;
    this.#head = () => ({ status, headers });
  }

  /** The head is what this answers when the answer ends. */
  readLate(head: () => Head): void {
    this.#head = head;
  }

  /** Adds a part of the body, as `write` and `end` are given it. */
  add(chunk: unknown, encoding: unknown): void {
    if (typeof chunk !== 'string' && !(chunk instanceof Uint8Array)) return;
    const bytes =
      typeof chunk === 'string'
        ? Buffer.from(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8')
        : Buffer.from(chunk);
    this.#bytes += bytes.length;
    if (this.#bytes <= this.#limitBytes) this.#chunks.push(bytes);
    else this.#chunks.length = 0;
  }

  /** The status, whether the head was sent or not. */
  status(node: ServerResponse): number {
    return this.#head?.().status ?? node.statusCode;
  }

  /** What is kept of it; undefined when its body is too long. */
  kept(node: ServerResponse): KeptAnswer | undefined {
    if (this.#bytes > this.#limitBytes) return undefined;
    const { status, headers } = this.#head?.() ?? { status: node.statusCode, headers: node.getHeaders() };
    const body = Buffer.concat(this.#chunks);
    const text = isUtf8(body);
    const own = Object.entries(headers).flatMap(([given, value]) => {
      const name = given.toLowerCase();
      if (value === undefined || notKept.includes(name) || isOfConnection(name)) return [];
      return [[name, Array.isArray(value) ? value.join(', ') : String(value)]];
    });
    const type = Object.entries(headers).find(([name]) => name.toLowerCase() === 'content-type')?.[1];
    return {
      status,
      contentType: type === undefined ? undefined : String(type),
      body: this.#bytes === 0 ? undefined : text ? body.toString('utf8') : body.toString('base64'),
      headers: { ...Object.fromEntries(own), ...(!text && { [encodedMark]: 'base64' }) },
    };
  }
}

/** A kept answer as it is sent again. */
export function answerOfKept({ headers, body, ...answer }: KeptAnswer): WireAnswer {
  const { [encodedMark]: encoded, ...others } = headers ?? {};
  return { ...answer, headers: others, body: encoded && body !== undefined ? Buffer.from(body, 'base64') : body };
}
