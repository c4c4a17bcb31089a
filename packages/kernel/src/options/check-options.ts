import { FwkError, messageOf } from '../errors/fwk-error.js';
import { type FollowerName, noteFollower } from '../live/followers.js';
import { currentOf, isLive, type Live } from '../live/live.js';
import { unknownName } from '../text/nearest-name.js';
import { GuardedLive } from './guarded-live.js';
import { OptionGroup } from './option-group.js';
import { anything, isFixed, type Rule } from './rules.js';
import { showValue } from './show-value.js';

/** Options were out of range. Code `FWK_KERNEL_OPTIONS_INVALID`; `problems` has one line a field. */
export class OptionsError extends FwkError {
  readonly problems: readonly string[];

  constructor(owner: string, problems: readonly string[]) {
    super('FWK_KERNEL_OPTIONS_INVALID', `${owner}: ${problems.join('; ')}`, { details: { owner, problems } });
    this.problems = problems;
  }
}

/** Options with the current values of live ones. */
export type CurrentOptions<T> = {
  readonly [K in keyof T]: T[K] extends infer V ? (V extends Live<infer U> ? U : V) : never;
};

/**
 * Checks options against each other, when each is valid by itself. The answer has a sentence for each problem.
 * @param values - all of them, defaults included.
 * @param given - those that somebody gave.
 */
export type TogetherRule<T> = (values: CurrentOptions<T>, given: Partial<CurrentOptions<T>>) => readonly string[];

/**
 * Merges `given` over `defaults` and checks every field, once, when something is built. Undefined means default.
 * Unknown fields are refused too, so that a misspelt one is never silently without effect.
 *
 * A live value is checked at once, and again after each change. It comes back guarded: when a later value is refused or cannot be
 * read, the last valid one stays, which is reported by a process warning and to the reporter of `reportRefusals`. The rule
 * `anything` leaves a live value as it is. A `fixed` rule is given the live value itself, and refuses it.
 * @param owner - who is being built, the head of the message: `retry`, `circuitBreaker "prices"`.
 * @param together - checks the options against each other, at once and whenever a live one changes. It is not called when
 *   whoever passes the live ones on checks them itself; see {@link judgedTogether}. @defaultValue no such check
 * @throws {@link OptionsError} with all problems at once.
 */
export function checkOptions<T extends object>(
  owner: string,
  given: Partial<T> | undefined,
  defaults: Readonly<Partial<T>>,
  rules: { readonly [K in keyof T]-?: Rule },
  together?: TogetherRule<T>,
): Readonly<T> {
  if (given !== undefined && (typeof given !== 'object' || given === null || Array.isArray(given) || isLive(given))) {
    throw new OptionsError(owner, [`options must be an object, not ${showValue(given)}`]);
  }
  const merged: Record<string, unknown> = { ...defaults };
  const problems: string[] = [];
  for (const [field, value] of Object.entries(given ?? {})) {
    if (!Object.hasOwn(rules, field)) {
      problems.push(unknownName('unknown option', field, Object.keys(rules)));
    } else if (value !== undefined) merged[field] = value;
  }
  for (const [field, rule] of Object.entries(rules) as [string, Rule][]) {
    const value = merged[field];
    let held = value;
    if (isLive(value) && takesLive(rule)) {
      try {
        held = value.value;
        merged[field] = guard(owner, field, value, rule);
        // Of a guarded one whoever guarded it has said who follows it.
        if (!(value instanceof GuardedLive)) {
          noteFollower(value, { kind: 'component', name: owner, touches: refusing(field, rule) });
        }
      } catch (error) {
        problems.push(`${field} cannot be read (${messageOf(error)})`);
        continue;
      }
    }
    const range = rule(held);
    if (range) problems.push(`${field} must be ${range}, not ${showValue(value)}`);
  }
  if (problems.length > 0) throw new OptionsError(owner, problems);
  if (together) checkTogether(owner, merged, given ?? {}, together as TogetherRule<object>);
  return Object.freeze(merged) as Readonly<T>;
}

/** @param merged - options that are valid by themselves; live ones are replaced by guards that form a group. */
function checkTogether(
  owner: string,
  merged: Record<string, unknown>,
  given: object,
  together: TogetherRule<object>,
): void {
  const guards = Object.entries(merged).filter((entry): entry is [string, GuardedLive<unknown>] => {
    return entry[1] instanceof GuardedLive;
  });
  if (guards.some(([, live]) => judged.has(live) || judged.has(live.source))) return;
  const said = Object.entries(given).flatMap(([field, value]) => (value === undefined ? [] : [field]));
  const problemsOf = (values: Readonly<Record<string, unknown>>) =>
    together(values, Object.fromEntries(said.map((field) => [field, values[field]])));
  const now = Object.fromEntries(Object.entries(merged).map(([field, value]) => [field, currentOf(value)]));
  const problems = problemsOf(now);
  if (problems.length > 0) throw new OptionsError(owner, problems);
  if (guards.length === 0) return;
  const group = new OptionGroup((heldBy) =>
    problemsOf({ ...now, ...Object.fromEntries(members.map(([field, member]) => [field, heldBy(member)])) }),
  );
  const members = guards.map(([field, live]) => {
    return [field, new GuardedLive(live.source, live.rule, live.name, group)] as const;
  });
  group.setMembers(members.map(([, member]) => member));
  Object.assign(merged, Object.fromEntries(members));
}

const judged = new WeakSet<Live<unknown>>();

/**
 * Marks a live option that whoever passes it on checks against the options beside it, now and at each change. `checkOptions`
 * then leaves that check out.
 */
export function judgedTogether<T extends Live<unknown>>(live: T): T {
  judged.add(live);
  return live;
}

/**
 * Guards the live ones among options that are read before and beside whoever checks them with {@link checkOptions}, which
 * keeps these guards: so all readers find the same value, also when a later one is refused. A live value that cannot be
 * guarded now, because what it holds is refused, stays what it is and is refused when it is checked.
 * @param owner - the head of the warning, as with {@link checkOptions}.
 */
export function guardOptions<T extends object>(owner: string, given: T, rules: Readonly<Record<string, Rule>>): T {
  const guarded = Object.entries(given).map(([field, value]) => {
    const rule = Object.hasOwn(rules, field) ? rules[field] : undefined;
    return [
      field,
      rule && isLive(value) && takesLive(rule) && isValid(value, rule) ? guard(owner, field, value, rule) : value,
    ];
  });
  return Object.fromEntries(guarded) as T;
}

function takesLive(rule: Rule): boolean {
  return rule !== anything && !isFixed(rule);
}

function isValid(value: Live<unknown>, rule: Rule): boolean {
  try {
    return rule(value.value) === undefined;
  } catch {
    return false;
  }
}

/** Says for those who ask beforehand that a value would be refused. */
export function refusing(field: string, rule: Rule): (next: unknown) => readonly FollowerName[] {
  return (next) => {
    const range = rule(next);
    if (range) throw new TypeError(`${field} must be ${range}, not ${showValue(next)}`);
    return [];
  };
}

/** One guard a rule is enough: each costs every read a look at the source. */
function guard(owner: string, field: string, value: Live<unknown>, rule: Rule): GuardedLive<unknown> {
  if (value instanceof GuardedLive && value.rule === rule) return value;
  return new GuardedLive(value, rule, `${owner}: ${field}`);
}
