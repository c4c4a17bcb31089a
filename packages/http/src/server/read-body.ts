/**
 * Reads the body of a request, within a limit. JSON stays text: it is parsed where its errors are ours, and its text identifies
 * the request of an idempotency key.
 */
import { isUtf8 } from 'node:buffer';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type GrowingBytes, growingFrom } from '@fwk/kernel';
import { type Coding, codingOf } from '../coding/codings.js';
import { type CompressionOptions, usableCodings } from '../coding/compression-options.js';
import { type ExpandLimits, expand } from '../coding/expand.js';
import { type Content, isOfType } from '../contract/content.js';
import { bodyNotExpanded, bodyNotText, bodyTooLarge } from '../serving/body-faults.js';
import type { BodyReader } from '../serving/incoming-request.js';
import { RequestError } from '../serving/request-error.js';
import { announcesBody, type BodyReceiver, isQuick } from './quick-request.js';

/** How a body is read. */
export interface BodyLimits {
  readonly bodyLimitBytes: number;
  /** How compressed bodies are read; undefined where they are refused. */
  readonly compression: CompressionOptions | undefined;
}

/** Whether the body of a request is being read. */
export function isBeingRead(request: IncomingMessage): boolean {
  return request.readableFlowing !== null || (isQuick(request) && request.isHandedOver);
}

/**
 * Whether the rest of a body may be longer than the limit, so that the connection is closed rather than read. The length of a
 * chunked body is unknown.
 */
export function leavesTooMuch({ headers, complete }: IncomingMessage, limitBytes: number): boolean {
  if (complete) return false;
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > limitBytes;
}

/** Whether the sender waits for `100 Continue`. HTTP/1.0 does not know it. */
export function awaitsContinue({ headers, httpVersion }: IncomingMessage): boolean {
  return headers.expect !== undefined && httpVersion !== '1.0';
}

/** See the head of this file. Tells at once where no body was announced. */
export function readBody(
  request: IncomingMessage,
  response: ServerResponse,
  content: Content,
  { bodyLimitBytes: limitBytes, compression }: BodyLimits,
  tell: BodyReader,
): void {
  const { headers } = request;
  const length = headers['content-length'];
  if (!announcesBody(request)) {
    tell(undefined, '');
    return;
  }
  const chunked = headers['transfer-encoding'] !== undefined;
  const refusal =
    refusalOf(headers, content, chunked, compression) ??
    (Number(length) > limitBytes ? bodyTooLarge(limitBytes) : undefined);
  if (refusal) {
    tell(refusal, '');
    return;
  }
  if (awaitsContinue(request)) response.writeContinue();
  const coding = codingOf(headers['content-encoding'], compression ? usableCodings(compression) : []);
  collect(request, limitBytes, (error, body) => {
    if (error) tell(error, '');
    else if (body.length > 0 && headers['content-type'] === undefined) tell(mediaType(content), '');
    else if (!compression || coding === undefined || coding === 'unknown') tellBody(body, content, tell);
    else expandBody(coding, body, { maxBytes: limitBytes, maxRatio: compression.maxRatio }, content, tell);
  });
}

function tellBody(body: Buffer, { kind }: Content, tell: BodyReader): void {
  if (kind === 'bytes') tell(undefined, body);
  else if (!isUtf8(body)) tell(bodyNotText(), '');
  else tell(undefined, body.toString('utf8'));
}

async function expandBody(
  coding: Coding,
  body: Buffer,
  limits: ExpandLimits,
  content: Content,
  tell: BodyReader,
): Promise<void> {
  const expanded = await expand(coding, body, limits);
  if (Buffer.isBuffer(expanded)) tellBody(expanded, content, tell);
  else tell(bodyNotExpanded(expanded, coding, limits), '');
}

function collect(request: IncomingMessage, limitBytes: number, tell: BytesReader): void {
  const collector = new BodyCollector(limitBytes, tell);
  if (isQuick(request) && request.handOver(collector)) return;
  // A caller that leaves needs no answer.
  request
    .on('data', (chunk: Buffer) => collector.chunk(chunk))
    .on('end', () => collector.end())
    .on('error', () => {});
}

type BytesReader = (error: RequestError | undefined, body: Buffer) => void;

class BodyCollector implements BodyReceiver {
  readonly #limitBytes: number;
  /** Undefined once the body was found to be too large: the rest is dropped. */
  #tell: BytesReader | undefined;
  #first: Buffer | undefined;
  /** All pieces where there are several, copied: there may be very many, each of which would cost more than its bytes. */
  #all: GrowingBytes | undefined;
  #bytes = 0;

  constructor(limitBytes: number, tell: BytesReader) {
    this.#limitBytes = limitBytes;
    this.#tell = tell;
  }

  chunk(chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes <= this.#limitBytes) this.#add(chunk);
    else {
      const tell = this.#tell;
      this.#tell = undefined;
      this.#first = undefined;
      this.#all = undefined;
      tell?.(bodyTooLarge(this.#limitBytes), noBytes);
    }
  }

  end(): void {
    this.#tell?.(undefined, this.#all?.bytes ?? this.#first ?? noBytes);
  }

  #add(chunk: Buffer): void {
    if (!this.#first) this.#first = chunk;
    else {
      this.#all ??= growingFrom(this.#first);
      this.#all.add(chunk);
    }
  }
}

const noBytes = Buffer.alloc(0);

/** The refusal of a body that is encoded in a way that is not read. @param read - the codings that are; none by default */
export function encodingRefusal(
  headers: IncomingMessage['headers'],
  read: readonly Coding[] = [],
): RequestError | undefined {
  if (codingOf(headers['content-encoding'], read) !== 'unknown') return undefined;
  const how = read.length === 0 ? 'without Content-Encoding' : `with Content-Encoding ${read.join(' or ')}, or without`;
  return new RequestError('FWK_HTTP_CONTENT_ENCODING', `the body is encoded; send it ${how}`, {
    headers: { 'accept-encoding': read.length === 0 ? 'identity' : read.join(', ') },
  });
}

function refusalOf(
  headers: IncomingMessage['headers'],
  content: Content,
  chunked: boolean,
  compression: CompressionOptions | undefined,
): RequestError | undefined {
  const encoded = encodingRefusal(headers, compression && usableCodings(compression));
  if (encoded) return encoded;
  const type = headers['content-type'];
  if (type === undefined) return chunked ? undefined : mediaType(content);
  return isOfType(content, type) ? undefined : mediaType(content);
}

function mediaType({ type }: Content): RequestError {
  return new RequestError('FWK_HTTP_MEDIA_TYPE', `the body must have the content type ${type}`);
}
