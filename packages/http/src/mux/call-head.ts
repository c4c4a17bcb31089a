/**
 * Reads what a call over Mux has beside its payload. Contexts are headers, with names in lower case as keys. Trace and deadline
 * are in Finagle's contexts; no other context of Finagle is read.
 */
import { randomFlag, readTracestate, sampledFlag } from '@fwk/core';
import { type ContextReader, encodeKey, finagleKeys, readRemainingMs, readTrace } from '@fwk/mux';
import { HeaderRecord, isCarriedHeader } from '../serving/header-record.js';
import { RequestError } from '../serving/request-error.js';
import type { RequestHead } from '../serving/whole-request.js';
import { headerNames } from '../wire/headers.js';

/** Bytes of all contexts together, understood or not. */
const maxBytes = 262_144;
/** As much as `fwk-deadline-ms` can say. */
const longestMs = 2 ** 31 - 1;

/** Most calls carry no others, so these names are compared as bytes. */
const known = Object.values(headerNames).map((name) => ({
  name: isCarriedHeader(name) ? name : undefined,
  key: encodeKey(name).subarray(2),
}));
const finaglePrefix = 'com.twitter.';

/** Reads it. @throws RequestError `FWK_HTTP_REQUEST_MALFORMED` */
export function readHead(contexts: ContextReader): RequestHead {
  const record = new HeaderRecord();
  let trace: ReturnType<typeof readTrace>;
  let remainingMs: number | undefined;
  const begin = contexts.valueEnd;
  while (contexts.next()) {
    if (contexts.valueEnd - begin > maxBytes) throw malformed(`the contexts have more than ${maxBytes} bytes`);
    if (contexts.keyIs(finagleKeys.trace)) trace = readTrace(contexts) ?? trace;
    else if (contexts.keyIs(finagleKeys.deadline)) remainingMs = readRemainingMs(contexts) ?? remainingMs;
    else {
      const name = nameOf(contexts);
      if (name !== undefined) record.add(name, contexts.text);
    }
  }
  const { headers } = record;
  return {
    headers,
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
  for (const { name, key } of known) if (contexts.keyIs(key)) return name;
  const name = contexts.key;
  return isCarriedHeader(name) && !name.startsWith(finaglePrefix) ? name : undefined;
}

function malformed(message: string): RequestError {
  return new RequestError('FWK_HTTP_REQUEST_MALFORMED', message);
}
