'use strict';

/** Where a connection belongs. */
const HOME = /** @type {any} */ (Symbol('polymongo#home'));

/**
 * What a tenant's connection asks of the layer that made it.
 *
 * @typedef {object} Home
 * @property {any} base                         the Mongoose instance
 * @property {any} client                       the client all its connections share
 * @property {() => string[]} hosts
 * @property {object} config                    `autoIndex`, `autoCreate`, `sanitizeFilter` …
 * @property {object | null} options            `maxTimeMS` …
 * @property {(name: string) => object | undefined} inherited what a database with a pool of its own differs in
 * @property {(name: string) => boolean} isDown whether the servers of that database are known to be out of reach
 * @property {(name: string) => any} connection
 * @property {(connection: any, name: string) => any} boundByName  a user's model of that name, bound; or undefined
 * @property {(connection: any, model: any) => any} bound  the model bound to the connection
 * @property {(connection: any) => void} closed
 * @property {(name: string) => boolean} release
 * @property {(model: any, args: any[]) => any} called   what `Model.db(...)` answers
 */

module.exports = { HOME };
