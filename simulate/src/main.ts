/** `npm run simulate -- NAME [--json]`. */
import { runCommand } from './cli.js';
import { rows } from './rows/index.js';

// Errors are made by the million here and nobody reads where: their traces are half of the time that a run takes.
Error.stackTraceLimit = 0;

process.exitCode = await runCommand(process.argv.slice(2), rows, {
  write: (text) => void process.stdout.write(text),
  complain: (text) => void process.stderr.write(text),
});
