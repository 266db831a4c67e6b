'use strict';

const { bulkOperations, ClientBulkOutcome } = require('../protocol/client-bulk');
const { own } = require('../protocol/own');
const { rules, settings, values } = require('../protocol/rules');
const { NO_EXPLAIN, Operation, WRITE } = require('./operation');

const OPTIONS = rules(WRITE, NO_EXPLAIN, settings('let'), values('comment', 'bypassDocumentValidation'));

const MAX_OPERATIONS = 100_000;

/**
 * `bulkWrite` over several collections and databases, a command of MongoDB 8.0 and later.
 * @param {any} client
 * @param {any[]} models `{name, namespace, …}`
 * @param {any} options
 */
async function clientBulkWrite(client, models, options) {
  const { codec } = client.s;
  const { mongo } = codec;
  if (!Array.isArray(models) || models.length === 0) {
    throw new mongo.MongoClientBulkWriteExecutionError('No client bulk write models were provided.');
  }
  const ordered = own(options, 'ordered') ?? true;
  const verbose = own(options, 'verboseResults') ?? false;
  const outcome = new ClientBulkOutcome(codec, ordered, verbose);
  for (let from = 0; from < models.length; from += MAX_OPERATIONS) {
    await send(client, models.slice(from, from + MAX_OPERATIONS), options, outcome);
  }
  return outcome.settled();
}

/**
 * @param {any} client
 * @param {any[]} models
 * @param {any} options
 * @param {ClientBulkOutcome} outcome
 * @returns {Promise<void>}
 */
async function send(client, models, options, outcome) {
  const { codec } = client.s;
  const op = Operation.writing(
    client.s,
    !models.some(({ name }) => name === 'updateMany' || name === 'deleteMany'),
  );
  /** @type {any} */
  const body = { bulkWrite: 1, errorsOnly: !outcome.verbose, ordered: outcome.ordered };
  op.take(OPTIONS, options, body);
  refuseUnacknowledged(codec, op, outcome);
  Object.assign(body, bulkOperations(codec, models, op.bson));
  // The results that do not fit the reply can be had in its session alone, and that may be the engine's own.
  op.gather = op.acknowledged;
  let reply;
  try {
    reply = await op.execute('admin', body);
  } catch (error) {
    if (error.code !== 'ERR_OUT_OF_RANGE' || models.length === 1) {
      outcome.fail(error, body.ops, op.acknowledged);
      return;
    }
    const middle = models.length >> 1;
    await send(client, models.slice(0, middle), options, outcome);
    await send(client, models.slice(middle), options, outcome);
    return;
  }
  outcome.accept(reply, body.ops, op.acknowledged);
}

/**
 * @param {any} codec
 * @param {Operation} op
 * @param {ClientBulkOutcome} outcome
 */
function refuseUnacknowledged({ mongo: { MongoInvalidArgumentError } }, op, { ordered, verbose }) {
  if (op.acknowledged) return;
  if (verbose) {
    throw new MongoInvalidArgumentError('Cannot request unacknowledged write concern and verbose results');
  }
  if (ordered) {
    throw new MongoInvalidArgumentError('Cannot request unacknowledged write concern and ordered writes');
  }
}

module.exports = { clientBulkWrite };
