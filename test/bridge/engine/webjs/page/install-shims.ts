import { SHIM_SCRIPT } from '../../../../../bridge/src/engine/webjs/page/page-shims.ts';

/** Does to the `window` of this process what a browser does to each document. */
export const installShims = (): void => void (0, eval)(SHIM_SCRIPT);
