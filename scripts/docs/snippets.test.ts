import { describe, expect, test } from 'vitest';
import { snippetsOf } from './snippets.mjs';

const block = (code: string) => `\`\`\`ts\n${code}\n\`\`\`\n`;

describe('a TypeScript block of a page', () => {
  test('gets imports, in its first line, of what the packages and the reader have', () => {
    const [snippet] = snippetsOf('docs/page.md', block("createApp({ ...shop, use: [discovery()] }); // http: 'get'"));
    expect(snippet?.code.split('\n')[0]).toBe(
      "import { createApp } from '@fwk/core'; import { shop } from '../given/reader.js'; import { discovery } from '@fwk/discovery'; createApp({ ...shop, use: [discovery()] }); // http: 'get'",
    );
  });

  test('keeps what it declares or imports itself, and names of members', () => {
    const code =
      "import { http } from 'elsewhere';\nconst { retry, limit: policy } = http;\nclass Cache { size = policy.cache; }";
    expect(snippetsOf('docs/page.md', block(code))[0]?.code).toBe(`${code}\nexport {};\n`);
  });

  test('is the file that it says, and prints what stands below', () => {
    const text = `${block('// hello.ts\nconsole.log(1);')}\n\`\`\`text\n1\n\`\`\`\n${block('2;')}`;
    expect(snippetsOf('packages/mux/README.md', text)).toMatchObject([
      { file: 'packages-mux-README/hello.ts', line: 2, prints: '1\n' },
      { file: 'packages-mux-README/snippet-2.ts', line: 10, prints: undefined },
    ]);
  });
});
