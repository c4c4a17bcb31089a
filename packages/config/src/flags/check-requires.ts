import { type ConfigTree, isTree, kindOf } from '../tree/tree.js';
import { list, variantsOf } from './check-flag.js';
import type { Findings } from './findings.js';
import { flagLimits } from './flag-definition.js';

/**
 * Checks what flags require of each other: that the others and their variants exist, that no flag requires itself by way of others,
 * and that answering one flag looks at few others.
 */
export function checkRequires(flags: ConfigTree, path: readonly string[], findings: Findings): void {
  const before = findings.issues.length;
  for (const [name, flag] of Object.entries(flags)) {
    if (isTree(flag)) checkOwn(name, flag, flags, [...path, name, 'requires'], findings);
  }
  if (findings.issues.length === before) new Graph(flags, path, findings).check();
}

function checkOwn(
  name: string,
  flag: ConfigTree,
  flags: ConfigTree,
  path: readonly string[],
  findings: Findings,
): void {
  const { requires } = flag;
  if (requires === undefined || requires === null) return;
  if (!isTree(requires)) {
    findings.must(path, `an object of variants by flag, such as { other-flag: on }, not ${kindOf(requires)}`);
    return;
  }
  const others = Object.keys(requires);
  if (others.length > flagLimits.prerequisites) {
    findings.must(path, `at most ${flagLimits.prerequisites} flags, not ${others.length}`);
    return;
  }
  for (const other of others) {
    const wanted = requires[other];
    const at = [...path, other];
    const required = Object.hasOwn(flags, other) ? flags[other] : undefined;
    if (required === undefined) {
      findings.add(at, `is no flag; "${name}" can only require flags that are defined`);
      continue;
    }
    const known = isTree(required) ? variantsOf(required) : [];
    const names = Array.isArray(wanted) ? wanted : [wanted];
    if (names.length === 0 || names.some((variant) => !known.includes(variant))) {
      findings.must(at, `a variant of "${other}" or a list of them (${list(known)})`);
    }
  }
}

/** Looks along the requirements, each flag once. */
class Graph {
  readonly #flags: ConfigTree;
  readonly #path: readonly string[];
  readonly #findings: Findings;
  /** How many flags are looked at to answer one; 0 while that is being counted. */
  readonly #lookedAt = new Map<string, number>();

  constructor(flags: ConfigTree, path: readonly string[], findings: Findings) {
    this.#flags = flags;
    this.#path = path;
    this.#findings = findings;
  }

  check(): void {
    for (const name of Object.keys(this.#flags)) this.#follow(name);
  }

  /** A list and not a recursion: chains may be as long as there are flags. */
  #follow(first: string): void {
    const way: { readonly name: string; readonly left: string[] }[] = [];
    const enter = (name: string) => {
      this.#lookedAt.set(name, 0);
      way.push({ name, left: this.#requiredBy(name) });
    };
    if (!this.#lookedAt.has(first)) enter(first);
    for (let last = way.at(-1); last; last = way.at(-1)) {
      const next = last.left.pop();
      if (next === undefined) {
        this.#count(last.name);
        way.pop();
      } else if (!this.#lookedAt.has(next)) enter(next);
      else if (this.#lookedAt.get(next) === 0)
        this.#tellCycle(
          way.map(({ name }) => name),
          next,
        );
    }
  }

  #count(name: string): void {
    const others = this.#requiredBy(name).map((other) => this.#lookedAt.get(other) ?? 0);
    const sum = others.reduce((all, one) => all + one, 1);
    // One that is too many is told once, where the limit is passed, and not again by all that require it.
    if (sum > flagLimits.lookedAt && others.every((one) => one <= flagLimits.lookedAt)) {
      this.#findings.add(
        [...this.#path, name, 'requires'],
        `makes one answer look at ${sum} flags; at most ${flagLimits.lookedAt} are allowed`,
      );
    }
    this.#lookedAt.set(name, Math.min(sum, 1e9));
  }

  #tellCycle(way: readonly string[], back: string): void {
    const circle = [...way.slice(way.indexOf(back)), back];
    const holder = circle.at(-2) as string;
    const shown = circle.length > 12 ? [...circle.slice(0, 6), '…', ...circle.slice(-5)] : circle;
    this.#findings.add([...this.#path, holder, 'requires', back], `requires itself: ${shown.join(' → ')}`);
  }

  #requiredBy(name: string): string[] {
    const flag = this.#flags[name];
    return isTree(flag) && isTree(flag.requires) ? Object.keys(flag.requires) : [];
  }
}
