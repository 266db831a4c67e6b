const { execFile } = require('node:child_process');
const path = require('node:path');
const { promisify } = require('node:util');
const { attacks, attacksOnQueries, startHostileServer } = require('./support/hostile-server');

const CHILD = path.join(__dirname, 'children', 'hostile.js');
const real = process.env.POLYMONGO_TEST_URI;
const realPort = Number(/:(\d+)/.exec(real.slice('mongodb://'.length))[1]);
/** All attacks run at the same time, each on several connections; every one of them may announce 48 MB. */
const MEMORY_MB = 600;

/** What comes of each attack, in a process of its own with little memory for objects. */
async function outcomes(kinds, behind) {
  const servers = await Promise.all(Object.values(kinds).map((kind) => startHostileServer(kind, behind)));
  try {
    const uris = servers.map(({ port }) => `mongodb://127.0.0.1:${port}/?directConnection=true`);
    const asked = JSON.stringify({ uris, real });
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [
      '--max-old-space-size=256',
      CHILD,
      asked,
    ]);
    const { answers, ...rest } = JSON.parse(stdout);
    return { ...rest, stderr, errors: Object.fromEntries(Object.keys(kinds).map((k, i) => [k, answers[i]])) };
  } finally {
    for (const server of servers) server.close();
  }
}

test('a hostile server at the first contact: no server, bounded memory, and the process lives', async () => {
  const { errors, alive, stderr, grownMB } = await outcomes(attacks);
  expect(errors).toEqual(
    Object.fromEntries(
      Object.keys(attacks).map((attack) => [attack, expect.stringMatching(/^MongoServerSelectionError: /)]),
    ),
  );
  expect({ alive, stderr }).toEqual({ alive: 0, stderr: '' });
  expect(grownMB).toBeLessThan(MEMORY_MB);
});

test('a hostile server in the midst of work: an error, bounded memory, and the process lives', async () => {
  const { errors, alive, stderr, grownMB } = await outcomes(attacksOnQueries, realPort);
  const network = expect.stringMatching(/^Mongo(Network|NetworkTimeout)Error: /);
  const unreadable = expect.stringMatching(/^BSONError: /);
  expect(errors).toEqual({
    ...Object.fromEntries(Object.keys(attacksOnQueries).map((attack) => [attack, network])),
    'a string that never ends': unreadable,
    'a type that does not exist': unreadable,
    // Whether it can be read is up to the BSON library: Mongoose 8's recurses, and ends with a RangeError.
    'a result nested 10,000 deep': expect.any(String),
  });
  expect({ alive, stderr }).toEqual({ alive: 0, stderr: '' });
  expect(grownMB).toBeLessThan(MEMORY_MB);
});
