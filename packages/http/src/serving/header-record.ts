/** Collects the headers of a request that comes by another way than HTTP, as Node gives those of one that comes over HTTP. */
import type { IncomingHttpHeaders } from 'node:http';
import { headerValueFault, isHeaderName, isOfConnection } from '../contract/header-field.js';
import { headerNames } from '../wire/headers.js';
import { RequestError } from './request-error.js';

/** Characters of all headers together: as much as Node takes in the head of an HTTP request. */
const maxLength = 16_384;
/** Names that mean something to HTTP alone, or that are carried in a form of their own. */
const ofHttp: ReadonlySet<string> = new Set([
  ...['accept', 'accept-encoding', 'content-encoding', 'content-type', '__proto__'],
  ...[headerNames.deadlineMs, headerNames.traceparent],
]);
/** The one header that Node gives as a list. */
const setCookie = 'set-cookie';

/** Whether a header of this name is one without HTTP. @param name - in lower case */
export function isCarriedHeader(name: string): boolean {
  return isHeaderName(name) && !isOfConnection(name) && !ofHttp.has(name);
}

/** See the head of this file. */
export class HeaderRecord {
  #headers: Record<string, string> = {};
  /** Undefined where there are none, as in nearly all requests. */
  #cookies: string[] | undefined;
  #length = 0;

  /** @param begun - one to go on from; it stays as it is. @defaultValue none */
  constructor(begun?: HeaderRecord) {
    if (!begun) return;
    this.#headers = { ...begun.#headers };
    this.#length = begun.#length;
    if (begun.#cookies) this.#cookies = [...begun.#cookies];
  }

  /**
   * Adds a header.
   * @param name - in lower case, one that is carried
   * @throws RequestError `FWK_HTTP_REQUEST_MALFORMED`
   */
  add(name: string, value: string): void {
    this.#length += name.length + value.length;
    if (this.#length > maxLength) throw malformed(`the headers have more than ${maxLength} characters`);
    const fault = headerValueFault(value);
    if (fault !== undefined) throw malformed(`the header ${name} ${fault}`);
    const headers = this.#headers;
    // As of a header that comes twice.
    if (name === setCookie) this.#cookies = [...(this.#cookies ?? []), value];
    else headers[name] = Object.hasOwn(headers, name) ? `${headers[name]}, ${value}` : value;
  }

  get headers(): IncomingHttpHeaders {
    return this.#cookies ? { ...this.#headers, [setCookie]: this.#cookies } : this.#headers;
  }
}

function malformed(message: string): RequestError {
  return new RequestError('FWK_HTTP_REQUEST_MALFORMED', message);
}
