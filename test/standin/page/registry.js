/** The page's module loader: `window.require('WAWebX')` gives the module, an unknown name throws. */
const modules = new Map();

export function define(name, exports) {
  modules.set(name, exports);
  return exports;
}

/** Publishes `window.require`; before that the page has no loader, as on a page that is still loading. */
export function publish() {
  window.require = (name) => {
    if (!modules.has(name)) throw new Error(`Requiring unknown module "${name}"`);
    return modules.get(name);
  };
}
