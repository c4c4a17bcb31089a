import { FwkError, type ManagementEndpoint } from '@fwk/kernel';
import { ManagementRefusedError } from './problem.js';

/** Two endpoints claim one method and path. Code `FWK_CORE_DUPLICATE_ENDPOINT`. */
export class DuplicateEndpointError extends FwkError {
  constructor(method: string, path: string) {
    super('FWK_CORE_DUPLICATE_ENDPOINT', `two management endpoints claim ${method} /manage/${path}; rename one`, {
      details: { method, path },
    });
  }
}

/** An endpoint and the parameter that the path gave it. */
export interface Match {
  readonly endpoint: ManagementEndpoint;
  readonly parameter: string | undefined;
}

/** The endpoints by path. */
export interface Routes {
  readonly endpoints: readonly ManagementEndpoint[];
  /** @throws ManagementRefusedError 404 naming the known paths, 405 naming the allowed methods. */
  match(method: string, path: string): Match;
}

const parameterAtEnd = /^(.+)\/:[^/]+$/;

/** Builds the table. @throws DuplicateEndpointError for two endpoints at one place. */
export function routesOf(endpoints: readonly ManagementEndpoint[]): Routes {
  // Two levels: path (parameters as `base/{}`, which no path of a request can be), then method.
  const byPath = new Map<string, Map<string, ManagementEndpoint>>();
  for (const endpoint of endpoints) {
    const method = endpoint.method ?? 'GET';
    const key = endpoint.path.replace(parameterAtEnd, '$1/{}');
    const methods = byPath.get(key) ?? new Map<string, ManagementEndpoint>();
    if (methods.has(method)) throw new DuplicateEndpointError(method, endpoint.path);
    byPath.set(key, methods.set(method, endpoint));
  }
  const paths = [...new Set(endpoints.map(({ path }) => path))].filter((path) => path !== '').sort();

  return {
    endpoints,
    match(method, path) {
      const slash = path.lastIndexOf('/');
      const exact = byPath.get(path);
      const methods = exact ?? (slash > 0 ? byPath.get(`${path.slice(0, slash)}/{}`) : undefined);
      if (!methods) {
        throw new ManagementRefusedError(404, `there is no /manage/${path}; known: ${paths.join(', ')}`, {
          known: paths.map((known) => `/manage/${known}`),
        });
      }
      const endpoint = methods.get(method === 'HEAD' ? 'GET' : method);
      if (!endpoint) {
        const allowed = [...methods.keys()].flatMap((known) => (known === 'GET' ? ['GET', 'HEAD'] : [known]));
        const place = path === '' ? '/manage' : `/manage/${path}`;
        throw new ManagementRefusedError(405, `${place} takes ${allowed.join(', ')}, not ${method}`, { allowed });
      }
      return { endpoint, parameter: exact ? undefined : decode(path.slice(slash + 1)) };
    },
  };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new ManagementRefusedError(400, 'the last part of the path is not valid percent-encoding');
  }
}
