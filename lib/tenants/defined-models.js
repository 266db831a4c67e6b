'use strict';

const { PolyMongoError } = require('../error');
const { definitionOf } = require('../mongoose/schema-definition');

/** A reloaded module may say something new of a model; elsewhere two definitions are a mistake. */
const mayChange = () => process.env.NODE_ENV === 'development';

const NEVER = new Promise(() => {});

/**
 * @typedef {object} Defined
 * @property {any} model  the user's own, so to speak: the one that is wrapped
 * @property {any} schema
 * @property {string} definition
 */

/**
 * The models that a wrapper was given as schemas. They are compiled on a connection of their own that never opens, so that
 * Mongoose's does not know them.
 */
class DefinedModels {
  #home;
  /** @type {any} */
  #source = null;
  /** @type {Map<string, Defined>} */
  #models = new Map();
  /** The definitions of their discriminators. @type {WeakMap<any, string>} */
  #discriminators = new WeakMap();

  /** @param {import('./base-tenants').BaseTenants} home */
  constructor(home) {
    this.#home = home;
  }

  /** @param {any} model */
  has(model) {
    return model.db === this.#source;
  }

  /**
   * @param {string} name
   * @param {any} schema
   * @param {string | undefined} collection
   * @param {string | undefined} own  the database that it has for itself
   */
  define(name, schema, collection, own) {
    const where = JSON.stringify([collection, own]);
    const known = this.#models.get(name);
    if (known === undefined && this.#home.named.has(name))
      throw twice(name, 'it was wrapped with wrapModel()');
    // What Mongoose has compiled is not what was written any more: the same schema is the same definition.
    const definition =
      known?.schema === schema && known?.definition.startsWith(where)
        ? /** @type {Defined} */ (known).definition
        : where + definitionOf(schema);
    if (known?.definition === definition) return known.model;
    if (known !== undefined) {
      if (!mayChange()) throw twice(name, 'with another schema, collection or database');
      this.#remove(known.model);
    }
    const model = this.#connection().model(name, schema, collection);
    this.#models.set(name, { model, schema, definition });
    return model;
  }

  /**
   * @param {any} model
   * @param {any[]} args of Mongoose's `discriminator`
   */
  discriminator(model, [name, schema, options]) {
    const definition = schema?.instanceOfSchema
      ? JSON.stringify([options?.value ?? options]) + definitionOf(schema)
      : undefined;
    const known = Object.hasOwn(model.discriminators ?? {}, name) ? model.discriminators[name] : undefined;
    if (known !== undefined && definition !== undefined) {
      if (this.#discriminators.get(known) === definition) return known;
      if (!mayChange()) throw twice(name, `as discriminators of "${model.modelName}" that differ`);
      this.#remove(known);
      delete model.discriminators[name];
    }
    const made = model.discriminator(name, schema, options);
    if (definition !== undefined) this.#discriminators.set(made, definition);
    return made;
  }

  #connection() {
    if (this.#source === null) {
      this.#source = new this.#home.driver.Connection(this.#home.base);
      // What a schema itself asks for is made where tenants write, never here.
      Object.assign(this.#source.config, { autoIndex: false, autoCreate: false });
      this.#source._waitForConnect = () => NEVER;
    }
    return this.#source;
  }

  /** @param {any} model */
  #remove(model) {
    for (const each of [model, ...Object.values(model.discriminators ?? {})]) {
      this.#home.retire(each);
      delete this.#source.models[each.modelName];
    }
  }
}

/** @param {string} name @param {string} why */
function twice(name, why) {
  return new PolyMongoError(
    `The model "${name}" is defined twice, ${why}; define it once, in a module that the others load. Modules that are ` +
      'reloaded may change it while NODE_ENV is "development"',
    { code: 'MODEL_CONFLICT' },
  );
}

exports.DefinedModels = DefinedModels;
