import {
  anything,
  callable,
  checkOptions,
  flag,
  millisecondsIn,
  OptionsError,
  oneOf,
  optional,
  type Rule,
} from '@fwk/kernel';
import { parsePath } from '../contract/path-template.js';
import type { IdempotencyOptions } from '../idempotency/idempotency-options.js';
import type { IdempotencyStore } from '../idempotency/idempotency-store.js';
import type { AdvertiseOptions } from '../server/advertise.js';
import { serverDefaults, serverRules } from '../server/server-options.js';
import { isServed, type Served } from '../serving/served.js';
import type { ServerPolicyOptions } from '../serving/server-policy-options.js';
import { serverPolicyRules } from '../serving/server-policy-options.js';
import { otherName, parseRoute, type RouteOptions } from './program-routes.js';

/** Options of {@link protect}. Those of a policy stand before all routes; `operations` says what differs for single ones. */
export interface ProtectOptions extends ServerPolicyOptions {
  /** Begins the names of its operations, and of the policy that it follows (`<name>-server`). @defaultValue that of the application, else 'program' */
  readonly name: string | undefined;
  /**
   * Routes by method and path, such as `POST /orders/:id`, with what is known of them. Express, Fastify and NestJS tell their routes by
   * themselves; of a bare server, these are all that have names of their own in metrics and policies. @defaultValue none
   */
  readonly routes: Readonly<Record<string, RouteOptions>>;
  /**
   * Contracts that are served beside the program, by the path under which they are: `{ '/api': served(inventory, handlers) }`. Clients that
   * find the program by discovery are told the path; others give it with their `endpoints`. @defaultValue none
   */
  readonly mount: Readonly<Record<string, Served | readonly Served[]>>;
  /** Whether `/livez`, `/readyz` and `/startupz` are answered, where the program has no such routes. @defaultValue true */
  readonly probes: boolean;
  /** Whether `/metrics` is answered too, to everybody who asks. @defaultValue false */
  readonly metrics: boolean;
  /** Whether answers tell how busy the program is (`fwk-load`, `/loadz`), for balancers of clients. @defaultValue false */
  readonly loadReports: boolean;
  /** How long an answer may take to begin where no route and no policy says so, 1 to 3 600 000 milliseconds. A caller's nearer deadline wins. @defaultValue 30000 */
  readonly timeoutMs: number;
  /** Largest body of requests to contracts and with idempotency keys, and of an answer that is kept, 0 to 1 073 741 824 bytes. @defaultValue 1048576 */
  readonly bodyLimitBytes: number;
  /** Bounds of what is kept for `Idempotency-Key`, in memory; or the `store` that is used instead. @defaultValue a store in memory with its own defaults */
  readonly idempotency: Partial<IdempotencyOptions> & { readonly store?: IdempotencyStore | undefined };
  /** Addresses and networks of callers that may give their calls a higher priority. @defaultValue none */
  readonly trustedNetworks: readonly string[];
  /**
   * Makes the program listen when the application starts: `() => app.listen(3000)`. What it answers may be the server, or a promise. Gets the
   * program, where a function makes it. @defaultValue it listens whenever it likes, and is announced if it does so by then
   */
  readonly listen: ((program: never) => unknown) | undefined;
  /** Where others reach it, when that is not where it listens. @defaultValue found out */
  readonly advertise: AdvertiseOptions;
}

/** Defaults of {@link ProtectOptions}. */
export const protectDefaults = Object.freeze({
  name: undefined,
  policy: undefined,
  deadlineMs: undefined,
  rateLimit: undefined,
  limit: undefined,
  bulkhead: undefined,
  fault: undefined,
  classifier: undefined,
  operations: undefined,
  layers: undefined,
  routes: Object.freeze({}),
  mount: Object.freeze({}),
  probes: true,
  metrics: false,
  loadReports: false,
  timeoutMs: serverDefaults.timeoutMs,
  bodyLimitBytes: serverDefaults.bodyLimitBytes,
  idempotency: serverDefaults.idempotency,
  trustedNetworks: serverDefaults.trustedNetworks,
  listen: undefined,
  advertise: Object.freeze({}),
}) satisfies ProtectOptions;

const nameForm = /^[A-Za-z0-9][\w.-]{0,62}$/;

const rules: { readonly [Field in keyof Required<ProtectOptions>]: Rule } = Object.freeze({
  ...serverPolicyRules,
  name: optional((value) =>
    typeof value === 'string' && nameForm.test(value)
      ? undefined
      : 'letters, digits, ".", "_" and "-", at most 63, a letter or digit first',
  ),
  routes: objectOf('routes by method and path'),
  mount: objectOf('contracts by the path under which they are served'),
  probes: flag,
  metrics: flag,
  loadReports: flag,
  timeoutMs: serverRules.timeoutMs,
  bodyLimitBytes: serverRules.bodyLimitBytes,
  idempotency: serverRules.idempotency,
  trustedNetworks: serverRules.trustedNetworks,
  listen: optional(callable),
  advertise: anything,
});

const routeRules: { readonly [Field in keyof RouteOptions]-?: Rule } = {
  idempotencyKey: optional(oneOf('required', 'optional')),
  priority: optional(oneOf('critical', 'default', 'sheddable', 'background')),
  timeoutMs: optional(millisecondsIn(1, 3_600_000)),
};

/** @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID` with all problems at once */
export function checkProtectOptions(given: Partial<ProtectOptions> | undefined): ProtectOptions {
  const settings = checkOptions<ProtectOptions>('protect', given, protectDefaults, rules);
  const problems = Object.entries(settings.mount).flatMap(([prefix, what]) => {
    const path = parsePath(prefix);
    if (typeof path === 'string') return [`mount: the path ${JSON.stringify(prefix)} ${path}`];
    if (path.parameters.length > 0) return [`mount: the path "${prefix}" must have no parameters`];
    return [what].flat().every(isServed) ? [] : [`mount: what stands under "${prefix}" must be made by served()`];
  });
  for (const [name, options] of Object.entries(settings.routes)) {
    if (!parseRoute(name)) problems.push(`routes: ${JSON.stringify(name)} must be like "POST /orders/:id"`);
    checkOptions<RouteOptions>(`protect route "${name}"`, options, {}, routeRules);
  }
  for (const name of Object.keys(Object(settings.operations))) {
    if (name !== otherName && !parseRoute(name)) {
      problems.push(`operations: ${JSON.stringify(name)} must be like "POST /orders/:id", or "${otherName}"`);
    }
  }
  if (problems.length > 0) throw new OptionsError('protect', problems);
  return settings;
}

function objectOf(what: string): Rule {
  return (value) =>
    typeof value === 'object' && value !== null && !Array.isArray(value) ? undefined : `an object of ${what}`;
}
