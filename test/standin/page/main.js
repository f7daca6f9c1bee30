/** Boots the page: what was kept is read first, then the loader appears, then the connection opens. */
import { restore } from './collections.js';
import { link, whenOnline } from './connection.js';
import { loseFunctions, openControl } from './control.js';
import { loadKeys } from './identity.js';
import './acting.js';
import './media.js';
import './modules.js';
import './pairing.js';
import { breakFunction, publish } from './registry.js';
import { resendPending } from './sending.js';

await loadKeys();
await restore();
await openControl();
whenOnline(resendPending);
for (const [path, fault] of Object.entries(window.STANDIN.faults)) breakFunction(path, fault);
if (window.STANDIN.losesFunctions) loseFunctions();
publish();
window.Debug = { VERSION: window.STANDIN.version };
link.open();
