'use strict';

const mongoose = require('mongoose');

/** Base letters only: "sao" finds "São". An index has to be built with the collation that its queries use. */
const collation = { locale: 'en', strength: 1 };

/** The last of all characters in a collation's order. */
const LAST = '\uffff';

const schema = new mongoose.Schema(
  {
    name: { type: String, required: true, trim: true, minlength: 1, maxlength: 200 },
    lat: { type: Number, required: true, min: -90, max: 90 },
    lng: { type: Number, required: true, min: -180, max: 180 },
    admin1: { type: String, maxlength: 20 },
    admin2: { type: String, maxlength: 80 },
  },
  { versionKey: false },
);

schema.index({ name: 1 }, { collation });

schema.static('search', function search(start, limit) {
  const filter = start ? { name: { $gte: start, $lt: start + LAST } } : {};
  return this.find(filter).collation(collation).sort({ name: 1 }).limit(limit).lean();
});

const City = mongoose.model('City', schema);

module.exports = { City };
