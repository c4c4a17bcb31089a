import { mask } from './secret-name.js';

/**
 * Secrets inside URLs, apart from those in their query: passwords, tokens in the place of a user, and webhooks, whose
 * path is the secret. The user stays, who helps to find a mistake.
 */
export function maskUrls(text: string): string {
  let at = text.indexOf('://');
  if (at < 0) return text;
  let masked = '';
  let done = 0;
  while (at >= 0) {
    const start = at + 3;
    const { end, replacement } = judge(text, start, /https?$/i.test(text.slice(Math.max(0, at - 5), at)));
    masked += text.slice(done, start) + replacement;
    done = end;
    at = text.indexOf('://', done);
  }
  return masked + text.slice(done);
}

/** Longest user and password that are looked for beyond what ends a URL. */
const longestUser = 512;

/** White space and what URLs are quoted by. Not the single quote, which passwords may have. */
const ends = /[\s"<>`]/g;

const hostInBrackets = /^\[[\da-f:.]{2,64}\](?::\d{0,8})?(?:[/?#]|$)/i;

/** What stands in the place of the URL's text from `start` to `end`. */
function judge(text: string, start: number, http: boolean): { readonly end: number; readonly replacement: string } {
  const end = endFrom(text, start, ends);
  const url = text.slice(start, end);
  // The colons in an address of IPv6 are in front of no password.
  if (hostInBrackets.test(url)) return { end, replacement: maskWebhook(url) };
  const found = maskUser(url, http);
  if (found !== undefined) return { end, replacement: found };
  const colon = url.indexOf(':');
  // A password may hold what ends a URL. Then a colon is there, no port behind it, and an @ further on in the line.
  if (colon >= 0 && colon < authorityEnd(url) && !/^\d*(?:[/?#,]|$)/.test(url.slice(colon + 1))) {
    const near = text.slice(start, start + longestUser);
    const line = near.slice(0, endFrom(near, 0, /[\r\n]/g));
    const last = line.lastIndexOf('@');
    if (last > colon) return { end: start + last, replacement: `${url.slice(0, colon + 1)}${mask}` };
  }
  return { end, replacement: maskWebhook(url) };
}

/** User and password: everything up to the last @, as passwords may hold `/`, `?`, `#` and `@` themselves. */
function maskUser(url: string, http: boolean): string | undefined {
  const last = url.lastIndexOf('@');
  if (last < 0) return undefined;
  const colon = url.indexOf(':');
  const authority = authorityEnd(url);
  if (colon < 0 || colon > last || colon > authority) {
    // No password. The user may be a token.
    if (last > authority || !isToken(url.slice(0, last))) return undefined;
    return `${mask}${maskWebhook(url.slice(last))}`;
  }
  // `host:8080/@scope`: a port, and an @ in the path.
  if (http && authority < last && /^\d+$/.test(url.slice(colon + 1, authority))) return undefined;
  const user = isTokenLike(url.slice(0, colon)) ? mask : url.slice(0, colon);
  return `${user}:${mask}${url.slice(last)}`;
}

function authorityEnd(url: string): number {
  return endFrom(url, 0, /[/?#]/g);
}

function endFrom(text: string, start: number, form: RegExp): number {
  form.lastIndex = start;
  return form.exec(text)?.index ?? text.length;
}

/** A user alone: shorter tokens are told from names by their digits among letters of both cases. */
function isToken(user: string): boolean {
  return isTokenLike(user) || /^(?=\w*[a-z])(?=\w*[A-Z])(?=\w*\d)\w{8,19}$/.test(user);
}

function isTokenLike(user: string): boolean {
  return user.length >= 20 && /^[\w-]+$/.test(user);
}

/** Hosts whose paths are secrets: `hooks.slack.com/services/…`, `acme.webhook.office.com/…`. */
const webhookHost = /^hooks?\.|(?:^|\.)webhooks?\./i;

/** Places behind which a path is a secret: `discord.com/api/webhooks/…`, `api.telegram.org/bot…`. */
const webhookPlace =
  /\/(?:webhook|webhooks|webhookb2|webhook-(?:test|waiting)|hooks?|with\/key)\/|pagerduty\.com\/integration\/|\/bot(?=\d{1,20}:)/i;

function maskWebhook(url: string): string {
  const query = endFrom(url, 0, /[?#]/g);
  const from = secretPathStart(url.slice(0, query));
  if (from === undefined) return url;
  const parts = url.slice(from, query).split('/');
  const secret = parts.some((part) => part.length >= 8 && (/\d/.test(part) || part.length >= 20));
  return secret ? url.slice(0, from) + mask + url.slice(query) : url;
}

/** Apart for host and path: one expression for both would be tried anew from every dot. */
function secretPathStart(url: string): number | undefined {
  const host = authorityEnd(url);
  if (host < url.length && webhookHost.test(url.slice(0, host))) return host + 1;
  const place = webhookPlace.exec(url);
  return place ? place.index + place[0].length : undefined;
}
