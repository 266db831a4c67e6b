'use strict';

const native = require('../../../lib/native');

/** As if a Buffer held no more: what Node.js 20 has takes 4 GiB. */
const MOST_BYTES = 1000;

const { NativeEnvironment } = native;
native.NativeEnvironment = class extends NativeEnvironment {
  constructor(wake) {
    super(wake, MOST_BYTES);
  }
};

const mongoose = require('../../support/mongoose');
const { createWrapper } = require('../../..');

async function main(uri, db) {
  const wrapper = createWrapper({ mongoURI: uri, defaultDB: db, handleSignals: false });
  const Note = wrapper.wrapModel(mongoose.model('Note', new mongoose.Schema({ _id: Number, text: String })));
  await Note.insertMany(Array.from({ length: 40 }, (_, _id) => ({ _id, text: 'x'.repeat(40) })));
  const told = {};
  for (const [name, query] of [
    ['in the middle', Note.find().batchSize(5)],
    ['at the end', Note.find().limit(15).batchSize(14)],
    ['fits', Note.find().limit(12).batchSize(5)],
  ]) {
    const outcome = await wrapper.json(query).then(
      (json) => JSON.parse(json.toString()).length,
      ({ name: className, code, message }) => [className, code, message],
    );
    told[name] = [outcome, Note.db.client.s.engine.stats().openCursors];
  }
  await wrapper.dropDatabase(db);
  await wrapper.closeAll();
  process.stdout.write(JSON.stringify(told));
}

main(process.env.POLYMONGO_TEST_URI, process.argv[2]);
