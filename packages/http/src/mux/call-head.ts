/**
 * What a call over Mux has beside its payload. Contexts are headers, with names in lower case as keys. Trace and deadline
 * are in Finagle's contexts; no other context of Finagle is read.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { randomFlag, readTracestate, sampledFlag, type TraceContext } from '@fwk/core';
import { type ContextReader, encodeKey, finagleKeys, readRemainingMs, readTrace } from '@fwk/mux';
import { headerValueFault, isHeaderName, isOfConnection } from '../contract/header-field.js';
import { RequestError } from '../serving/request-error.js';
import { headerNames } from '../wire/headers.js';

/** See the head of this file. */
export interface CallHead {
  readonly headers: IncomingHttpHeaders;
  readonly trace: TraceContext | undefined;
  readonly remainingMs: number | undefined;
}

/** Characters of all headers together: as much as Node takes in the head of an HTTP request. */
const maxHeadersLength = 16_384;
/** Bytes of all contexts together, understood or not. */
const maxBytes = 262_144;
/** As much as `fwk-deadline-ms` can say. */
const longestMs = 2 ** 31 - 1;

/** Most calls carry no others, so these names are compared as bytes. */
const known = Object.values(headerNames).map((name) => ({ name, key: encodeKey(name).subarray(2) }));
/** Names that are no headers here: they mean something to HTTP alone, or come as contexts of Finagle. */
const ofHttp: ReadonlySet<string> = new Set([
  ...['accept', 'accept-encoding', 'content-encoding', 'content-type', '__proto__'],
  ...[headerNames.deadlineMs, headerNames.traceparent],
]);
/** The one header that Node gives as a list. */
const setCookie = 'set-cookie';
const finaglePrefix = 'com.twitter.';

/** Reads it. @throws RequestError `FWK_HTTP_REQUEST_MALFORMED` */
export function readHead(contexts: ContextReader): CallHead {
  const headers: Record<string, string> = {};
  const cookies: string[] = [];
  let trace: ReturnType<typeof readTrace>;
  let remainingMs: number | undefined;
  let length = 0;
  const begin = contexts.valueEnd;
  while (contexts.next()) {
    if (contexts.valueEnd - begin > maxBytes) throw malformed(`the contexts have more than ${maxBytes} bytes`);
    if (contexts.keyIs(finagleKeys.trace)) trace = readTrace(contexts) ?? trace;
    else if (contexts.keyIs(finagleKeys.deadline)) remainingMs = readRemainingMs(contexts) ?? remainingMs;
    else {
      const name = nameOf(contexts);
      if (name === undefined) continue;
      const value = contexts.text;
      length += name.length + value.length;
      if (length > maxHeadersLength) throw malformed(`the headers have more than ${maxHeadersLength} characters`);
      const fault = headerValueFault(value);
      if (fault !== undefined) throw malformed(`the header ${name} ${fault}`);
      // As of a header that comes twice.
      if (name === setCookie) cookies.push(value);
      else headers[name] = Object.hasOwn(headers, name) ? `${headers[name]}, ${value}` : value;
    }
  }
  return {
    headers: cookies.length === 0 ? headers : { ...headers, [setCookie]: cookies },
    trace: trace && {
      traceId: trace.traceId,
      spanId: trace.spanId,
      flags: (trace.sampled ? sampledFlag : 0) | (trace.random ? randomFlag : 0),
      tracestate: readTracestate(headers[headerNames.tracestate]),
    },
    remainingMs: remainingMs === undefined ? undefined : Math.min(remainingMs, longestMs),
  };
}

/** The name of a header; undefined for a context that is none. */
function nameOf(contexts: ContextReader): string | undefined {
  for (const { name, key } of known) if (contexts.keyIs(key)) return ofHttp.has(name) ? undefined : name;
  const name = contexts.key;
  const isHeader = isHeaderName(name) && !name.startsWith(finaglePrefix) && !isOfConnection(name) && !ofHttp.has(name);
  return isHeader ? name : undefined;
}

function malformed(message: string): RequestError {
  return new RequestError('FWK_HTTP_REQUEST_MALFORMED', message);
}
