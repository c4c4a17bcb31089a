/** Errors of a program as problem documents, as servers of this framework answer them. */
import type { ServerResponse } from 'node:http';
import { currentContext, doNotRetryMarks, isFwkError, traceKey } from '@fwk/kernel';
import { writeAnswer } from '../server/write-answer.js';
import { answerOfError } from '../serving/answer.js';
import { errorOfFetch } from '../serving/error-of-fetch.js';
import { instanceOf } from '../serving/request-target.js';
import { HttpError } from '../wire/problem.js';
import { ProgramResponse } from './program-response.js';

/** Longest text of an error of somebody else that callers are shown, in characters. */
const maxDetailLength = 1000;

/**
 * Answers an error as a problem document: errors of this framework with their code, also where `fetch` has a TypeError round them; those of others with the status that they name
 * (`status`, `statusCode`, `getStatus()`), and anything else with 500 and no word of what it was. Where the head of an answer has been sent,
 * the connection ends, so that nobody takes half an answer for a whole one.
 * @example app.use((error, request, response, next) => sendProblem(response, error)); // Express
 * @example app.setErrorHandler((error, request, reply) => { reply.hijack(); sendProblem(reply.raw, error); }); // Fastify
 */
export function sendProblem(response: ServerResponse, thrown: unknown): void {
  const error = errorOfFetch(thrown);
  const guarded = ProgramResponse.of(response);
  if (guarded) guarded.error = error ?? new TypeError(`${error} was thrown`);
  if (response.headersSent) {
    if (!response.writableEnded) response.destroy();
    return;
  }
  const { req } = response;
  // Frameworks shorten `url` below the place where a router is mounted.
  const url = Reflect.get(req, 'originalUrl');
  const answer = answerOfError(isFwkError(error) ? error : foreignError(error), {
    instance: instanceOf(typeof url === 'string' ? url : (req.url ?? '/')),
    traceId: currentContext().get(traceKey)?.traceId,
    marks: doNotRetryMarks(),
  });
  for (const name of response.getHeaderNames()) if (name.startsWith('content-')) response.removeHeader(name);
  writeAnswer(response, answer, false);
}

/** What an error of somebody else says to callers; the error itself where it says nothing. */
function foreignError(error: unknown): unknown {
  const status = statusOf(error);
  if (status === undefined) return error;
  const { message, expose } = error as { readonly message?: unknown; readonly expose?: unknown };
  const shown = typeof message === 'string' && message !== '' && expose !== false && (status < 500 || expose === true);
  return new HttpError(status, '', shown ? message.slice(0, maxDetailLength) : undefined, { cause: error });
}

function statusOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { status, statusCode, getStatus } = error as Readonly<Record<string, unknown>>;
  const said = typeof getStatus === 'function' ? Reflect.apply(getStatus, error, []) : (status ?? statusCode);
  return typeof said === 'number' && Number.isInteger(said) && said >= 400 && said <= 599 ? said : undefined;
}
