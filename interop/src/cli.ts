import { parseArgs } from 'node:util';
import { type CaseResult, type Peer, ToolMissingError } from './interop.js';
import { lineOf, reportOf, summaryOf } from './report.js';

/** Where the command writes: to stdout, and to stderr. */
export interface Output {
  write(text: string): void;
  complain(text: string): void;
}

/**
 * The command: a peer's name, and `--json` for one JSON object on the last line; or `--help`.
 * @param signal - aborted when the run is to be stopped.
 * @returns the exit code: 0 all cases passed; 1 one did not, or the run broke off; 2 the command line is wrong, or a required
 * program is missing; 130 stopped.
 */
export async function runCommand(
  given: readonly string[],
  peers: readonly Peer[],
  output: Output,
  signal: AbortSignal = new AbortController().signal,
): Promise<0 | 1 | 2 | 130> {
  const asked = parse(given, peers);
  if (asked === 'help') {
    output.write(usage(peers));
    return 0;
  }
  if (typeof asked === 'string') {
    output.complain(`${asked}\n\n${usage(peers)}`);
    return 2;
  }
  const cases: CaseResult[] = [];
  const told = (result: CaseResult) => {
    cases.push(result);
    output.write(`${lineOf(result)}\n`);
  };
  let problem: string | undefined;
  let missing = false;
  try {
    const running = asked.peer.run({ told, signal, say: (text) => output.complain(`${text}\n`) });
    await Promise.race([running, aborted(signal)]);
  } catch (error) {
    missing = error instanceof ToolMissingError;
    problem = error instanceof Error ? error.message : String(error);
  }
  if (signal.aborted) return 130;
  if (problem !== undefined) output.complain(`${asked.peer.name} could not be run: ${problem}\n`);
  const report = reportOf(cases);
  const reached = report.reached && problem === undefined;
  if (problem === undefined) output.write(`\n${summaryOf(report)}\n`);
  if (asked.json) output.write(`${JSON.stringify({ reached, cases, ...(problem !== undefined && { problem }) })}\n`);
  return reached ? 0 : missing ? 2 : 1;
}

/** Rejects when the run is to be stopped: a case may wait for long. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

interface Asked {
  readonly peer: Peer;
  readonly json: boolean;
}

/** @returns what is asked for, `help`, or what is wrong with it. */
function parse(given: readonly string[], peers: readonly Peer[]): Asked | string {
  try {
    const { values, positionals } = parseArgs({
      args: [...given],
      allowPositionals: true,
      options: {
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) return 'help';
    const peer = peers.find(({ name }) => name === positionals[0]);
    if (positionals.length !== 1) return 'one name is wanted';
    return peer ? { peer, json: values.json } : `there is no peer "${positionals[0]}"`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function usage(peers: readonly Peer[]): string {
  const list = peers.map(({ name, about }) => `  ${name}  ${about}`).join('\n');
  return `usage: npm run interop -- NAME [--json]\n\n${list}\n`;
}
