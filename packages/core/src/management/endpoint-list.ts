/** The page at `/manage`: all there is, for programs as JSON and for people as a page that needs nothing from elsewhere. */
import type { AppInfo, ManagementEndpoint } from '@fwk/kernel';
import { readQualityList } from '../negotiation/quality-list.js';
import { ManagementReply } from './reply.js';

/** An endpoint as it is listed. */
export interface ListedEndpoint {
  readonly method: string;
  readonly path: string;
  readonly purpose: string;
  /** Whether it takes the token also where others do not. */
  readonly guarded: boolean;
  /** Whether it goes on for as long as somebody listens. */
  readonly streams: boolean;
  /** A line for a shell. */
  readonly example: string;
}

/** What the list says of its service and of how it is asked. */
export interface ListedService {
  readonly app: AppInfo;
  /** Where it listens, such as `http://127.0.0.1:4711`. */
  readonly url: string;
  /** The file with the token, where none is configured. */
  readonly tokenFile: string | undefined;
  /** Whether each request takes the token. */
  readonly tokenAlways: boolean;
}

/** Lists endpoints by path, and by method where there are several. */
export function listEndpoints(endpoints: readonly ManagementEndpoint[], service: ListedService): ListedEndpoint[] {
  return endpoints
    .map((endpoint) => {
      const { method = 'GET', path, purpose = '', guarded = false, streams = false } = endpoint;
      return {
        method,
        path: placeOf(path),
        purpose,
        guarded: guarded || method !== 'GET',
        streams,
        example: exampleOf(endpoint, service),
      };
    })
    .sort((one, other) => compare(one.path, other.path) || compare(one.method, other.method));
}

/** The list as JSON, or as a page for a client that wants one more. */
export function listReply(
  endpoints: readonly ManagementEndpoint[],
  service: ListedService,
  accept: string | undefined,
): unknown {
  const listed = listEndpoints(endpoints, service);
  const { name, version, owner, instanceId } = service.app;
  if (!wantsPage(accept)) return { service: { name, version, owner, instanceId }, endpoints: listed };
  // No script, no style, no picture: nothing to load, and nothing to allow.
  return new ManagementReply(200, 'text/html; charset=utf-8', pageOf(listed, service));
}

/** Browsers name HTML first; `*` + `/*` is what programs send, and means JSON. */
function wantsPage(accept: string | undefined): boolean {
  const weights = new Map(readQualityList(accept).map(({ value, q }) => [value, q]));
  const html = weights.get('text/html') ?? 0;
  return html > 0 && html >= (weights.get('application/json') ?? 0);
}

function placeOf(path: string): string {
  return path === '' ? '/manage' : `/manage/${path}`;
}

function exampleOf(
  { method = 'GET', path, example = {}, guarded, streams }: ManagementEndpoint,
  service: ListedService,
): string {
  const { parameter = 'NAME', query, body } = example;
  const place = placeOf(path.replace(/^(.+\/):[^/]+$/, (_, base) => `${base}${encodeURIComponent(parameter)}`));
  const url = quoted(`${service.url}${place}${query === undefined ? '' : `?${query}`}`);
  const words = ['curl', ...(streams ? ['-N'] : []), ...(method === 'GET' ? [] : ['-X', method]), url];
  if (service.tokenAlways || guarded || method !== 'GET') {
    const token = service.tokenFile === undefined ? '$MANAGEMENT_TOKEN' : `$(cat ${quoted(service.tokenFile)})`;
    words.push('-H', `"Authorization: Bearer ${token}"`);
  }
  if (method !== 'GET' && method !== 'DELETE') {
    words.push('-H', "'Content-Type: application/json'", '-d', quoted(JSON.stringify(body ?? {})));
  }
  return words.join(' ');
}

/** A word of a shell; as it is where nothing in it means something to a shell. */
function quoted(text: string): string {
  return /^[\w:/.@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

function pageOf(endpoints: readonly ListedEndpoint[], { app, tokenAlways }: ListedService): string {
  const rows = endpoints.map(({ method, path, purpose, guarded, example }) => {
    const place =
      method === 'GET' && !path.includes(':') && !guarded
        ? `<a href="${escaped(path)}">${escaped(path)}</a>`
        : escaped(path);
    const token = guarded || tokenAlways ? 'yes' : '';
    return `<tr><td>${method}</td><td>${place}</td><td>${escaped(purpose)}</td><td>${token}</td><td><code>${escaped(example)}</code></td></tr>`;
  });
  const title = `${app.name} ${app.version} (${app.instanceId}): management`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escaped(title)}</title></head>
<body><h1>${escaped(title)}</h1>
<p>Owner: ${escaped(app.owner)}. Whatever changes something takes the token, and leaves a line in the log.</p>
<table border="1" cellpadding="4">
<thead><tr><th>method</th><th>path</th><th>purpose</th><th>token</th><th>example</th></tr></thead>
<tbody>
${rows.join('\n')}
</tbody></table></body></html>
`;
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
