/** Checks the answers of layers that users add to a server: types alone do not show whether a value can be sent. */
import { inspect } from 'node:util';
import { FwkError } from '@fwk/kernel';
import { headerValueFault, isHeaderName, isOfConnection } from '../contract/header-field.js';
import type { ServedAnswer } from './answer.js';

/** Statuses whose answers have no body. */
const bodiless: readonly number[] = [204, 205, 304];

/** Why an answer cannot be sent, in words that follow "answered"; undefined when it can. Values of headers are never shown. */
export function answerFault(answer: unknown): string | undefined {
  if (typeof answer !== 'object' || answer === null) return `${shown(answer)} instead of a ServedAnswer`;
  const { status, contentType, body, headers } = answer as { readonly [Field in keyof ServedAnswer]: unknown };
  if (typeof status !== 'number' || !Number.isInteger(status) || status < 200 || status > 599) {
    return `with the status ${shown(status)}; it must be a number from 200 to 599`;
  }
  if (body !== undefined && typeof body !== 'string' && !(body instanceof Uint8Array))
    return `with a body that is ${shown(body)}; it must be text, a Uint8Array or undefined`;
  if (body !== undefined && bodiless.includes(status))
    return `with the status ${status} and a body, which it cannot have`;
  if (contentType !== undefined && headerValueFault(contentType) !== undefined) {
    return `with a contentType that ${headerValueFault(contentType)}`;
  }
  return headers === undefined ? undefined : headersFault(headers);
}

function headersFault(headers: unknown): string | undefined {
  if (typeof headers !== 'object' || headers === null || Symbol.iterator in headers) {
    return 'with headers that are no object of names and values';
  }
  for (const [given, value] of Object.entries(headers)) {
    const name = given.toLowerCase();
    const shown = `with the header ${JSON.stringify(given.slice(0, 100))}, which`;
    if (!isHeaderName(name)) return `${shown} is no name of a header`;
    if (isOfConnection(name) || name === 'content-type') return `${shown} is written by the server itself`;
    const fault = headerValueFault(value);
    if (fault !== undefined) return `${shown} ${fault}`;
  }
  return undefined;
}

function shown(value: unknown): string {
  return inspect(value, { depth: 0, maxStringLength: 60, breakLength: Number.POSITIVE_INFINITY });
}

/** A layer of a server gave an answer that cannot be sent. Code `FWK_HTTP_LAYER_ANSWER_INVALID`. */
export class LayerAnswerError extends FwkError {
  /** @param fault - as {@link answerFault} tells it. */
  constructor(operation: string, fault: string) {
    super('FWK_HTTP_LAYER_ANSWER_INVALID', `${operation}: a layer of the server answered ${fault}`, {
      details: { operation, fault },
    });
  }
}
