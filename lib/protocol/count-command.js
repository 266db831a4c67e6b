'use strict';

const { numbers, objects, rules } = require('./rules');

/** Options of the `count` command. */
const COUNT = rules(numbers('limit', 'skip', 'maxTimeMS'), objects('collation'), {
  hint(body, value) {
    if (value !== null) body.hint = value;
  },
});

module.exports = { COUNT };
