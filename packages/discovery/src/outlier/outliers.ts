/**
 * Which endpoints of one balanced service are out, and when they come back. Endpoints are put out by their own calls at once
 * (no connection, failures in a row), or by a sweep that compares all of them (failure ratio, success rate, latency). One
 * cap stands over all rules. What a rule found and the cap withheld is kept and told too.
 *
 * There is no timer: what is due is compared with the clock when a call is placed or ends. Only endpoints without a
 * connection are tried by a timer, where their connection offers a check that needs no call.
 */
import { type CallContext, type Env, messageOf } from '@fwk/kernel';
import type { EjectionOptions } from './ejection-options.js';
import type { EjectionRule, Finding } from './figures.js';
import type { Failure, Host, HostSet } from './host.js';
import { CALLS, FAILURES } from './host-window.js';
import { LatestCalls } from './latest-calls.js';
import { Reconnects } from './reconnects.js';
import { SlowStart } from './slow-start.js';

/** When no due endpoint could be tried, because its own layers (an open breaker) refuse calls, the time until the next look. */
const LOOK_AGAIN_MS = 100;

/** See the head of this file. */
export class Outliers<H extends Host> {
  /** Nothing is due before this monotonic time. */
  wakeMs = Number.POSITIVE_INFINITY;
  readonly #env: Env;
  readonly #service: string;
  readonly #set: HostSet<H>;
  readonly #ejected = new Set<H>();
  readonly #calls = new LatestCalls<H>();
  readonly #slowStart = new SlowStart<H>();
  readonly #reconnects: Reconnects<H>;
  #options: EjectionOptions | undefined;
  #trialDueMs = Number.POSITIVE_INFINITY;
  /** The one that was last chosen to be tried by a call. */
  #lastTrial: H | undefined;

  /** @param options - undefined: nothing is ever ejected. */
  constructor(service: string, env: Env, set: HostSet<H>, options: EjectionOptions | undefined) {
    this.#service = service;
    this.#env = env;
    this.#set = set;
    this.#options = options;
    this.#reconnects = new Reconnects(env.clock, (host, failed) => this.#checked(host, failed));
  }

  /** Takes other options, and counts anew. Who is out stays out, unless nothing is to be ejected any more. */
  use(options: EjectionOptions | undefined): void {
    this.#options = options;
    this.#calls.reset(this.#set.hosts);
    for (const { health } of this.#set.hosts) health.withheld = undefined;
    if (!options) for (const host of this.#ejected) this.#readmit(host, 'options', this.#env.clock.now());
  }

  get anyOut(): boolean {
    return this.#ejected.size > 0;
  }

  /** How many may leave the set; always one stays. */
  get mayLeave(): number {
    const { upCount } = this.#set;
    if (!this.#options) return 0;
    return Math.min(wholeOf(upCount * (1 - this.#options.panicRatio)), upCount - 1);
  }

  /** What of its weight an endpoint gets now. */
  share(host: H, nowMs: number): number {
    return this.#slowStart.share(host, nowMs);
  }

  /** An endpoint has left. */
  removed(host: H): void {
    this.#ejected.delete(host);
    this.#slowStart.removed(host);
    this.#reconnects.cancel(host);
  }

  /** An endpoint is new or is UP again, and others are there to take its calls meanwhile. */
  begins(host: H, nowMs: number): void {
    this.#slowStart.begin(host, nowMs);
  }

  /** The set was put together anew. */
  rebuilt(nowMs: number): void {
    this.#slowStart.look(this.#set.upCount - this.#outAndUp(), nowMs, this.#options);
    this.#schedule();
  }

  /** Something is due: a step of slow start, or a call that tries an endpoint. @returns which one to try */
  wake(nowMs: number, request: unknown, context: CallContext): H | undefined {
    if (nowMs >= this.#slowStart.dueMs) this.#set.changed();
    return nowMs >= this.#trialDueMs ? this.#trial(nowMs, request, context) : undefined;
  }

  /**
   * Chooses for a call that may never begin: one chosen to be tried is not on trial yet, and others are chosen for the next
   * moment, so that few calls go there before one of them has begun.
   */
  withoutTrial<T>(nowMs: number, choose: () => T): T {
    this.#takeTrial();
    const chosen = choose();
    const tried = this.#takeTrial();
    if (tried) {
      tried.health.onTrial = false;
      this.#trialDueMs = nowMs + LOOK_AGAIN_MS;
      this.#setWake();
    }
    return chosen;
  }

  #takeTrial(): H | undefined {
    const tried = this.#lastTrial;
    this.#lastTrial = undefined;
    return tried;
  }

  /** Such a call begins. */
  tries({ health }: H, nowMs: number): void {
    if (!health.ejection || health.onTrial || health.ejection.dueMs > nowMs) return;
    health.onTrial = true;
    this.#schedule();
  }

  /** An endpoint has answered. */
  answered(host: H, operation: string, startMs: number, nowMs: number): void {
    if (!this.#options) return;
    const { health } = host;
    health.answered(operation, nowMs);
    if (startMs < health.countsFromMs) return;
    this.#sweepIfDue(nowMs);
    this.#calls.answered(host, operation, startMs, nowMs, this.#options);
    const { ejection } = health;
    if (!ejection) health.consecutiveFailures = 0;
    // An answer to an older call says nothing about an endpoint ejected since.
    else if (startMs >= ejection.atMs && !this.#isStillSlow(host, operation, startMs, nowMs)) {
      this.#readmit(host, 'call', nowMs);
    }
  }

  /** A caller gave up: the endpoint is at least as slow as that. */
  abandoned(host: H, operation: string, startMs: number, nowMs: number): void {
    this.release(host, startMs);
    if (!this.#options || startMs < host.health.countsFromMs) return;
    this.#sweepIfDue(nowMs);
    // Less than what is usual says nothing.
    if (this.#calls.factor(operation, nowMs - startMs) <= 1) return;
    this.#calls.waited(host, operation, startMs, nowMs, this.#options);
  }

  /** An endpoint is out for what speaks against the host, not for one operation that fails while others are answered. */
  failed(host: H, failure: Failure, startMs: number, nowMs: number): void {
    const { rule, certain, timedOut, operation, error } = failure;
    const { health } = host;
    const options = this.#options;
    if (!options || host.removed || startMs < health.countsFromMs) return;
    this.#sweepIfDue(nowMs);
    this.#calls.failed(host, operation, nowMs, options);
    if (timedOut) this.#calls.waited(host, operation, startMs, nowMs, options);
    health.lastError = messageOf(error);
    if (rule) health.failed(operation);
    const isTried = isTrial(host, startMs);
    const saysNothing = !rule || (health.ejection && !isTried);
    if (saysNothing || (!certain && health.isOfOneOperation(nowMs, options.sweepMs))) {
      this.release(host, startMs);
      return;
    }
    const { consecutiveFailures: threshold } = options;
    const inRow = health.consecutiveFailures;
    if (rule === 'connection-failed') this.#eject(host, this.#finding(host, rule, inRow, 1), nowMs);
    else if (isTried) this.#eject(host, this.#sameFinding(host, threshold || 1), nowMs);
    else if (threshold !== false && inRow >= threshold) {
      this.#ejectOrWithhold(host, this.#finding(host, rule, inRow, threshold), nowMs);
    }
  }

  /** A call ended without saying anything: if it tried an endpoint, the next call may try again. */
  release(host: H, startMs: number): void {
    if (!isTrial(host, startMs)) return;
    host.health.onTrial = false;
    this.#schedule();
  }

  #sweepIfDue(nowMs: number): void {
    const options = this.#options;
    if (!options || nowMs < this.#calls.sweepDueMs) return;
    const found = this.#calls.endSweep(nowMs, this.#set.hosts, options);
    const named = new Set(found.map(({ host }) => host));
    for (const host of this.#set.hosts) if (!named.has(host)) host.health.withheld = undefined;
    for (const { host, finding } of found) if (!host.health.ejection) this.#ejectOrWithhold(host, finding, nowMs);
  }

  /** Whether one that is out for its latency has answered the call that tried it as slowly as before; then it stays out. */
  #isStillSlow(host: H, operation: string, startMs: number, nowMs: number): boolean {
    const { ejection } = host.health;
    const { latencyFactor = false, latencyExcessMs = 0 } = this.#options ?? {};
    if (ejection?.rule !== 'latency' || latencyFactor === false) return false;
    const latencyMs = nowMs - startMs;
    const measured = this.#calls.factor(operation, latencyMs);
    const othersMs = latencyMs / measured;
    if (measured < latencyFactor || latencyMs - othersMs < latencyExcessMs) return false;
    this.#eject(host, { ...ejection, measured, latencyMs, othersMs, requests: 1, failures: 0 }, nowMs);
    return true;
  }

  #finding({ health }: H, rule: EjectionRule, measured: number, threshold: number): Finding {
    const count = (field: number) => health.window?.withRunning(field) ?? 0;
    return { rule, measured, threshold, requests: count(CALLS), failures: count(FAILURES) };
  }

  /** The call that tried it failed: it stays out for the same rule. Only `connection-failed` no longer holds: there was a connection. */
  #sameFinding(host: H, threshold: number): Finding {
    const { ejection, consecutiveFailures } = host.health;
    if (ejection && ejection.rule !== 'connection-failed') return ejection;
    return this.#finding(host, 'consecutive-failures', consecutiveFailures, threshold);
  }

  /** Puts an endpoint out, or keeps why it would be where enough are out. */
  #ejectOrWithhold(host: H, finding: Finding, nowMs: number): void {
    if (this.#room() > 0) {
      this.#eject(host, finding, nowMs);
      return;
    }
    const { health } = host;
    const known = health.withheld;
    health.withheld = { ...finding, sinceMs: known?.sinceMs ?? this.#env.clock.wallTime(), error: health.lastError };
    if (!known) this.#emit('endpoint.ejection-withheld', host, { ...health.withheld, out: this.#ejected.size });
  }

  /** How many more may be put out. */
  #room(): number {
    const { maxEjectedRatio } = this.#options as EjectionOptions;
    return Math.min(Math.max(1, wholeOf(this.#set.upCount * maxEjectedRatio)), this.mayLeave) - this.#outAndUp();
  }

  #outAndUp(): number {
    let out = 0;
    for (const host of this.#ejected) if (host.up) out++;
    return out;
  }

  #eject(host: H, finding: Finding, nowMs: number): void {
    const { clock, random } = this.#env;
    const moment = { ms: nowMs, wallMs: clock.wallTime(), random };
    const { dueMs, atMs, ...record } = host.health.eject(finding, moment, this.#options as EjectionOptions);
    this.#ejected.add(host);
    if (host.check && finding.rule === 'connection-failed') this.#reconnects.schedule(host, host.check, dueMs - atMs);
    else this.#reconnects.cancel(host);
    this.#set.changed();
    this.#emit('endpoint.ejected', host, record);
  }

  #readmit(host: H, by: 'call' | 'check' | 'options', nowMs: number): void {
    const { ejection } = host.health;
    if (!ejection) return;
    const { rule, times, sinceMs } = ejection;
    host.health.readmit(nowMs);
    this.#slowStart.begin(host, nowMs);
    this.#ejected.delete(host);
    this.#reconnects.cancel(host);
    this.#set.changed();
    this.#emit('endpoint.readmitted', host, { rule, by, times, sinceMs, inFlight: host.inFlight });
  }

  /** A check has ended. @param failed - undefined when there is a connection again */
  #checked(host: H, failed: { readonly error: unknown } | undefined): void {
    const { health } = host;
    if (!health.ejection || host.removed) return;
    const nowMs = this.#env.clock.now();
    if (!failed) {
      this.#readmit(host, 'check', nowMs);
      return;
    }
    health.lastError = messageOf(failed.error);
    this.#eject(host, { ...health.ejection, measured: health.ejection.measured + 1 }, nowMs);
  }

  /** An ejected endpoint whose time has come, to be tried by exactly one call. */
  #trial(nowMs: number, request: unknown, context: CallContext): H | undefined {
    for (const host of this.#ejected) {
      const { health } = host;
      if (!this.#awaitsCall(host) || (health.ejection?.dueMs ?? 0) > nowMs) continue;
      if (!this.#set.admits(host, request, context)) continue;
      health.onTrial = true;
      this.#lastTrial = host;
      this.#schedule();
      return host;
    }
    this.#trialDueMs = nowMs + LOOK_AGAIN_MS;
    this.#setWake();
    return undefined;
  }

  /** Whether a call is to try it, not a check of its connection, and none does already. */
  #awaitsCall({ health, check }: H): boolean {
    return !health.onTrial && !(check && health.ejection?.rule === 'connection-failed');
  }

  #schedule(): void {
    let dueMs = Number.POSITIVE_INFINITY;
    for (const host of this.#ejected) {
      if (host.health.ejection && this.#awaitsCall(host)) dueMs = Math.min(dueMs, host.health.ejection.dueMs);
    }
    this.#trialDueMs = dueMs;
    this.#setWake();
  }

  #setWake(): void {
    this.wakeMs = Math.min(this.#trialDueMs, this.#slowStart.dueMs);
  }

  #emit(name: string, { endpoint }: H, data: object): void {
    const { path, events } = this.#env;
    events.emit(name, { path, service: this.#service, endpoint: endpoint.id, url: endpoint.url, ...data });
  }
}

/** Whether the call that began then is the trial of an ejected endpoint: no call that began earlier is. */
function isTrial({ health }: Host, startMs: number): boolean {
  return health.onTrial && startMs >= (health.ejection?.dueMs ?? Number.POSITIVE_INFINITY);
}

/** The whole part of a number that may be a little too small by rounding. */
function wholeOf(number: number): number {
  return Math.floor(number + 1e-9);
}
