'use strict';

// `npm run demo`: sets up what is missing, then runs the example of the world's cities. `npm run demo -- --once` ends
// after a summary; PORT (or --port) says where the page is served.

const { setUp } = require('./setup');

async function main() {
  const mongod = await setUp();
  process.env.POLYMONGO_MONGOD = mongod.path;
  await require('../examples/cities').main(process.argv.slice(2));
}

main().catch((error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
