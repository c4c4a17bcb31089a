/** `npm run bench -- NAME [--json]`: measures beside peers. bench/ has dependencies of its own, installed on first use. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureInstalled, prepare } from './prepare.mjs';
import { run } from './run.mjs';
import { root } from './workspace.mjs';

const folder = join(root, 'bench');
const rows = readdirSync(join(folder, 'rows')).map((file) => file.replace(/\.mjs$/, ''));
const usage = `usage: npm run bench -- NAME [--json] [--quick]   NAME is one of: ${rows.sort().join(', ')}\n`;

/** The row's name and its arguments. @throws Error that says what is wrong. */
function parse(args) {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { json: { type: 'boolean' }, quick: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
  });
  if (values.help) return 'help';
  const [name, ...others] = positionals;
  if (name === undefined || others.length > 0) throw new Error('one name is wanted');
  if (!rows.includes(name)) throw new Error(`there is no benchmark "${name}"`);
  return { name, rest: ['json', 'quick'].filter((option) => values[option]).map((option) => `--${option}`) };
}

async function measure({ name, rest }) {
  const row = join(folder, 'rows', `${name}.mjs`);
  return (
    (await prepare()) ||
    (await ensureInstalled(folder)) ||
    (await run(process.execPath, ['--expose-gc', row, ...rest], { cwd: folder }))
  );
}

/** What was asked for, or undefined after saying what is wrong with it. */
function readArguments() {
  try {
    return parse(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${error.message}\n\n${usage}`);
    return undefined;
  }
}

const asked = readArguments();
if (asked === 'help') process.stdout.write(usage);
else process.exitCode = asked ? await measure(asked) : 2;
