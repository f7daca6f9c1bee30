/** Boots the page: what was kept is read first, then the loader appears, then the connection opens. */
import { loadKeys } from './identity.js';
import { restore } from './collections.js';
import { link, whenOnline } from './connection.js';
import './media.js';
import './modules.js';
import { publish } from './registry.js';
import { resendPending } from './sending.js';

await loadKeys();
await restore();
whenOnline(resendPending);
publish();
window.Debug = { VERSION: window.STANDIN.version };
link.open();
