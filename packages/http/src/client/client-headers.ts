/** What a client adds to the headers of its requests: the same always, or what a function answers for each attempt. */
import { type CallContext, OptionsError } from '@fwk/kernel';
import { type WireHeaders, wireHeaders } from '../wire/wire-headers.js';

/** Headers by name, in any case; those that are undefined stay away. */
export type HeaderValues = Readonly<Record<string, string | undefined>>;

/** The attempt for which headers are asked. */
export interface HeadersCall {
  /** Service that is called. */
  readonly service: string;
  /** `inventory.stock` */
  readonly operation: string;
  readonly method: string;
  /** With its query, without the endpoint's address. */
  readonly path: string;
  /** The body as it is sent, for signatures: text, or bytes for a request of `fetch`. Undefined for no body and for a stream. */
  readonly body: string | Uint8Array | undefined;
  /** Which attempt of the call this is; the first is 1. */
  readonly attempt: number;
  /** Deadline, cancellation, trace of the attempt. */
  readonly context: CallContext;
}

/**
 * Answers headers for one attempt, at once or later. Each attempt asks anew, so a credential is as fresh as the function
 * makes it; a call with an idempotency key asks once, since to a server another credential is another caller.
 */
export type HeadersFunction = (call: HeadersCall) => HeaderValues | Promise<HeaderValues>;

/** Headers of a client; see {@link HeadersFunction}. */
export type ClientHeaders = HeaderValues | HeadersFunction;

const noHeaders: WireHeaders = Object.freeze({});

/**
 * Headers that are always the same, as they are sent; none where there is a function.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`, which names the header and never shows its value.
 */
export function constantHeaders(owner: string, headers: ClientHeaders | undefined): WireHeaders {
  if (headers === undefined || typeof headers === 'function') return noHeaders;
  return givenHeaders(headers, (name, why) => {
    throw new OptionsError(owner, [`headers${name && `.${name}`} ${why}`]);
  });
}

/**
 * Headers as they are sent.
 * @param refuse - told what is wrong, by the header's name, which is empty for the headers as a whole.
 */
export function givenHeaders(headers: unknown, refuse: (name: string, why: string) => never): WireHeaders {
  if (!isPlainObject(headers)) {
    return refuse('', `must be an object of names and values, not ${kindOf(headers)}`);
  }
  return wireHeaders(headers, (name, why = 'cannot be sent') => refuse(name, why), onlyText);
}

function onlyText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value !== 'object' || value === null) return value === null ? 'null' : typeof value;
  return `a ${String(value.constructor?.name || 'class instance').slice(0, 60)}`;
}
