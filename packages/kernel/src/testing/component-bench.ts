/**
 * An application as one component sees it: a container, the steps in their order, health and management. It is no more than
 * a component needs to be tried alone; what is about the order of several is tested with `createApp`.
 */
import {
  type Announcement,
  type AppInfo,
  type Component,
  type ComponentContext,
  type ComponentSteps,
  envToken,
  type HealthReport,
  stepsIn,
} from '../component/component.js';
import type { ManagementEndpoint, ManagementRequest } from '../component/management-endpoint.js';
import type { InjectionKey, Resolver, Token } from '../component/token.js';
import { background } from '../context/call-context.js';
import { makeEnv } from '../service/env.js';
import type { Env } from '../service/service.js';

/** What an application gives a component. */
export interface ComponentBenchOptions {
  readonly app?: AppInfo;
  readonly env?: Env;
  /** What servers have announced. @defaultValue none */
  readonly announcements?: readonly Announcement[];
}

/** One component in an application of its own. */
export interface ComponentBench extends Resolver {
  readonly steps: ComponentSteps;
  readonly context: ComponentContext;
  /** Keys of all that the component provides. */
  readonly provided: readonly InjectionKey<unknown>[];
  /** `start`, `verify` and `ready`. */
  start(): Promise<void>;
  /** `drain` and `stop`. */
  stop(): Promise<void>;
  /** What the checks find now, by their names. */
  health(): Promise<Readonly<Record<string, HealthReport>>>;
  /** What management answers. */
  manage(path: string, request?: Partial<ManagementRequest>, method?: ManagementEndpoint['method']): unknown;
}

const someApp: AppInfo = Object.freeze({ name: 'app', version: '1.0.0', owner: 'team', instanceId: 'app-1' });

/** Lists the component in an application of its own, which is not started yet. */
export function componentBench(component: Component, options: ComponentBenchOptions = {}): ComponentBench {
  const { app = someApp, env = makeEnv(), announcements = [] } = options;
  const factories = new Map<unknown, (resolver: Resolver) => unknown>([[envToken, () => env]]);
  const made = new Map<unknown, unknown>();
  const find = <T>(key: InjectionKey<T>): T | undefined => {
    const factory = factories.get(key) ?? (key as Partial<Token<T>>).factory;
    if (!made.has(key) && factory) made.set(key, factory(resolver));
    return made.get(key) as T | undefined;
  };
  const resolver: Resolver = { find, get: (key) => find(key) as never };
  const steps = stepsIn(app, component);
  steps.provide?.(
    {
      value: (key, value) => void factories.set(key, () => value),
      factory: (key, make) => void factories.set(key, make),
    },
    app,
  );
  const context: ComponentContext = { ...resolver, app, env, call: background, announce() {}, announcements };
  return {
    ...resolver,
    steps,
    context,
    provided: [...factories.keys()].filter((key) => key !== envToken) as InjectionKey<unknown>[],
    async start() {
      await steps.start?.(context);
      await steps.verify?.(context);
      await steps.ready?.(context);
    },
    async stop() {
      await steps.drain?.(context);
      await steps.stop?.(context);
    },
    async health() {
      const checks = (steps.health?.() ?? []).map(async (indicator) => {
        const answer = await indicator.check(background);
        const report: HealthReport = typeof answer === 'object' ? answer : { status: answer === false ? 'DOWN' : 'UP' };
        return [indicator.name, report] as const;
      });
      return Object.fromEntries(await Promise.all(checks));
    },
    manage: (path, request, method = 'GET') =>
      steps
        .manage?.()
        .find((endpoint) => endpoint.path === path && (endpoint.method ?? 'GET') === method)
        ?.handle({ parameter: undefined, query: {}, body: undefined, ...request }),
  };
}
