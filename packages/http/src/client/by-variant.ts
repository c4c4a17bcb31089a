/**
 * Sends each call by the branch of the variant that a feature flag has for it. Where no flag has the policy, and for calls
 * that have no variant, that is the policy as it is.
 *
 * Branches follow the flag: a variant whose options an edit leaves alone keeps its branch with all that it has measured; one that is
 * gone takes no more calls and ends with those under way. A flag with a variant that the policy cannot take chooses nothing; it is
 * tried again now and then, since an edit of the policy may mend it.
 * The branch without a variant is its giver's to dispose of.
 */
import { isDeepStrictEqual } from 'node:util';
import {
  type CallContext,
  callSafely,
  disposeAll,
  type Env,
  type Follower,
  follow,
  judgeError,
  judgeResult,
  type Live,
  OptionsError,
  type PolicyFlag,
  type Service,
  type Status,
  type Verdict,
} from '@fwk/kernel';
import type { PolicyVariant } from '@fwk/resilience';
import type { OperationRequest, OperationResponse } from '../calling/operation-request.js';
import type { ClientBranch } from './client-branch.js';

/** Makes the branch of a variant. @throws OptionsError for options that do not fit the policy */
export type MakeBranch = (variant: PolicyVariant) => ClientBranch;

/** While a flag is refused, a call tries it again after so long. */
const tryAgainMs = 2000;

interface Chosen {
  readonly flag: PolicyFlag;
  readonly branches: ReadonlyMap<string, CountedBranch>;
}

/** See the head of this file. */
export class ByVariant implements Service<OperationRequest, OperationResponse>, AsyncDisposable {
  readonly #usual: ClientBranch;
  readonly #flag: Live<PolicyFlag | undefined>;
  readonly #make: MakeBranch;
  readonly #env: Env;
  readonly #followed: Disposable;
  /** Those that end with their last calls. */
  readonly #leaving = new Set<CountedBranch>();
  #chosen: Chosen | undefined;
  /** The flag that the policy could not take when it was tried last. */
  #refused: { readonly flag: PolicyFlag; readonly problems: string; readonly atMs: number } | undefined;
  #closed = false;

  /** @param env - of the application. */
  constructor(usual: ClientBranch, flag: Live<PolicyFlag | undefined>, make: MakeBranch, env: Env) {
    this.#usual = usual;
    this.#make = make;
    this.#env = env;
    this.#flag = flag;
    this.#followed = flag.subscribe(() => this.#followSoon());
    this.#follow(flag.value);
  }

  call(request: OperationRequest, context: CallContext): Promise<OperationResponse> {
    const usual = this.#usual;
    const refused = this.#refused;
    if (refused && this.#env.clock.now() - refused.atMs >= tryAgainMs) this.#follow(refused.flag);
    const chosen = this.#chosen;
    if (!chosen || context.cancelled) return usual.service.call(request, context);
    const variant = chosen.flag.variantFor(context, usual.keyOf(request, context));
    if (variant === undefined) return usual.service.call(request, context);
    // A variant that has just been added: the flag knows it a moment earlier.
    const branch = chosen.branches.get(variant);
    if (!branch) return usual.service.call(request, context);
    return branch.call(request, context, chosen.flag, variant);
  }

  status(request?: OperationRequest): Status {
    return this.#usual.service.status(request);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#followed[Symbol.dispose]();
    const branches = [...(this.#chosen?.branches.values() ?? []), ...this.#leaving].map(({ branch }) => branch);
    this.#chosen = undefined;
    await disposeAll(branches.filter((branch) => branch !== this.#usual));
  }

  #follow(flag: PolicyFlag | undefined): void {
    const before = this.#chosen;
    const isUnfit = [...(before?.branches.values() ?? [])].some(({ unfit }) => unfit);
    if (this.#closed || (flag === before?.flag && !isUnfit)) return;
    if (this.#refused?.flag !== flag) this.#refused = undefined;
    const branches = flag && this.#branchesOf(flag, before);
    this.#chosen = flag && branches && { flag, branches };
    const kept = new Set(branches?.values());
    for (const branch of before?.branches.values() ?? []) if (!kept.has(branch)) this.#leave(branch);
  }

  /** Undefined where the policy cannot take all of them. */
  #branchesOf(flag: PolicyFlag, before: Chosen | undefined): ReadonlyMap<string, CountedBranch> | undefined {
    const branches = new Map<string, CountedBranch>();
    const made: CountedBranch[] = [];
    const problems: string[] = [];
    for (const [variant, options] of Object.entries(flag.options)) {
      const known = before?.flag.flag === flag.flag ? before.branches.get(variant) : undefined;
      if (known && !known.unfit && isDeepStrictEqual(known.options, options)) {
        branches.set(variant, known);
        continue;
      }
      try {
        const branch = this.#branchOf(flag.flag, variant, options);
        branches.set(variant, branch);
        made.push(branch);
      } catch (error) {
        if (!(error instanceof OptionsError)) throw error;
        problems.push(...error.problems.map((problem) => `variant "${variant}": ${problem}`));
      }
    }
    if (problems.length === 0) {
      if (this.#refused) flag.refused([]);
      this.#refused = undefined;
      return branches;
    }
    for (const branch of made) this.#leave(branch);
    this.#refuse(flag, problems);
    return undefined;
  }

  /** @throws OptionsError */
  #branchOf(flag: string, variant: string, options: unknown): CountedBranch {
    if (isEmpty(options)) return new CountedBranch(this.#usual, options);
    let made: CountedBranch | undefined;
    const onUnfit = () => {
      if (made) made.unfit = true;
      this.#followSoon();
    };
    made = new CountedBranch(this.#make({ flag, variant, options, onUnfit }), options);
    return made;
  }

  /** One edit may change the policy and the flag, and one of them is told first. */
  #followSoon(): void {
    queueMicrotask(() => this.#follow(this.#flag.value));
  }

  #refuse(flag: PolicyFlag, problems: readonly string[]): void {
    const text = problems.join();
    const isKnown = this.#refused?.problems === text;
    this.#refused = { flag, problems: text, atMs: this.#env.clock.now() };
    flag.refused(problems);
    if (isKnown) return;
    const { path } = this.#usual.env;
    this.#env.events.emit('variant.refused', { path, flag: flag.flag, problems });
    this.#env.logger.error(
      { path, flag: flag.flag, problems },
      `the policy cannot take the variants of the flag "${flag.flag}"; calls go as if there were no such flag`,
    );
  }

  #leave(leaving: CountedBranch): void {
    if (leaving.branch === this.#usual) return;
    this.#leaving.add(leaving);
    leaving.whenIdle(() => {
      this.#leaving.delete(leaving);
      leaving.branch[Symbol.asyncDispose]().catch((error: unknown) => {
        const { path } = leaving.branch.env;
        this.#env.logger.warn({ err: error, path }, 'the connections of a variant could not be closed');
      });
    });
  }
}

function isEmpty(options: unknown): boolean {
  return typeof options === 'object' && options !== null && Object.keys(options).length === 0;
}

/** A branch with the number of its calls under way. */
class CountedBranch {
  readonly branch: ClientBranch;
  readonly options: unknown;
  /** Whether the policy has changed so that the options do not fit it any more. */
  unfit = false;
  #underWay = 0;
  #whenIdle: (() => void) | undefined;

  constructor(branch: ClientBranch, options: unknown) {
    this.branch = branch;
    this.options = options;
  }

  call(request: OperationRequest, context: CallContext, flag: PolicyFlag, variant: string): Promise<OperationResponse> {
    this.#underWay++;
    const call = new VariantCall(this, flag, variant, request, context);
    return follow(callSafely(this.branch.service, request, context), call);
  }

  ended(): void {
    this.#underWay--;
    if (this.#underWay === 0) this.#whenIdle?.();
  }

  /** Calls `then` once no call is under way, at the latest when the last one ends. */
  whenIdle(then: () => void): void {
    if (this.#underWay === 0) then();
    else this.#whenIdle = then;
  }
}

/** Counts one call for its variant. */
class VariantCall implements Follower<OperationResponse> {
  next: Follower<OperationResponse> | undefined = undefined;
  readonly #branch: CountedBranch;
  readonly #flag: PolicyFlag;
  readonly #variant: string;
  readonly #request: OperationRequest;
  readonly #context: CallContext;
  readonly #startedMs: number;

  constructor(
    branch: CountedBranch,
    flag: PolicyFlag,
    variant: string,
    request: OperationRequest,
    context: CallContext,
  ) {
    this.#branch = branch;
    this.#flag = flag;
    this.#variant = variant;
    this.#request = request;
    this.#context = context;
    this.#startedMs = branch.branch.env.clock.now();
  }

  answered(response: OperationResponse): undefined {
    this.#ended(judgeResult(this.#branch.branch.env, response, this.#context, this.#request));
  }

  failed(error: unknown): undefined {
    this.#ended(judgeError(this.#branch.branch.env, error, this.#context, this.#request));
  }

  #ended({ outcome }: Verdict): void {
    this.#flag.ended(this.#variant, outcome, this.#branch.branch.env.clock.now() - this.#startedMs);
    this.#branch.ended();
  }
}
