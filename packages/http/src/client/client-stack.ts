/**
 * The layers of a client, in the order that the architecture gives, each line with the reason why it stands there.
 */
import { balance, type Endpoint } from '@fwk/discovery';
import { type Env, type Stack, stack } from '@fwk/kernel';
import { deadline, type FailedCall, type FallbackHandler, type FallbackValue, fallback, retry } from '@fwk/resilience';
import type { OperationPlan } from '../contract/contract.js';
import { type AttemptSeries, attemptTelemetry } from './attempt-telemetry.js';
import type { ClientOptions, EndpointSource } from './client-options.js';
import { endpointBreakers } from './endpoint-breakers.js';
import { type ConnectionParts, HttpConnection } from './http-connection.js';
import { keyedAttempts } from './keyed-attempts.js';
import type { OperationRequest, OperationResponse } from './operation-request.js';
import { operationTelemetry } from './operation-telemetry.js';
import { operationTimeout } from './operation-timeout.js';

/** The layers of a client. */
export type OperationStack = Stack<OperationRequest, OperationResponse>;

/**
 * Puts a client's layers together, those of its endpoints and their connections included.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`
 */
export function clientStack<C>(
  service: string,
  plans: readonly OperationPlan[],
  options: ClientOptions<C>,
  source: EndpointSource,
  env: Env,
  connections: ConnectionParts,
): OperationStack {
  const { retry: retrying, breaker, balancer, ejection } = options;
  const { endpoints, settled } = source;
  const series: AttemptSeries = new Map();

  const layersOf = (endpoint: Pick<Endpoint, 'id'>): OperationStack => {
    let layers: OperationStack = stack<OperationRequest, OperationResponse>(env);
    // Inside the balancer, so that the balancer sees an open breaker and goes round it; outside the timeout, whose
    // expiry is a failure of the operation at this endpoint.
    if (breaker !== false) layers = layers.use(endpointBreakers(service, endpoint.id, breaker));
    return (
      layers
        // Inside retry and balancer, so that a hung endpoint costs one attempt and not the whole call.
        .use(operationTimeout(options.timeoutMs, plans))
        // Innermost, so that it says what this endpoint did, time-outs included, and the callee's span hangs below it.
        .use(attemptTelemetry(service, series))
    );
  };

  // Made once now, so that options that do not fit are told before the first call.
  const ofAnyEndpoint = layersOf({ id: '*' });

  let layers: OperationStack = stack<OperationRequest, OperationResponse>(env)
    // Outermost: it says what the caller saw, whatever happened below.
    .use(operationTelemetry())
    // Outside everything that waits or tries again, so that all of it draws on one time.
    .use(deadline({ timeoutMs: options.deadlineMs }));
  // Outside retry: it answers once trying has failed. Inside the deadline: its answer must come in time too.
  if (options.fallback) layers = layers.use(operationFallback(options.fallback));
  // Outside the balancer, so that each attempt can go to another endpoint. One budget for all operations of the client.
  if (retrying !== false) layers = layers.use(retry(retrying));
  // Inside retry, whose attempts it keeps at one endpoint where that is needed; outside the balancer, which it tells so.
  if (plans.some(({ idempotencyKey }) => idempotencyKey)) layers = layers.use(keyedAttempts());
  // Chooses the endpoint of this attempt; what follows belongs to that endpoint. A call made before the first list of
  // instances is known waits for it here, within the deadline.
  return layers.use(
    balance({
      service,
      endpoints,
      connect: ({ url }) => new HttpConnection(url, connections),
      endpoint: layersOf,
      inner: () => ofAnyEndpoint.describe(),
      ...(settled && { settled: (context) => settled(service, context) }),
      ...(balancer && { balancer: balancer() }),
      ...(ejection !== undefined && { ejection }),
    }),
  );
}

function operationFallback(handlers: object) {
  return fallback(
    async (error, call) => {
      const request = call.args[0] as OperationRequest;
      const given = Reflect.get(handlers, request.operation.plan.name) as FallbackHandler | FallbackValue | undefined;
      if (given === undefined) return leaveAsItIs(error, call);
      if (typeof given !== 'function') return { status: 0, value: given.value } satisfies OperationResponse;
      const answer = call.result as OperationResponse | undefined;
      const result = answer?.value;
      const value = await given(error, { ...call, args: [request.given], result });
      if (answer && value === result) return answer;
      return { status: 0, value } satisfies OperationResponse;
    },
    { name: 'operation fallback' },
  );
}

/** An operation without a fallback ends as it would without this layer. */
function leaveAsItIs(error: unknown, { result }: FailedCall): unknown {
  if (result !== undefined) return result;
  throw error;
}
