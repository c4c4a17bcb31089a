/**
 * Sends copies of calls to another version and says how their answers compare. Copies have a balancer and connections of their own, to
 * the instances of that version alone: no breaker, budget, statistic or measurement of the client's own calls knows of them.
 */
import { balance, type Connection, type Endpoint, type TakeReport } from '@fwk/discovery';
import {
  attemptKey,
  type BuiltService,
  background,
  type CallContext,
  cancellable,
  detached,
  type Env,
  follow,
  type Live,
  parseVersionRange,
  priorityKey,
  stack,
} from '@fwk/kernel';
import { attemptTimeout } from '@fwk/resilience';
import type { OperationRequest, OperationResponse } from '../calling/operation-request.js';
import { headerNames } from '../wire/headers.js';
import { AnswerPair } from './answer-pair.js';
import type { ShadowOptions } from './shadow-options.js';
import type { ShadowRecord } from './shadow-record.js';

/** Where copies go, and by what. */
export interface CopyParts {
  readonly service: string;
  readonly endpoints: Live<readonly Endpoint[]>;
  /** Makes a connection to an instance. */
  readonly connect: (endpoint: Endpoint, reported: TakeReport) => Connection<OperationRequest, OperationResponse>;
}

/** The header that tells a callee that nobody waits for its answer. */
const mark: readonly string[] = [headerNames.shadow, '1'];
/** The first to be refused by a busy callee. */
const priority = priorityKey.of('background');

/** The copies by one set of options. Disposing of it gives up those under way. */
export class Copies implements AsyncDisposable {
  readonly #env: Env;
  readonly #options: ShadowOptions;
  readonly #record: ShadowRecord;
  readonly #endpoints: Live<readonly Endpoint[]>;
  readonly #service: BuiltService<OperationRequest, OperationResponse>;
  readonly #underWay = new Set<(reason: unknown) => void>();

  constructor(env: Env, options: ShadowOptions, parts: CopyParts, record: ShadowRecord) {
    this.#env = env;
    this.#options = options;
    this.#record = record;
    const isMeant = matching(options);
    this.#endpoints = parts.endpoints.map((endpoints) => endpoints.filter(isMeant));
    this.#service = stack<OperationRequest, OperationResponse>({ ...env, path: `${env.path}.shadow` })
      .use(
        balance({
          service: parts.service,
          endpoints: this.#endpoints,
          connect: parts.connect,
          endpoint: () =>
            stack<OperationRequest, OperationResponse>(env).use(attemptTimeout({ timeoutMs: options.timeoutMs })),
          endsInTime: true,
        }),
      )
      .into(() => Promise.reject(new Error('copies have been given up')));
  }

  /** Whether a call is to be copied. Draws at random. */
  takes({ operation, idempotencyKey, forwarded }: OperationRequest, context: CallContext): boolean {
    const { share, operations } = this.#options;
    const { plan } = operation;
    // The items of a stream go to one reader.
    if (plan.stream || plan.bodyStream) return false;
    if (!plan.idempotent || idempotencyKey !== undefined || forwarded !== undefined) return false;
    if (operations && !operations.includes(plan.name)) return false;
    // Further attempts are the same call.
    return context.get(attemptKey) === 1 && this.#env.random() < share;
  }

  /** Copies a call. @returns the call's own answer, which waits for nothing here */
  copy(request: OperationRequest, answer: Promise<OperationResponse>): Promise<OperationResponse> {
    const { plan } = request.operation;
    if (this.#underWay.size >= this.#options.maxInFlight) {
      this.#record.leftOut(plan.name, `${this.#underWay.size} copies are under way, as many as may be`);
      return answer;
    }
    if (this.#endpoints.value.length === 0) {
      this.#record.leftOut(plan.name, 'no instance is known that copies may go to');
      return answer;
    }
    const pair = new AnswerPair(this.#env.clock, this.#options);
    const followed = follow(answer, pair);
    detached(() => void this.#send(request, pair));
    return followed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const reason = new Error('copies have been given up');
    for (const giveUp of this.#underWay) giveUp(reason);
    await this.#service[Symbol.asyncDispose]();
  }

  async #send(request: OperationRequest, pair: AnswerPair): Promise<void> {
    const { operation, headers } = request;
    const deadlineMs = this.#env.clock.now() + this.#options.timeoutMs;
    const values = [operation.name, operation.idempotent, priority];
    const call = cancellable(background, { deadlineMs, values });
    this.#underWay.add(call.cancel);
    const copy = this.#service.call({ ...request, headers: [...headers, ...mark] }, call.context);
    const left = () => {
      this.#underWay.delete(call.cancel);
      call[Symbol.dispose]();
    };
    copy.then(left, left);
    this.#record.compared(operation.plan.name, await pair.with(copy, operation.plan.name));
  }
}

function matching({ version, tags = [] }: ShadowOptions): (endpoint: Endpoint) => boolean {
  const isInRange = version === undefined ? undefined : parseVersionRange(version);
  return ({ instance }) =>
    (isInRange?.(instance.version) ?? true) && tags.every((tag) => instance.tags?.includes(tag) ?? false);
}
