/** `npm run interop -- NAME [--json]`: tests our server and client against another implementation of a protocol. */
import { join } from 'node:path';
import { prepare } from './prepare.mjs';
import { run } from './run.mjs';
import { root } from './workspace.mjs';

process.exitCode =
  (await prepare()) ||
  (await run(process.execPath, [join(root, 'interop/dist/main.js'), ...process.argv.slice(2)], { cwd: root }));
