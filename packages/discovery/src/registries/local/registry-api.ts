/**
 * What can be asked of a served registry over HTTP: paths, methods and bodies, each checked before the registry hears of it.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Clock, messageOf } from '@fwk/kernel';
import { InstanceInvalidError } from '../../errors.js';
import { checkInstanceId, parseInstance } from '../../instance.js';
import { parseOverride } from '../../override.js';
import type { EventStreams } from './event-streams.js';
import type { AddressCheck } from './networks.js';
import { pager } from './page.js';
import type { Caller } from './registry-access.js';
import { parseBody, Refusal } from './request-body.js';
import type { ServedRegistry } from './served-registry.js';
import type { Identity } from './session.js';
import type { Sessions } from './sessions.js';
import { objectOf, parseIds, protocol } from './wire.js';

const MAX_RENEWED = 10_000;

/** One request, from whom it may come. */
export interface Asked {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly body: Buffer;
  readonly caller: Caller;
}

/** What requests are answered from. */
export interface ApiParts {
  readonly registry: ServedRegistry;
  readonly streams: EventStreams;
  readonly sessions: Sessions;
  readonly checkAddress: AddressCheck;
  readonly clock: Clock;
}

/** Answers requests to one registry. */
export class RegistryApi {
  readonly #parts: ApiParts;

  constructor(parts: ApiParts) {
    this.#parts = parts;
  }

  /**
   * The body of the answer; undefined once the response has become a stream of events.
   * @throws Refusal, MalformedError, or the registry's own typed error.
   */
  answer(asked: Asked): object | undefined {
    const { request, response, caller } = asked;
    const { path, query } = readTarget(request.url ?? '/');
    const [, version, resource, parameter, ...rest] = path.split('/');
    if (version !== `v${protocol}` || rest.length > 0) throw new Refusal(404, 'no such resource');
    if (resource === 'sessions') return this.#session(asked, parameter);
    if (parameter) {
      if (resource === 'instances') return this.#instance(asked, idIn(parameter));
      if (resource === 'overrides') return this.#override(asked, idIn(parameter));
      throw new Refusal(404, 'no such resource');
    }
    if (resource === 'renewals') return this.#renewals(asked);
    if (request.method !== 'GET') throw new Refusal(404, 'no such resource');
    if (resource === 'events') {
      this.#parts.streams.add(request, response, caller);
      return undefined;
    }
    return this.#facts(resource, new URLSearchParams(query));
  }

  #session({ request, body }: Asked, id: string | undefined): object {
    if (request.method !== 'POST') throw new Refusal(405, 'sessions are POSTed');
    const { sessions } = this.#parts;
    if (!id) return sessions.begin(parseBody(body));
    sessions.open(id, parseBody(body));
    return {};
  }

  #instance({ request, body, caller }: Asked, id: string): object {
    const { registry, checkAddress } = this.#parts;
    const identity = writer(caller);
    if (request.method === 'PUT') {
      const given = objectOf(parseBody(body));
      const instance = parseInstance(given.instance);
      if (instance.id !== id) throw new Refusal(400, 'the id in the path and the one in the instance differ');
      const problem = checkAddress(instance.address);
      if (problem !== undefined) throw new InstanceInvalidError(id, [problem]);
      const claim = given.override === undefined ? undefined : parseOverride(id, given.override);
      registry.register(instance, identity, claim);
      return { version: registry.version, ttlMs: registry.ttlMs };
    }
    if (request.method !== 'DELETE') throw new Refusal(405, 'an instance can be PUT or DELETEd');
    if (!registry.deregister(id, identity)) throw new Refusal(403, 'the instance belongs to another process');
    return { version: registry.version };
  }

  #override({ request, body, caller }: Asked, id: string): object {
    const { registry, clock } = this.#parts;
    writer(caller);
    if (request.method === 'PUT') {
      registry.override(id, parseOverride(id, { ...objectOf(parseBody(body)), atMs: clock.wallTime() }));
      return { version: registry.version };
    }
    if (request.method !== 'DELETE') throw new Refusal(405, 'an override can be PUT or DELETEd');
    const lifted = registry.lift(id);
    return { version: registry.version, lifted };
  }

  #renewals({ request, body, caller }: Asked): object {
    if (request.method !== 'POST') throw new Refusal(405, 'renewals are POSTed');
    return { unknown: this.#parts.registry.renew(readIds(parseBody(body)), writer(caller)) };
  }

  #facts(resource: string | undefined, query: URLSearchParams): object {
    const { registry, streams } = this.#parts;
    const { catalog, epoch, version } = registry;
    const page = pager(query);
    switch (resource) {
      case 'instances': {
        const service = query.get('service');
        const all = service === null ? catalog.instances() : catalog.instancesOf(service);
        const byId = new Map(all.map((instance) => [instance.id, instance]));
        const { names, next } = page(byId.keys());
        return { epoch, version, instances: names.map((id) => byId.get(id)), next };
      }
      case 'services': {
        const { names, next } = page(catalog.serviceNames());
        return { services: names, next };
      }
      case 'state':
        return { ...registry.describe((ids) => page(ids).names), streams: streams.count };
      default:
        throw new Refusal(404, 'no such resource');
    }
  }
}

/** Who changes something. @throws Refusal 401 */
function writer({ identity }: Caller): Identity {
  if (identity) return identity;
  throw new Refusal(401, 'open a session first: POST /v1/sessions');
}

function readIds(body: unknown): readonly string[] {
  try {
    return parseIds(objectOf(body).ids, MAX_RENEWED);
  } catch (error) {
    throw new Refusal(400, `ids: ${messageOf(error)}`);
  }
}

/** Path and query of a request. Most have no query, and none needs what else a URL may have. @throws Refusal 400 */
function readTarget(target: string): { readonly path: string; readonly query: string } {
  if (!target.startsWith('/')) {
    try {
      const { pathname, search } = new URL(target);
      return { path: pathname, query: search };
    } catch {
      throw new Refusal(400, 'the path cannot be read');
    }
  }
  const end = target.indexOf('?');
  return end < 0 ? { path: target, query: '' } : { path: target.slice(0, end), query: target.slice(end + 1) };
}

/**
 * What one client says of an id is told to all the others, who refuse what no registry says.
 * @throws Refusal 400, InstanceInvalidError
 */
function idIn(parameter: string): string {
  let id = '';
  try {
    id = decodeURIComponent(parameter);
  } catch {
    throw new Refusal(400, 'the path cannot be read');
  }
  checkInstanceId(id);
  return id;
}
