/** The question for a server's load as a request: an operation that no contract can have, with nothing in it. */
import { jsonContent } from '../contract/content.js';
import { loadDestination, loadPath } from '../wire/load-text.js';
import { type ClientOperation, clientOperation, type OperationRequest } from './operation-request.js';

const [, contract, name] = loadDestination.split('/') as [string, string, string];

const operation: ClientOperation = clientOperation(
  {
    name,
    id: `${contract}.${name}`,
    method: 'GET',
    template: { path: loadPath, parameters: [], shape: loadPath, route: loadPath },
    params: undefined,
    query: undefined,
    separators: undefined,
    headers: undefined,
    headerNames: undefined,
    body: undefined,
    content: jsonContent,
    response: undefined,
    answers: undefined,
    errors: undefined,
    idempotent: true,
    idempotencyKey: false,
    priority: undefined,
    timeoutMs: undefined,
  },
  undefined,
);

/** See the head of this file. */
export const loadProbe: OperationRequest = Object.freeze({
  operation,
  path: loadPath,
  body: undefined,
  headers: operation.headers,
  idempotencyKey: undefined,
  given: undefined,
});
