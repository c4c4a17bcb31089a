import { ConfigError } from '../errors.js';

/** Names from the root to a setting; the index for a part of a list. */
export type ConfigPath = readonly string[];

/**
 * Reads a path as people write it: `checkout.maxItems`, `servers.0.host`; a dot inside a name is written `\.`.
 * @throws ConfigError `FWK_CONFIG_PATH_INVALID` for an empty path or an empty part.
 */
export function parsePath(path: string): ConfigPath {
  const parts: string[] = [];
  let part = '';
  for (let at = 0; at < path.length; at++) {
    const letter = path[at] as string;
    if (letter === '\\' && at + 1 < path.length) part += path[++at];
    else if (letter === '.') {
      parts.push(part);
      part = '';
    } else part += letter;
  }
  parts.push(part);
  if (parts.includes('')) {
    throw new ConfigError(
      'FWK_CONFIG_PATH_INVALID',
      `the path "${path}" has an empty part; write names with dots between them, such as checkout.maxItems`,
    );
  }
  return parts;
}

/** The path as people write it; the inverse of {@link parsePath}, and '' for the root. */
export function formatPath(path: ConfigPath): string {
  let text = '';
  for (const part of path) text = joinPath(text, part);
  return text;
}

/** One more part behind a path that is already written. */
export function joinPath(parent: string, part: string): string {
  const escaped = part.includes('.') || part.includes('\\') ? part.replace(/[.\\]/g, '\\$&') : part;
  return parent === '' ? escaped : `${parent}.${escaped}`;
}
