'use strict';

const MASK = '<redacted>';
const SECRET_KEY =
  /^(?:password|pwd|pass|passphrase|authMechanismProperties|tlsCertificateKeyFilePassword|proxyPassword|speculativeAuthenticate|payload|mongoURI|uri|connectionString)$/i;

// A password may itself hold an unescaped @ or /, so everything up to the last @ before a blank goes.
const USER_INFO = /(mongodb(?:\+srv)?:\/\/)[^\s"'`<>]*@/gi;
const SECRET_PAIR =
  /\b(password|pwd|passphrase|authMechanismProperties|tlsCertificateKeyFilePassword|proxyPassword)(["']?\s*[=:]\s*)("[^"]*"|'[^']*'|[^\s&,;})\]]+)/gi;

/**
 * Takes credentials out of a text. Every log line, event and error text of ours passes here.
 * @param {string} text
 * @returns {string}
 */
function redact(text) {
  return text.replace(USER_INFO, `$1${MASK}@`).replace(SECRET_PAIR, `$1$2${MASK}`);
}

/**
 * A copy of a plain value without credentials, for logs and statistics.
 * @param {unknown} value
 * @returns {any}
 */
function redactValue(value) {
  if (typeof value === 'string') return redact(value);
  if (Array.isArray(value)) return value.map(redactValue);
  if (value === null || typeof value !== 'object') return value;
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => [key, SECRET_KEY.test(key) ? MASK : redactValue(part)]),
  );
}

module.exports = { redact, redactValue };
