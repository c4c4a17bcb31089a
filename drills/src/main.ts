/** `npm run drill -- NAME [--json]`. */
import { runCommand } from './cli.js';
import { drills } from './rows/index.js';

const interrupted = new Promise((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, resolve);
});

const output = {
  write: (text: string) => void process.stdout.write(text),
  complain: (text: string) => void process.stderr.write(text),
};
process.exit(await runCommand(process.argv.slice(2), drills, output, interrupted));
