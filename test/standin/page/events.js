/** Backbone-like events: several names in one string, `once`, `off` with or without a handler. */
export class Emitter {
  #handlers = new Map();

  on(names, handler, context) {
    for (const name of names.split(/\s+/)) this.#list(name).push({ handler, context, once: false });
    return this;
  }

  once(names, handler, context) {
    for (const name of names.split(/\s+/)) this.#list(name).push({ handler, context, once: true });
    return this;
  }

  /** Without a name, nobody listens to anything any more. */
  off(names, handler) {
    if (names === undefined) return (this.#handlers.clear(), this);
    for (const name of names.split(/\s+/)) {
      const kept = handler ? this.#list(name).filter((entry) => entry.handler !== handler) : [];
      this.#handlers.set(name, kept);
    }
    return this;
  }

  /** A handler that throws does not keep the others from running. */
  trigger(name, ...args) {
    for (const entry of [...this.#list(name)]) {
      if (entry.once)
        this.#handlers.set(
          name,
          this.#list(name).filter((other) => other !== entry),
        );
      try {
        entry.handler.apply(entry.context ?? this, args);
      } catch (error) {
        reportError(error);
      }
    }
    return this;
  }

  /** How many listen to a name. */
  count(name) {
    return this.#list(name).length;
  }

  #list(name) {
    if (!this.#handlers.has(name)) this.#handlers.set(name, []);
    return this.#handlers.get(name);
  }
}
