import { ConfigError } from '../errors.js';
import type { ConfigSource } from '../source/source.js';
import { parsePath } from '../tree/path.js';
import { NamedTexts } from './named-texts.js';

/**
 * Settings on the command line: `--set checkout.maxItems=20` or `--set=checkout.maxItems=20`, as often as needed. Everything else there
 * is the program's own. Values are read as those of variables are.
 * @param args - without the program's name: `process.argv.slice(2)`.
 */
export function argumentsSource(args: readonly string[]): ConfigSource {
  const name = 'command line';
  return {
    name,
    async load({ call, below }) {
      if (call.cancelled) throw call.reason;
      const texts = new NamedTexts(below);
      for (const { path, text, origin } of settingsIn(args, name)) texts.add(path, text, origin);
      return texts.values();
    },
    watch: () => ({ [Symbol.dispose]() {} }),
  };
}

function* settingsIn(args: readonly string[], source: string) {
  for (let index = 0; index < args.length; index++) {
    const arg = args[index] as string;
    if (arg === '--') return;
    const given = arg === '--set' ? args[++index] : arg.startsWith('--set=') ? arg.slice('--set='.length) : undefined;
    if (given === undefined && arg !== '--set') continue;
    const cut = given?.indexOf('=') ?? -1;
    if (given === undefined || cut < 1) {
      // The text is not shown: it may hold a secret.
      throw new ConfigError('FWK_CONFIG_SYNTAX', 'write --set path=value, such as --set checkout.maxItems=20', {
        origin: { source, argument: '--set' },
      });
    }
    const written = given.slice(0, cut);
    yield { path: parsePath(written), text: given.slice(cut + 1), origin: { source, argument: `--set ${written}` } };
  }
}
