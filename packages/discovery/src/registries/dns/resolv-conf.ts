/**
 * What `resolv.conf` says, read as the system's own resolver reads it (`man 5 resolv.conf`): the last of several `search` and
 * `domain` lines counts, and without any the domain of this host's name does. Beyond that a server may have a port, as for
 * Node. Other options of the file are not followed.
 */
import { isIP } from 'node:net';

/** Where to ask, and how a name that is not whole is completed. */
export interface ResolvConf {
  /** IP addresses in the order in which they are asked; none where the file names none. */
  readonly servers: readonly string[];
  /** Domains that are tried after a name. */
  readonly search: readonly string[];
  /** A name with at least so many dots is tried as it is before any domain is added. */
  readonly ndots: number;
}

/** The system's own limits: servers beyond the third are never asked, and more dots are not counted. */
const maxServers = 3;
const maxNdots = 15;

/** @param hostname - of this machine, whose domain is searched where the file says nothing. */
export function parseResolvConf(text: string, hostname: string): ResolvConf {
  const servers: string[] = [];
  let search: readonly string[] | undefined;
  let ndots = 1;
  for (const line of text.split('\n')) {
    const [keyword, ...values] = wordsOf(line);
    const [first] = values;
    if (keyword === 'nameserver' && isServer(first) && servers.length < maxServers) servers.push(first);
    if (keyword === 'domain' && first !== undefined) search = [first];
    if (keyword === 'search') search = values;
    if (keyword !== 'options') continue;
    for (const option of values) {
      const dots = option.startsWith('ndots:') ? option.slice('ndots:'.length) : '';
      if (/^\d{1,9}$/.test(dots)) ndots = Math.min(Number(dots), maxNdots);
    }
  }
  const dot = hostname.indexOf('.');
  const own = dot > 0 ? [hostname.slice(dot + 1)] : [];
  return { servers, search: (search ?? own).map(withoutDot), ndots };
}

/**
 * The names that one name may stand for, in the order in which they are tried. One that ends with a dot stands for itself.
 * A name with `ndots` dots or more is tried as it is first, any other one last.
 */
export function candidatesOf(name: string, { search, ndots }: Pick<ResolvConf, 'search' | 'ndots'>): readonly string[] {
  if (name.endsWith('.')) return [withoutDot(name)];
  const searched = search.map((domain) => (domain === '' ? name : `${name}.${domain}`));
  const whole = name.split('.').length > ndots;
  const all = whole ? [name, ...searched] : [...searched, name];
  return [...new Set(all)].filter(isHostName);
}

/** Whether a text can be asked for: labels of 1 to 63 letters, digits, hyphens and underscores. */
export function isHostName(text: string): boolean {
  const name = withoutDot(text);
  return name.length <= 253 && name.split('.').every((label) => /^[A-Za-z0-9_-]{1,63}$/.test(label));
}

/** Whether a number may be the port of a record: 0 is none. */
export function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 1 && port <= 65_535;
}

/** Whether a text is an IP address, with a port or without: `10.0.0.2`, `10.0.0.2:5353`, `::1`, `[::1]:5353`. */
export function isServer(value: unknown): value is string {
  if (typeof value !== 'string') return false;
  if (isIP(value) !== 0) return true;
  const [, inBrackets, plain, port] = /^(?:\[([^\]]{1,60})\]|([\d.]{7,15})):(\d{1,5})$/.exec(value) ?? [];
  return isPort(Number(port)) && (isIP(inBrackets ?? '') === 6 || isIP(plain ?? '') === 4);
}

/** A name as it is compared: names are the same whatever their case, with or without the dot at their end. */
export function sameName(name: string): string {
  return withoutDot(name).toLowerCase();
}

function withoutDot(name: string): string {
  return name.endsWith('.') ? name.slice(0, -1) : name;
}

/** The words of a line up to a comment. */
function wordsOf(line: string): readonly string[] {
  const words = line.split(/\s/).filter((word) => word !== '');
  const comment = words.findIndex((word) => word.startsWith('#') || word.startsWith(';'));
  return comment < 0 ? words : words.slice(0, comment);
}
