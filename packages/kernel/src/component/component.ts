import type { CallContext } from '../context/call-context.js';
import type { Live } from '../live/live.js';
import type { Env } from '../service/service.js';
import type { ManagementEndpoint } from './management-endpoint.js';
import type { InjectionKey, Resolver, Token } from './token.js';
import { token } from './token.js';

/** Who the running application is; the same facts stand in logs, metrics, traces and the registry. */
export interface AppInfo {
  readonly name: string;
  /** Semantic version of the service. */
  readonly version: string;
  /** The team that owns it. */
  readonly owner: string;
  /** Unique among all instances of all services. */
  readonly instanceId: string;
}

/** Where an application can be reached; a server announces it, discovery publishes it once the application is ready. */
export interface Announcement {
  readonly address: string;
  readonly port: number;
  /** Contracts served there, as `name@version`. */
  readonly contracts: readonly string[];
  /** What is spoken there: `https`. @defaultValue `http`, unless the metadata of the application says otherwise */
  readonly scheme?: string | undefined;
  /** The wires that are served there, such as `http` and `mux`. @defaultValue as the metadata of the application says, or `http` */
  readonly wires?: readonly string[] | undefined;
  /** Further facts, for people and routing rules; they lie over the metadata of the application. @defaultValue none */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  /** Where the management of the application listens. @defaultValue filled in by the application, where it has management */
  readonly management?: string | undefined;
}

/** Worst first, as they override each other. */
export type HealthStatus = 'DOWN' | 'OUT_OF_SERVICE' | 'DEGRADED' | 'UNKNOWN' | 'UP';

/** What a check found. */
export interface HealthReport {
  readonly status: HealthStatus;
  readonly details?: Readonly<Record<string, unknown>>;
}

/** What a check may answer: a whole report; true or nothing for UP; false for DOWN. */
// biome-ignore lint/suspicious/noConfusingVoidType: a check that only throws when something is wrong returns nothing.
export type HealthAnswer = HealthReport | boolean | undefined | void;

/** A check that runs in the background; probes answer from its last result. */
export interface HealthIndicator {
  readonly name: string;
  /**
   * What it counts for: the probes `liveness`, `readiness` and `startup`, and groups of your own, which are shown at
   * `/manage/health/<group>`. Liveness must never depend on anything downstream. @defaultValue ['readiness']
   */
  readonly groups?: readonly string[];
  /**
   * Whether the application can do without what is checked. No probe looks at such a check, so that the failure of one service
   * does not take out all that call it; in the whole it counts as DEGRADED at most. @defaultValue false
   */
  readonly optional?: boolean;
  /** Time after which a run counts as DOWN, in milliseconds. @defaultValue 1000 */
  readonly timeoutMs?: number;
  /** Time between runs, in milliseconds; jitter makes it a little shorter. @defaultValue 5000 */
  readonly intervalMs?: number;
  /**
   * The state that the check looks at, such as that of a connection. The check also runs when this changes, at most once in
   * 100 ms. @defaultValue it runs only every `intervalMs`
   */
  readonly changes?: Live<unknown>;
  /** Throwing means DOWN, with the error's message as the reason; so does an answer of any other form. */
  check(context: CallContext): Promise<HealthAnswer> | HealthAnswer;
}

/** A place where a component keeps data that outlives the process. */
export interface Datastore {
  /** What it is, such as `postgresql` or `redis`. */
  readonly kind: string;
  /**
   * Which one, alike in all services that use it: `orders-db/orders`, or its address. Credentials in an address are masked
   * before anybody sees it.
   */
  readonly name: string;
}

/** How a component registers what it offers, before anything starts. */
export interface Provision {
  value<T>(key: InjectionKey<T>, value: T): void;
  /** Made on first request, kept, and disposed with the application. */
  factory<T>(key: InjectionKey<T>, make: (resolver: Resolver) => T): void;
}

/** What a component works with while the application starts, runs and stops. */
export interface ComponentContext extends Resolver {
  readonly app: AppInfo;
  readonly env: Env;
  /** Cancelled when the step's time is over or the application gives up. */
  readonly call: CallContext;
  /** Says where the application can be reached. */
  announce(announcement: Announcement): void;
  /** What servers have announced so far. */
  readonly announcements: readonly Announcement[];
}

/**
 * What plugs into an application. One object may be listed by several applications, one after the other or at the same time
 * (tests do it, and so does a program that runs two services). What keeps state therefore has {@link forApplication}, which
 * makes the steps of one application: state belongs to what it answers, not to the closure of the function that made the
 * component. A component without state, or one that only one application ever lists, has its steps itself.
 * @example
 * const poller = (url: string): Component => ({
 *   name: 'poller',
 *   forApplication() {
 *     let timer: Timer | undefined;
 *     return {
 *       start: ({ env }) => { timer = env.clock.setTimer(() => poll(url), 1000); },
 *       stop: ({ env }) => { if (timer) env.clock.clearTimer(timer); },
 *     };
 *   },
 * });
 */
export interface Component extends ComponentSteps {
  readonly name: string;
  /**
   * Answers the steps of one application, which are then used instead of the component's own. Called once by each
   * application that lists the component, when the application is made. It must not do anything yet.
   */
  forApplication?(app: AppInfo): ComponentSteps;
}

/**
 * What a component does in one application. Steps run in the order in which components are listed: every `provide`, then every
 * `start`, then every `verify`, then every `ready`; when stopping, every `drain` in reverse, then (after the propagation delay) every `stop`
 * in reverse. Each step is bounded in time and named when it hangs. A step that is missing does nothing. When a `start`
 * fails, its own component is not stopped: it leaves nothing behind by itself.
 */
export interface ComponentSteps {
  provide?(provision: Provision, app: AppInfo): void;
  start?(context: ComponentContext): Promise<void> | void;
  /**
   * The application's container has built and holds an instance, which has its owner by now; may come before `start`. For
   * components that serve what their decorators declare on methods. Only looks; must not throw.
   */
  built?(instance: object): void;
  /**
   * All components have started and all providers are built. What cannot work is refused here, by throwing: nobody has been
   * told of the application yet.
   */
  verify?(context: ComponentContext): Promise<void> | void;
  /** Nothing was refused, and the application answers; now be found. */
  ready?(context: ComponentContext): Promise<void> | void;
  /** Stop being found; keep serving. */
  drain?(context: ComponentContext): Promise<void> | void;
  stop?(context: ComponentContext): Promise<void> | void;
  health?(): readonly HealthIndicator[];
  manage?(): readonly ManagementEndpoint[];
  /** Where it keeps data. Asked whenever somebody looks; services that share a data store are named under `/manage/topology`. */
  datastores?(): readonly Datastore[];
}

/** The steps of a component in one application; for what hosts components. Call it once for each application. */
export function stepsIn(app: AppInfo, component: Component): ComponentSteps {
  return component.forApplication?.(app) ?? component;
}

/** The application's facts. */
export const appInfoToken: Token<AppInfo> = token('app info');

/** The application's environment: clock, randomness, events, metrics, logger. */
export const envToken: Token<Env> = token('env');

/** A running instance that can be found, whatever it serves. */
export interface FoundInstance {
  readonly service: string;
  readonly instance: string;
  /** Of its management listener, such as `http://127.0.0.1:9100`; undefined where it does not say, or another host would be asked. */
  readonly managementUrl: string | undefined;
}

/** Finds every running instance of every service; offered by whatever knows them. */
export const instanceFinderToken: Token<() => Promise<readonly FoundInstance[]>> = token('finder of instances');
