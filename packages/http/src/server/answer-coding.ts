/**
 * Which answers a server compresses: those whose type gets smaller, that are long enough, and that the caller takes compressed.
 * Images, archives and other bytes are sent as they are: most are compressed already.
 */
import type { IncomingMessage } from 'node:http';
import { acceptable, type Coding } from '../coding/codings.js';
import { type CompressionOptions, usableCodings } from '../coding/compression-options.js';
import type { WireAnswer } from '../serving/answer.js';

/** Types beside `text/*` whose answers get smaller. */
const smaller =
  /^(?:text\/|application\/(?:[\w.-]+\+)?(?:json|xml)\b|application\/(?:x-ndjson|javascript|wasm)\b|image\/svg\+xml\b)/;
const noTransform = /\bno-transform\b/;

/** What becomes of an answer. */
export interface AnswerCoding {
  /** Undefined for an answer that is sent as it is. */
  readonly coding: Coding | undefined;
  /** Its headers. */
  readonly headers: WireAnswer['headers'];
}

/** Chooses, and says it in the headers. @param usable - the codings that this Node has, most wanted first */
export function answerCoding(
  { method, headers: asked }: Pick<IncomingMessage, 'method' | 'headers'>,
  answer: WireAnswer,
  options: CompressionOptions,
  usable: readonly Coding[] = usableCodings(options),
): AnswerCoding {
  const { contentType = '', body, stream, headers } = answer;
  const as = { coding: undefined, headers };
  if ((body === undefined && !stream) || !smaller.test(contentType)) return as;
  const own = new Map(Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]));
  if (own.has('content-encoding') || noTransform.test(own.get('cache-control') ?? '')) return as;
  // Caches must know, also of the answer that is not compressed.
  const vary = own.get('vary');
  own.set('vary', vary === undefined ? 'accept-encoding' : varies(vary) ? vary : `${vary}, accept-encoding`);
  const accepted = asked['accept-encoding'];
  const { coding, mustEncode } = acceptable(typeof accepted === 'string' ? accepted : undefined, usable);
  const worthIt = mustEncode || stream !== undefined || lengthOf(body) >= options.thresholdBytes;
  if (coding === undefined || !worthIt || method === 'HEAD')
    return { coding: undefined, headers: Object.fromEntries(own) };
  own.set('content-encoding', coding);
  // Other bytes than those that a strong tag stands for (RFC 9110, 8.8.3).
  const tag = own.get('etag');
  if (tag?.startsWith('"')) own.set('etag', `W/${tag}`);
  return { coding, headers: Object.fromEntries(own) };
}

function varies(vary: string): boolean {
  return vary.split(',').some((name) => ['*', 'accept-encoding'].includes(name.trim().toLowerCase()));
}

function lengthOf(body: WireAnswer['body']): number {
  return typeof body === 'string' ? Buffer.byteLength(body) : (body?.length ?? 0);
}
