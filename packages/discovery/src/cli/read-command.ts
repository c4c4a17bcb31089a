/** What was asked for on the command line, checked. */
import { userInfo } from 'node:os';
import { parseArgs } from 'node:util';
import { messageOf, OptionsError, readRegularFileSync } from '@fwk/kernel';
import { type InstanceStatus, instanceStatuses } from '../instance.js';
import { type LocalRegistryOptions, listIn } from '../registries/local/local-options.js';

/** More than any token has. */
const MAX_TOKEN_FILE_BYTES = 64 * 1024;

/** One call of the program, by what it is to do. */
export type Command = { readonly options: Partial<LocalRegistryOptions> } & (
  | { readonly verb: 'help' | 'serve' }
  | { readonly verb: 'list'; readonly json: boolean }
  | {
      readonly verb: 'override';
      readonly id: string;
      readonly status: InstanceStatus;
      readonly cause: string;
      readonly actor: string;
    }
  | { readonly verb: 'lift'; readonly id: string }
);

/** How the program is called. */
export const usage = `Serves the service registry of this machine until it is stopped, or asks the one that is served.

  fwk-registry [--snapshot FILE]                      serve; stand by where another program serves
  fwk-registry list [--json]                          print all instances
  fwk-registry override ID STATUS --cause TEXT [--actor NAME]
                                                      let STATUS win over what the instance says of itself
  fwk-registry lift ID                                let its own word count again

  --port N             1 to 65535; FWK_REGISTRY_PORT, else 4810
  --host ADDRESS       127.0.0.1; another than a loopback address only with a token
  --token-file FILE    the token that both ends must know, never sent; else FWK_REGISTRY_TOKEN
  --networks LIST      where instances may be beside this machine: networks, addresses and names, separated by
                       commas; FWK_REGISTRY_NETWORKS
  --snapshot FILE      keep what is known there, so that a restart forgets nobody
  STATUS               ${instanceStatuses.join(', ')}

It serves one machine. For more than one use Consul: @fwk/discovery/consul.
`;

const flags = {
  port: { type: 'string' },
  host: { type: 'string' },
  'token-file': { type: 'string' },
  snapshot: { type: 'string' },
  networks: { type: 'string' },
  cause: { type: 'string' },
  actor: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** @throws OptionsError, or what `parseArgs` throws, when the program was called wrongly. */
export function readCommand(args: readonly string[]): Command {
  const { values, positionals } = parseArgs({ args: [...args], options: flags, allowPositionals: true });
  const { port, host, snapshot, networks } = values;
  const tokenFile = values['token-file'];
  if (port !== undefined && !/^\d+$/.test(port)) throw wrong(`--port must be a port, not ${port}`);
  const options: Partial<LocalRegistryOptions> = {
    ...(port !== undefined && { port: Number(port) }),
    ...(host !== undefined && { host }),
    ...(tokenFile !== undefined && { token: readToken(tokenFile) }),
    ...(snapshot !== undefined && { snapshotFile: snapshot }),
    ...(networks !== undefined && { networks: listIn(networks) }),
  };
  const [verb = 'serve', id, given, ...rest] = positionals;
  if (values.help) return { verb: 'help', options };
  const count = (expected: number) => {
    if (positionals.length === expected) return;
    throw wrong(`${verb} takes ${expected - 1} arguments, not ${positionals.length - 1}`);
  };
  switch (verb) {
    case 'serve':
      if (rest.length > 0 || id !== undefined) throw wrong(`serve takes no arguments, not ${id}`);
      return { verb, options };
    case 'list':
      count(1);
      return { verb, options, json: values.json === true };
    case 'lift':
      count(2);
      return { verb, options, id: id as string };
    case 'override': {
      count(3);
      const status = instanceStatuses.find((known) => known === given);
      if (!status) throw wrong(`the status must be one of ${instanceStatuses.join(', ')}, not ${given}`);
      if (!values.cause) throw wrong('say why: --cause TEXT');
      const actor = values.actor ?? `operator ${userName()}`;
      return { verb, options, id: id as string, status, cause: values.cause, actor };
    }
    default:
      throw wrong(`there is no command ${verb}`);
  }
}

/** A container's user need not have a name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.()}`;
  }
}

function readToken(file: string): string {
  try {
    return readRegularFileSync(file, { maxBytes: MAX_TOKEN_FILE_BYTES }).toString('utf8').trim();
  } catch (error) {
    throw wrong(`--token-file cannot be read: ${messageOf(error)}`);
  }
}

function wrong(problem: string): OptionsError {
  return new OptionsError('fwk-registry', [problem]);
}
