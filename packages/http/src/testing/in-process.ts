/**
 * The wire of a fake that is called in process. It stands innermost in front of the fake's endpoint, so that all layers of the client
 * are there, and it never asks the connection inside. Requests and answers go through the same text, schemas and errors as over a real
 * wire, only that nothing is sent: with a fake clock, every retry and time-out is the test's to decide.
 */
import { abandonOnCancel, type CallContext, type Clock, type Layer } from '@fwk/kernel';
import { ConnectionError } from '../calling/client-errors.js';
import type { OperationRequest, OperationResponse } from '../calling/operation-request.js';
import { readAnswer } from '../calling/read-answer.js';
import type { ReceivedAnswer } from '../calling/received-answer.js';
import type { OperationPlan } from '../contract/contract.js';
import type { AnyContract } from '../contract/contract-types.js';
import { answerOfError, type ServedAnswer } from '../serving/answer.js';
import { readTarget } from '../serving/request-target.js';
import { type RequestParts, validateRequest } from '../serving/request-values.js';
import { Router } from '../serving/router.js';
import { readIdempotencyKey } from '../wire/headers.js';
import { ConnectionFault, type Script } from './fake-script.js';
import { answeredError, madeAnswer } from './made-answer.js';

/** Longest parameter of a path, in characters, as of a server. */
const maxParameterLength = 1024;

/** Makes the layer. @param url - what messages call the endpoint. */
export function inProcess(
  contract: AnyContract,
  script: Script,
  url: string,
): Layer<OperationRequest, OperationResponse> {
  const routes = new Router<OperationPlan>(maxParameterLength);
  for (const plan of contract.plans) routes.add(plan.method, plan.template.path, plan);
  return {
    role: 'fake',
    wrap: (_connection, { clock }) => ({
      status: () => 'ready',
      call: (request, context) =>
        context.cancelled
          ? Promise.reject(context.reason)
          : abandonOnCancel(context, exchange(routes, script, url, request, context, clock)),
    }),
  };
}

async function exchange(
  routes: Router<OperationPlan>,
  script: Script,
  url: string,
  request: OperationRequest,
  context: CallContext,
  clock: Clock,
): Promise<OperationResponse> {
  const { plan } = request.operation;
  try {
    return await readAnswer(plan, received(await serve(routes, script, request, context, clock)), clock);
  } catch (error) {
    if (error instanceof ConnectionFault) throw new ConnectionError(plan.id, url, error.sent, error);
    throw error;
  }
}

/** What a server does between a request and its answer. */
async function serve(
  routes: Router<OperationPlan>,
  script: Script,
  request: OperationRequest,
  context: CallContext,
  clock: Clock,
): Promise<ServedAnswer> {
  const { path, query } = readTarget(request.path);
  const found = routes.find(request.operation.plan.method, path);
  if (!found) throw new TypeError(`the contract of the fake has no ${request.operation.plan.method} ${path}`);
  const plan = found.value;
  try {
    const parts: RequestParts = { params: found.params, query, headers: headersOf(request), body: request.body ?? '' };
    const idempotencyKey = readIdempotencyKey(request.idempotencyKey);
    const values = await validateRequest(plan, parts);
    const value = await script.perform(plan, { ...values, idempotencyKey, context }, clock);
    return await madeAnswer(plan, value);
  } catch (error) {
    if (error instanceof ConnectionFault) throw error;
    return answerOfError(await answeredError(plan, error), { instance: path, traceId: undefined, marks: 0, plan });
  }
}

function headersOf({ headers }: OperationRequest): Record<string, string> {
  const named: Record<string, string> = {};
  for (let at = 0; at < headers.length; at += 2) named[headers[at] as string] = headers[at + 1] as string;
  return named;
}

function received({ status, body = '', contentType, headers }: ServedAnswer): ReceivedAnswer {
  const bytes = Buffer.from(body);
  return {
    status,
    text: () => bytes.toString(),
    bytes: () => bytes,
    header: (name) => (name === 'content-type' ? contentType : headers?.[name]),
  };
}
