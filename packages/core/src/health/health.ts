import { FwkError, type HealthIndicator, type HealthStatus, type Live, type Token, token } from '@fwk/kernel';

import type { HealthTransition } from './health-history.js';
import type { HealthSettings } from './health-settings.js';

/** One component as health reports show it. */
export interface ComponentHealth {
  readonly status: HealthStatus;
  /** What the check said of it. Not for everybody: probes leave it out. */
  readonly details?: Readonly<Record<string, unknown>>;
  /** Since when it has had this status, in wall-clock milliseconds since the epoch; absent while nothing was found. */
  readonly sinceMs?: number;
  /** Time since the result was found, in milliseconds; absent while nothing was found. */
  readonly ageMs?: number;
  /** How long the check took, in milliseconds. */
  readonly durationMs?: number;
  /** The probes and other groups that it counts for. */
  readonly groups: readonly string[];
  /** True for what the application can do without: no probe looks at it. */
  readonly optional?: true;
}

/** Everything that is known, in the shape of Spring's actuator. */
export interface HealthSummary {
  readonly status: HealthStatus;
  readonly components: Readonly<Record<string, ComponentHealth>>;
}

/** What a probe answers. */
export interface ProbeAnswer {
  readonly status: 200 | 503;
  readonly body: { readonly status: HealthStatus; readonly components?: Readonly<Record<string, ComponentHealth>> };
}

/** The application's health. Asking is synchronous and cheap: checks run in the background, answers are their last. */
export interface Health {
  /**
   * Answers a probe from the last results; 503 for DOWN and OUT_OF_SERVICE. It says nothing of why: whoever reaches a probe need
   * not know what an application is made of.
   * @param group - a probe, or a group that some check counts for; one without any is UP.
   * @param verbose - lists the components that count, without their details. @defaultValue false
   */
  probe(group: string, verbose?: boolean): ProbeAnswer;
  /**
   * All components with their details, or those of one group. In the whole, what the application can do without counts
   * as DEGRADED at most.
   */
  report(group?: string): HealthSummary;
  /** The probes, and all groups that some check counts for. */
  readonly groups: readonly string[];
  /** The last changes of each component, newest first. */
  readonly history: readonly HealthTransition[];
  /** Calls `listener` whenever the status of something, or what counts for what, has changed. */
  onChange(listener: () => void): Disposable;
  /**
   * Adds a check; it runs at once if the application has started.
   * @throws DuplicateIndicatorError when the name is taken; OptionsError for a check that is none.
   */
  add(indicator: HealthIndicator): Disposable;
}

/** The owning side of {@link Health}. */
export interface HealthControl extends Health, Disposable {
  /** The settings in force. */
  readonly settings: HealthSettings;
  /** Adds the checks declared by `@HealthCheck` on an instance. */
  addDeclared(instance: unknown): void;
  /** Adds a check of the framework's own, unless the application has one of that name. */
  addBuiltIn(indicator: HealthIndicator): void;
  /** Runs the checks by these settings from now on, and follows their changes. */
  follow(settings: Live<HealthSettings>): void;
  /** What the application says of itself has changed. */
  ownChanged(): void;
  /**
   * Begins running; settles when every check has answered once, or after a second: a check that hangs does not hold the
   * start. What it finds is not announced yet, since the application is still starting.
   */
  start(): Promise<void>;
  /**
   * The application has started: runs the checks again that were not UP and announces what is still not UP. Settles when
   * they have answered, or after a second.
   */
  ready(): Promise<void>;
}

/** The application's health. */
export const healthToken: Token<Health> = token('health');

/** The component that stands for the application itself. */
export const applicationName = 'application';

/** Two checks have one name. Code `FWK_CORE_DUPLICATE_INDICATOR`. */
export class DuplicateIndicatorError extends FwkError {
  constructor(name: string) {
    super('FWK_CORE_DUPLICATE_INDICATOR', `there are two health checks named "${name}"; rename one`, {
      details: { name },
    });
  }
}
