import { Emitter } from './events.js';

/** A model whose attributes are its own enumerable properties. */
export class Model extends Emitter {
  #collections = new Set();

  constructor(attributes = {}) {
    super();
    Object.assign(this, attributes);
  }

  /** `change:x` (model, new, previous) for every changed attribute, then one `change`. */
  set(attributes) {
    const changes = [];
    for (const [name, value] of Object.entries(attributes)) {
      if (this[name] === value) continue;
      changes.push([name, value, this[name]]);
      this[name] = value;
    }
    for (const [name, value, previous] of changes) this.trigger(`change:${name}`, this, value, previous);
    if (changes.length > 0) this.trigger('change', this);
    return this;
  }

  trigger(name, ...args) {
    super.trigger(name, ...args);
    for (const collection of this.#collections) collection.trigger(name, ...args);
    return this;
  }

  serialize() {
    return { ...this };
  }

  unsafe() {
    return this;
  }

  joined(collection) {
    this.#collections.add(collection);
  }

  left(collection) {
    this.#collections.delete(collection);
  }
}

/** Models by id; re-emits the events of its models. */
export class Collection extends Emitter {
  #models = new Map();

  get(id) {
    return id === undefined || id === null ? undefined : this.#models.get(String(id));
  }

  add(model) {
    const existing = this.get(model.id);
    if (existing) return existing;
    this.#models.set(String(model.id), model);
    model.joined(this);
    this.trigger('add', model, this);
    return model;
  }

  remove(id) {
    const model = this.get(id);
    if (!model) return undefined;
    this.#models.delete(String(id));
    model.trigger('remove', model, this);
    model.left(this);
    return model;
  }

  /** Takes a model out without a word. */
  drop(id) {
    this.get(id)?.left(this);
    this.#models.delete(String(id));
  }

  getModelsArray() {
    return [...this.#models.values()];
  }

  filter(predicate) {
    return this.getModelsArray().filter(predicate);
  }

  get length() {
    return this.#models.size;
  }
}
