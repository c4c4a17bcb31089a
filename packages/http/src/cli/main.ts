/** `fwk-contract`: compares versions of a contract, writes one as OpenAPI, and makes one of an OpenAPI document. */
import { isFwkError, messageOf, printableLines } from '@fwk/kernel';
import { compareContracts } from '../evolution/compare-contracts.js';
import { comparisonText } from '../evolution/comparison-text.js';
import { describeContract } from '../evolution/contract-description.js';
import { openApi } from '../evolution/open-api.js';
import { importDocument } from './import-document.js';
import { loadContract } from './load-contract.js';
import { type Command, readCommand, usage } from './read-command.js';

/** Runs the program. @returns its exit code: 0 when all is well, 1 when not, 2 when it was called wrongly. */
export async function main(args: readonly string[]): Promise<number> {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  try {
    const { text, notes = '', code } = await answer(readCommand(args));
    process.stderr.write(notes);
    process.stdout.write(text);
    return code;
  } catch (error) {
    const wrongly = isFwkError(error, 'FWK_KERNEL_OPTIONS_INVALID') || isParseError(error);
    process.stderr.write(`${printableLines(messageOf(error))}\n${wrongly ? `\n${usage}` : ''}`);
    return wrongly ? 2 : 1;
  }
}

interface Answer {
  readonly text: string;
  /** For the standard error output. */
  readonly notes?: string;
  readonly code: number;
}

async function answer({ verb, places, allowUnknown, json, name, prefix }: Command): Promise<Answer> {
  if (verb === 'help') return { text: usage, code: 0 };
  const [firstPlace, secondPlace] = places;
  if (firstPlace === undefined) return { text: usage, code: 2 };
  if (verb === 'import') return { ...(await importDocument(firstPlace, name, prefix)), code: 0 };
  // One after the other: where both cannot be read, the first one is told.
  const first = await loadContract(firstPlace);
  const second = secondPlace === undefined ? undefined : await loadContract(secondPlace);
  if (second !== undefined) {
    const comparison = compareContracts(first, second);
    const isWell = !comparison.breaking && (allowUnknown || !comparison.unknown);
    return { text: json ? `${JSON.stringify(comparison)}\n` : comparisonText(comparison), code: isWell ? 0 : 1 };
  }
  if (verb === 'describe') {
    return {
      text: `${JSON.stringify(describeContract(first), null, 2)}\n`,
      code: 0,
    };
  }
  return { text: `${JSON.stringify(openApi(first), null, 2)}\n`, code: 0 };
}

function isParseError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
}
