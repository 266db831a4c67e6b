'use strict';

/** @typedef {import('./codec').Codec} Codec */

/**
 * A write of one statement reports its failure as the error itself.
 * @param {Codec} codec
 * @param {any} reply
 */
function checkWrite(codec, reply) {
  const { MongoServerError } = codec.mongo;
  if (reply.code) throw new MongoServerError(reply);
  if (reply.writeErrors) throw new MongoServerError(reply.writeErrors[0]);
}

/**
 * @param {Codec} codec
 * @param {boolean} acknowledged
 * @param {any} reply
 */
function updateResult(codec, acknowledged, reply) {
  checkWrite(codec, reply);
  if (!acknowledged) {
    return {
      acknowledged,
      modifiedCount: undefined,
      upsertedId: null,
      upsertedCount: 0,
      matchedCount: undefined,
    };
  }
  const upserted = reply.upserted?.length > 0 ? reply.upserted : null;
  return {
    acknowledged,
    modifiedCount: reply.nModified ?? reply.n,
    upsertedId: upserted === null ? null : upserted[0]._id,
    upsertedCount: upserted === null ? 0 : upserted.length,
    matchedCount: upserted === null ? reply.n : 0,
  };
}

/**
 * @param {Codec} codec
 * @param {boolean} acknowledged
 * @param {any} reply
 */
function deleteResult(codec, acknowledged, reply) {
  checkWrite(codec, reply);
  return { acknowledged, deletedCount: acknowledged ? reply.n : undefined };
}

/**
 * @param {Codec} codec
 * @param {boolean} acknowledged
 * @param {any} reply
 * @param {any} insertedId
 */
function insertOneResult(codec, acknowledged, reply, insertedId) {
  checkWrite(codec, reply);
  return { acknowledged, insertedId };
}

module.exports = { deleteResult, insertOneResult, updateResult };
