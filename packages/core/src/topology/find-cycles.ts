/** A graph by its nodes: whom each leads to. */
export type Graph = ReadonlyMap<string, ReadonlySet<string>>;

/**
 * One cycle for each part of a graph in which every node can be reached from every other (a strongly connected component, by
 * Kosaraju's two searches): a shortest one through its first node by name, which stands at both ends. Linear in nodes and edges,
 * but for the search of the cycle, which is linear in the part.
 */
export function findCycles(graph: Graph): readonly (readonly string[])[] {
  const cycles: (readonly string[])[] = [];
  for (const part of partsOf(graph)) {
    const [first] = [...part].sort();
    const path = first === undefined ? undefined : shortestLoop(graph, first, part);
    if (path) cycles.push(path);
  }
  return cycles.sort((left, right) => (left.join() < right.join() ? -1 : 1));
}

function partsOf(graph: Graph): readonly ReadonlySet<string>[] {
  const reversed = new Map<string, Set<string>>();
  for (const [from, targets] of graph) {
    for (const to of targets) reversed.set(to, (reversed.get(to) ?? new Set()).add(from));
  }
  const seen = new Set<string>();
  const order: string[] = [];
  for (const node of graph.keys()) search(graph, node, seen, (left) => order.push(left));
  const parts: Set<string>[] = [];
  const placed = new Set<string>();
  for (const node of order.reverse()) {
    if (placed.has(node)) continue;
    const part = new Set<string>();
    search(reversed, node, placed, (left) => part.add(left));
    parts.push(part);
  }
  return parts;
}

/** Depth first, without recursion; tells each node when all behind it has been seen. */
function search(graph: Graph, from: string, seen: Set<string>, leave: (node: string) => void): void {
  if (seen.has(from)) return;
  seen.add(from);
  const path = [{ node: from, targets: targetsOf(graph, from) }];
  for (let top = path.at(-1); top; top = path.at(-1)) {
    const { value: next, done } = top.targets.next();
    if (done) {
      leave(top.node);
      path.pop();
    } else if (!seen.has(next)) {
      seen.add(next);
      path.push({ node: next, targets: targetsOf(graph, next) });
    }
  }
}

function targetsOf(graph: Graph, node: string): Iterator<string, undefined> {
  return (graph.get(node) ?? new Set<string>()).values();
}

/** Breadth first from a node back to it, within a part; undefined where no way leads back. */
function shortestLoop(graph: Graph, start: string, part: ReadonlySet<string>): readonly string[] | undefined {
  const cameFrom = new Map<string, string>();
  const waiting = [start];
  // The list grows while it is read.
  for (const node of waiting) {
    for (const next of graph.get(node) ?? []) {
      if (next === start) return pathTo(node, start, cameFrom);
      if (!part.has(next) || cameFrom.has(next)) continue;
      cameFrom.set(next, node);
      waiting.push(next);
    }
  }
  return undefined;
}

function pathTo(last: string, start: string, cameFrom: ReadonlyMap<string, string>): readonly string[] {
  const path = [start];
  for (let node: string | undefined = last; node !== undefined && node !== start; node = cameFrom.get(node)) {
    path.unshift(node);
  }
  return [start, ...path];
}
