/** A contract in a package of its own, to be published to those who call the service. */
import type { Names } from '../project/names.js';
import type { ProjectFiles } from '../project/write-files.js';
import { contractModule } from './contract-text.js';
import { compilerOptions, dependencies, engines, ignored, json } from './manifest.js';
import { firstRelease } from './released.js';

/** @param version - of the framework's packages */
export function contractProject(names: Names, version: string): ProjectFiles {
  return {
    'package.json': json({
      name: names.packageName,
      version: '0.1.0',
      type: 'module',
      engines,
      files: ['dist'],
      exports: { '.': { types: './dist/index.d.ts', default: './dist/index.js' } },
      scripts: {
        build: 'tsc -p tsconfig.build.json',
        test: 'vitest run',
        check: 'tsc --noEmit',
        'keep-release': 'npm run build && fwk-contract describe dist/index.js > released.json',
        prepack: 'npm run build',
      },
      peerDependencies: dependencies(version, ['http'], []),
      dependencies: dependencies(version, [], ['zod']),
      devDependencies: dependencies(version, ['http'], ['@types/node', 'typescript', 'vitest']),
    }),
    'tsconfig.json': json({ compilerOptions: { ...compilerOptions, declaration: true }, include: ['src'] }),
    'tsconfig.build.json': json({ extends: './tsconfig.json', exclude: ['src/**/*.test.ts'] }),
    '.gitignore': ignored,
    'README.md': readme(names),
    'released.json': json(firstRelease(names)),
    'src/index.ts': contractModule(names),
    'src/contract.test.ts': contractTest(names, '../released.json'),
  };
}

/** A test of a contract. @param released - path of what its last release promised, as the test sees it */
export function contractTest({ camel }: Names, released: string): string {
  return `import { expectCompatible, readContract } from '@fwk/http/testing';
import { test } from 'vitest';
import { ${camel}Contract } from './index.js';

test('serves clients of its last release, and says by its version what has changed', async () => {
  expectCompatible(await readContract(new URL('${released}', import.meta.url)), ${camel}Contract);
});
`;
}

function readme({ packageName, name, camel }: Names): string {
  return `# ${packageName}

The contract of the service \`${name}\`: what it does, for those who serve it and for those who call it.

\`\`\`ts
import { ${camel}Contract } from '${packageName}';

const client = inject(clientOf(${camel}Contract)); // in an application
\`\`\`

\`npm test\` compares it with what the last release promised (\`released.json\`), and fails when a change breaks those who call the service, or
when the version of the contract did not go up as far as the change needs.

To publish: raise the version in \`src/index.ts\` and in \`package.json\`, \`npm test\`, \`npm publish\`, then \`npm run keep-release\` and commit
\`released.json\`.
`;
}
