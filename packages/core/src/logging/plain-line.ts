import { inspect } from 'node:util';

/**
 * One line as pino would write it, for a process that ends before pino is loaded: loading cannot be waited for then.
 * What JSON cannot hold is shown as text, so that no line is lost.
 */
export function plainLine(members: Readonly<Record<string, unknown>>): string {
  const shown = Object.entries(members).map(([name, value]) => [name, name === 'err' ? errorOf(value) : value]);
  try {
    return `${JSON.stringify(Object.fromEntries(shown), bigintAsText)}\n`;
  } catch {
    return `${JSON.stringify(Object.fromEntries(shown.map(([name, value]) => [name, textOf(value)])))}\n`;
  }
}

/** The members of an error that pino's serializer writes. */
function errorOf(value: unknown): unknown {
  if (!(value instanceof Error)) return value;
  return { ...value, type: value.name, message: value.message, stack: value.stack };
}

function bigintAsText(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}

function textOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null ? inspect(value) : String(value);
}
