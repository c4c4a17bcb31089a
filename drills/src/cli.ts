import { parseArgs } from 'node:util';
import type { WireChoice } from '@fwk/http';
import type { Drill } from './drill.js';
import { dataOf, judge, tableOf } from './report.js';
import { Stage } from './stage/stage.js';

/** Where the command writes. */
export interface Output {
  /** To stdout. */
  write(text: string): void;
  /** To stderr. */
  complain(text: string): void;
}

const wires: readonly WireChoice[] = ['auto', 'http', 'mux'];

interface Asked {
  readonly drill: Drill;
  readonly json: boolean;
  readonly seconds: number | undefined;
  readonly wire: WireChoice;
}

/**
 * The command: a drill's name, `--json` for one JSON object on the last line, and `--seconds N` to make its long part
 * shorter, `--wire` for what calls take; or `--help`.
 * @param interrupted - a promise of being asked to stop; everything that was started is ended then.
 * @returns the exit code: 0 everything reached, 1 something not reached or gone wrong, 2 asked for wrongly, 130 stopped.
 */
export async function runCommand(
  given: readonly string[],
  drills: readonly Drill[],
  output: Output,
  interrupted: Promise<unknown> = new Promise(() => {}),
): Promise<0 | 1 | 2 | 130> {
  let asked: Asked | 'help';
  try {
    asked = parse(given, drills);
  } catch (error) {
    output.complain(`${error instanceof Error ? error.message : String(error)}\n\n${usage(drills)}`);
    return 2;
  }
  if (asked === 'help') {
    output.write(usage(drills));
    return 0;
  }
  const { drill, json, seconds, wire } = asked;
  await using stage = new Stage();
  try {
    const running = drill.run(stage, { seconds, wire, say: (text) => output.complain(`${text}\n`) });
    const outcomes = await Promise.race([running, interrupted.then(() => undefined)]);
    if (!outcomes) {
      // What is under way fails, since its processes are being ended; nobody wants to know.
      running.catch(() => {});
      return 130;
    }
    const report = judge(drill.name, outcomes);
    output.write(`${tableOf(report)}\n`);
    if (json) output.write(`${JSON.stringify(dataOf(report))}\n`);
    return report.reached ? 0 : 1;
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    output.complain(`the drill "${drill.name}" could not be run: ${problem}\n`);
    if (json) output.write(`${JSON.stringify({ name: drill.name, reached: false, cases: [], problem })}\n`);
    return 1;
  }
}

/** @throws Error that says what is wrong. */
function parse(given: readonly string[], drills: readonly Drill[]): Asked | 'help' {
  const { values, positionals } = parseArgs({
    args: [...given],
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      seconds: { type: 'string' },
      wire: { type: 'string', default: 'auto' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return 'help';
  const [name, ...others] = positionals;
  if (name === undefined || others.length > 0) throw new Error('one name is wanted');
  const drill = drills.find((one) => one.name === name);
  if (!drill) throw new Error(`there is no drill "${name}"`);
  const seconds = values.seconds === undefined ? undefined : secondsOf(values.seconds);
  return { drill, json: values.json, seconds, wire: wireOf(values.wire) };
}

function secondsOf(text: string): number {
  const seconds = Number(text);
  if (seconds >= 1 && seconds <= 3600) return seconds;
  throw new Error(`--seconds must be from 1 to 3600, not "${text}"`);
}

function wireOf(text: string): WireChoice {
  const wire = wires.find((each) => each === text);
  if (wire) return wire;
  throw new Error(`--wire must be one of ${wires.join(', ')}, not "${text}"`);
}

function usage(drills: readonly Drill[]): string {
  const width = Math.max(...drills.map(({ name }) => name.length));
  const list = drills.map(({ name, about }) => `  ${name.padEnd(width)}  ${about}`).join('\n');
  return `usage: npm run drill -- NAME [--json] [--seconds 1..3600] [--wire auto|http|mux]\n\n${list}\n`;
}
