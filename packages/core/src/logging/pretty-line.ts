/**
 * Lines for people at a terminal. What is logged may come from outside, so nothing in it reaches the terminal as more than text:
 * characters that could colour, erase or forge lines are shown escaped, and what has several lines is indented.
 */
import { printable, printableLines } from '@fwk/kernel';
import type { WrittenLevel } from './log-level.js';

const colours: Readonly<Record<WrittenLevel, number>> = Object.freeze({ debug: 90, info: 32, warn: 33, error: 31 });
/** Said by the line itself, or not worth its room on a terminal. */
const apart = new Set(['level', 'time', 'message', 'logger', 'service', 'instance', 'version']);

/** Writes a line. @param line - plain data without secrets. */
export function prettyLine(line: Readonly<Record<string, unknown>>, coloured: boolean): string {
  const level = line.level as WrittenLevel;
  const paint = (text: string, colour: number) => (coloured ? `\u001b[${colour}m${text}\u001b[0m` : text);
  const name = typeof line.logger === 'string' ? ` ${printable(line.logger)}:` : '';
  const time = String(line.time).slice(11, 23);
  const facts: string[] = [];
  const blocks: string[] = [];
  for (const [key, value] of Object.entries(line)) {
    if (apart.has(key)) continue;
    const fault = isFault(value);
    if (fault) blocks.push(...faultLines(printable(key), value, 1));
    else facts.push(paint(`${printable(key)}=${shown(value)}`, 90));
  }
  const head = [
    time,
    paint(level.toUpperCase().padEnd(5), colours[level]) + name,
    printable(String(line.message)),
    ...facts,
  ];
  return `${[head.join(' '), ...blocks].join('\n')}\n`;
}

function shown(value: unknown): string {
  if (typeof value === 'string' && /^[\w.:/@+-]+$/.test(value)) return value;
  return printable(JSON.stringify(value) ?? 'undefined');
}

interface Fault {
  readonly type?: unknown;
  readonly message?: unknown;
  readonly stack: string;
  readonly cause?: unknown;
  readonly errors?: unknown;
}

function isFault(value: unknown): value is Fault {
  return typeof value === 'object' && value !== null && 'stack' in value && typeof value.stack === 'string';
}

/** The stack, further facts of the error, and its causes below. */
function faultLines(name: string, fault: Fault, depth: number): string[] {
  const indent = '    '.repeat(depth);
  const [first = '', ...rest] = printableLines(fault.stack).split('\n');
  const lines = [`${indent}${name}: ${first}`, ...rest.map((line) => `${indent}  ${line.trim()}`)];
  for (const [key, value] of Object.entries(fault)) {
    if (key === 'type' || key === 'message' || key === 'stack') continue;
    if (isFault(value)) lines.push(...faultLines(printable(key), value, depth + 1));
    else if (Array.isArray(value) && value.some(isFault)) {
      value.forEach((each, index) => {
        if (isFault(each)) lines.push(...faultLines(`${printable(key)}[${index}]`, each, depth + 1));
        else lines.push(`${indent}  ${printable(key)}[${index}]: ${shown(each)}`);
      });
    } else lines.push(`${indent}  ${printable(key)}: ${shown(value)}`);
  }
  return lines;
}
