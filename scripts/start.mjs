/** `npm start`: the shop. Arguments go to it; `npm start -- --help` lists them. */
import { prepare } from './prepare.mjs';
import { run } from './run.mjs';
import { root } from './workspace.mjs';

process.exitCode =
  (await prepare()) ||
  (await run(process.execPath, ['examples/shop/dist/demo/main.js', ...process.argv.slice(2)], { cwd: root }));
