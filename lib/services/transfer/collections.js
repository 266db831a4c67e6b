'use strict';

/**
 * The collections and views of a database that a copy of it consists of: without the server's own `system.*`, and views
 * after the collections they read.
 * @param {any} db
 * @returns {Promise<Array<{name: string, type: string, options: Record<string, any>}>>}
 */
async function listTransferable(db) {
  const all = await db.listCollections({}, LOSSLESS).toArray();
  const own = all.filter(({ name }) => !name.startsWith('system.'));
  const views = own.filter(({ type }) => type === 'view');
  return [...own.filter(({ type }) => type !== 'view').sort(byName), ...inOrderOfUse(views)].map(
    ({ name, type, options }) => ({ name, type: type ?? 'collection', options: options ?? {} }),
  );
}

const byName = (a, b) => (a.name < b.name ? -1 : 1);

/** A view of a view comes after it. */
function inOrderOfUse(views) {
  const waiting = new Map(views.map((view) => [view.name, view]));
  const ordered = [];
  const visit = (view) => {
    waiting.delete(view.name);
    const base = waiting.get(view.options?.viewOn);
    if (base !== undefined) visit(base);
    ordered.push(view);
  };
  while (waiting.size > 0) visit(waiting.values().next().value);
  return ordered;
}

/** Without promoting values, so that an int32, an int64 and a double stay what they are. */
const LOSSLESS = Object.freeze({ promoteValues: false, useBigInt64: false, bsonRegExp: true });

/** @param {any} db @param {string} name @returns {Promise<Array<Record<string, any>>>} all indexes but `_id_` */
async function indexesOf(db, name) {
  const indexes = await db.collection(name).listIndexes(LOSSLESS).toArray();
  return indexes.filter((index) => index.name !== '_id_' && index.clustered !== true);
}

/**
 * Creates a collection or view as it was in the source; one that exists already is left as it is.
 * @param {any} db @param {string} name @param {Record<string, any>} options
 * @returns {Promise<boolean>} whether it was created
 */
async function createLike(db, name, options) {
  try {
    await db.command({ create: name, ...options });
    return true;
  } catch (error) {
    if (error.code === 48) return false; // NamespaceExists
    throw error;
  }
}

/** @param {any} db @param {string} name @param {Array<Record<string, any>>} indexes */
async function createIndexes(db, name, indexes) {
  const specs = indexes.filter((index) => index.name !== '_id_').map(({ ns, v, ...spec }) => spec);
  if (specs.length > 0) await db.command({ createIndexes: name, indexes: specs });
  return specs.length;
}

module.exports = { createIndexes, createLike, indexesOf, listTransferable };
