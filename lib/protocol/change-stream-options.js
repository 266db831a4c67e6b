'use strict';

const { rules } = require('./rules');

/** Options of the `$changeStream` stage and of the cursor under it. */
const NAMES = [
  'fullDocument',
  'fullDocumentBeforeChange',
  'resumeAfter',
  'startAfter',
  'startAtOperationTime',
  'showExpandedEvents',
  'showSystemEvents',
  'batchSize',
  'collation',
  'comment',
];

const STREAM = rules(
  Object.fromEntries(
    NAMES.map((name) => [
      name,
      (/** @type {any} */ asked, /** @type {any} */ value) => {
        if (value !== null) asked[name] = value;
      },
    ]),
  ),
);

/**
 * What the engine is told when it opens a stream.
 * @param {any} asked the options above, as gathered
 * @param {any} op
 */
function streamOptions(asked, op) {
  const options = { ...asked };
  if (op.maxAwaitTimeMS !== null) options.maxAwaitTimeMS = op.maxAwaitTimeMS;
  if (op.readConcern !== null) options.readConcern = op.readConcern;
  if (op.readPreference !== null) options.readPreference = op.readPreference.toJSON();
  return options;
}

module.exports = { STREAM, streamOptions };
