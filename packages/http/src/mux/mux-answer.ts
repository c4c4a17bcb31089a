/**
 * An answer as it goes over Mux. What is below 400 is a success; anything else an error whose payload is the problem document.
 * What was refused before it was worked on is a nack: a nack has no payload, so its document stands in a context. Where it is too
 * long for that, the refusal goes as an error: its document and its flags say the same.
 */
import { problemType } from '@fwk/kernel';
import {
  type AnswerWriter,
  type ContextWriter,
  type DispatchStatus,
  dispatchStatus,
  encodeKey,
  type FrameOutput,
  longestPart,
  muxFailure,
  type ServedMuxCall,
  writeFailure,
} from '@fwk/mux';
import type { WireAnswer } from '../serving/answer.js';
import { headerNames } from '../wire/headers.js';
import { answerContexts } from './answer-contexts.js';

const statusKey = encodeKey(answerContexts.status);
const loadKey = encodeKey(headerNames.load);
const problemKey = encodeKey(answerContexts.problem);
const contentTypeKey = encodeKey('content-type');
/** Keys of the headers that were sent; few, since names come from code. */
const keys = new Map<string, Uint8Array>();
const maxKeys = 100;

/** Answers a call. @param load - what the answer says of the server's load */
export function sendAnswer(call: ServedMuxCall, answer: WireAnswer, load?: string): void {
  const made = new MuxAnswer(answer, load);
  call.answer(made.status, made);
}

class MuxAnswer implements AnswerWriter {
  readonly status: DispatchStatus;
  readonly #answer: WireAnswer;
  readonly #load: string | undefined;
  /** The document of a nack. */
  readonly #problem: string | undefined;

  constructor(answer: WireAnswer, load: string | undefined) {
    this.#answer = answer;
    this.#load = load;
    const { status, notProcessed, body } = answer;
    const problem = notProcessed ? asAscii(String(body)) : undefined;
    if (problem !== undefined && problem.length <= longestPart) {
      this.#problem = problem;
      this.status = dispatchStatus.nack;
    } else this.status = status < 400 ? dispatchStatus.ok : dispatchStatus.error;
  }

  writeContexts(contexts: ContextWriter): void {
    const { status, body, headers, contentType, notProcessed } = this.#answer;
    // First, where clients look for it.
    if (this.#load !== undefined) contexts.text(loadKey, this.#load);
    const usualStatus = body === undefined || body.length === 0 ? 204 : 200;
    if (status !== usualStatus) contexts.text(statusKey, String(status));
    if (contentType !== undefined && !isUsualType(contentType)) contexts.text(contentTypeKey, contentType);
    if (headers) {
      for (const name of Object.keys(headers)) contexts.text(keyOf(name.toLowerCase()), headers[name] as string);
    }
    const final = headers?.[headerNames.retry] === 'no';
    if (notProcessed) {
      writeFailure(contexts, muxFailure.rejected | (final ? muxFailure.nonRetryable : muxFailure.retryable));
    } else if (final) writeFailure(contexts, muxFailure.nonRetryable);
    if (this.#problem !== undefined) contexts.text(problemKey, this.#problem);
  }

  writePayload(output: FrameOutput): void {
    const { body } = this.#answer;
    if (body === undefined || this.#problem !== undefined) return;
    if (typeof body === 'string') output.utf8(body);
    else output.raw(body);
  }
}

/** Whether a reader would take it for that type without being told. */
function isUsualType(contentType: string): boolean {
  return contentType.startsWith('application/json') || contentType === problemType;
}

function keyOf(name: string): Uint8Array {
  const found = keys.get(name);
  if (found) return found;
  const key = encodeKey(name);
  if (keys.size < maxKeys) keys.set(name, key);
  return key;
}

/** JSON that says the same in ASCII alone, whatever a reader takes bytes above 127 for. */
function asAscii(json: string): string {
  return json.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
