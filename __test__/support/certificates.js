'use strict';

const fs = require('node:fs/promises');
const os = require('node:os');
const path = require('node:path');
const { generate } = require('selfsigned');

const AUTHORITY = [
  { name: 'basicConstraints', cA: true, critical: true },
  { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
];

/**
 * Writes a new authority and what it has certified to files of a folder of their own.
 * @returns {Promise<{file: (name: string) => string, remove: () => Promise<void>}>} `authority`, `stranger` (another
 *   authority), `server` (for this machine), `elsewhere` (for another), `client`, and `locked` (with an encrypted key)
 */
async function makeCertificates() {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'polymongo-certificates-'));
  const file = (name) => path.join(folder, `${name}.pem`);
  const make = (commonName, options) =>
    generate([{ name: 'commonName', value: commonName }], { algorithm: 'sha256', ...options });

  const authority = await make('polymongo tests', { extensions: AUTHORITY });
  const stranger = await make('a stranger', { extensions: AUTHORITY });
  const ca = { key: authority.private, cert: authority.cert };
  const pairs = {
    server: await make('localhost', { ca }),
    elsewhere: await make('elsewhere.example', { ca }),
    client: await make('client', { ca }),
    locked: await make('client', { ca, passphrase: 'secret' }),
  };
  await fs.writeFile(file('authority'), authority.cert);
  await fs.writeFile(file('stranger'), stranger.cert);
  for (const [name, pair] of Object.entries(pairs))
    await fs.writeFile(file(name), `${pair.cert}\n${pair.private}`);
  return { file, remove: () => fs.rm(folder, { recursive: true }) };
}

module.exports = { makeCertificates };
