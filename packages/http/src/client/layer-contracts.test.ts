import { liveValue } from '@fwk/kernel';
import { layerContract } from '@fwk/kernel/testing';
import { describe, test } from 'vitest';
import { clientOperation, type OperationRequest, type OperationResponse } from '../calling/operation-request.js';
import { shop } from '../fixtures/shop-contract.js';
import { attemptSeries, attemptTelemetry } from './attempt-telemetry.js';
import { costLayer } from './cost-layer.js';
import { credentialsLayer } from './credentials-layer.js';
import { failoverLayer } from './failover-layer.js';
import { operationTelemetry } from './operation-telemetry.js';
import { signingLayer } from './signing-layer.js';

const request: OperationRequest = {
  operation: clientOperation({ ...shop.plans[0]!, timeoutMs: 70 }, undefined),
  path: '/items/a',
  body: undefined,
  headers: [],
  idempotencyKey: undefined,
  given: {},
};
const answer: OperationResponse = { status: 200, value: 7 };

const granting = {
  grant: () => ({ headers: { authorization: 'Bearer a' } }),
  refused: () => false,
  [Symbol.asyncDispose]: async () => {},
};

describe.each([
  ['operationTelemetry', () => operationTelemetry('shop', undefined)],
  ['attemptTelemetry', () => attemptTelemetry('shop', attemptSeries())],
  ['credentialsLayer', () => credentialsLayer('shop', 'bearer', granting)],
  ['failoverLayer', () => failoverLayer('shop', [], liveValue(undefined))],
  ['costLayer', () => costLayer('shop', { item: 1 }, undefined)],
  ['signingLayer', () => signingLayer('shop', 'hmac')],
])('%s', (_name, layer) => {
  for (const { name, run } of layerContract({ layer, request, answer })) test(name, run);
});
