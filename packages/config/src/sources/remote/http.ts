import { checkOptions, integerIn, millisecondsIn, OptionsError, optional, type Rule, text } from '@fwk/kernel';
import { parseJson } from '../../format/parse-json.js';
import { parseYaml } from '../../format/parse-yaml.js';
import type { ConfigSource, SourceValues } from '../../source/source.js';
import { formatPath } from '../../tree/path.js';
import { HttpDocument, type HttpDocumentOptions } from './http-document.js';

/** Options of {@link httpSource}. */
export interface HttpSourceOptions extends HttpDocumentOptions {
  /** For people, unique within one configuration. @defaultValue the address without credentials and query */
  readonly name?: string | undefined;
}

/** Defaults of {@link HttpSourceOptions}. */
export const httpSourceDefaults: HttpSourceOptions = Object.freeze({
  headers: Object.freeze({}),
  timeoutMs: 5000,
  pollMs: 30_000,
  maxBytes: 1024 * 1024,
  name: undefined,
});

/** Looked at here, since `fetch` quotes what it cannot send, which may be a token. */
const headers: Rule = (value) => {
  const words = 'an object of header names and texts, without line breaks and characters beyond Latin-1';
  if (typeof value !== 'object' || value === null) return words;
  if (!Object.values(value).every((header) => typeof header === 'string')) return words;
  try {
    return new Headers(value as Record<string, string>) && undefined;
  } catch {
    return words;
  }
};

/** Rules of {@link HttpSourceOptions}. */
export const httpSourceRules = Object.freeze({
  headers,
  timeoutMs: millisecondsIn(10, 600_000),
  pollMs: millisecondsIn(100, 86_400_000),
  maxBytes: integerIn(1, 64 * 1024 * 1024),
  name: optional(text),
});

/**
 * Settings in a YAML or JSON document behind an `http:` or `https:` address, looked at again every `pollMs`. A server that sends an ETag sends
 * an unchanged document only once. Any status but 200 and 304 means that the source says nothing now.
 * @throws OptionsError.
 */
export function httpSource(address: string, options: Partial<HttpSourceOptions> = {}): ConfigSource {
  const checked = checkOptions<HttpSourceOptions>('httpSource', options, httpSourceDefaults, httpSourceRules);
  const { url, authorization, label } = readUrl('httpSource', address);
  const name = checked.name ?? label;
  const document = new HttpDocument(name, url, { ...checked, headers: { ...authorization, ...checked.headers } });
  return {
    name,
    async load({ call, env }) {
      const { text: content, type } = await document.load(call, env);
      return readSettings(name, content, /json$/.test(type) || /\.json$/i.test(new URL(url).pathname));
    },
    watch: (changed, env) => document.watch(changed, env),
  };
}

/** Settings in a text that came from somewhere else than a file. @throws ConfigError. */
export async function readSettings(source: string, content: string, isJson: boolean): Promise<SourceValues> {
  const { value, positions } = isJson ? parseJson(content, source) : await parseYaml(content, source);
  return {
    tree: value,
    originOf: (path) => {
      const position = positions.get(formatPath(path));
      return position && { source, file: source, ...position };
    },
  };
}

/**
 * An address, with what stands before `@` in it taken out as a header, since `fetch` refuses it there.
 * @throws OptionsError; it does not show the address, which may hold a secret.
 */
export function readUrl(owner: string, address: string) {
  let url: URL;
  let credentials: string;
  try {
    url = new URL(address);
    credentials = [url.username, url.password].map(decodeURIComponent).join(':');
  } catch {
    throw new OptionsError(owner, ['the address must be an http: or https: URL']);
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new OptionsError(owner, [`the address must be an http: or https: URL, not ${url.protocol}`]);
  }
  const { username, origin, pathname } = url;
  const basic = Buffer.from(credentials).toString('base64');
  url.username = '';
  url.password = '';
  const authorization: Record<string, string> = username ? { authorization: `Basic ${basic}` } : {};
  return { url: url.href, authorization, label: `${origin}${pathname}` };
}
