import { parsePath } from '../tree/path.js';
import { isTree, kindOf } from '../tree/tree.js';
import { type Findings, refuseUnknown } from './findings.js';
import { flagLimits } from './flag-definition.js';
import { type OperatorName, operators } from './operators.js';

/** Counts what the conditions of one flag cost. */
export interface ConditionCount {
  conditions: number;
  /** Whether it was said that they are too many: said once, and nothing further is read. */
  tooMany: boolean;
}

const operatorNames = Object.keys(operators);

/** Checks one condition and those inside. */
export function checkCondition(
  value: unknown,
  path: readonly string[],
  findings: Findings,
  count: ConditionCount,
  depth = 1,
): void {
  if (++count.conditions > flagLimits.conditions) {
    if (!count.tooMany) findings.add(path, `is one condition too many; a flag has at most ${flagLimits.conditions}`);
    count.tooMany = true;
    return;
  }
  if (depth > flagLimits.conditionDepth) {
    findings.add(path, `is more than ${flagLimits.conditionDepth} conditions deep; flatten it`);
    return;
  }
  if (!isTree(value)) {
    findings.must(path, `an object with "attribute", "all", "any" or "not", not ${kindOf(value)}`);
    return;
  }
  const inside = (part: unknown, at: readonly string[]) => checkCondition(part, at, findings, count, depth + 1);
  const [kind = 'attribute', ...others] = ['all', 'any', 'not', 'attribute'].filter((key) => Object.hasOwn(value, key));
  if (others.length > 0) {
    findings.add(path, `has both "${kind}" and "${others[0]}"; put one into the other`);
    return;
  }
  if (kind === 'attribute') {
    checkAttribute(value, path, findings, count);
    return;
  }
  refuseUnknown(value, [kind], `a condition with "${kind}"`, path, findings);
  const held = value[kind];
  if (kind === 'not') inside(held, [...path, kind]);
  else if (!Array.isArray(held) || held.length === 0)
    findings.must([...path, kind], 'a list of at least one condition');
  else for (const [index, part] of held.entries()) inside(part, [...path, kind, String(index)]);
}

function checkAttribute(
  value: Readonly<Record<string, unknown>>,
  path: readonly string[],
  findings: Findings,
  count: ConditionCount,
): void {
  findings.must([...path, 'attribute'], attributeFault(value.attribute));
  refuseUnknown(value, ['attribute', ...operatorNames], 'a condition', path, findings);
  const used = operatorNames.filter((name) => value[name] !== undefined) as OperatorName[];
  if (used.length === 0) findings.add(path, `asks nothing of the attribute; add one of ${operatorNames.join(', ')}`);
  for (const name of used) {
    const operand = value[name];
    findings.must([...path, name], operators[name].check(operand));
    count.conditions += name !== 'in' && Array.isArray(operand) ? operand.length : 1;
  }
}

/** What is wrong with the path of an attribute, in words that follow "must be"; undefined when it is right. */
export function attributeFault(value: unknown): string | undefined {
  const words = 'the name of an attribute, such as plan or company.country';
  if (typeof value !== 'string' || value.length > flagLimits.text) return words;
  try {
    return parsePath(value).length <= flagLimits.conditionDepth ? undefined : words;
  } catch {
    return words;
  }
}
