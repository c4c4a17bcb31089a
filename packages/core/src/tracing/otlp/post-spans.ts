/** One request to a collector, and what its answer means. */
import type { IncomingMessage } from 'node:http';
import { type Clock, messageOf, parseJson, readRetryAfterMs, redactText } from '@fwk/kernel';
import { encodeBody } from '../../negotiation/content-encoding.js';

/** Where and how spans are sent. */
export interface Collector {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** For the whole exchange, in milliseconds. */
  readonly timeoutMs: number;
}

/** The outcome of one request. */
export type PostResult =
  | { readonly kind: 'taken'; readonly rejected: number; readonly message: string }
  | { readonly kind: 'later'; readonly reason: string; readonly afterMs: number | undefined }
  | { readonly kind: 'refused'; readonly reason: string };

/** Longest answer that is read, in bytes; collectors answer less than a hundred. */
const longestAnswer = 65_536;

/** Statuses after which the same request may be sent again. Source: OTLP/HTTP, "Retryable Response Codes". */
const retryable: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/** Sends a body. Never rejects. */
export async function postSpans(collector: Collector, text: string, clock: Clock): Promise<PostResult> {
  try {
    const { encoding, body } = (await encodeBody('gzip', text)) ?? { encoding: undefined, body: Buffer.from(text) };
    return await exchange(collector, encoding, body, clock);
  } catch (error) {
    return { kind: 'later', reason: messageOf(error), afterMs: undefined };
  }
}

async function exchange(
  { url, headers, timeoutMs }: Collector,
  encoding: string | undefined,
  body: Buffer,
  clock: Clock,
): Promise<PostResult> {
  const { request } = url.protocol === 'https:' ? await import('node:https') : await import('node:http');
  return new Promise<PostResult>((resolve, reject) => {
    const sent = request(url, {
      method: 'POST',
      headers: {
        ...headers,
        'content-type': 'application/json',
        'content-length': body.length,
        ...(encoding !== undefined && { 'content-encoding': encoding }),
      },
    });
    const limit = clock.setTimer(
      () => sent.destroy(new Error(`the collector did not answer within ${timeoutMs} ms`)),
      timeoutMs,
      true,
    );
    let answering = false;
    sent.on('error', reject);
    sent.on('close', () => {
      clock.clearTimer(limit);
      // When an answer has begun, `readAnswer` notices that it is cut off.
      if (!answering) reject(new Error('the collector closed the connection before it had answered'));
    });
    sent.on('response', (response) => {
      answering = true;
      readAnswer(response).then((answer) => resolve(meaningOf(response, answer, clock)), reject);
    });
    sent.end(body);
  });
}

async function readAnswer(response: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of response) {
    const bytes = part as Buffer;
    length += bytes.length;
    if (length > longestAnswer) {
      response.destroy();
      break;
    }
    parts.push(bytes);
  }
  return Buffer.concat(parts).toString();
}

function meaningOf({ statusCode = 0, headers }: IncomingMessage, answer: string, clock: Clock): PostResult {
  const reason = `the collector answered ${statusCode}`;
  if (statusCode >= 200 && statusCode < 300) {
    // A login page of a proxy, or another server at this address.
    if (/^text\/html\b/i.test(headers['content-type'] ?? ''))
      return { kind: 'refused', reason: `${reason} with a page, so no collector is there` };
    return { kind: 'taken', ...partOf(answer) };
  }
  if (!retryable.has(statusCode)) return { kind: 'refused', reason: `${reason}${detailOf(headers, answer)}` };
  return { kind: 'later', reason, afterMs: readRetryAfterMs(headers['retry-after'], clock.wallTime()) };
}

/** Redirections are not followed: spans and credentials go where the options say. */
function detailOf({ location }: IncomingMessage['headers'], answer: string): string {
  if (location !== undefined) return ` and points to ${redactText(location, 200)}; set the url to where it is`;
  return answer === '' ? '' : `: ${redactText(answer, 200)}`;
}

/** A collector may reject some of the spans; the body of a successful answer says so. */
function partOf(answer: string): { readonly rejected: number; readonly message: string } {
  const none = { rejected: 0, message: '' };
  try {
    const parsed: unknown = parseJson(answer);
    const part = memberOf(parsed, 'partialSuccess') ?? memberOf(parsed, 'partial_success');
    // The JSON form of protocol buffers writes 64-bit integers as strings; many programs write numbers.
    const rejected = Number(memberOf(part, 'rejectedSpans') ?? memberOf(part, 'rejected_spans') ?? 0);
    const message = memberOf(part, 'errorMessage') ?? memberOf(part, 'error_message') ?? '';
    return {
      rejected: rejected > 0 ? Math.floor(rejected) : 0,
      message: redactText(String(message), 500),
    };
  } catch {
    return none;
  }
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
