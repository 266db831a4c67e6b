/** The document every workload uses: about 410 bytes of BSON, with nested parts and arrays as applications have them. */
function makeDocument(i) {
  return {
    name: `User Number ${i}`,
    email: `user${i}@example.com`,
    age: i % 90,
    score: i * 1.37,
    active: i % 2 === 0,
    createdAt: new Date(1700000000000 + i * 1000),
    tags: ['alpha', 'beta', `tag${i % 50}`],
    address: {
      street: `${i} Long Street Name`,
      city: 'Springfield',
      zip: String(10000 + (i % 90000)),
      geo: { lat: 48.1 + i / 1e6, lng: 11.5 - i / 1e6 },
    },
    bio: 'Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor.',
  };
}

/** @param {any} mongoose */
function userSchema(mongoose) {
  return new mongoose.Schema(
    {
      name: String,
      email: String,
      age: Number,
      score: Number,
      active: Boolean,
      createdAt: Date,
      tags: [String],
      address: { street: String, city: String, zip: String, geo: { lat: Number, lng: Number } },
      bio: String,
    },
    { autoIndex: false, autoCreate: false, versionKey: false },
  );
}

module.exports = { makeDocument, userSchema };
