/** The page's module loader: `window.require('WAWebX')` gives the module, an unknown name throws. */
const modules = new Map();
/** Takes a fault away, by the path of its function. */
const repairs = new Map();
/** How many calls a fault holds, by the path of its function. */
const held = new Map();

export function define(name, exports) {
  modules.set(name, exports);
  return exports;
}

/** A module as it is now, with what whatsapp-web.js has put around its functions. */
export const moduleNamed = (name) => modules.get(name);

/** Publishes `window.require`; before that the page has no loader, as on a page that is still loading. */
export function publish() {
  window.require = (name) => {
    if (!modules.has(name)) throw new Error(`Requiring unknown module "${name}"`);
    return modules.get(name);
  };
}

/** The chat that a call is about: its id, the chat itself, or options that name it. */
const chatOf = (about) => String(about?.chat?.id ?? about?.id ?? about);

/**
 * Something goes wrong with a function of a module, until `repair`.
 *
 * @param path `Module.function`, also deeper: `WAWebCollections.Msg.getMessagesById`
 */
export function breakFunction(path, { hangs, delayMs, throws, reloads, missing, chats, times = Infinity }) {
  repair(path);
  const [moduleName, ...names] = path.split('.');
  const name = names.pop();
  const owner = names.reduce((object, key) => object?.[key], modules.get(moduleName));
  const original = owner?.[name];
  if (typeof original !== 'function') throw new Error(`there is no function ${path}`);
  if (missing) {
    owner[name] = undefined;
    repairs.set(path, () => (owner[name] = original));
    return;
  }
  let left = times;
  let release;
  const repaired = new Promise((resolve) => (release = resolve));
  owner[name] = function (...args) {
    if (chats && !chats.includes(chatOf(args[0]))) return original.apply(this, args);
    if (left-- <= 0) return original.apply(this, args);
    if (reloads) location.reload();
    if (throws !== undefined) throw new Error(throws);
    if (!hangs && !reloads && !delayMs) return original.apply(this, args);
    if (hangs) held.set(path, heldCalls(path) + 1);
    const first = hangs || reloads ? repaired : new Promise((resolve) => setTimeout(resolve, delayMs));
    return first.then(() => original.apply(this, args));
  };
  repairs.set(path, () => {
    left = 0;
    release();
  });
}

/** How many calls of a function hang because of a fault. */
export const heldCalls = (path) => held.get(path) ?? 0;

/** Takes one fault away, or all: calls that hang go on. */
export function repair(path) {
  for (const [each, repairOne] of repairs) {
    if (path && each !== path) continue;
    repairs.delete(each);
    held.delete(each);
    repairOne();
  }
}
