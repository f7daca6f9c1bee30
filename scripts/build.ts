/** Builds the pack (CommonJS, into dist/) and the bridge (ESM, into bridge/dist/). */
import { build } from './tasks.ts';

await build();
