import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Cancellation } from './cancellation.js';

/** The naive model: every node pushes to all its children at once and keeps all listeners in a set. */
class NaiveNode {
  readonly listeners = new Set<number>();
  readonly children: NaiveNode[] = [];
  cancelled = false;
  reason: unknown;

  constructor(parent?: NaiveNode) {
    parent?.children.push(this);
    this.cancelled = parent?.cancelled ?? false;
    this.reason = parent?.reason;
  }

  cancel(reason: number, called: (listener: number, reason: unknown) => void): void {
    if (this.cancelled) return;
    this.cancelled = true;
    this.reason = reason;
    for (const listener of this.listeners) called(listener, reason);
    this.listeners.clear();
    for (const child of this.children) child.cancel(reason, called);
  }

  /** Whether something at or below this node listens: exactly then it counts for one on its parent. */
  get observed(): boolean {
    return this.listeners.size > 0 || this.children.some((child) => child.observed);
  }

  get listenerCount(): number {
    return this.listeners.size + this.children.filter((child) => child.observed).length;
  }
}

const step = fc.record({
  kind: fc.constantFrom('branch', 'listen', 'listen', 'leave', 'cancel'),
  pick: fc.nat(1000),
});

test('a tree of cancellations behaves like one that tells all its children at once', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const nodes: { readonly real: Cancellation; readonly model: NaiveNode }[] = [
        { real: new Cancellation(), model: new NaiveNode() },
      ];
      const subscriptions: { readonly model: NaiveNode; readonly disposable: Disposable }[] = [];
      const calls: [number, unknown][] = [];
      const expected: [number, unknown][] = [];
      for (const [index, { kind, pick }] of steps.entries()) {
        const { real, model } = nodes[pick % nodes.length]!;
        if (kind === 'branch') nodes.push({ real: new Cancellation(real), model: new NaiveNode(model) });
        if (kind === 'cancel') {
          model.cancel(index, (listener, reason) => expected.push([listener, reason]));
          real.cancel(index);
        }
        if (kind === 'listen') {
          const listener = subscriptions.length;
          if (model.cancelled) expected.push([listener, model.reason]);
          else model.listeners.add(listener);
          subscriptions.push({ model, disposable: real.onCancel((reason) => calls.push([listener, reason])) });
        }
        if (kind === 'leave' && subscriptions.length > 0) {
          const listener = pick % subscriptions.length;
          subscriptions[listener]!.model.listeners.delete(listener);
          subscriptions[listener]!.disposable[Symbol.dispose]();
        }
        const sorted = (list: [number, unknown][]) => [...list].sort(([left], [right]) => left - right);
        expect(sorted(calls)).toEqual(sorted(expected));
        for (const node of nodes) {
          expect(node.real.cancelled).toBe(node.model.cancelled);
          expect(node.real.reason).toBe(node.model.reason);
          expect(node.real.listenerCount).toBe(node.model.listenerCount);
        }
      }
    }),
  );
});
