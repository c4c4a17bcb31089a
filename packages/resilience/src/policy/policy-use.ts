/**
 * A policy in use before something that builds its layers by scopes: a client (round each call, and in front of each
 * endpoint) or a server. Layers of others stand between those of the policy, by role.
 */
import type { BuiltService, CurrentOptions, Env, Layer, LayerDescription, Live, Service, Stack } from '@fwk/kernel';
import type { Scope } from '../order/placed-part.js';
import type { CallCounts } from '../statistics/call-counts.js';
import type { KindOptions } from './kind-field.js';
import type { PolicyCore } from './policy-core.js';
import type { PolicyOptions } from './policy-options.js';

/** The layers of a server scope round what answers its operations. */
export interface ServerScope<in Req, out Res> extends BuiltService<Req, Res> {
  /** True while no layer stands there, so that calls may as well go directly to what answers them. */
  readonly empty: boolean;
}

/** See the head of this file. Dispose it when it is no longer used: it is taken off the registry's list. */
export interface PolicyUse extends Disposable {
  readonly name: string;
  /** The environment of everything that stands in its stacks. */
  readonly env: Env;
  /** The places of a scope in canonical order; others add their layers to it by role, and use the answer below. */
  places<Req, Res>(scope: Scope): Stack<Req, Res>;
  /** All layers of a scope as one, round whole calls. What it builds is to be disposed of. */
  calls<Req, Res>(layers: Stack<Req, Res>): Layer<Req, Res>;
  /** The same in front of one endpoint. */
  endpoint<Req, Res>(id: string, layers: Stack<Req, Res>): Layer<Req, Res>;
  /** All layers of a server scope round what answers its operations. The server counts the calls itself, by {@link counts}. */
  server<Req, Res>(layers: Stack<Req, Res>, next: Service<Req, Res>): ServerScope<Req, Res>;
  /** Counts calls of an operation for whoever sees how they end. */
  counts(operation: string): CallCounts;
  /** The layers that stand there now, outermost first. */
  describe<Req, Res>(layers: Stack<Req, Res>): readonly LayerDescription[];
  /** The options in force, of one operation or where none has its own. */
  options(operation?: string): PolicyOptions;
  /** What an option of its kind comes to, for who is to be told of changes; undefined while no level gives it. */
  live<Field extends keyof KindOptions>(field: Field): Live<CurrentOptions<KindOptions>[Field]>;
}

/**
 * Makes the face of a policy that is built by scopes.
 * @param env - the environment in which it stands.
 */
export function policyUse(core: PolicyCore, env: Env, listed: Disposable): PolicyUse {
  const own = core.env(env);
  return {
    name: core.name,
    env: own,
    places: (scope) => core.stackOf([scope]),
    calls: <Req, Res>({ layers }: Stack<Req, Res>): Layer<Req, Res> => ({
      role: 'policy',
      describe: () => ({ name: core.name }),
      wrap: (next: Service<Req, Res>) => core.buildCalls(layers, next, own),
    }),
    endpoint: <Req, Res>(id: string, { layers }: Stack<Req, Res>): Layer<Req, Res> => ({
      role: 'policy',
      describe: () => ({ name: core.name, endpoint: id }),
      wrap: (next: Service<Req, Res>) => core.buildEndpoint(id, layers, next, own),
    }),
    server: ({ layers }, next) => core.buildServer(layers, next, own),
    counts: (operation) => core.counts(operation, own),
    describe: ({ layers }) => core.describe(layers),
    options: (operation) => core.options(operation),
    // Checked by the rule of the option.
    live: (field) => core.live(field) as Live<never>,
    [Symbol.dispose]: () => {
      listed[Symbol.dispose]();
      core.release();
    },
  };
}
