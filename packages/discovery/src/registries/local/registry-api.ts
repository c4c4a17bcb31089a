/**
 * What can be asked of a served registry over HTTP: paths, methods and bodies, each checked before the registry hears of it.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Clock, messageOf } from '@fwk/kernel';
import { checkInstanceId, parseInstance } from '../../instance.js';
import { parseOverride } from '../../override.js';
import type { EventStreams } from './event-streams.js';
import { Refusal, readJson } from './read-json.js';
import type { Identity, ServedRegistry } from './served-registry.js';
import { headers, isToken, objectOf, parseIds, protocol } from './wire.js';

const MAX_RENEWED = 10_000;

/** Answers requests to one registry. */
export class RegistryApi {
  readonly #registry: ServedRegistry;
  readonly #streams: EventStreams;
  readonly #clock: Clock;

  constructor(registry: ServedRegistry, streams: EventStreams, clock: Clock) {
    this.#registry = registry;
    this.#streams = streams;
    this.#clock = clock;
  }

  /**
   * The body of the answer; undefined once the response has become a stream of events.
   * @throws Refusal, MalformedError, or the registry's own typed error.
   */
  async answer(request: IncomingMessage, response: ServerResponse): Promise<object | undefined> {
    const url = readPath(request.url ?? '/');
    const [, version, resource, parameter, ...rest] = url.pathname.split('/');
    if (version !== `v${protocol}` || rest.length > 0) throw new Refusal(404, 'no such resource');
    if (parameter) {
      if (resource === 'instances') return this.#instance(request, idIn(parameter));
      if (resource === 'overrides') return this.#override(request, idIn(parameter));
      throw new Refusal(404, 'no such resource');
    }
    if (resource === 'renewals') return this.#renewals(request);
    if (request.method !== 'GET') throw new Refusal(404, 'no such resource');
    if (resource === 'events') {
      this.#streams.add(request, response, request.headers[headers.key] ? identityOf(request) : undefined);
      return undefined;
    }
    return this.#facts(resource, url.searchParams.get('service'));
  }

  async #instance(request: IncomingMessage, id: string): Promise<object> {
    const registry = this.#registry;
    const identity = identityOf(request);
    if (request.method === 'PUT') {
      const body = objectOf(await readJson(request));
      const instance = parseInstance(body.instance);
      if (instance.id !== id) throw new Refusal(400, 'the id in the path and the one in the instance differ');
      registry.register(instance, identity, body.override === undefined ? undefined : parseOverride(id, body.override));
      return { version: registry.version, ttlMs: registry.ttlMs };
    }
    if (request.method !== 'DELETE') throw new Refusal(405, 'an instance can be PUT or DELETEd');
    if (!registry.deregister(id, identity)) throw new Refusal(403, 'the instance belongs to another process');
    return { version: registry.version };
  }

  async #override(request: IncomingMessage, id: string): Promise<object> {
    const registry = this.#registry;
    if (request.method === 'PUT') {
      registry.override(id, parseOverride(id, { ...objectOf(await readJson(request)), atMs: this.#clock.wallTime() }));
      return { version: registry.version };
    }
    if (request.method !== 'DELETE') throw new Refusal(405, 'an override can be PUT or DELETEd');
    const lifted = registry.lift(id);
    return { version: registry.version, lifted };
  }

  async #renewals(request: IncomingMessage): Promise<object> {
    if (request.method !== 'POST') throw new Refusal(405, 'renewals are POSTed');
    const identity = identityOf(request);
    const body = await readJson(request);
    return { unknown: this.#registry.renew(readIds(body), identity) };
  }

  #facts(resource: string | undefined, service: string | null): object {
    const { catalog, epoch, version } = this.#registry;
    switch (resource) {
      case 'instances':
        return {
          epoch,
          version,
          instances: service === null ? catalog.instances() : catalog.instancesOf(service),
        };
      case 'services':
        return { services: catalog.serviceNames() };
      case 'state':
        return { ...this.#registry.describe(), streams: this.#streams.count };
      default:
        throw new Refusal(404, 'no such resource');
    }
  }
}

/** Who asks, by its headers. @throws Refusal 400 */
function identityOf(request: IncomingMessage): Identity {
  const holder = request.headers[headers.holder];
  const key = request.headers[headers.key];
  if (isToken(holder) && isToken(key)) return { holder, key };
  throw new Refusal(400, `${headers.holder} and ${headers.key} must be 8 to 64 letters, digits or hyphens`);
}

function readIds(body: unknown): readonly string[] {
  try {
    return parseIds(objectOf(body).ids, MAX_RENEWED);
  } catch (error) {
    throw new Refusal(400, `ids: ${messageOf(error)}`);
  }
}

function readPath(path: string): URL {
  try {
    return new URL(path, 'http://registry');
  } catch {
    throw new Refusal(400, 'the path cannot be read');
  }
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
