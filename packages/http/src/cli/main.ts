/** `fwk-contract`: compares versions of a contract, and writes one as OpenAPI. */
import { isFwkError, messageOf, printable, printableLines } from '@fwk/kernel';
import { type ContractComparison, compareContracts } from '../evolution/compare-contracts.js';
import type { Breaks } from '../evolution/contract-change.js';
import { describeContract } from '../evolution/contract-description.js';
import { openApi } from '../evolution/open-api.js';
import { loadContract } from './load-contract.js';
import { type Command, readCommand, usage } from './read-command.js';

/** Runs the program. @returns its exit code: 0 when all is well, 1 when not, 2 when it was called wrongly. */
export async function main(args: readonly string[]): Promise<number> {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  try {
    const { text, code } = await answer(readCommand(args));
    process.stdout.write(text);
    return code;
  } catch (error) {
    const wrongly = isFwkError(error, 'FWK_KERNEL_OPTIONS_INVALID') || isParseError(error);
    process.stderr.write(`${printableLines(messageOf(error))}\n${wrongly ? `\n${usage}` : ''}`);
    return wrongly ? 2 : 1;
  }
}

async function answer({ verb, places, allowUnknown, json }: Command): Promise<{ text: string; code: number }> {
  if (verb === 'help') return { text: usage, code: 0 };
  const [first, second] = await Promise.all(places.map(loadContract));
  if (first === undefined) return { text: usage, code: 2 };
  if (second !== undefined) {
    const comparison = compareContracts(first, second);
    const isWell = !comparison.breaking && (allowUnknown || !comparison.unknown);
    return { text: json ? `${JSON.stringify(comparison)}\n` : diffLines(comparison), code: isWell ? 0 : 1 };
  }
  if (verb === 'describe') {
    return {
      text: `${JSON.stringify(describeContract(first), null, 2)}\n`,
      code: 0,
    };
  }
  return { text: `${JSON.stringify(openApi(first), null, 2)}\n`, code: 0 };
}

const headings: Readonly<Record<Breaks, string>> = {
  'old clients': 'Breaks clients of the old contract at servers of the new one:',
  unknown: 'Cannot be compared:',
  'new clients': 'Breaks clients of the new contract at servers of the old one, so replace servers first:',
  nobody: 'Breaks nobody:',
};

/** For people: the worst first. */
function diffLines({ name, from, to, changes, breaking, needs, versionFits }: ContractComparison): string {
  const lines = [`${name} ${from} → ${to}`];
  for (const [breaks, heading] of Object.entries(headings)) {
    const some = changes.filter((change) => change.breaks === breaks);
    if (some.length === 0) continue;
    lines.push('', heading);
    for (const { operation, part, path, why } of some) {
      const place = [operation, part === 'operation' || part === 'contract' ? '' : part].filter(Boolean).join(' ');
      lines.push(`  ${printable([place, path].filter(Boolean).join(' '))}: ${printable(why)}`);
    }
  }
  lines.push(
    '',
    changes.length === 0 ? 'Nothing changed.' : `${breaking ? 'Breaking' : 'Compatible'}: a ${needs} change.`,
  );
  if (!versionFits) lines.push(`The version went from ${from} to ${to}, which is less than a ${needs} change needs.`);
  return `${lines.join('\n')}\n`;
}

function isParseError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
}
