/** Two copies of the framework in one program, as package managers install them. */
import { expect, test, vi } from 'vitest';
import { createContainer } from './create-container.js';
import { Inject } from './inject.js';
import { Injectable } from './injectable.js';

test('classes that one copy decorated are built and filled by the container of the other', async () => {
  vi.resetModules();
  const other = await import('../index.js');
  expect(other.Injectable).not.toBe(Injectable);

  @other.Injectable()
  class Repo {
    readonly rows = 3;
  }
  @other.Injectable()
  class Shop {
    readonly repo = other.inject(Repo);
    readonly byConstructor: Repo;
    constructor(repo: Repo) {
      this.byConstructor = repo;
    }
    @Inject(Repo)
    get later(): Repo {
      throw new Error('replaced');
    }
  }
  const shop = createContainer().get(Shop);
  expect([shop.repo, shop.byConstructor, shop.later]).toEqual([shop.repo, shop.repo, shop.repo]);
  expect(shop.repo.rows).toBe(3);
});

test('what nobody registered names both copies', async () => {
  const warning = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  const { noteCopy } = await import('@fwk/kernel');
  noteCopy('@fwk/core', '/other/node_modules/@fwk/core/index.js');
  class Repo {}
  expect(() => createContainer().get(Repo)).toThrow(
    /^nobody registered Repo, .*two copies of the framework are loaded \(.+ and \/other\/node_modules\/@fwk\/core\/index\.js\)/,
  );
  warning.mockRestore();
});
