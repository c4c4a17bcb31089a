/**
 * The routes of a program: those that its options name, and those that its framework tells. Each is an operation, called by method and
 * path as in `POST /orders/:id`; everything else is the operation `other`. So what stands in metrics and policies is bounded by what is
 * written in the program, whatever callers ask for.
 */
import type { Priority } from '@fwk/kernel';
import { jsonContent } from '../contract/content.js';
import type { OperationPlan } from '../contract/contract.js';
import { type PathTemplate, parsePath } from '../contract/path-template.js';
import { Router } from '../serving/router.js';

/** What is known of a route. */
export interface RouteOptions {
  /**
   * Whether requests carry `Idempotency-Key`, so that each is worked on once: `required` refuses those without one, `optional` lets them
   * through as before. @defaultValue keys are not looked at
   */
  readonly idempotencyKey?: 'required' | 'optional' | undefined;
  /** How important its requests are whose caller did not say. @defaultValue 'default' */
  readonly priority?: Priority | undefined;
  /** How long its answers may take to begin, in milliseconds, where no policy says so. @defaultValue `timeoutMs` of the program */
  readonly timeoutMs?: number | undefined;
}

/** A route as a framework tells it; the method is `ALL` for every method. */
export interface FoundProgramRoute {
  readonly method: string;
  readonly path: string;
}

/** A route in use. */
export interface ProgramRoute {
  readonly plan: OperationPlan<string>;
  /** As {@link RouteOptions} has it. */
  readonly key: RouteOptions['idempotencyKey'];
  /** Whether the options name it, or the framework alone. */
  readonly origin: 'options' | 'program';
}

/** The name of all requests without a route. */
export const otherName = 'other';

/** Most routes that are known; further ones are `other`. */
export const maxRoutes = 1000;

/** Methods that stand in metrics; all others are `_OTHER`, as OpenTelemetry has it. */
export const knownMethods: readonly string[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE'];

const everyMethod: readonly string[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/** The methods of a route; `ALL` alone for one that frameworks have spread over every method that there is. */
export function methodsOf(methods: readonly string[]): readonly string[] {
  return everyMethod.every((each) => methods.includes(each)) ? ['ALL'] : methods;
}

/** Longest parameter of a path, in characters; of a longer one the route is not known. */
const maxParameterLength = 1024;

const routeForm = /^([A-Z]{1,20}) (\/\S{0,511})$/;

/** Reads `POST /orders/:id`. @returns undefined for anything else */
export function parseRoute(name: string): FoundProgramRoute | undefined {
  const [, method, path] = routeForm.exec(name) ?? [];
  return method === undefined || path === undefined ? undefined : { method, path };
}

/** See the head of this file. */
export class ProgramRoutes {
  readonly all: readonly ProgramRoute[];
  readonly other: ProgramRoute;
  readonly #byName = new Map<string, ProgramRoute>();
  readonly #router = new Router<ProgramRoute>(maxParameterLength);
  readonly #ignoresCase: boolean;

  /**
   * @param service - begins the ids of the operations.
   * @param ignoresCase - whether the program's own router does; else a caller could go round what is said of a route.
   */
  constructor(
    service: string,
    given: Readonly<Record<string, RouteOptions>>,
    found: readonly FoundProgramRoute[],
    ignoresCase: boolean,
  ) {
    this.#ignoresCase = ignoresCase;
    const named = Object.entries(given).map(([name, options]) => ({ name, options, origin: 'options' as const }));
    const others = found.map(({ method, path }) => ({
      name: `${method} ${path}`,
      options: {},
      origin: 'program' as const,
    }));
    const shapes = new Set<string>();
    const all: ProgramRoute[] = [];
    for (const { name, options, origin } of [...named, ...others].slice(0, maxRoutes)) {
      const route = parseRoute(name);
      if (!route || this.#byName.has(name)) continue;
      const template = parsePath(route.path);
      const shape = `${route.method} ${this.#cased(typeof template === 'string' ? route.path : template.shape)}`;
      const made = routeOf(service, name, route, template, options, origin);
      if (shapes.has(shape)) {
        // The same route by other names of its parameters: it is found by either.
        const same = all.find(({ plan }) => `${plan.method} ${this.#cased(plan.template.shape)}` === shape);
        if (same) this.#byName.set(name, same);
        continue;
      }
      shapes.add(shape);
      all.push(made);
      this.#byName.set(name, made);
      if (typeof template !== 'string') this.#router.add(route.method, this.#cased(template.path, true), made);
    }
    this.all = all;
    this.other = {
      plan: planOf(service, otherName, '_OTHER', { path: '', parameters: [], shape: '', route: '' }, {}),
      key: undefined,
      origin: 'program',
    };
  }

  /** The route of a request. @param path - without its query. */
  find(method: string, path: string): ProgramRoute {
    const trimmed = path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
    const cased = this.#cased(trimmed);
    const asked = method === 'HEAD' ? ['HEAD', 'GET', 'ALL'] : [method, 'ALL'];
    try {
      for (const each of asked) {
        const found = this.#router.find(each, cased);
        if (found) return found.value;
      }
    } catch (error) {
      // The path is not percent-encoded as it should be, which is for the program to answer.
      if (!(error instanceof URIError)) throw error;
    }
    return this.other;
  }

  /** The route that a framework says it has chosen. */
  named(method: string, path: string): ProgramRoute {
    const of = (each: string) => this.#byName.get(`${each} ${path}`);
    return of(method) ?? (method === 'HEAD' ? of('GET') : undefined) ?? of('ALL') ?? this.other;
  }

  /** @param isTemplate - keeps the names of parameters as they are. */
  #cased(path: string, isTemplate = false): string {
    if (!this.#ignoresCase) return path;
    if (!isTemplate) return path.toLowerCase();
    return path
      .split('/')
      .map((segment) => (segment.startsWith(':') ? segment : segment.toLowerCase()))
      .join('/');
  }
}

/** The parameters of a path as text, by the names that its route gives them. */
export function paramsIn({ path: pattern, parameters }: PathTemplate, path: string): Readonly<Record<string, string>> {
  if (parameters.length === 0) return {};
  const segments = path.split('/');
  const params: Record<string, string> = {};
  for (const [index, segment] of pattern.split('/').entries()) {
    if (segment.startsWith(':')) params[segment.slice(1)] = decoded(segments[index] ?? '');
  }
  return params;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function routeOf(
  service: string,
  name: string,
  { method, path }: FoundProgramRoute,
  template: PathTemplate | string,
  options: RouteOptions,
  origin: ProgramRoute['origin'],
): ProgramRoute {
  // A pattern that paths of contracts do not have is known by what the framework says it has chosen.
  const known = typeof template === 'string' ? { path, parameters: [], shape: path, route: path } : template;
  return { plan: planOf(service, name, method, known, options), key: options.idempotencyKey, origin };
}

function planOf(
  service: string,
  name: string,
  method: string,
  template: PathTemplate,
  { timeoutMs, priority, idempotencyKey }: RouteOptions,
): OperationPlan<string> {
  return Object.freeze({
    name,
    id: `${service} ${name}`,
    method,
    template,
    params: undefined,
    query: undefined,
    separators: undefined,
    headers: undefined,
    headerNames: ['content-type'],
    body: undefined,
    content: jsonContent,
    response: undefined,
    answers: undefined,
    errors: undefined,
    idempotent: idempotencyKey !== undefined,
    idempotencyKey: idempotencyKey !== undefined,
    priority,
    timeoutMs,
  });
}
