/**
 * What a fake service does next, by operation, and what it was asked so far. Answers are checked against the contract when they are
 * given, so that no test passes on an answer that a real service could not give.
 */
import { AssertionError } from 'node:assert';
import { type CallContext, type Clock, OptionsError } from '@fwk/kernel';
import type { OperationPlan } from '../contract/contract.js';
import type { AnswerOf, AnyContract, Call, Handlers, OperationName } from '../contract/contract-types.js';
import { problem } from '../wire/problem.js';
import type { FakeReply } from './fake-reply.js';
import { answerFault, errorFault } from './made-answer.js';

/** What one operation does: a step, or a handler that works out its answer. */
export type FakeStep<C, Op extends OperationName<C>> = FakeReply<AnswerOf<C, Op>> | Handlers<C>[Op];

/** What the operations of a fake do: one step or several in turn, of which the last one stays. */
export type FakeScript<C> = {
  readonly [Op in OperationName<C>]?: FakeStep<C, Op> | readonly [FakeStep<C, Op>, ...FakeStep<C, Op>[]];
};

/** One call that a fake has got. */
export interface FakeCall<C, Op extends OperationName<C> = OperationName<C>>
  extends Pick<Call<C, Op>, 'params' | 'query' | 'headers' | 'body' | 'idempotencyKey'> {
  readonly operation: Op;
  /** What the script did, in words: `answers`, `fails with 503`, `delays 300 ms, then answers`. */
  readonly did: string;
  /** When it came, on the clock of the client or the server. */
  readonly atMs: number;
}

/** A call as any handler gets it. */
export interface GivenCall {
  readonly params: unknown;
  readonly query: unknown;
  readonly headers: unknown;
  readonly body: unknown;
  readonly context: CallContext;
  readonly idempotencyKey: string | undefined;
}

/** A connection that fails. */
export class ConnectionFault extends Error {
  /** Whether the call had been sent. */
  readonly sent: boolean;

  constructor(sent: boolean) {
    super(sent ? 'the script breaks the connection' : 'the script refuses the connection');
    this.sent = sent;
  }
}

/** The fake was closed while the call was under way. */
export class FakeClosed extends ConnectionFault {
  override readonly message = 'the fake was closed';

  constructor() {
    super(true);
  }
}

type Handler = (call: GivenCall) => unknown;
type Step = FakeReply<unknown> | Handler;

interface Recorded extends Omit<GivenCall, 'context'> {
  readonly operation: string;
  readonly did: string;
  readonly atMs: number;
}

/** See the head of this file. */
export class Script {
  readonly calls: Recorded[] = [];
  /** What a test has to know, though a caller may have swallowed it. */
  readonly problems: string[] = [];
  readonly #contract: AnyContract;
  readonly #steps = new Map<string, readonly Step[]>();
  readonly #waiting = new Set<(reason: Error) => void>();
  #closed = false;

  constructor(contract: AnyContract) {
    this.#contract = contract;
  }

  /**
   * Says what operations do from now on.
   * @throws OptionsError for an operation that there is not, AssertionError for an answer that does not fit its contract.
   */
  async set(script: object): Promise<void> {
    const { name, plans } = this.#contract;
    const wanted: [OperationPlan, readonly Step[]][] = [];
    for (const [operation, given] of Object.entries(script) as [string, Step | readonly Step[] | undefined][]) {
      if (given === undefined) continue;
      const plan = plans.find((each) => each.name === operation);
      const steps = Array.isArray(given) ? (given as readonly Step[]) : [given as Step];
      if (!plan) {
        const known = plans.map((each) => each.name).join(', ');
        throw new OptionsError(`fake of "${name}"`, [`the contract has no operation "${operation}" (it has ${known})`]);
      }
      if (steps.length === 0) throw new OptionsError(`fake of "${name}"`, [`the script of ${operation} has no step`]);
      for (const step of steps) if (typeof step !== 'function') await checkReply(plan, step);
      wanted.push([plan, steps]);
    }
    for (const [plan, steps] of wanted) this.#steps.set(plan.name, steps);
  }

  /** Does what comes next. Rejects with what the script wants to fail with, or with the reason of a caller that left. */
  async perform(plan: OperationPlan, call: GivenCall, clock: Clock): Promise<unknown> {
    const { params, query, headers, body, idempotencyKey, context } = call;
    if (this.#closed) throw new FakeClosed();
    const [step, ...later] = this.#steps.get(plan.name) ?? [];
    const did = step === undefined ? 'has no script' : inWords(step);
    this.calls.push({ operation: plan.name, params, query, headers, body, idempotencyKey, did, atMs: clock.now() });
    if (step === undefined) {
      const missing = `${plan.id} was called, and the fake has no script for it`;
      this.problems.push(missing);
      throw problem(501, 'Not scripted', missing);
    }
    if (later.length > 0) this.#steps.set(plan.name, later);
    if (typeof step === 'function') return this.#handled(plan, step, call);
    return this.#reply(step, context, clock);
  }

  /** Ends the calls that wait, and takes no more. */
  close(): void {
    this.#closed = true;
    for (const end of [...this.#waiting]) end(new FakeClosed());
  }

  async #reply(reply: FakeReply<unknown>, context: CallContext, clock: Clock): Promise<unknown> {
    if (reply.kind === 'answers') return reply.value;
    if (reply.kind === 'fails') throw reply.error;
    if (reply.kind === 'refuses-connection') throw new ConnectionFault(false);
    if (reply.kind === 'breaks-connection') throw new ConnectionFault(true);
    await this.#wait(context, clock, reply.kind === 'delays' ? reply.delayMs : undefined);
    return reply.kind === 'delays' ? this.#reply(reply.reply, context, clock) : undefined;
  }

  /** Waits for so long, or for ever. */
  #wait(context: CallContext, clock: Clock, delayMs: number | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      if (context.cancelled) return reject(context.reason);
      const over = () => {
        subscription[Symbol.dispose]();
        if (timer) clock.clearTimer(timer);
        this.#waiting.delete(end);
      };
      const end = (reason: unknown) => {
        over();
        reject(reason);
      };
      const subscription = context.onCancel(end);
      const timer =
        delayMs === undefined
          ? undefined
          : clock.setTimer(() => {
              over();
              resolve();
            }, delayMs);
      this.#waiting.add(end);
    });
  }

  /** Asks a handler, and notes what it does against the contract. */
  async #handled(plan: OperationPlan, handle: Handler, call: GivenCall): Promise<unknown> {
    try {
      const value = await handle(call);
      this.#note(await answerFault(plan, value));
      return value;
    } catch (error) {
      this.#note(await errorFault(plan, error));
      throw error;
    }
  }

  #note(fault: string | undefined): void {
    if (fault !== undefined) this.problems.push(`a handler: ${fault}`);
  }
}

function inWords(step: Step): string {
  if (typeof step === 'function') return 'asks a handler';
  if (step.kind === 'fails') return `fails with ${step.error.status}`;
  if (step.kind === 'delays') return `delays ${step.delayMs} ms, then ${inWords(step.reply)}`;
  return step.kind.replace('-', ' the ');
}

async function checkReply(plan: OperationPlan, reply: FakeReply<unknown>): Promise<void> {
  if (reply.kind === 'delays') return checkReply(plan, reply.reply);
  const fault =
    reply.kind === 'answers'
      ? await answerFault(plan, reply.value)
      : reply.kind === 'fails'
        ? await errorFault(plan, reply.error)
        : undefined;
  if (fault !== undefined) throw new AssertionError({ message: `the script: ${fault}`, operator: 'fakeService' });
}
