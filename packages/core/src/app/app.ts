import type { AppInfo, CallContext, Env, Resolver } from '@fwk/kernel';
import { cancellable, currentContext, detached, isFwkError, messageOf, operationKey } from '@fwk/kernel';
import { loadTsyringe } from '../container/tsyringe-bridge.js';
import { leaveCluster } from '../lifecycle/cluster-worker.js';
import { onFaults } from '../lifecycle/faults.js';
import { StartStoppedError, StopFailedError, WrongStateError } from '../lifecycle/lifecycle-errors.js';
import { onStopSignal, processSignals } from '../lifecycle/signals.js';
import { runStep, stepKey } from '../lifecycle/step.js';
import { tellSupervisorReady } from '../lifecycle/supervisor.js';
import { observeProcess } from '../metrics/process-metrics.js';
import { type AppOptions, checkAppOptions, loggingDefaults } from './app-options.js';
import { assemble, followLevels, type Parts, type PlacedComponent } from './assemble.js';
import { configuredLevels } from './followed-settings.js';
import { addBuiltInChecks, addOwnChecks, followHealthSettings } from './health-wiring.js';
import { shutDown } from './shut-down.js';
import { remindToStart } from './start-reminder.js';
import type { StartReport } from './start-report.js';
import { type StopReport, stopReport } from './stop-report.js';

/** Where an application stands. `failed` is the end of a start that did not succeed. */
export type AppState = 'created' | 'starting' | 'ready' | 'draining' | 'stopped' | 'failed';

/** A service: its components, its container, and the order in which they come and go. */
export interface App extends Resolver, AsyncDisposable {
  readonly info: AppInfo;
  readonly env: Env;
  readonly state: AppState;
  /**
   * Starts the components in their order. When it rejects, what had started was stopped again. Where a signal stops the
   * application meanwhile it settles no more, because the process ends.
   * @throws StepFailedError, StepTimeoutError naming component and step; {@link StartStoppedError} when `stop` was called
   *   meanwhile; {@link WrongStateError} for a second start.
   */
  start(): Promise<void>;
  /**
   * Drains and stops; asking again joins the stop under way. All steps are tried, whatever fails before them.
   *
   * Stopping waits for the calls in flight. So where a call asks for it (a handler of the service or of management, a step
   * of starting or stopping) the promise settles as soon as stopping has begun: the call can end, and its answer is still
   * sent. Failures are then found in the log and in the event `app.stopped`.
   * @throws StopFailedError with every error, after everything was tried.
   */
  stop(reason?: string): Promise<void>;
  /** How long starting took, by step and provider. */
  readonly startReport: StartReport;
  /** How it stopped, and what it did not wait for; undefined until then. */
  readonly stopReport: StopReport | undefined;
  /** `http://host:port` of the management listener while it listens. */
  readonly managementUrl: string | undefined;
  /** The file with the token that changes under `/manage` take, while it listens and has no configured token. */
  readonly managementTokenFile: string | undefined;
}

/**
 * Puts an application together. Nothing runs before `start()`; what is wrong with options, names or wiring is thrown
 * here.
 * @throws OptionsError, DuplicateComponentError, ManagementExposedError, DuplicateProviderError.
 */
export function createApp(options: AppOptions): App {
  return new Application(options);
}

class Application implements App {
  readonly #options;
  readonly #parts: Parts;
  readonly #call = cancellable();
  #state: AppState = 'created';
  #starting: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;
  #process: Disposable | undefined;
  #report: StopReport | undefined;
  #started = 0;
  /** Whether others may know of it: a component may have told them as soon as its step `ready` has begun. */
  #wasTold = false;
  /** Whether the process ends when the application has stopped. */
  #ending = false;
  readonly #reminder: Disposable;

  constructor(options: AppOptions) {
    this.#options = checkAppOptions(options);
    this.#parts = assemble(this.#options, () => this.#state);
    this.#reminder = remindToStart(this.#options.name);
  }

  get info(): AppInfo {
    return this.#parts.info;
  }

  get env(): Env {
    return this.#parts.env;
  }

  get state(): AppState {
    return this.#state;
  }

  get startReport(): StartReport {
    return this.#parts.times.report;
  }

  get stopReport(): StopReport | undefined {
    return this.#report;
  }

  get managementUrl(): string | undefined {
    return this.#parts.management?.url;
  }

  get managementTokenFile(): string | undefined {
    return this.#parts.management?.tokenFile;
  }

  get: Resolver['get'] = (key) => this.#parts.container.get(key);
  find: Resolver['find'] = (key) => this.#parts.container.find(key);

  start(): Promise<void> {
    if (this.#state !== 'created') {
      return Promise.reject(new WrongStateError(this.info.name, this.#state));
    }
    this.#reminder[Symbol.dispose]();
    this.#state = 'starting';
    this.#starting = detached(() => this.#startAll());
    return this.#starting.catch((error: unknown) => this.#afterStop(error));
  }

  stop(reason = 'stop was called'): Promise<void> {
    this.#reminder[Symbol.dispose]();
    this.#stopping ??= detached(() => this.#stopAll(reason));
    const asking = currentContext();
    if (asking.get(operationKey) === '' && asking.get(stepKey) === '') return this.#stopping;
    this.#stopping.catch(() => undefined);
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop('the application was disposed');
  }

  /** A start that was stopped is over when what had started has stopped too. */
  async #afterStop(error: unknown): Promise<void> {
    if (error !== this.#call.context.reason) throw error;
    // Whoever asked for the stop is told of its failures.
    await this.#stopping?.catch(() => undefined);
    // An error that nobody catches would end the process in the place of what the signal began.
    if (this.#ending) await new Promise<never>(() => {});
    throw error;
  }

  async #startAll(): Promise<void> {
    const { env, container, management, health, components, providers, flags, times } = this.#parts;
    times.begin();
    if (this.#options.signals) this.#ownProcess();
    this.#parts.observed = observeProcess(this.#parts.metrics, this.info, env.clock);
    try {
      await loadTsyringe();
      if (management) await this.#step('management', 'start', () => management.start());
      for (const component of components) {
        await this.#stepOf(component, 'start');
        this.#started++;
        // What a component built has been started before the next one relies on it.
        await container.start(this.#call.context);
      }
      await this.#step('logging', 'levels', () => {
        const { levels } = this.#options.logging;
        if (typeof levels === 'function') followLevels(this.#parts.logger, levels(this));
        else if (levels === loggingDefaults.levels) followLevels(this.#parts.logger, configuredLevels(container, env));
      });
      await this.#step('tracing', 'sampling', () => this.#parts.tracing?.started(this));
      await this.#step('container', 'build', () => {
        for (const provider of providers) times.building(provider.name, () => void container.get(provider));
      });
      await container.start(this.#call.context);
      for (const component of components) await this.#stepOf(component, 'verify');
      for (const { name, steps } of components) {
        if (!steps.health) continue;
        await this.#step(name, 'health', () => {
          for (const indicator of steps.health?.() ?? []) health.add(indicator);
        });
      }
      await this.#step('health', 'settings', () => {
        addOwnChecks(this.#parts, this.#options.checks);
        followHealthSettings(this.#parts, this.#options.health);
      });
      await this.#checks('first checks', () => health.start());
      addBuiltInChecks(this.#parts);
      this.#wasTold = true;
      for (const component of components) await this.#stepOf(component, 'ready');
      // What was not there at the first look, such as a place in the registry, has come with being ready.
      await this.#checks('checks when ready', () => health.ready());
      this.#state = 'ready';
      flags.serving = true;
      health.ownChanged();
    } catch (error) {
      times.end();
      const { cancelled, reason } = this.#call.context;
      if (cancelled) throw reason;
      await this.#undo(error);
      throw error;
    }
    times.end();
    if (this.#options.signals) tellSupervisorReady();
    const { durationMs } = times.report;
    env.events.emit('app.started', { name: this.info.name, instanceId: this.info.instanceId, durationMs });
    env.logger.info(
      {
        durationMs: Math.round(durationMs),
        management: this.managementUrl,
        managementTokenFile: this.managementTokenFile,
      },
      'ready',
    );
  }

  /** Stops on signals and on what nobody has caught, and ends the process then. */
  #ownProcess(): void {
    const { clock, events, logger } = this.env;
    const signals = onStopSignal((signal) => this.#stopOnSignal(signal), processSignals, clock);
    const faults = onFaults(this.#options.faults, {
      ...{ clock, events, logger },
      stop: (reason) => this.#stopOnSignal(reason),
      flush: () => this.#parts.logger.flush(),
    });
    this.#process = {
      [Symbol.dispose]() {
        signals[Symbol.dispose]();
        faults[Symbol.dispose]();
      },
    };
  }

  /** @returns the exit code. */
  async #stopOnSignal(signal: string): Promise<number> {
    this.#ending = true;
    try {
      await this.stop(signal);
    } finally {
      await leaveCluster(this.env.clock);
    }
    return this.#report?.abandoned === 0 ? 0 : 1;
  }

  /** A check that needs longer than a step may take is late, not a reason to fail: its status stays unknown. */
  async #checks(step: string, work: () => Promise<void>): Promise<void> {
    try {
      await this.#step('health', step, work);
    } catch (error) {
      if (!isFwkError(error, 'FWK_CORE_STEP_TIMEOUT')) throw error;
      this.#parts.env.logger.warn({ err: error }, 'some health checks have not answered yet');
    }
  }

  /** The context is given up when the application is stopped while it starts. */
  #step(component: string, step: string, work: (call: CallContext) => Promise<void> | void): Promise<void> {
    const { clock } = this.#parts.env;
    const limitMs = this.#options.stepTimeoutMs;
    const parent = this.#call.context;
    if (parent.cancelled) return Promise.reject(parent.reason);
    return this.#parts.times.steps.measure(component, step, () =>
      runStep(clock, { component, step, limitMs }, work, parent),
    );
  }

  /** Nothing is to be measured where a component has no such step. */
  async #stepOf({ name, steps, contextOf }: PlacedComponent, step: 'start' | 'verify' | 'ready'): Promise<void> {
    if (!steps[step]) return;
    await this.#step(name, step, (call) => steps[step]?.(contextOf(call)));
  }

  get #reached() {
    return { started: this.#started, wasTold: this.#wasTold };
  }

  async #undo(error: unknown): Promise<void> {
    const { env, info } = this.#parts;
    env.events.emit('app.failed', { name: info.name, error: messageOf(error) });
    env.logger.error({ err: error }, `the start failed: ${messageOf(error)}`);
    const { errors } = await shutDown(this.#parts, this.#options, this.#reached);
    for (const each of errors) env.logger.error({ err: each }, 'and while undoing the start');
    await this.#parts.logger.flush();
    this.#parts.logger.levels[Symbol.dispose]();
    this.#state = 'failed';
    this.#process?.[Symbol.dispose]();
  }

  async #stopAll(reason: string): Promise<void> {
    // Steps that are told of the stop may ask for it as well, and must find this one.
    await undefined;
    const { env, info, logger } = this.#parts;
    if (this.#state === 'starting') {
      this.#call.cancel(new StartStoppedError(info.name, reason));
      await this.#starting?.catch(() => undefined);
    }
    if (this.#state === 'failed') return;
    const begunAtMs = env.clock.now();
    this.#state = 'draining';
    env.logger.info({ reason }, 'stopping');
    const result = await shutDown(this.#parts, this.#options, this.#reached);
    const { errors } = result;
    const report = stopReport(reason, env.clock.now() - begunAtMs, result);
    this.#report = report;
    this.#state = 'stopped';
    env.events.emit('app.stopped', { name: info.name, ...report });
    for (const error of errors) env.logger.error({ err: error }, 'a step of stopping failed');
    env.logger.info({ ...report, durationMs: Math.round(report.durationMs) }, 'stopped');
    await logger.flush();
    logger.levels[Symbol.dispose]();
    this.#process?.[Symbol.dispose]();
    if (errors.length > 0) throw new StopFailedError(info.name, errors);
  }
}
