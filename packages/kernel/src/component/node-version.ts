import { FwkError } from '../errors/fwk-error.js';

/** The oldest Node that runs the packages: major and minor. The manifests say the same in `engines`. */
export const oldestNode = Object.freeze([20, 19] as const);

/** The program runs on a Node that is too old: `FWK_KERNEL_NODE_TOO_OLD`. */
export class NodeTooOldError extends FwkError {
  constructor(version: string) {
    const wanted = oldestNode.join('.');
    super(
      'FWK_KERNEL_NODE_TOO_OLD',
      `@fwk needs Node ${wanted} or newer, and this is Node ${version} (${process.execPath}): install a newer one, and see which one runs by "node --version"`,
      { details: { version, wanted } },
    );
  }
}

/**
 * Refuses a Node that is too old, with one message instead of whatever would fail first on it. Runs when the package is
 * imported. Bun and Deno say which Node they stand for, and are judged by that.
 * @param version - of Node, `20.19.0`. @defaultValue that of this process
 * @throws NodeTooOldError `FWK_KERNEL_NODE_TOO_OLD`
 */
export function checkNodeVersion(version: string = process.versions.node): void {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major < oldestNode[0] || (major === oldestNode[0] && minor < oldestNode[1])) throw new NodeTooOldError(version);
}

checkNodeVersion();
