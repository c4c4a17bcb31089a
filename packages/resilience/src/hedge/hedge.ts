/**
 * Sends a second attempt when the first takes unusually long, and takes whichever answers first. The slowest calls are
 * slow because of the one machine, queue or pause that they met; a second attempt meets another. Waiting until only few
 * answers come later keeps the extra load small (Dean, Barroso: "The Tail at Scale": p99.9 from 1800 to 74 ms for 2 % more).
 *
 * State: latencies of the last 30 seconds and what may be spent, one set a stack. Place: inside retry, so that a failure of
 * both attempts is one failed attempt, and outside the balancer and the breaker, so that each attempt meets them anew.
 * Only what may run twice is hedged. Second attempts are never more than `maxExtraRatio` of the calls, counted from the
 * first call on, and take from the shared retry budget: hedging cannot become a storm when everything is slow. The delay
 * follows from that ratio: ordinary slow calls may spend half of it, so that some is left when a callee is stuck. A failure
 * before the delay is over goes to the caller at once, since trying again is another layer's matter, unless `onFailure` says
 * that the next attempt is due then. More than two attempts are under way only with `maxHedges`. Cancelling the caller
 * cancels all attempts.
 */
import {
  type CallContext,
  type Counter,
  callSafely,
  checkOptions,
  currentOf,
  type Env,
  emitInCall,
  idempotentKey,
  note,
  type Service,
  type Status,
  type Verdict,
} from '@fwk/kernel';
import { type FunctionLayer, functionLayer } from '../layer/function-layer.js';
import { judgeCallError, judgeCallResult } from '../layer/judge-call.js';
import { resilienceMetrics } from '../metrics.js';
import { type BudgetShare, budgetShareOf } from '../retry/budget-share.js';
import { type HedgeOptions, hedgeDefaults, hedgeRules } from './hedge-options.js';
import { type RaceOwner, race } from './race.js';
import { RecentTail } from './recent-tail.js';
import { Savings } from './savings.js';

/**
 * Makes the hedge layer.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`
 * @example const call = hedge({ delayMs: 50 }).wrap(fetchQuote);
 */
export function hedge(options?: Partial<HedgeOptions>): FunctionLayer {
  const settings = checkOptions<HedgeOptions>('hedge', options, hedgeDefaults, hedgeRules);
  return functionLayer({
    role: 'hedge',
    options: settings,
    endsInTime: 'if-inner-does',
    describe: () => ({
      delayMs: currentOf(settings.delayMs),
      maxExtraRatio: currentOf(settings.maxExtraRatio),
      maxHedges: currentOf(settings.maxHedges),
      onFailure: currentOf(settings.onFailure),
      budget: settings.budget === undefined ? 'that of the policy’s retry' : 'shared',
    }),
    build: (next, env) => new HedgeService(next, env, settings),
  });
}

class HedgeService<Req, Res> implements Service<Req, Res>, RaceOwner<Req, Res> {
  readonly next: Service<Req, Res>;
  readonly env: Env;
  readonly #options: HedgeOptions;
  readonly #share: BudgetShare | undefined;
  readonly #tail: RecentTail;
  readonly #savings = new Savings();
  readonly #sent: Counter;
  readonly #won: Counter;
  readonly #withheld: Counter;
  readonly #discarded: Counter;

  constructor(next: Service<Req, Res>, env: Env, options: HedgeOptions) {
    this.next = next;
    this.env = env;
    this.#options = options;
    this.#share = budgetShareOf(env);
    this.#tail = new RecentTail(options.minimumSamples);
    const counter = (result: string) =>
      env.metrics.counter(resilienceMetrics['resilience.hedges'], { path: env.path, result });
    this.#sent = counter('sent');
    this.#won = counter('won');
    this.#withheld = counter('withheld');
    this.#discarded = counter('discarded');
  }

  call(request: Req, context: CallContext): Promise<Res> {
    if (context.cancelled) return Promise.reject(context.reason);
    if (!(this.#options.idempotent ?? context.get(idempotentKey))) return callSafely(this.next, request, context);
    const nowMs = this.env.clock.now();
    const given = currentOf(this.#options.delayMs);
    const maxExtraRatio = currentOf(this.#options.maxExtraRatio);
    const delayMs = given === 'auto' ? this.#tail.read(nowMs, maxExtraRatio) : given;
    this.#savings.pay(maxExtraRatio, nowMs);
    // Whether it can be paid for is asked when it is due: until then other calls pay in.
    const onFailure = currentOf(this.#options.onFailure);
    const inTime = delayMs !== undefined && context.deadlineMs - nowMs > delayMs;
    const work =
      maxExtraRatio > 0 && (inTime || onFailure)
        ? race(this, request, context, {
            delayMs: inTime ? delayMs : Number.POSITIVE_INFINITY,
            maxHedges: currentOf(this.#options.maxHedges),
            onFailure,
          })
        : callSafely(this.next, request, context);
    return given === 'auto' ? this.#measured(work, nowMs, request, context) : work;
  }

  status(request?: Req): Status {
    return this.next.status(request);
  }

  allowed(request: Req, context: CallContext, because: 'slow' | 'failed'): boolean {
    // An attempt that would only be refused helps nobody.
    if (!this.#savings.enough || this.next.status(request) !== 'ready') {
      this.#withheld.add();
      return false;
    }
    if (!this.#paid(context)) {
      this.#withheld.add();
      return false;
    }
    this.#savings.spend();
    this.#sent.add();
    emitInCall(this.env.events, context, 'hedge.sent', { path: this.env.path, because });
    return true;
  }

  /** Asked by a timer, so what somebody's own budget throws would reach nobody but the process. */
  #paid(context: CallContext): boolean {
    const { path, events, logger } = this.env;
    try {
      const budget = this.#options.budget ?? this.#share?.budget;
      if (!budget || budget.withdraw()) return true;
      emitInCall(events, context, 'hedge.budget-exhausted', { path });
    } catch (error) {
      logger.error({ err: error, path }, 'the retry budget threw; nothing is hedged');
    }
    return false;
  }

  answered(context: CallContext, byExtra: boolean): void {
    if (!byExtra) return;
    this.#won.add();
    note(context, 'hedged', true);
    emitInCall(this.env.events, context, 'hedge.won', { path: this.env.path });
  }

  discarded(): void {
    this.#discarded.add();
  }

  /** A hedged call counts from its first attempt on, so the percentile it was hedged by stays honest. */
  #measured(work: Promise<Res>, startMs: number, request: Req, context: CallContext): Promise<Res> {
    return work.then(
      (value) => {
        this.#record(judgeCallResult(this.env, value, context, request), startMs);
        return value;
      },
      (error) => {
        this.#record(judgeCallError(this.env, error, context, request), startMs);
        throw error;
      },
    );
  }

  #record({ outcome }: Verdict, startMs: number): void {
    const nowMs = this.env.clock.now();
    if (outcome === 'success') this.#tail.record(nowMs - startMs, nowMs);
  }
}
