/**
 * What a fake service does next, by operation, and what it was asked so far. Answers are checked against the contract when they are
 * given, so that no test passes on an answer that a real service could not give.
 */
import { AssertionError } from 'node:assert';
import { type CallContext, type Clock, OptionsError } from '@fwk/kernel';
import type { OperationPlan } from '../contract/contract.js';
import type { AnswerOf, AnyContract, Handlers, Items, OperationName } from '../contract/contract-types.js';
import { OpenStreams } from '../serving/open-streams.js';
import { problem } from '../wire/problem.js';
import { ConnectionFault, FakeClosed } from './connection-fault.js';
import { type GivenCall, type RecordedCall, recordCall } from './fake-call.js';
import { itemsOfCall } from './fake-items.js';
import { type FakeReply, inWords } from './fake-reply.js';
import { answerFault, errorFault, isItems, itemFault, replyFault } from './script-faults.js';

/** What one operation does: a step, or a handler that works out its answer. */
export type FakeStep<C, Op extends OperationName<C>> = FakeReply<AnswerOf<C, Op>> | Handlers<C>[Op];

/** What the operations of a fake do: one step or several in turn, of which the last one stays. */
export type FakeScript<C> = {
  readonly [Op in OperationName<C>]?: FakeStep<C, Op> | readonly [FakeStep<C, Op>, ...FakeStep<C, Op>[]];
};

type Handler = (call: GivenCall) => unknown;
type Step = FakeReply<unknown> | Handler;

/** One call, on its way through the script. */
interface Asked {
  readonly plan: OperationPlan;
  readonly recorded: RecordedCall;
  readonly call: GivenCall;
  readonly clock: Clock;
}

/** See the head of this file. */
export class Script {
  readonly calls: RecordedCall[] = [];
  /** What a test has to know, though a caller may have swallowed it. */
  readonly problems: string[] = [];
  /** Those that are answered within the process. */
  readonly streams = new OpenStreams();
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
      for (const step of steps) {
        const fault = typeof step === 'function' ? undefined : await replyFault(plan, step);
        if (fault !== undefined) throw new AssertionError({ message: `the script: ${fault}`, operator: 'fakeService' });
      }
      wanted.push([plan, steps]);
    }
    for (const [plan, steps] of wanted) this.#steps.set(plan.name, steps);
  }

  /**
   * Does what comes next. Rejects with what the script wants to fail with, or with the reason of a caller that left.
   * @returns the answer; of a stream its items
   */
  async perform(plan: OperationPlan, given: GivenCall, clock: Clock): Promise<unknown> {
    if (this.#closed) throw new FakeClosed();
    const [step, ...later] = this.#steps.get(plan.name) ?? [];
    const did = step === undefined ? 'has no script' : typeof step === 'function' ? 'asks a handler' : inWords(step);
    const { recorded, call } = recordCall(plan, given, did, clock.now());
    this.calls.push(recorded);
    if (step === undefined) {
      const missing = `${plan.id} was called, and the fake has no script for it`;
      this.problems.push(missing);
      throw problem(501, 'Not scripted', missing);
    }
    if (later.length > 0) this.#steps.set(plan.name, later);
    const asked = { plan, recorded, call, clock };
    return typeof step === 'function' ? this.#handled(asked, step) : this.#reply(asked, step);
  }

  /** Ends the calls that wait, and the streams, and takes no more. */
  close(): void {
    this.#closed = true;
    for (const end of [...this.#waiting]) end(new FakeClosed());
    this.streams.close();
  }

  async #reply(asked: Asked, reply: FakeReply<unknown>): Promise<unknown> {
    const { call, clock, plan } = asked;
    if (reply.kind === 'delays') {
      await this.#wait(call.context, clock, reply.delayMs);
      return this.#reply(asked, reply.reply);
    }
    if (reply.kind === 'hangs') return this.#wait(call.context, clock, undefined);
    if (reply.kind === 'refuses-connection') throw new ConnectionFault(false);
    if (plan.bodyStream && !plan.stream) await readAll(call.body);
    if (reply.kind === 'breaks-connection') throw new ConnectionFault(true);
    if (reply.kind === 'fails') throw reply.error;
    if (reply.kind === 'streams') {
      const { items, everyMs, ending } = reply;
      return this.#items(asked, items, everyMs, ending && (() => this.#reply(asked, ending)));
    }
    return isItems(reply.value) && plan.stream ? this.#items(asked, reply.value) : reply.value;
  }

  /** The items of a stream. Where the body is a stream too, it is read beside them, and to its end before the stream ends well. */
  #items(
    { plan, recorded, call, clock }: Asked,
    items: Items<unknown>,
    everyMs = 0,
    ending?: () => Promise<unknown>,
  ): AsyncIterable<unknown> {
    let failed: { readonly error: unknown } | undefined;
    const read = (plan.bodyStream ? readAll(call.body) : Promise.resolve()).catch((error: unknown) => {
      failed = { error };
    });
    const checkBody = () => {
      if (failed) throw failed.error;
    };
    const end = async () => {
      await (ending ? ending() : read);
      checkBody();
    };
    const fits = async (item: unknown) => this.#fits(await itemFault(plan, item));
    return itemsOfCall(items, { recorded, context: call.context, clock, everyMs, fits, end, checkBody });
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
  async #handled({ plan, recorded, call, clock }: Asked, handle: Handler): Promise<unknown> {
    try {
      const value = await handle(call);
      this.#fits(await answerFault(plan, value));
      if (!plan.stream || !isItems(value)) return value;
      const fits = async (item: unknown) => this.#fits(await itemFault(plan, item));
      const alone = { fits, end: async () => {}, checkBody: () => {}, everyMs: 0 };
      return itemsOfCall(this.#watched(plan, value), { recorded, context: call.context, clock, ...alone });
    } catch (error) {
      this.#fits(await errorFault(plan, error));
      throw error;
    }
  }

  /** The same items; an error against the contract is noted. */
  async *#watched(plan: OperationPlan, items: Items<unknown>): AsyncGenerator<unknown, void> {
    try {
      yield* items;
    } catch (error) {
      this.#fits(await errorFault(plan, error));
      throw error;
    }
  }

  #fits(fault: string | undefined): boolean {
    if (fault !== undefined) this.problems.push(`a handler: ${fault}`);
    return fault === undefined;
  }
}

async function readAll(body: unknown): Promise<void> {
  for await (const _ of body as AsyncIterable<unknown>);
}
