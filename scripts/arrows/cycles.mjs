/** Groups of nodes that reach each other, and the shortest way round. */

/**
 * Tarjan's strongly connected components, kept to those that contain a cycle.
 * @param {ReadonlyMap<string, ReadonlySet<string>>} graph every node with what it points to
 * @returns {string[][]} one group a tangle, sorted
 */
export function tangles(graph) {
  const order = new Map();
  const low = new Map();
  const path = [];
  const onPath = new Set();
  const found = [];

  const visit = (node) => {
    order.set(node, order.size);
    low.set(node, order.get(node));
    path.push(node);
    onPath.add(node);
    for (const next of graph.get(node) ?? []) {
      if (!order.has(next)) {
        visit(next);
        low.set(node, Math.min(low.get(node), low.get(next)));
      } else if (onPath.has(next)) low.set(node, Math.min(low.get(node), order.get(next)));
    }
    if (low.get(node) !== order.get(node)) return;
    const group = path.splice(path.indexOf(node));
    for (const member of group) onPath.delete(member);
    if (group.length > 1 || graph.get(node)?.has(node)) found.push(group.sort());
  };

  for (const node of [...graph.keys()].sort()) if (!order.has(node)) visit(node);
  return found;
}

/**
 * The shortest cycle through the first member of a tangle.
 * @param {ReadonlyMap<string, ReadonlySet<string>>} graph
 * @param {readonly string[]} tangle
 * @returns {string[]} begins and ends with the same node
 */
export function shortestCycle(graph, tangle) {
  const start = tangle[0];
  const queue = [[start]];
  const seen = new Set();
  for (const way of queue) {
    for (const next of graph.get(way.at(-1)) ?? []) {
      if (next === start) return [...way, start];
      if (!tangle.includes(next) || seen.has(next)) continue;
      seen.add(next);
      queue.push([...way, next]);
    }
  }
  return [start];
}
