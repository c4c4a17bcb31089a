import { parseArgs } from 'node:util';

/** What the demo was asked. */
export interface DemoArguments {
  /** How long the story takes; without it the shop goes on until Ctrl-C once the story is told. */
  readonly seconds: number | undefined;
  /** Ends with one line of JSON on stdout; everything else goes to stderr. */
  readonly json: boolean;
  /** All services share one process, and one of them leaves it in the story. */
  readonly inProcess: boolean;
  readonly port: number;
}

export const usage = `npm start -- [--seconds N] [--json] [--in-process] [--port N]

  --seconds N   tell the story in N seconds (20 to 3600), stop everything and exit;
                without it: 40 seconds, and the shop stays open until Ctrl-C
  --json        end with one line of JSON
  --in-process  all services in one process, which call each other without a connection; then
                inventory is split off by configuration
  --port N      port of the storefront (default 8080; 0 takes any free one)
`;

/** @throws Error that says which argument is wrong and what is allowed. */
export function parseDemoArguments(args: readonly string[]): DemoArguments | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seconds: { type: 'string' },
      json: { type: 'boolean', default: false },
      'in-process': { type: 'boolean', default: false },
      port: { type: 'string', default: '8080' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return 'help';
  return {
    seconds: values.seconds === undefined ? undefined : wholeNumber('--seconds', values.seconds, 20, 3600),
    json: values.json,
    inProcess: values['in-process'],
    port: wholeNumber('--port', values.port, 0, 65_535),
  };
}

function wholeNumber(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isInteger(value) || value < min || value > max) {
    throw new Error(`${name} must be a whole number from ${min} to ${max}, not "${text}"`);
  }
  return value;
}
