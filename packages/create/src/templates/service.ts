/** A service in a package of its own. */
import type { Names } from '../project/names.js';
import type { ProjectFiles } from '../project/write-files.js';
import { contractModule } from './contract-text.js';
import { dockerIgnored, serviceDockerfile } from './dockerfile.js';
import { compilerOptions, dependencies, ignored, json, serviceManifest } from './manifest.js';
import { appModule, mainModule, serviceModule, serviceTest, storeModule } from './service-text.js';

/** @param version - of the framework's packages */
export function serviceProject(names: Names, owner: string, version: string): ProjectFiles {
  const place = { names, owner, contract: './contract.js' };
  return {
    'package.json': serviceManifest(names.packageName, version, {
      scripts: {
        dev: 'tsx watch src/main.ts',
        build: 'tsc -p tsconfig.build.json',
        test: 'vitest run',
        check: 'tsc --noEmit',
      },
      devDependencies: dependencies(version, ['kernel'], ['@types/node', 'tsx', 'typescript', 'vitest']),
    }),
    'tsconfig.json': json({ compilerOptions, include: ['src'] }),
    'tsconfig.build.json': json({ extends: './tsconfig.json', exclude: ['src/**/*.test.ts'] }),
    '.gitignore': ignored,
    '.dockerignore': dockerIgnored,
    Dockerfile: serviceDockerfile,
    'README.md': readme(names),
    'src/contract.ts': contractModule(names),
    'src/item-store.ts': storeModule('./contract.js'),
    'src/service.ts': serviceModule(place),
    'src/app.ts': appModule(place),
    'src/main.ts': mainModule(names),
    'src/service.test.ts': serviceTest(place),
  };
}

function readme({ name, camel }: Names): string {
  return `# ${name}

\`\`\`sh
npm install
npm test
npm run dev     # http://127.0.0.1:3000, again at each change
\`\`\`

\`\`\`sh
curl -X POST localhost:3000/items -H 'content-type: application/json' -H 'idempotency-key: "first"' -d '{"name":"lamp"}'
curl localhost:3000/readyz?verbose
\`\`\`

| file | holds |
| --- | --- |
| \`src/contract.ts\` | what the service does: paths and schemas, for both sides |
| \`src/service.ts\` | the handlers |
| \`src/item-store.ts\` | where items are kept, with a health check |
| \`src/app.ts\` | \`${camel}App\`: the parts of the application, and the policy for calls of the store |
| \`src/main.ts\` | starts it |
| \`src/service.test.ts\` | tests of it all |

\`HOST\` and \`PORT\` say where it listens, by default \`127.0.0.1\` and \`3000\`. Services of this machine find each other by themselves;
for more than one machine give \`discovery()\` a registry. \`npm run build && npm start\` runs the compiled program,
\`docker build -t ${name} .\` makes an image.
`;
}
