/** The program `fwk-mux`: shows people what a capture of Mux says. */
import { createReadStream } from 'node:fs';
import { parseArgs } from 'node:util';
import { messageOf, OptionsError, printableLines } from '@fwk/kernel';
import { decode } from './decode.js';

const usage = `Prints the frames of a capture of Mux, one after the other, whichever end sent them.

  fwk-mux decode FILE|-     a file, or - for standard input

  --json                    one JSON object a line
  --show-secrets            do not mask values with the name or form of a secret
  --help                    this text

The input is what one end sent, from the beginning of a frame on: raw bytes, or hexadecimal digits as \`xxd -p\` prints them.
Secrets are recognised by name (authorization, cookie, token, ...) and by form. A payload that is not text is never masked.
Exit code: 0 when all of the input is Mux, 1 when it is not, is cut off or cannot be read, 2 when the command line is wrong.
`;

const flags = {
  json: { type: 'boolean' },
  'show-secrets': { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** Runs the program. @returns its exit code */
export async function main(args: readonly string[]): Promise<number> {
  let file: string;
  let options: { json: boolean; showSecrets: boolean };
  try {
    const { values, positionals } = parseArgs({ args: [...args], options: flags, allowPositionals: true });
    if (values.help) {
      process.stdout.write(usage);
      return 0;
    }
    file = fileOf(positionals);
    options = { json: values.json === true, showSecrets: values['show-secrets'] === true };
  } catch (error) {
    process.stderr.write(`${printableLines(messageOf(error))}\n\n${usage}`);
    return 2;
  }
  try {
    const input = file === '-' ? process.stdin : createReadStream(file);
    const problem = await decode(input, process.stdout, options);
    if (problem !== undefined) process.stderr.write(`${printableLines(problem)}\n`);
    return problem === undefined ? 0 : 1;
  } catch (error) {
    process.stderr.write(`${printableLines(messageOf(error))}\n`);
    return 1;
  }
}

function fileOf([verb, file, ...more]: readonly string[]): string {
  if (verb === 'decode' && file !== undefined && more.length === 0) return file;
  const problem = verb === 'decode' ? 'decode takes one file, or -' : `there is no command ${verb ?? 'without a name'}`;
  throw new OptionsError('fwk-mux', [problem]);
}
