/** A workspace of npm with two services, one of which calls the other by a contract that both import. */
import { type Names, namesOf } from '../project/names.js';
import type { ProjectFiles } from '../project/write-files.js';
import { contractTest } from './contract.js';
import { contractModule } from './contract-text.js';
import { dockerIgnored, workspaceDockerfile } from './dockerfile.js';
import { compilerOptions, dependencies, engines, ignored, json, serviceManifest } from './manifest.js';
import { firstRelease } from './released.js';
import { appModule, mainModule, serviceModule, serviceTest, storeModule } from './service-text.js';
import { storefrontApp, storefrontContract, storefrontService, storefrontTest } from './storefront-text.js';

const catalog = namesOf('catalog');
const storefront = namesOf('storefront');

/** @param version - of the framework's packages */
export function workspaceProject(names: Names, owner: string, version: string): ProjectFiles {
  const scope = names.scope ?? `@${names.name}`;
  const contract = `${scope}/catalog-contract`;
  const place = { names: catalog, owner, contract };
  const needs = { [contract]: '0.1.0' };
  return {
    ...rootFiles(names, version),
    ...inFolder('contracts/catalog', {
      'package.json': json({
        name: contract,
        version: '0.1.0',
        private: true,
        type: 'module',
        engines,
        exports: { '.': { types: './dist/index.d.ts', default: './dist/index.js' } },
        scripts: { 'keep-release': 'fwk-contract describe dist/index.js > released.json' },
        dependencies: dependencies(version, ['http'], ['zod']),
      }),
      'tsconfig.json': projectConfig([]),
      'released.json': json(firstRelease(catalog)),
      'src/index.ts': contractModule(catalog),
      'src/contract.test.ts': contractTest(catalog, '../released.json'),
    }),
    ...inFolder('services/catalog', {
      'package.json': serviceManifest(`${scope}/catalog`, version, { needs }),
      'tsconfig.json': projectConfig(['../../contracts/catalog']),
      'src/item-store.ts': storeModule(contract),
      'src/service.ts': serviceModule(place),
      'src/app.ts': appModule(place),
      'src/main.ts': mainModule(catalog),
      'src/service.test.ts': serviceTest(place),
    }),
    ...inFolder('services/storefront', {
      'package.json': serviceManifest(`${scope}/storefront`, version, { needs }),
      'tsconfig.json': projectConfig(['../../contracts/catalog']),
      'src/contract.ts': storefrontContract,
      'src/service.ts': storefrontService(contract),
      'src/app.ts': storefrontApp(owner),
      'src/main.ts': mainModule(storefront, 3001),
      'src/service.test.ts': storefrontTest(contract),
    }),
  };
}

function rootFiles(names: Names, version: string): ProjectFiles {
  const { rootDir: _, outDir: __, ...options } = compilerOptions;
  const projects = ['contracts/catalog', 'services/catalog', 'services/storefront'];
  return {
    'package.json': json({
      name: names.packageName,
      version: '0.1.0',
      private: true,
      type: 'module',
      engines,
      workspaces: ['contracts/*', 'services/*'],
      scripts: {
        build: 'tsc -b',
        test: 'tsc -b && vitest run',
        check: 'tsc -b && tsc -p tsconfig.test.json',
      },
      devDependencies: dependencies(version, ['kernel'], ['@types/node', 'typescript', 'vitest']),
    }),
    'tsconfig.json': json({ files: [], references: projects.map((path) => ({ path })) }),
    'tsconfig.base.json': json({ compilerOptions: { ...options, composite: true } }),
    'tsconfig.test.json': json({
      extends: './tsconfig.base.json',
      compilerOptions: { composite: false, noEmit: true },
      include: ['*/*/src/**/*.test.ts'],
    }),
    '.gitignore': ignored,
    '.dockerignore': dockerIgnored,
    Dockerfile: workspaceDockerfile,
    'README.md': readme(names),
  };
}

function projectConfig(references: readonly string[]): string {
  return json({
    extends: '../../tsconfig.base.json',
    compilerOptions: { rootDir: 'src', outDir: 'dist', tsBuildInfoFile: 'dist/.tsbuildinfo' },
    include: ['src'],
    exclude: ['src/**/*.test.ts'],
    ...(references.length > 0 && { references: references.map((path) => ({ path })) }),
  });
}

function inFolder(folder: string, files: ProjectFiles): ProjectFiles {
  return Object.fromEntries(Object.entries(files).map(([path, text]) => [`${folder}/${path}`, text]));
}

function readme({ name, scope }: Names): string {
  return `# ${name}

\`\`\`
client ──► services/storefront ──► services/catalog     the contract between them: contracts/catalog
\`\`\`

\`\`\`sh
npm install
npm test
npm start -w services/catalog &
npm start -w services/storefront &
\`\`\`

\`\`\`sh
curl -X POST localhost:3000/items -H 'content-type: application/json' -H 'idempotency-key: "first"' -d '{"name":"lamp"}'
curl localhost:3001/pages/ID-OF-THE-ITEM
curl localhost:3001/readyz?verbose
\`\`\`

The storefront finds the catalog by itself on this machine; for more than one machine give \`discovery()\` a registry. Start the catalog a
second time (\`PORT=3002 npm start -w services/catalog\`), and calls are shared between both.

| folder | holds |
| --- | --- |
| \`contracts/catalog\` | what the catalog does, for both sides: \`${scope ?? `@${name}`}/catalog-contract\` |
| \`services/catalog\` | serves it; keeps items behind a policy and a health check |
| \`services/storefront\` | calls it; its tests script what the catalog answers |

\`npm run check\` checks the types of everything, tests included. \`docker build --build-arg SERVICE=catalog -t catalog .\` makes an image.
When a new version of the contract is in use everywhere, \`npm run keep-release -w contracts/catalog\` keeps what it promised; a test compares
later changes with that.
`;
}
