/** `npm run interop -- NAME [--json]`. */
import { runCommand } from './cli.js';
import { finagle } from './finagle/finagle.js';
import { hystrix } from './hystrix/hystrix.js';

const stopped = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => stopped.abort());

const output = {
  write: (text: string) => void process.stdout.write(text),
  complain: (text: string) => void process.stderr.write(text),
};
process.exit(await runCommand(process.argv.slice(2), [finagle, hystrix], output, stopped.signal));
