/** Set-ups that cannot work or should not be: each must be told by one message that says what is wrong. */
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RowFailure } from '../command.mjs';
import { nodeOf, runtimeTools, writePrograms } from './runtimes.mjs';

export const badInputRows = [
  {
    name: 'node-too-old',
    what: 'Node 18: one message says which Node is needed',
    tools: runtimeTools,
    async run(project) {
      writePrograms(project);
      for (const file of ['service.mjs', 'service.cjs'])
        await refused(project, [file], 'FWK_KERNEL_NODE_TOO_OLD', { node: nodeOf(project, 18) });
    },
  },
  copiesRow({
    name: 'two-copies',
    what: 'a package installed twice: a warning names both places',
    says: /two copies of @fwk\/kernel are loaded: .*kernel\/.* and .*core\/node_modules\/@fwk\/kernel\//,
  }),
  copiesRow({
    name: 'mixed-versions',
    what: 'packages of two versions: a warning names both versions and places',
    version: '0.0.1',
    says: /two versions of @fwk\/kernel are loaded: [\d.]+ from .*kernel\/.* and 0\.0\.1 from .*core\/node_modules\/@fwk\/kernel\//,
  }),
  {
    name: 'missing-peer',
    what: 'OpenFeature’s provider without its SDK: the message names the package to install',
    tools: {},
    async run(project) {
      project.write({ 'peer.mjs': "import '@fwk/config/openfeature';\n" });
      await refused(project, ['peer.mjs'], "'@openfeature/server-sdk'");
    },
  },
];

/** A row whose program finds a second kernel inside of core. */
function copiesRow({ name, what, version, says }) {
  return {
    name,
    what,
    tools: {},
    async run(project) {
      const scope = join(project.folder, '../node_modules/@fwk');
      const own = join(project.folder, 'node_modules/@fwk');
      const second = join(own, 'core/node_modules/@fwk/kernel');
      for (const each of ['core', 'kernel']) cpSync(join(scope, each), join(own, each), { recursive: true });
      cpSync(join(scope, 'kernel'), second, { recursive: true });
      const manifest = JSON.parse(readFileSync(join(second, 'package.json'), 'utf8'));
      if (version) writeFileSync(join(second, 'package.json'), JSON.stringify({ ...manifest, version }));
      project.write({ 'copies.mjs': "import '@fwk/kernel';\nimport '@fwk/core';\n" });
      const output = await project.workshop.run(process.execPath, ['copies.mjs'], { cwd: project.folder });
      if (!says.test(output)) throw new RowFailure(`nothing is said of two copies: ${output.slice(0, 300)}`, output);
    },
  };
}

/** @throws RowFailure unless the program ends with an error whose output has `says` */
async function refused(project, args, says, options) {
  let output;
  try {
    output = await project.node(args, options);
  } catch (error) {
    if (error instanceof RowFailure && error.output.includes(says)) return;
    throw error;
  }
  throw new RowFailure(`it runs, and is not told ${says}: ${output.slice(0, 100)}`);
}
