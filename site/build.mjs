/** Builds the site from all pages. A link to a page that does not exist fails it. */
import { build } from 'vitepress';
import { gatherPages } from './pages.mjs';

gatherPages();
await build(import.meta.dirname);
