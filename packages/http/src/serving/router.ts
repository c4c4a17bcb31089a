/**
 * Finds what stands at a path for a method. Paths are those of contracts: literal segments and `:name` parameters. A
 * literal segment goes before a parameter, and a route further down is looked for behind both. A search visits each node
 * of the tree at most once, whatever the path.
 */

/** What stands at a path, with the parameters that the path gave it. */
export interface Found<T> {
  readonly value: T;
  /** Decoded. */
  readonly params: Readonly<Record<string, string>>;
}

interface Route<T> {
  readonly value: T;
  /** Names of the parameters on the way, in the order in which they stand. */
  readonly names: readonly string[];
}

interface Node<T> {
  readonly literals: Map<string, Node<T>>;
  parameter: Node<T> | undefined;
  readonly byMethod: Map<string, Route<T>>;
}

const none = Object.freeze({});

/** See the head of this file. */
export class Router<T> {
  readonly #root = emptyNode<T>();
  readonly #maxParameterLength: number;

  /** @param maxParameterLength - a longer parameter of a path, in decoded characters, leads nowhere. */
  constructor(maxParameterLength: number) {
    this.#maxParameterLength = maxParameterLength;
  }

  /** Adds a route. The path is one that `parsePath` takes; a later route takes the place of an equal one. */
  add(method: string, path: string, value: T): void {
    const names: string[] = [];
    let node = this.#root;
    for (const segment of path === '/' ? [] : path.slice(1).split('/')) {
      if (segment.startsWith(':')) {
        names.push(segment.slice(1));
        node.parameter ??= emptyNode();
        node = node.parameter;
      } else {
        const next = node.literals.get(segment) ?? emptyNode();
        node.literals.set(segment, next);
        node = next;
      }
    }
    node.byMethod.set(method, { value, names });
  }

  /**
   * @param path - begins with `/`, percent-encoded
   * @throws URIError when the path is not valid percent-encoded UTF-8
   */
  find(method: string, path: string): Found<T> | undefined {
    const values: string[] = [];
    const route = this.#search(method, path, values);
    return route && { value: route.value, params: paramsOf(route.names, values) };
  }

  /** The methods that have a route at this path. */
  methodsAt(path: string): string[] {
    const methods = new Set<string>();
    this.#search(noMethod, path, [], methods);
    return [...methods];
  }

  /** Leaves the parameters of what it finds in `values`, and the methods of the nodes at the path in `seen`. */
  #search(method: string, path: string, values: string[], seen?: Set<string>): Route<T> | undefined {
    if (path === '/') return routeAt(this.#root, method, seen);
    return path.startsWith('/') ? this.#descend(this.#root, method, path, 1, values, seen) : undefined;
  }

  /** Looks for the rest of the path, from `begin` on, below a node. */
  #descend(
    node: Node<T>,
    method: string,
    path: string,
    begin: number,
    values: string[],
    seen: Set<string> | undefined,
  ): Route<T> | undefined {
    const slash = path.indexOf('/', begin);
    const raw = slash === -1 ? path.slice(begin) : path.slice(begin, slash);
    const segment = raw.includes('%') ? decodeURIComponent(raw) : raw;
    const { parameter } = node;
    const literal = node.literals.size > 0 ? node.literals.get(segment) : undefined;
    if (literal) {
      const found =
        slash === -1 ? routeAt(literal, method, seen) : this.#descend(literal, method, path, slash + 1, values, seen);
      if (found) return found;
    }
    if (!parameter || segment === '' || segment.length > this.#maxParameterLength) return undefined;
    values.push(segment);
    const found =
      slash === -1 ? routeAt(parameter, method, seen) : this.#descend(parameter, method, path, slash + 1, values, seen);
    if (!found) values.pop();
    return found;
  }
}

const noMethod = '';

function routeAt<T>(node: Node<T>, method: string, seen: Set<string> | undefined): Route<T> | undefined {
  if (seen) for (const each of node.byMethod.keys()) seen.add(each);
  return node.byMethod.get(method);
}

function emptyNode<T>(): Node<T> {
  return { literals: new Map(), parameter: undefined, byMethod: new Map() };
}

function paramsOf(names: readonly string[], values: readonly string[]): Readonly<Record<string, string>> {
  if (names.length === 0) return none;
  const params: Record<string, string> = {};
  for (let index = 0; index < names.length; index++) params[names[index] as string] = values[index] as string;
  return params;
}
