import {
  type CallContext,
  callable,
  checkOptions,
  fixed,
  flag,
  isLive,
  type LayerDescription,
  type Live,
  optional,
  type Rule,
  text,
} from '@fwk/kernel';
import type { Endpoint } from '../membership/endpoint.js';
import { type EjectionOptions, ejectionOrFalse } from '../outlier/ejection-options.js';
import type { Balancer } from '../pick/balancer.js';
import type { Router } from '../pick/router.js';
import type { EndpointServiceOptions } from './endpoint-service.js';

/** Options of `balance`. */
export interface BalanceOptions<Req, Res> extends EndpointServiceOptions<Req, Res> {
  /** Name of the service called, for messages and events. */
  readonly service: string;
  /** The members; only those whose instance is UP are picked. */
  readonly endpoints: Live<readonly Endpoint[]>;
  /** How to choose. Another one takes over what is known of the endpoints. @defaultValue p2c() */
  readonly balancer?: Balancer | Live<Balancer>;
  /** Which endpoints a call may go to. @defaultValue all of them */
  readonly routing?: Router | Live<Router | undefined>;
  /** Describes the layers of any endpoint, for `describe()` of the stack. @defaultValue describes those of the first endpoint */
  readonly inner?: () => readonly LayerDescription[];
  /** When an endpoint is no longer picked; false: never. @defaultValue ejectionDefaults */
  readonly ejection?: Partial<EjectionOptions> | false | Live<Partial<EjectionOptions> | false>;
  /** Awaited when no endpoint is known, before giving up; usually `memberships.settled`. @defaultValue none */
  readonly settled?: (context: CallContext) => Promise<void>;
  /**
   * Says that at every endpoint calls end by themselves when they are cancelled or their deadline passes, as behind the attempt
   * timeout of a policy; then a deadline outside sets no timer of its own. @defaultValue false
   */
  readonly endsInTime?: boolean;
}

/** @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID` */
export function checkBalance<Req, Res>(options: BalanceOptions<Req, Res>): BalanceOptions<Req, Res> {
  return checkOptions<BalanceOptions<Req, Res>>(
    'balance',
    options,
    {},
    {
      service: text,
      endpoints: fixed((value) =>
        isLive(value) && Array.isArray(value.value) ? undefined : 'a live list of endpoints (see staticEndpoints)',
      ),
      balancer: optional(hasPicker('a balancer, such as p2c()')),
      routing: optional(hasPicker('a router')),
      connect: optional(callable),
      endpoint: optional(callable),
      inner: optional(callable),
      ejection: ejectionOrFalse,
      settled: optional(callable),
      endsInTime: optional(flag),
    },
  );
}

/** What is checked of a balancer or a router: TypeScript knows the rest. */
function hasPicker(wanted: string): Rule {
  return (value) => {
    const { picker } = Object(value) as { readonly picker?: unknown };
    return typeof picker === 'function' ? undefined : wanted;
  };
}

/** The layers of an endpoint, as they are described. */
export function innerOf<Req, Res>({
  inner,
  endpoint,
  endpoints,
}: BalanceOptions<Req, Res>): readonly LayerDescription[] {
  if (inner) return inner();
  const [first] = endpoints.value;
  return (first && endpoint?.(first).describe()) ?? [];
}
