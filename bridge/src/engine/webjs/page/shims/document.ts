/** What a document keeps for calls that belong together: work under way, files and histories. */
import type { PageWindow, ShimState } from '../page-window.ts';

declare const window: PageWindow;

export function documentShims(): Pick<
  ShimState,
  'document' | 'underWay' | 'jobs' | 'files' | 'histories' | 'begin' | 'loadEarlier'
> {
  return {
    document: `${Date.now()}-${Math.random()}`,
    underWay: new Set(),
    jobs: new Map(),
    files: new Map(),
    histories: new Map(),
    begin(job, work) {
      const running = Promise.resolve().then(work);
      running.catch(() => undefined);
      window.wabridge.jobs.set(job, running);
    },
    loadEarlier(chat, history) {
      if (history.loading) return history.loading;
      const { loadEarlierMsgs } = window.require('WAWebChatLoadMessages');
      const loading = Promise.resolve(loadEarlierMsgs({ chat })).then((loaded) => {
        if (history.loading === loading) history.loading = null;
        const held = new Set(history.ordered);
        // What it returns, not what is new in the page: that can be what was said meanwhile.
        const earlier = (loaded ?? []).filter((message) => !held.has(message));
        history.ordered = [...earlier, ...history.ordered];
        return earlier.length;
      });
      loading.catch(() => {
        if (history.loading === loading) history.loading = null;
      });
      history.loading = loading;
      return loading;
    },
  };
}
