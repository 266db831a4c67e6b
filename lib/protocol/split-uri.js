'use strict';

const { PolyMongoError } = require('../error');

/**
 * @typedef {object} UriParts
 * @property {boolean} srv
 * @property {{username: string, password: string | null} | null} credentials  Still percent-encoded
 * @property {string[]} hosts
 * @property {string | null} database
 * @property {[string, string][]} parameters  Decoded, in order
 */

const ENCODE =
  'characters such as / : @ ? # in a user name or password must be percent-encoded (encodeURIComponent)';
const ESCAPED = /^(?:[^%:@/?#[\]]|%[0-9a-f]{2})*$/i;
const HOST = /^(?:\[[0-9a-f:.%]+\]|[^\s:[\]@/\\'"]+)(?::(\d{1,5}))?$/i;

/** @param {string} label @param {string} problem */
function invalid(label, problem) {
  // The parts of a malformed URI are never quoted: what looks like a host may be a piece of the password.
  return new PolyMongoError(`${label} ${problem}`, { code: 'URI_INVALID' });
}

/** @param {string} text @param {string} label @param {string} part */
function decode(text, label, part) {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalid(
      label,
      `is malformed: ${part} holds a % that is not followed by two hexadecimal digits; ${ENCODE}`,
    );
  }
}

/** @param {string} userInfo @param {string} label */
function splitCredentials(userInfo, label) {
  const colon = userInfo.indexOf(':');
  const username = colon < 0 ? userInfo : userInfo.slice(0, colon);
  const password = colon < 0 ? null : userInfo.slice(colon + 1);
  if (username === '') throw invalid(label, 'is malformed: the user name before the @ is empty');
  if (!ESCAPED.test(username) || !ESCAPED.test(password ?? '')) {
    throw invalid(label, `is malformed: the user name or password is not percent-encoded; ${ENCODE}`);
  }
  decode(username + (password ?? ''), label, 'the user name or password');
  return { username, password };
}

/** @param {string} text @param {boolean} srv @param {string} label */
function splitHosts(text, srv, label) {
  const hosts = text.split(',');
  for (const host of hosts) {
    if (host === '') throw invalid(label, 'is malformed: a host name is empty; expected mongodb://host:port');
    const match = HOST.exec(host);
    const port = match?.[1];
    if (!match || (port !== undefined && (Number(port) < 1 || Number(port) > 65535))) {
      throw invalid(label, `is malformed: a host or its port (1 to 65535) is not valid; ${ENCODE}`);
    }
    if (srv && port !== undefined) throw invalid(label, 'is malformed: mongodb+srv:// takes no port');
  }
  if (srv && hosts.length > 1) throw invalid(label, 'is malformed: mongodb+srv:// takes one host name');
  return hosts;
}

/** @param {string} text @param {string} label */
function splitParameters(text, label) {
  /** @type {[string, string][]} */
  const parameters = [];
  for (const pair of text.split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    if (equals < 1 || pair.includes('@')) {
      throw invalid(
        label,
        `is malformed: what follows the ? must be name=value pairs joined by &; ${ENCODE}`,
      );
    }
    const name = decode(pair.slice(0, equals), label, 'an option');
    const value = decode(pair.slice(equals + 1), label, 'an option');
    parameters.push([name, value]);
  }
  return parameters;
}

/**
 * Takes a connection string apart. Its errors never show any part of it.
 * @param {unknown} uri
 * @param {string} [label]  How the option is named in messages
 * @returns {UriParts}
 */
function splitUri(uri, label = 'mongoURI') {
  if (uri === undefined || uri === null || uri === '') throw invalid(label, 'is required');
  if (typeof uri !== 'string') throw invalid(label, 'must be a string');
  const scheme = /^mongodb(\+srv)?:\/\//.exec(uri);
  if (!scheme) throw invalid(label, 'must start with mongodb:// or mongodb+srv://');
  if (/[\s\p{Cc}]/u.test(uri))
    throw invalid(label, 'is malformed: it holds white space or a control character');
  const srv = scheme[1] !== undefined;
  const rest = uri.slice(scheme[0].length);

  const question = rest.indexOf('?');
  const beforeOptions = question < 0 ? rest : rest.slice(0, question);
  const parameters = question < 0 ? [] : splitParameters(rest.slice(question + 1), label);
  const slash = beforeOptions.indexOf('/');
  const authority = slash < 0 ? beforeOptions : beforeOptions.slice(0, slash);
  const path = slash < 0 ? '' : beforeOptions.slice(slash + 1);
  if (/[@/:]/.test(path)) {
    throw invalid(label, `is malformed: the database name after the hosts is not valid; ${ENCODE}`);
  }
  const database = path === '' ? null : decode(path, label, 'the database name');
  if (database !== null && (/[/\\. "$\0]/.test(database) || Buffer.byteLength(database) > 63)) {
    throw invalid(
      label,
      'is malformed: the database name after the hosts holds a character that MongoDB refuses, or is too long',
    );
  }

  const at = authority.lastIndexOf('@');
  const credentials = at < 0 ? null : splitCredentials(authority.slice(0, at), label);
  const hosts = splitHosts(authority.slice(at + 1), srv, label);
  return { srv, credentials, hosts, database, parameters };
}

module.exports = { splitUri };
