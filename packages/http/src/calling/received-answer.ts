/** What was received, on any wire, and its body as JSON. */
import { jsonFault, parseJson } from '@fwk/kernel';
import { AnswerInvalidError } from './client-errors.js';

/** An answer that is complete. */
export interface ReceivedAnswer {
  readonly status: number;
  /** The body. */
  text(): string;
  /** The body as it came. */
  bytes(): Uint8Array;
  /** @param name - in lower case. */
  header(name: string): string | undefined;
}

/** Its `Content-Type`; empty without one. */
export function contentType(answer: ReceivedAnswer): string {
  return (answer.header('content-type') ?? '').slice(0, 200);
}

/** Whether a `Content-Type` is that of JSON. */
export function isJson(type: string): boolean {
  return type.startsWith('application/json') || /^application\/(?:[\w.-]+\+)?json(?:\s*;|$)/i.test(type);
}

/** The body as JSON. @throws AnswerInvalidError `FWK_HTTP_ANSWER_INVALID` */
export function readJson(operation: string, answer: ReceivedAnswer): unknown {
  const type = contentType(answer);
  if (!isJson(type)) throw new AnswerInvalidError(operation, `is no JSON but ${type || 'without a type'}`);
  try {
    return parseJson(answer.text());
  } catch (error) {
    throw new AnswerInvalidError(operation, jsonFault(error), [], error);
  }
}
