/**
 * The wire of a fake that is called in process. It stands innermost in front of the fake's endpoint, so that all layers of the client
 * are there, and it never asks the connection inside. A call goes the way of one to a server of the same process: the same text,
 * schemas, streams and errors as over a real wire, only that nothing is sent. With a fake clock, every retry and time-out is the
 * test's to decide.
 */
import { type Clock, type Layer, makeEnv, outside, TimeLimits } from '@fwk/kernel';
import type { OperationRequest, OperationResponse } from '../calling/operation-request.js';
import type { OperationPlan } from '../contract/contract.js';
import type { AnyContract } from '../contract/contract-types.js';
import type { IdempotencyStore } from '../idempotency/idempotency-store.js';
import { LocalConnection, type LocalParts } from '../local/local-connection.js';
import { LocalRequest, type LocalWork } from '../local/local-request.js';
import type { LocalCall, LocalServing } from '../local/local-server.js';
import { answerOfError } from '../serving/answer.js';
import { OperationHandler } from '../serving/operation-handler.js';
import { RequestError } from '../serving/request-error.js';
import { instanceOf, readTarget } from '../serving/request-target.js';
import { Router } from '../serving/router.js';
import { aloneDrain, type ServerParts } from '../serving/server-parts.js';
import type { GivenCall } from './fake-call.js';
import { FakeExchange } from './fake-exchange.js';
import type { Script } from './fake-script.js';

/** Longest parameter of a path, in characters, as of a server. */
const maxParameterLength = 1024;
/** A fake is asked by each attempt, also where a server would answer what it has answered before. */
const keepsNothing: IdempotencyStore = {
  claim: () => ({ kind: 'fresh', entry: { finish: () => {}, release: () => {} } }),
};
/** Every call begins at once: turns of the event loop would be between a test and what its clock does. */
const atOnce = { begin: (call: { send(): void }) => call.send() };

/** Makes the layer. @param url - what messages call the endpoint. */
export function inProcess(
  contract: AnyContract,
  script: Script,
  url: string,
  options: Pick<LocalParts, 'maxAnswerBytes' | 'baggage'>,
): Layer<OperationRequest, OperationResponse> {
  return {
    role: 'fake',
    wrap(_connection, { clock, metrics }) {
      const server = new FakeServer(contract, script, clock);
      const parts = { ...options, service: contract.name, clock, metrics };
      return new LocalConnection({ server, url, turns: atOnce }, parts, () => {});
    },
  };
}

interface FakeOperation {
  readonly plan: OperationPlan;
  readonly handler: OperationHandler;
}

/** What a server does between a request and its answer, with the script as its handlers. */
class FakeServer implements LocalServing, LocalWork {
  readonly open = true;
  readonly draining = false;
  readonly load = undefined;
  readonly #clock: Clock;
  readonly #routes = new Router<FakeOperation>(maxParameterLength);
  readonly #methods = new Map<string, string>();

  constructor(contract: AnyContract, script: Script, clock: Clock) {
    this.#clock = clock;
    const parts = partsOf(script, clock);
    for (const plan of contract.plans) {
      const { name, method, template } = plan;
      const handlers = { [name]: (call: GivenCall) => script.perform(plan, call, clock) };
      const handler = new OperationHandler(parts, plan, handlers, () => Number.POSITIVE_INFINITY);
      this.#routes.add(method, template.path, { plan, handler });
      this.#methods.set(`/${contract.name}/${name}`, method);
    }
  }

  onLeave(): void {}

  begun(): void {}

  over(): void {}

  serve(call: LocalCall): LocalRequest | undefined {
    try {
      return outside(this.#serve, this, call);
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      call.answered(answerOfError(error, { instance: instanceOf(call.url), traceId: undefined, marks: 0 }));
      return undefined;
    }
  }

  #serve(call: LocalCall): LocalRequest {
    const method = this.#methods.get(call.destination) ?? '';
    const { path, query } = readTarget(call.url);
    const found = this.#routes.find(method, path);
    if (!found) throw new TypeError(`the contract of the fake has no ${method} ${path}`);
    const { plan, handler } = found.value;
    const request = new LocalRequest(call, this, call.head(), { url: call.url, params: found.params, query });
    const { body } = call;
    if (body !== undefined && !plan.bodyStream) request.takeBody(body, plan.content, Number.POSITIVE_INFINITY);
    const exchange = new FakeExchange(plan, request, call, this.#clock.now());
    request.readBody(plan.content, (error, body) => {
      if (error) return exchange.failed(error);
      request.body = body;
      exchange.run(() => handler.serve(request, exchange.context, exchange, exchange));
    });
    return request;
  }
}

/** A fake says nothing of itself: no log, no metrics. */
function partsOf({ streams }: Script, clock: Clock): ServerParts {
  return {
    env: makeEnv({ clock }),
    drain: aloneDrain,
    idempotency: keepsNothing,
    limits: TimeLimits.of(clock, true),
    streams,
    load: undefined,
    usage: undefined,
    trusts: () => false,
  };
}
