/** What stands where no page is. The one of the default theme has no landmark, and a link whose name is not what it shows. */
import { withBase } from 'vitepress';
import { h } from 'vue';

export default () =>
  h('main', { class: 'not-found vp-doc' }, [
    h('h1', 'There is no such page'),
    h('p', [
      'It may have moved. ',
      h('a', { href: withBase('/') }, 'All pages'),
      ' are listed at the start, and the search is at the top.',
    ]),
  ]);
