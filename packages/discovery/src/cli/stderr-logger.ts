import { type LogFields, type Logger, messageOf, printable } from '@fwk/kernel';

/** Warnings and errors as lines for people on standard error; nothing below them. */
export function stderrLogger(more: LogFields = {}): Logger {
  const write = (fields: LogFields, message: string) => {
    const facts = Object.entries({ ...more, ...fields }).filter(([, value]) => value !== undefined);
    const text = `${message} (${facts.map(([name, value]) => `${name}: ${textOf(value)}`).join(', ')})`;
    process.stderr.write(`${printable(text)}\n`);
  };
  return {
    debug() {},
    info() {},
    warn: write,
    error: write,
    child: (fields) => stderrLogger({ ...more, ...fields }),
  };
}

function textOf(value: unknown): string {
  if (value instanceof Error) return messageOf(value);
  return typeof value === 'string' ? value : JSON.stringify(value);
}
