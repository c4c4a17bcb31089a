/**
 * A service of the registry as a target for channels of `@grpc/grpc-js`. A resolver follows the list of its instances, and a load
 * balancing policy puts each call through the balancer that all our clients use. Channels connect, retry, and place calls by
 * themselves as before.
 */
import { anything, checkOptions, defaultEnv, type Env, makeEnv, optional, type Rule, text } from '@fwk/kernel';
import type * as grpc from '@grpc/grpc-js';
import { type BalanceOptions, checkBalance } from '../balance/balance-options.js';
import type { Memberships } from '../membership/memberships.js';
import { ChannelBalancer } from './channel-balancer.js';
import { type Followed, followedKey } from './followed.js';
import type { GrpcModule } from './grpc-module.js';
import { grpcClassifier } from './grpc-verdicts.js';
import { ListResolver, type ResolverArguments } from './list-resolver.js';

/** Options of {@link grpcTarget}. Those of balancing are the ones of `balance`; a request is the call's `Metadata` there. */
export interface GrpcTargetOptions
  extends Pick<BalanceOptions<grpc.Metadata, void>, 'balancer' | 'routing' | 'ejection'> {
  /**
   * The rest of gRPC's service config, such as `{ methodConfig: [...] }` with timeouts and retries; see
   * https://github.com/grpc/grpc/blob/master/doc/service_config.md. The channel checks it. @defaultValue none
   */
  readonly serviceConfig?: Readonly<Record<string, unknown>>;
  /** Clock, events and logger. @defaultValue those of a program that set up none */
  readonly env?: Env;
}

/** What a client of gRPC is made with. */
export interface GrpcTarget {
  /** The target: `fwk:///inventory`. */
  readonly target: string;
  /** Options of the channel; others may be added, `grpc.service_config` excepted. */
  readonly options: grpc.ChannelOptions;
}

/** The scheme of targets, and the name of the load balancing policy. */
const name = 'fwk';
const registered = new WeakSet<GrpcModule['experimental']>();

const anObject: Rule = (value) =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? undefined : 'an object';

/** Rule: has these functions. */
function having(functions: readonly string[], what: string): Rule {
  const has = (value: unknown, key: string) =>
    typeof value === 'object' && value !== null && typeof Reflect.get(value, key) === 'function';
  return (value) => (functions.every((key) => has(value, key)) ? undefined : what);
}

const experimental = having(['registerResolver', 'registerLoadBalancerType'], 'that of @grpc/grpc-js');
const grpcModule: Rule = (value) =>
  typeof value === 'object' && value !== null && experimental(Reflect.get(value, 'experimental')) === undefined
    ? undefined
    : 'the module @grpc/grpc-js (1.14 or newer): import * as grpc from "@grpc/grpc-js"';
const lists = having(['of', 'settled'], 'memberships: memberships(registry), or app.get(membershipsToken)');

/**
 * Makes the target of a service. Any number of channels may be made of it; each balances for itself, and shows what it does at
 * `/manage/endpoints`.
 * @param module - `@grpc/grpc-js`, as the program imports it; 1.14 or newer.
 * @param known - the lists of instances, of any registry.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`
 * @example
 * const { target, options } = grpcTarget(grpc, 'inventory', memberships, { balancer: leastRequest() });
 * const inventory = new InventoryClient(target, grpc.credentials.createInsecure(), options);
 */
export function grpcTarget(
  module: GrpcModule,
  service: string,
  known: Pick<Memberships, 'of' | 'settled'>,
  options?: GrpcTargetOptions,
): GrpcTarget {
  checkOptions('grpcTarget', { module, service, known }, {}, { module: grpcModule, service: text, known: lists });
  const { serviceConfig, env, ...balancing } = checkTarget(options);
  register(module);
  const path = env.path === '' ? service : `${env.path}/${service}`;
  const followed: Followed = {
    balancing: checkBalance({ ...balancing, service, endpoints: known.of(service) }),
    settled: (context) => known.settled(service, context),
    env: makeEnv({ ...env, path, classifier: grpcClassifier }),
    // Channels write their options into traces.
    toJSON: () => service,
  };
  return {
    target: `${name}:///${encodeURIComponent(service)}`,
    options: {
      [followedKey]: followed,
      'grpc.service_config': JSON.stringify({ ...serviceConfig, loadBalancingConfig: [{ [name]: {} }] }),
      // Otherwise a proxy in the environment would take the place of the resolver.
      'grpc.enable_http_proxy': 0,
    },
  };
}

function checkTarget(options: GrpcTargetOptions = {}): GrpcTargetOptions & { readonly env: Env } {
  return checkOptions<GrpcTargetOptions & { readonly env: Env }>(
    'grpcTarget',
    options,
    { env: defaultEnv },
    {
      balancer: anything,
      routing: anything,
      ejection: anything,
      serviceConfig: optional(anObject),
      env: anObject,
    },
  );
}

function register(module: GrpcModule): void {
  const { experimental } = module;
  if (registered.has(experimental)) return;
  registered.add(experimental);
  experimental.registerResolver(
    name,
    class extends ListResolver {
      constructor(...made: ResolverArguments) {
        super(module, ...made);
      }
    },
  );
  experimental.registerLoadBalancerType(
    name,
    class extends ChannelBalancer {
      constructor(helper: grpc.experimental.ChannelControlHelper) {
        super(module, name, helper);
      }
    },
    class {
      static createFromJson() {
        return new this();
      }
      getLoadBalancerName = () => name;
      toJsonObject = () => ({ [name]: {} });
    },
  );
}
