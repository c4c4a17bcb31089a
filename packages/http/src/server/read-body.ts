/**
 * Reads the body of a request as text, within a limit. The text stays text: it is parsed where its errors are ours, and it
 * identifies the request of an idempotency key.
 */
import { isUtf8 } from 'node:buffer';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { RequestError } from './request-error.js';

const jsonType = /^application\/(?:[\w.-]+\+)?json[\t ]*(?:$|;)/i;

/** Told the body, empty for none, or why there is no way to read it. Not told when the caller leaves before its end. */
export type BodyReader = (error: RequestError | undefined, text: string) => void;

/** Whether a request has a body, as far as its head tells. */
export function announcesBody({ headers }: IncomingMessage): boolean {
  const length = headers['content-length'];
  return headers['transfer-encoding'] !== undefined || (length !== undefined && Number(length) !== 0);
}

/**
 * Whether more of a body may still be on its way than is ever read, so that the connection is better ended than read on. A
 * body in chunks does not say how long it is.
 */
export function leavesTooMuch({ headers, complete }: IncomingMessage, limitBytes: number): boolean {
  if (complete) return false;
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > limitBytes;
}

/** Whether the sender waits for `100 Continue`. HTTP/1.0 does not know it. */
function awaitsContinue({ headers, httpVersion }: IncomingMessage): boolean {
  return headers.expect !== undefined && httpVersion !== '1.0';
}

/** See the head of this file. Tells at once where no body was announced. */
export function readBody(request: IncomingMessage, response: ServerResponse, limitBytes: number, tell: BodyReader) {
  const { headers } = request;
  const length = headers['content-length'];
  if (!announcesBody(request)) return tell(undefined, '');
  const chunked = headers['transfer-encoding'] !== undefined;
  const refusal = refusalOf(headers, chunked) ?? (Number(length) > limitBytes ? tooLarge(limitBytes) : undefined);
  if (refusal) return tell(refusal, '');
  if (awaitsContinue(request)) response.writeContinue();
  collect(request, limitBytes, (error, body) => {
    if (error) tell(error, '');
    else if (body.length > 0 && headers['content-type'] === undefined) tell(mediaType(), '');
    else if (!isUtf8(body)) tell(new RequestError('FWK_HTTP_BODY_NOT_JSON', 'the body is not valid UTF-8'), '');
    else tell(undefined, body.toString('utf8'));
  });
}

function collect(
  request: IncomingMessage,
  limitBytes: number,
  tell: (error: RequestError | undefined, body: Buffer) => void,
): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const onData = (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= limitBytes) chunks.push(chunk);
    else {
      request.off('data', onData).off('end', onEnd);
      tell(tooLarge(limitBytes), noBytes);
    }
  };
  const onEnd = () => tell(undefined, chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, bytes));
  // A caller that leaves needs no answer.
  request
    .on('data', onData)
    .on('end', onEnd)
    .on('error', () => {});
}

const noBytes = Buffer.alloc(0);

function refusalOf(headers: IncomingMessage['headers'], chunked: boolean): RequestError | undefined {
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding !== '' && encoding.toLowerCase() !== 'identity') {
    return new RequestError('FWK_HTTP_CONTENT_ENCODING', 'the body is encoded; send it without Content-Encoding', {
      headers: { 'accept-encoding': 'identity' },
    });
  }
  const type = headers['content-type'];
  if (type === undefined) return chunked ? undefined : mediaType();
  return jsonType.test(type) ? undefined : mediaType();
}

function mediaType(): RequestError {
  return new RequestError('FWK_HTTP_MEDIA_TYPE', 'the body must have the content type application/json');
}

function tooLarge(limitBytes: number): RequestError {
  return new RequestError('FWK_HTTP_BODY_TOO_LARGE', `the body is larger than ${limitBytes} bytes`, {
    members: { limitBytes },
  });
}
