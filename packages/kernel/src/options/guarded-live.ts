/**
 * A live option as its owner reads it. What a live value holds later comes from outside, such as a file that somebody
 * edits or a projection that throws; it must neither break a call that only reads its limit nor get into what the owner
 * calculates with. So each value is held against the option's rule, and one that is refused changes nothing: the last
 * valid one stays. The same holds for a value that contradicts another option of its group. Each refusal is
 * reported once: by a process warning of type `FwkOptionWarning`, and by the log and the events of the stack that reads the
 * option, as soon as there is one.
 *
 * Nothing is checked but after a change; until then a read costs a look at the source's version.
 */
import { messageOf } from '../errors/fwk-error.js';
import { combine } from '../live/derived.js';
import { type Live, type LiveListener, liveBrand, type Staleness } from '../live/live.js';
import type { GroupMember, OptionGroup } from './option-group.js';
import type { Rule } from './rules.js';
import { showValue } from './show-value.js';

/** A value that a live option did not take. */
export interface OptionRefusal {
  /** The option with its owner: `retry: maxAttempts`. */
  readonly option: string;
  /** What is wrong with the value. */
  readonly problem: string;
  /** The value that stays in force. */
  readonly kept: string;
}

/** Told of each value that is refused. */
export type RefusalReporter = (refusal: OptionRefusal) => void;

/** A live value that never throws at its reader and only ever holds what a rule allows. */
export class GuardedLive<T> implements Live<T>, GroupMember {
  /** Public, so that two that guard different values are not taken for equal. */
  readonly source: Live<T>;
  readonly rule: Rule;
  /** For messages: `retry: maxAttempts`. */
  readonly name: string;
  readonly #group: OptionGroup | undefined;
  #value: T;
  #version = 1;
  /** The source's version when it was last looked at. */
  #seen: number;
  #warned: string | undefined;
  /** Where refusals are told beside the process warning; of several stacks that read it, the last. */
  #reporter: RefusalReporter | undefined;
  /** Refused before anybody but the process could be told. */
  #untold: OptionRefusal | undefined;

  /**
   * @param rule - has been held against what `source` holds now.
   * @param name - for messages: `retry: maxAttempts`.
   * @param group - the options that it must fit; the caller makes it a member. @defaultValue none
   * @throws what the source throws when it cannot be read now.
   */
  constructor(source: Live<T>, rule: Rule, name: string, group?: OptionGroup) {
    this.source = source;
    this.rule = rule;
    this.name = name;
    this.#group = group;
    this.#value = source.value;
    this.#seen = source.version;
  }

  get [liveBrand](): true {
    return true;
  }

  get value(): T {
    this.#refresh();
    return this.#value;
  }

  /** Rises with each valid change. */
  get version(): number {
    this.#refresh();
    return this.#version;
  }

  get stale(): Staleness | undefined {
    return this.source.stale;
  }

  subscribe(listener: LiveListener<T>): Disposable {
    let told = this.value;
    const follow = () => {
      const previous = told;
      told = this.value;
      if (!Object.is(told, previous)) listener(told, previous);
    };
    // A change of another option may make a refused value of this one fit.
    const subscriptions = (this.#group?.sources ?? [this.source]).map((source) => source.subscribe(follow));
    return {
      [Symbol.dispose]() {
        for (const subscription of subscriptions) subscription[Symbol.dispose]();
      },
    };
  }

  /** Tells this one of refusals from now on, and of one in force that nobody was told yet. */
  reportTo(reporter: RefusalReporter): void {
    this.#reporter = reporter;
    if (isGuarded(this.source)) this.source.reportTo(reporter);
    if (this.#untold) this.#report(this.#untold);
  }

  map<U>(project: (value: T) => U): Live<U> {
    return combine<[T], U>([this], project);
  }

  /** Whether the source has not changed since it was last read. */
  get known(): boolean {
    try {
      return this.source.version === this.#seen;
    } catch {
      return false;
    }
  }

  get accepted(): T {
    return this.#value;
  }

  /** Reads the source: its value if the rule allows it, else undefined, and the refusal is reported. */
  candidate(): { readonly value: T } | undefined {
    try {
      const { version, value } = this.source;
      const range = this.rule(value);
      this.#seen = version;
      if (!range) return { value };
      this.#tellRefusal(`must be ${range}, not ${showValue(value)}`);
    } catch (error) {
      this.#tellRefusal(`cannot be read (${messageOf(error)})`);
    }
    return undefined;
  }

  accept(value: T): void {
    this.#warned = undefined;
    this.#untold = undefined;
    if (Object.is(value, this.#value)) return;
    this.#value = value;
    this.#version++;
  }

  refuse(value: T, problems: readonly string[]): void {
    this.#tellRefusal(`cannot be ${showValue(value)}: ${problems.join('; ')}`);
  }

  #refresh(): void {
    if (this.known && !this.#group?.undecided) return;
    if (this.#group) {
      this.#group.refresh();
      return;
    }
    const candidate = this.candidate();
    if (candidate) this.accept(candidate.value);
  }

  #tellRefusal(why: string): void {
    if (why === this.#warned) return;
    this.#warned = why;
    const refusal = { option: this.name, problem: why, kept: showValue(this.#value) };
    process.emitWarning(`${this.name} ${why}; it stays ${refusal.kept}`, { type: 'FwkOptionWarning' });
    this.#report(refusal);
  }

  #report(refusal: OptionRefusal): void {
    this.#untold = this.#reporter ? undefined : refusal;
    this.#reporter?.(refusal);
  }
}

/** Outside the class: bundlers rename a class that refers to itself, and errors would be printed with that name. */
function isGuarded<T>(live: Live<T>): live is GuardedLive<T> {
  return live instanceof GuardedLive;
}
