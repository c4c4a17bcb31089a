import { defineConfig } from 'vitepress';
import { slugOf } from '../../scripts/docs/markdown.mjs';
import { decisionsBar, sideBar } from '../navigation.mjs';
import { built, gathered, repositoryAddress } from '../pages.mjs';

/** Two circles and a line: services that call each other. Within the page, so that nobody asks for a file. */
const icon = `data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><path d="M4 12 12 4" stroke="#3451b2" stroke-width="2"/><circle cx="4" cy="12" r="3" fill="#3451b2"/><circle cx="12" cy="4" r="3" fill="#3451b2"/></svg>',
)}`;

export default defineConfig({
  title: 'fwk',
  description: 'A TypeScript framework for services on Node.js.',
  lang: 'en',
  head: [['link', { rel: 'icon', href: icon }]],
  srcDir: gathered,
  outDir: built,
  cacheDir: '.cache/vite',
  // An address with .html is found on any static server, and in a folder.
  cleanUrls: false,
  metaChunk: true,
  markdown: {
    // Anchors as code hosts make them, so that a link is right in both places.
    anchor: { slugify: slugOf },
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
  },
  vite: { build: { chunkSizeWarningLimit: 4000 } },
  themeConfig: {
    nav: [
      { text: 'Quick start', link: '/quick-start' },
      { text: 'Guides', link: '/' },
      { text: 'API', link: '/api/core' },
    ],
    sidebar: { '/decisions/': decisionsBar(), '/': sideBar() },
    outline: { level: [2, 3], label: 'On this page' },
    search: { provider: 'local', options: { detailedView: false } },
    socialLinks: [{ icon: 'github', link: repositoryAddress(), ariaLabel: 'sources' }],
    docFooter: { prev: 'Before', next: 'Next' },
  },
});
