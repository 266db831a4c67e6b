'use strict';

const mongoose = require('../support/mongoose');
const { Engine } = require('../../lib/driver/engine');
const { codecOf } = require('../../lib/protocol/codec');

const codec = codecOf(mongoose.mongo);
const uri = process.env.POLYMONGO_TEST_URI;

/** An engine on a database of the test's own, with what the tests do to it all the time. */
function openEngine(name, config = {}) {
  const engine = new Engine(uri, config);
  const db = `border_${name}_${process.env.POLYMONGO_MONGOOSE ?? '9'}`;
  return {
    engine,
    db,
    run: (body, op) => engine.command(db, body, { codec, ...op }),
    find: (body, op) => engine.openCursor(db, { find: 'things', ...body }, { codec, read: true, ...op }),
    insert: (documents, op) =>
      engine.command(db, { insert: 'things', documents }, { codec, write: true, ...op }),
    async close() {
      await engine.command(db, { dropDatabase: 1 }, { codec });
      await engine.close({ force: true });
    },
  };
}

module.exports = { codec, mongo: mongoose.mongo, openEngine, uri };
