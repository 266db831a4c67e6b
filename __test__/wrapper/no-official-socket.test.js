const { execFile } = require('node:child_process');
const path = require('node:path');
const { promisify } = require('node:util');

test('the official driver opens no socket: JavaScript opens none at all', async () => {
  const child = path.join(__dirname, 'children', 'no-official-socket.js');
  const { stdout } = await promisify(execFile)(process.execPath, [child]);
  expect(JSON.parse(stdout)).toEqual({
    result: {
      fish: 300,
      groups: 3,
      friend: 'cat',
      change: 'insert',
      moved: 1,
      closed: { drained: 0, cancelled: 0 },
    },
    opened: [],
  });
});
