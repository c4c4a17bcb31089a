/** Test runners, as their users have them set up. */
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { filesBelow, root } from '../../workspace.mjs';
import { asCommonJs, program } from '../workshop.mjs';

const tools = {
  vitest: '^4.1.0',
  jest: '^30.0.0',
  'ts-jest': '^29.4.0',
  typescript: '~5.9.0',
  '@types/node': '^22.0.0',
  '@babel/core': '^7.28.0',
  '@babel/preset-env': '^7.28.0',
  '@babel/preset-typescript': '^7.28.0',
  '@babel/plugin-proposal-decorators': '^7.28.0',
  'babel-plugin-transform-typescript-metadata': '^0.3.2',
  '@swc/core': '^1.13.0',
  '@swc/jest': '^0.2.39',
};

const compilerOptions = {
  target: 'ES2022',
  module: 'NodeNext',
  strict: true,
  skipLibCheck: true,
  experimentalDecorators: true,
  emitDecoratorMetadata: true,
  isolatedModules: true,
  types: ['node'],
};

/** A test with the API of its runner: `@jest/globals`, `vitest`. */
function testOf(name, api) {
  return program(name).replace('// TEST_API', `import { expect, test } from '${api}';`);
}

/** The whole service as a test: all that is loaded late is loaded. */
function serviceTest(name, api) {
  const body = program(name).replace(
    /^main\(\)\.catch[\s\S]*$/m,
    "test('the service answers', () => main(), 60_000);\n",
  );
  return body.replace(/^import /m, `import { test } from '${api}';\nimport `);
}

/** What Jest prints when all of the tests of a row have passed. */
const jestSays = (tests) => `Tests:       ${tests} passed, ${tests} total`;

/** @param below - where its tests are. */
async function jest(project, says, { below = '.', ...env } = {}) {
  await project.tool('jest', ['--ci', '--no-cache', below], { says, env: { NO_COLOR: '1', FORCE_COLOR: '0', ...env } });
}

/** The examples of the test kit, as they stand in the repository. */
function exampleFiles() {
  const folder = join(root, 'examples/testing');
  const files = filesBelow(
    folder,
    (path) => /[/\\](?:src|plain|contracts)[/\\]/.test(path) && !path.endsWith('node-test.test.ts'),
  );
  return Object.fromEntries(files.map((path) => [relative(folder, path), readFileSync(path, 'utf8')]));
}

/** The module of NestJS among the examples, with its test for a runner. */
function nestFiles(api) {
  const folder = join(root, 'examples/existing-programs/src/nestjs');
  const read = (file) => readFileSync(join(folder, file), 'utf8');
  return {
    ...Object.fromEntries(['orders.ts', 'policies.ts', 'problems.ts'].map((file) => [file, read(file)])),
    'jest.config.json': read('jest.config.json'),
    'orders.test.ts': read('orders.test.ts').replace("from 'vitest'", `from '${api}'`),
  };
}

const nestTools = {
  ...Object.fromEntries(['vitest', 'jest', '@swc/core', '@swc/jest'].map((name) => [name, tools[name]])),
  '@nestjs/common': '^12.5.0',
  '@nestjs/core': '^12.5.0',
  '@nestjs/platform-express': '^12.5.0',
  '@nestjs/testing': '^12.1.0',
  'reflect-metadata': '^0.2.2',
  rxjs: '^7.8.2',
};

async function vitest(project, tests) {
  await project.tool('vitest', ['run', '--no-color'], { says: `${tests} passed (${tests})`, env: { NO_COLOR: '1' } });
}

/** A Jest row whose tests are TypeScript with decorators. */
function jestTypeScript({ name, what, config, files = {} }) {
  return {
    name,
    what,
    tools,
    async run(project) {
      project.write({
        'package.json': { private: true, jest: config },
        'tsconfig.json': { compilerOptions },
        'till.test.ts': testOf('till-test.ts', '@jest/globals'),
        'service.test.ts': serviceTest('service.ts', '@jest/globals'),
        ...files,
      });
      await jest(project, jestSays(2));
    },
  };
}

export const testRunnerRows = [
  {
    name: 'vitest',
    what: 'vitest 4 with a tsconfig for legacy decorators with metadata',
    tools,
    async run(project) {
      project.write({
        'tsconfig.json': { compilerOptions },
        'quote.test.mjs': testOf('quote-test.mjs', 'vitest'),
        'till.test.ts': testOf('till-test.ts', 'vitest'),
        'service.test.ts': serviceTest('service.ts', 'vitest'),
      });
      await vitest(project, 5);
    },
  },
  {
    name: 'vitest-no-tsconfig',
    what: 'vitest 4 without a tsconfig: no decorators, and decorators by the option of vitest',
    tools,
    async run(project) {
      project.write({
        'quote.test.mjs': testOf('quote-test.mjs', 'vitest'),
        'service.test.mjs': serviceTest('service.mjs', 'vitest'),
      });
      await vitest(project, 4);
      project.write({
        'vitest.config.mjs': 'export default { oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } } };\n',
        'till.test.ts': testOf('till-test.ts', 'vitest'),
        'decorated.test.ts': serviceTest('service.ts', 'vitest'),
      });
      await vitest(project, 6);
    },
  },
  {
    name: 'jest',
    what: 'Jest 30 as it comes: CommonJS, no configuration',
    tools,
    async run(project) {
      project.write({
        'package.json': { private: true },
        'quote.test.js': asCommonJs(testOf('quote-test.mjs', '@jest/globals')),
        'service.test.js': asCommonJs(serviceTest('service.mjs', '@jest/globals')),
      });
      await jest(project, jestSays(4));
    },
  },
  {
    name: 'jest-esm',
    what: 'Jest 30 with its ES modules',
    tools,
    async run(project) {
      project.write({
        'package.json': { private: true, type: 'module', jest: { testMatch: ['**/*.test.mjs'], transform: {} } },
        'quote.test.mjs': testOf('quote-test.mjs', '@jest/globals'),
        'service.test.mjs': serviceTest('service.mjs', '@jest/globals'),
      });
      await jest(project, jestSays(4), { NODE_OPTIONS: '--experimental-vm-modules' });
    },
  },
  jestTypeScript({
    name: 'ts-jest',
    what: 'Jest 30 with ts-jest, CommonJS, legacy decorators with metadata',
    config: { preset: 'ts-jest' },
  }),
  jestTypeScript({
    name: 'jest-babel',
    what: 'Jest 30 with Babel, CommonJS, legacy decorators with metadata',
    config: {},
    files: {
      'babel.config.json': {
        presets: [['@babel/preset-env', { targets: { node: 'current' } }], '@babel/preset-typescript'],
        plugins: [
          'babel-plugin-transform-typescript-metadata',
          ['@babel/plugin-proposal-decorators', { legacy: true }],
        ],
      },
    },
  }),
  jestTypeScript({
    name: 'jest-swc',
    what: 'Jest 30 with @swc/jest, CommonJS, legacy decorators with metadata',
    config: {
      transform: {
        '^.+\\.ts$': [
          '@swc/jest',
          {
            jsc: {
              parser: { syntax: 'typescript', decorators: true },
              transform: { legacyDecorator: true, decoratorMetadata: true },
            },
          },
        ],
      },
    },
  }),
  {
    name: 'test-kit',
    what: 'the examples of the test kit: vitest 4, Jest 30 as it comes, the test runner of Node',
    tools,
    async run(project) {
      project.write({ 'tsconfig.json': { compilerOptions }, ...exampleFiles() });
      await project.tool('vitest', ['run', '--no-color', 'src'], { says: '5 passed (5)', env: { NO_COLOR: '1' } });
      await jest(project, jestSays(2), { below: 'plain' });
      await project.node(['--test', '--test-reporter=tap', 'plain/checkout.node.js'], { says: '# pass 2' });
    },
  },
  {
    name: 'nestjs-vitest',
    what: 'NestJS 12 with vitest 4: named policies and an exception filter',
    tools: nestTools,
    async run(project) {
      project.write({ 'tsconfig.json': { compilerOptions }, ...nestFiles('vitest') });
      await vitest(project, 2);
    },
  },
  {
    name: 'nestjs-jest',
    what: 'NestJS 12, which has ES modules alone, with Jest 30, its ES modules and @swc/jest',
    tools: nestTools,
    async run(project) {
      project.write({ 'package.json': { private: true, type: 'module' }, ...nestFiles('@jest/globals') });
      await jest(project, jestSays(2), { NODE_OPTIONS: '--experimental-vm-modules' });
    },
  },
];
