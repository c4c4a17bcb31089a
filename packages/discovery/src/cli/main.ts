/**
 * `fwk-registry`: serves the embedded registry from a process of its own, so that no program that uses it has to stay; or
 * asks the one that is served. Serving, it is a member like any other: where somebody serves already it stands by, and takes
 * over when that process ends.
 */
import { type EventSink, isFwkError, messageOf, printableLines, systemClock } from '@fwk/kernel';
import { checkLocalOptions, type LocalRegistryOptions } from '../registries/local/local-options.js';
import { localRegistry } from '../registries/local/local-registry.js';
import { checkPlace } from './check-place.js';
import { operate } from './operate.js';
import { type Command, readCommand, usage } from './read-command.js';
import { stderrLogger } from './stderr-logger.js';

/** Runs the program. @returns its exit code: 0 when all went well, 1 when it could not do it, 2 when it was called wrongly. */
export async function main(args: readonly string[]): Promise<number> {
  // Whoever read along may leave; the registry stays.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  const say = (text: string) => void process.stdout.write(`${text}\n`);
  try {
    const command = readCommand(args);
    if (command.verb === 'help') process.stdout.write(usage);
    else if (command.verb === 'serve') await serve(say, command.options);
    else return await ask(say, command);
    return 0;
  } catch (error) {
    const wrongly = isFwkError(error, 'FWK_KERNEL_OPTIONS_INVALID') || isParseError(error);
    process.stderr.write(`${printableLines(messageOf(error))}\n${wrongly ? `\n${usage}` : ''}`);
    return wrongly ? 2 : 1;
  }
}

function isParseError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
}

/** Timers cannot be longer by much. */
const A_FORTNIGHT_MS = 14 * 86_400_000;

async function ask(say: (text: string) => void, command: Command): Promise<number> {
  const registry = localRegistry({ ...command.options, serve: false });
  try {
    return await operate(registry, command, say);
  } finally {
    await registry.close();
  }
}

async function serve(say: (text: string) => void, options: Partial<LocalRegistryOptions>): Promise<void> {
  await checkPlace(checkLocalOptions(options, process.env));
  let serving = false;
  const events: EventSink = {
    emit(name, data) {
      if (name !== 'registry.took-over') return;
      serving = true;
      const { restored } = data as { restored: number };
      say(`${registry.name} is served by this process${restored > 0 ? `, which knew ${restored} instances` : ''}`);
    },
  };
  const registry = localRegistry(options, { events, logger: stderrLogger() });
  const services = registry.services();
  registry.connection.subscribe(({ state, reason }) => {
    if (state === 'connected' && !serving) say(`${registry.name} is served by another process; standing by`);
    if (state === 'lost') say(`${registry.name} is lost: ${reason}`);
  });
  services.names.subscribe((names) => say(`services: ${names.join(', ') || 'none'}`));
  // Between two attempts to reach a registry nothing else may keep the process.
  const staying = systemClock.setTimer(() => {}, A_FORTNIGHT_MS);
  await new Promise<void>((resolve) => {
    process.once('SIGTERM', resolve);
    process.once('SIGINT', resolve);
  });
  systemClock.clearTimer(staying);
  await registry.close();
  say('stopped');
}
