import { printable } from '@fwk/kernel';
import type { ShownFrame } from './describe-frame.js';

/** A frame as text that is safe on a terminal: one line of JSON; or for people one line, and below it a line for each member. */
export const linesOf = {
  json: (frame: ShownFrame): string => printable(JSON.stringify(frame)),

  people({ offset, type, number, tag, size, fragment, problem, ...says }: ShownFrame): string {
    const head = `${String(offset).padStart(8, '0')}  ${type ?? `type ${number}`}  tag ${tag}  ${size} bytes`;
    const lines = [fragment ? `${head}  ${fragment} fragment` : head];
    for (const [name, value] of Object.entries(says)) lines.push(...said(name, value, '  '));
    if (problem !== undefined) lines.push(`  PROBLEM: ${problem}`);
    return lines.map(printable).join('\n');
  },
};

function said(name: string, value: unknown, indent: string): string[] {
  if (value === '' || value === undefined) return [];
  if (typeof value !== 'object' || value === null) return [`${indent}${name}: ${value}`];
  if (Array.isArray(value)) return [`${indent}${name}: ${value.join(', ')}`];
  const lines = Object.entries(value).flatMap(([key, each]) => said(key, each, `${indent}  `));
  return lines.length === 0 ? [] : [`${indent}${name}:`, ...lines];
}
