/**
 * `fwk-registry`: serves the embedded registry from a process of its own, so that no program that uses it has to stay. It
 * is a member like any other: where somebody serves already it stands by, and takes over when that process ends.
 */
import { parseArgs } from 'node:util';
import { type EventSink, isFwkError, messageOf, OptionsError, systemClock } from '@fwk/kernel';
import { localRegistry } from '../registries/local/local-registry.js';

const usage = `Serves the service registry of this machine until it is stopped.

  fwk-registry [--port N] [--host ADDRESS]

  --port N         1 to 65535; FWK_REGISTRY_PORT, else 4810
  --host ADDRESS   a loopback address; 127.0.0.1

It serves one machine. For more than one use Consul: @fwk/discovery/consul.
`;

/** Runs the program. @returns its exit code: 0 when it was stopped, 1 when it cannot serve, 2 when it was called wrongly. */
export async function main(args: readonly string[]): Promise<number> {
  const say = (text: string) => process.stdout.write(`${text}\n`);
  try {
    const { values } = parseArgs({ args: [...args], options });
    if (values.help) {
      process.stdout.write(usage);
      return 0;
    }
    await serve(say, values);
    return 0;
  } catch (error) {
    const wrongly = isFwkError(error, 'FWK_KERNEL_OPTIONS_INVALID') || !isFwkError(error);
    process.stderr.write(`${messageOf(error)}\n${wrongly ? `\n${usage}` : ''}`);
    return wrongly ? 2 : 1;
  }
}

/** Timers cannot be longer by much. */
const A_FORTNIGHT_MS = 14 * 86_400_000;
const options = { port: { type: 'string' }, host: { type: 'string' }, help: { type: 'boolean', short: 'h' } } as const;

async function serve(say: (text: string) => void, { port, host }: { port?: string; host?: string }): Promise<void> {
  let serving = false;
  const events: EventSink = {
    emit(name, data) {
      if (name !== 'registry.took-over') return;
      serving = true;
      const { restored } = data as { restored: number };
      say(`${registry.name} is served by this process${restored > 0 ? `, which knew ${restored} instances` : ''}`);
    },
  };
  if (port !== undefined && !/^\d+$/.test(port))
    throw new OptionsError('fwk-registry', [`--port must be a port, not ${port}`]);
  const given = { ...(port !== undefined && { port: Number(port) }), ...(host !== undefined && { host }) };
  const registry = localRegistry(given, { events });
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
