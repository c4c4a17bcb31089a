/**
 * The server scope of one contract: the layers of its policy in canonical order, those of a user between them, and what
 * answers its operations inside all.
 */
import { currentOf, type Env, type LayerDescription, OptionsError, type Service, type Stack } from '@fwk/kernel';
import type { CallCounts, PolicyRegistry, PolicyUse, ServerScope } from '@fwk/resilience';
import type { ServedAnswer } from './answer.js';
import type { Served, ServedPlans } from './served.js';
import type { ServedRequest } from './served-request.js';
import { serverKind } from './server-policy.js';
import { optionsOfContract, type ServerPolicyOptions, splitPolicyOptions } from './server-policy-options.js';

/** The layers of a server. */
export type ServerLayers = Stack<ServedRequest, ServedAnswer>;

/** See the head of this file. */
export class ServedScope implements AsyncDisposable {
  readonly #served: ServedPlans;
  readonly #use: PolicyUse;
  readonly #layers: ServerLayers;
  /** Whether the deadline is still among the layers: a user may take it out. */
  readonly #limits: boolean;
  #service: ServerScope<ServedRequest, ServedAnswer> | undefined;

  /**
   * @param options - given for the whole server.
   * @param timeoutMs - the deadline where nobody says one.
   * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`, StackError for a role that is not there
   */
  constructor(
    served: { readonly contract: ServedPlans; readonly options?: Served['options'] },
    options: ServerPolicyOptions,
    timeoutMs: number,
    policies: PolicyRegistry,
    env: Env,
  ) {
    const { contract } = served;
    const whole = splitPolicyOptions(optionsOfContract(options, contract));
    const own = splitPolicyOptions(served.options ?? {});
    this.#served = contract;
    const name = own.policy ?? whole.policy ?? `${contract.name}-server`;
    this.#use = policies.use(name, serverKind(contract, timeoutMs), [whole.options, own.options], env);
    try {
      const places = this.#use.places<ServedRequest, ServedAnswer>('server');
      this.#layers = edited(own.layers, edited(whole.layers, places));
      const limit = places.layers.find(({ role }) => role === 'deadline');
      this.#limits = limit !== undefined && this.#layers.layers.includes(limit);
    } catch (error) {
      this.#use[Symbol.dispose]();
      throw error;
    }
  }

  /** Time for a request of an operation, in milliseconds; `Infinity` for no limit. */
  limitMs(operation: string): number {
    const given = this.#limits && this.#use.options(operation).deadlineMs;
    return given === false || given === undefined ? Number.POSITIVE_INFINITY : currentOf(given);
  }

  counts(operation: string): CallCounts {
    return this.#use.counts(operation);
  }

  /** Builds the layers round what answers the operations. */
  build(operations: Service<ServedRequest, ServedAnswer>): ServerScope<ServedRequest, ServedAnswer> {
    this.#service = this.#use.server(this.#layers, operations);
    return this.#service;
  }

  /** The layers that stand there now, outermost first. */
  describe(): LayerDescription {
    const contract = this.#served;
    const keyed = contract.plans.filter(({ idempotencyKey }) => idempotencyKey).map(({ name }) => name);
    return {
      role: 'contract',
      settings: { name: `${contract.name}@${contract.version}`, policy: this.#use.name },
      inner: [
        { role: 'server-telemetry', settings: {} },
        ...this.#use.describe(this.#layers),
        { role: 'validation', settings: {} },
        ...(keyed.length > 0 ? [{ role: 'idempotency-key', settings: { operations: keyed } }] : []),
        { role: 'handler', settings: {} },
      ],
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#use[Symbol.dispose]();
    await this.#service?.[Symbol.asyncDispose]();
  }
}

/** Runs the user's function and checks what it returns. */
function edited(edit: ServerPolicyOptions['layers'], layers: ServerLayers): ServerLayers {
  if (!edit) return layers;
  const answer: unknown = edit(layers);
  if (typeof answer === 'object' && answer !== null && 'layers' in answer && 'into' in answer) {
    return answer as ServerLayers;
  }
  throw new OptionsError('server', ['layers must answer the layers that it was given, with others added']);
}
