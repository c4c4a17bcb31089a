/** The variables that Consul's own tools follow, read as they read them. */
import { OptionsError } from '../options/check-options.js';
import { type ConsulAgentOptions, type ConsulTls, consulAgentDefaults } from './agent-options.js';

/** Allows what the option `tokenOverHttp` allows. */
export const tokenOverHttpVariable = 'FWK_CONSUL_TOKEN_OVER_HTTP';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * What the environment says of the agent.
 * @param owner - whose options these are, the head of the message.
 * @throws OptionsError for a switch that is neither on nor off, rather than guess which is meant.
 */
export function consulEnvironment(owner: string, environment: Environment): Partial<ConsulAgentOptions> {
  const said = (name: string) => environment[name] || undefined;
  const secure = switchOf(owner, 'CONSUL_HTTP_SSL', environment);
  const found: Partial<ConsulAgentOptions> = {
    url: urlOf(said('CONSUL_HTTP_ADDR'), secure),
    token: said('CONSUL_HTTP_TOKEN'),
    tokenFile: said('CONSUL_HTTP_TOKEN_FILE'),
    auth: authOf(said('CONSUL_HTTP_AUTH')),
    namespace: said('CONSUL_NAMESPACE'),
    partition: said('CONSUL_PARTITION'),
    tokenOverHttp: switchOf(owner, tokenOverHttpVariable, environment),
  };
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined));
}

/** What it says of TLS; undefined when it says nothing. It counts for an `https:` agent only, as in Consul's own tools. */
export function tlsEnvironment(owner: string, environment: Environment): ConsulTls | undefined {
  const said = (name: string) => environment[name] || undefined;
  const found = {
    caFile: said('CONSUL_CACERT'),
    // A file comes before a folder there.
    caFolder: said('CONSUL_CACERT') ? undefined : said('CONSUL_CAPATH'),
    certFile: said('CONSUL_CLIENT_CERT'),
    keyFile: said('CONSUL_CLIENT_KEY'),
    serverName: said('CONSUL_TLS_SERVER_NAME'),
    verify: switchOf(owner, 'CONSUL_HTTP_SSL_VERIFY', environment),
  };
  const given = Object.entries(found).filter(([, value]) => value !== undefined);
  return given.length > 0 ? Object.fromEntries(given) : undefined;
}

/** A name alone has an empty password. */
function authOf(text: string | undefined): string | undefined {
  return text === undefined || text.includes(':') ? text : `${text}:`;
}

/** `CONSUL_HTTP_SSL` makes an address secure that says `http:` or nothing; it does not make one insecure. */
function urlOf(place: string | undefined, secure: boolean | undefined): string | undefined {
  if (place === undefined) return secure ? consulAgentDefaults.url.replace('http:', 'https:') : undefined;
  const url = place.includes('://') ? place : `http://${place}`;
  return secure ? url.replace(/^http:/i, 'https:') : url;
}

/** The words that Go takes for a boolean, since Consul's tools are written in it. */
const on = ['1', 't', 'T', 'TRUE', 'true', 'True'];
const off = ['0', 'f', 'F', 'FALSE', 'false', 'False'];

function switchOf(owner: string, name: string, environment: Environment): boolean | undefined {
  const value = environment[name];
  if (value === undefined || value === '') return undefined;
  if (on.includes(value)) return true;
  if (off.includes(value)) return false;
  throw new OptionsError(owner, [`the environment variable ${name} must be true or false, not "${value}"`]);
}
