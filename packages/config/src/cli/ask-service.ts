/** Asks a running service for its settings, at its management listener. */
import { codeOf, defaultEnv, messageOf, OptionsError, parseJson, printable } from '@fwk/kernel';
import { ConfigError } from '../errors.js';
import type { Explanation } from '../explain/explain.js';
import type { ConfigView } from '../settings/config.js';
import { readBody } from '../sources/remote/http-document.js';
import { formatPath, parsePath } from '../tree/path.js';
import { type ConfigTree, isTree } from '../tree/tree.js';

/** Where a service is asked. */
export interface ServiceAddress {
  /** Without `/manage` at its end. */
  readonly url: string;
  readonly token: string | undefined;
  /** Longest wait for its answer. */
  readonly timeoutMs: number;
}

/** Largest answer, in bytes. */
const maxBytes = 16 * 1024 * 1024;
/** Longest part of a refusal that is shown. */
const maxDetail = 500;

/** Whether a name is the address of a service and not of a file. */
export function isAddress(name: string): boolean {
  return /^https?:\/\//.test(name);
}

/**
 * Reads an address as people write it: a URL, with or without `/manage`, or a port of this machine.
 * @throws OptionsError
 */
export function readAddress(written: string): string {
  if (/^\d{1,5}$/.test(written)) return `http://127.0.0.1:${written}`;
  const url = isAddress(written) && URL.canParse(written) ? new URL(written) : undefined;
  if (!url)
    throw new OptionsError('fwk-config', ['the address must be a URL, such as http://127.0.0.1:9000, or a port']);
  if (url.username !== '' || url.password !== '') {
    throw new OptionsError('fwk-config', ['the address takes no name and password; give the token by --token-file']);
  }
  return `${url.origin}${url.pathname.replace(/\/$/, '').replace(/\/manage(?:\/config)?$/, '')}`;
}

/** All settings of the service. @throws ConfigError `FWK_CONFIG_SERVICE_UNREACHABLE`. */
export async function askView(address: ServiceAddress): Promise<ConfigView> {
  const answer = await ask(address, '/manage/config');
  if (isView(answer)) return answer;
  throw unreachable(address, 'answered something else than its settings; is it a service of this kind?');
}

/** Why one setting has its value there. @throws ConfigError `FWK_CONFIG_SERVICE_UNREACHABLE`, `FWK_CONFIG_PATH_INVALID`. */
export async function askExplanation(address: ServiceAddress, path: string): Promise<Explanation> {
  const answer = await ask(address, `/manage/config/${encodeURIComponent(formatPath(parsePath(path)))}`);
  if (isExplanation(answer)) return answer;
  throw unreachable(address, 'answered something else than an explanation; is it a service of this kind?');
}

/** What is printed of an answer is held against its kind: whoever answers may be no service of ours. */
function isView(answer: unknown): answer is ConfigView {
  if (!isTree(answer) || !isTree(answer.values) || typeof answer.hash !== 'string') return false;
  const { lastRefusal, stale } = answer;
  return (
    areAll(answer.sources, ({ name, settings }) => typeof name === 'string' && typeof settings === 'number') &&
    areAll(answer.unknown, ({ path }) => typeof path === 'string') &&
    areAll(answer.overrides, ({ path, actor, reason }) =>
      [path, actor, reason].every((text) => typeof text === 'string'),
    ) &&
    [lastRefusal, stale].every((told) => told === undefined || (isTree(told) && typeof told.reason === 'string'))
  );
}

function isExplanation(answer: unknown): answer is Explanation {
  return (
    isTree(answer) &&
    typeof answer.path === 'string' &&
    areAll(answer.candidates, ({ where }) => typeof where === 'string') &&
    areAll(answer.parts, ({ reference, where }) => typeof reference === 'string' && typeof where === 'string')
  );
}

function areAll(list: unknown, fits: (item: ConfigTree) => boolean): boolean {
  return Array.isArray(list) && list.every((item) => isTree(item) && fits(item));
}

async function ask(address: ServiceAddress, path: string): Promise<unknown> {
  const { clock } = defaultEnv;
  const controller = new AbortController();
  const timer = clock.setTimer(() => controller.abort(), address.timeoutMs);
  try {
    const headers = { accept: 'application/json', ...(address.token && { authorization: `Bearer ${address.token}` }) };
    const response = await fetch(`${address.url}${path}`, { headers, redirect: 'manual', signal: controller.signal });
    const body = await readBody(response, maxBytes);
    if (!body) throw unreachable(address, `answered more than ${maxBytes} bytes`);
    return answerIn(address, response, new TextDecoder().decode(body));
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    if (controller.signal.aborted) {
      const advice = 'is this its management address, and is the service alive?';
      throw unreachable(address, `did not answer within ${address.timeoutMs} ms; ${advice}`);
    }
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const why = codeOf(cause) ?? messageOf(cause);
    throw unreachable(
      address,
      `cannot be asked (${why}); the line "ready" in the log of the service has its management address`,
      error,
    );
  } finally {
    clock.clearTimer(timer);
  }
}

function answerIn(address: ServiceAddress, { status, headers }: Response, body: string): unknown {
  const json = /^application\/(?:[\w.+-]+\+)?json\b/.test(headers.get('content-type') ?? '') ? read(body) : undefined;
  if (status === 200 && json !== undefined) return json;
  const detail =
    isTree(json) && typeof json.detail === 'string' ? `: ${printable(json.detail.slice(0, maxDetail))}` : '';
  if (status === 401) {
    const wrong = address.token === undefined ? 'asks for a token' : 'does not take this token';
    throw unreachable(address, `${wrong}${detail}; name a file by --token-file, or set FWK_SETTINGS_TOKEN`);
  }
  if (status === 404) throw unreachable(address, `has no settings to show${detail}; does the service use config()?`);
  if (status === 200) {
    throw unreachable(address, 'answered something else than JSON; is this the management address of the service?');
  }
  throw unreachable(address, `answered with status ${status}${detail}`);
}

function read(body: string): unknown {
  try {
    return parseJson(body);
  } catch {
    return undefined;
  }
}

function unreachable({ url }: ServiceAddress, what: string, cause?: unknown): ConfigError {
  return new ConfigError('FWK_CONFIG_SERVICE_UNREACHABLE', `${url} ${what}`, { cause });
}
