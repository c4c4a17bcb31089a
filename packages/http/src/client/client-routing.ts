/** The routing of a client: from the options of its policy, and from what is known of the application that calls. */
import {
  type AppCaller,
  type Caller,
  type Endpoint,
  liveRouting,
  type Router,
  type RoutingOptions,
  routingDefaults,
  routingRules,
} from '@fwk/discovery';
import { checkOptions, type Live, liveValue, OptionsError, optional } from '@fwk/kernel';
import { callKeyRule, keyOf } from './call-key.js';

/** Which instances a call may go to, as the policy of a client says it: routing's options, and the key as plain data. */
export interface ClientRouting extends Partial<RoutingOptions> {
  /**
   * Whom a call belongs to, so that calls with the same key go to the same group of the split: `header:NAME`, `param:NAME`,
   * `query:NAME`, `body:NAME`, `path`, or `caller` for whoever called the operation that makes the call. In code `keyOf` may be given
   * instead. @defaultValue none
   */
  readonly key?: string;
}

interface CheckedRouting extends RoutingOptions, Pick<ClientRouting, 'key'> {}

const rules = Object.freeze({ ...routingRules, key: optional(callKeyRule) });

/** @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID` */
export function checkClientRouting(given: ClientRouting): RoutingOptions {
  const { key, ...options } = checkOptions<CheckedRouting>('routing', given, routingDefaults, rules);
  if (key === undefined) return options;
  if (options.keyOf) throw new OptionsError('routing', ['key and keyOf say the same: give one of them']);
  return { ...options, keyOf: keyOf(key) };
}

/** The router of a client, which ends with it. */
export interface ClientRouter extends Disposable {
  readonly router: Live<Router>;
  /** Checked, as they change. */
  readonly options: Live<RoutingOptions>;
}

/**
 * Makes the router of a client.
 * @param given - checked options, as they change.
 * @param self - undefined where nothing is known of the caller: then zones and subsets are not regarded.
 */
export function clientRouter(given: Live<ClientRouting | undefined>, self: AppCaller | undefined): ClientRouter {
  const options = given.map((now = {}) => checkClientRouting(now));
  const peers = liveValue<readonly Endpoint[] | undefined>(undefined, { name: 'callers' });
  const caller = peers.map((now): Caller => ({ zone: self?.zone, id: self?.id, peers: now }));
  const followed: Disposable[] = [];
  let watching = false;
  // An application without zones and subsets need not watch its own service.
  const watchIfNeeded = ({ subset, zones }: RoutingOptions) => {
    if (watching || !self || !(subset > 0 || (zones && self.zone !== undefined))) return;
    watching = true;
    const live = self.peers();
    followed.push(live.subscribe((now) => peers.set(now)));
    peers.set(live.value);
  };
  followed.push(options.subscribe(watchIfNeeded));
  watchIfNeeded(options.value);
  return {
    router: liveRouting(options, caller),
    options,
    [Symbol.dispose]() {
      for (const each of followed) each[Symbol.dispose]();
    },
  };
}
