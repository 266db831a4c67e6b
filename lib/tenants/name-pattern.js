'use strict';

const { PolyMongoError } = require('../error');
const { received } = require('../protocol/option-values');

const SPECIAL = /[\\^$.|+()[\]{}]/g;

/**
 * Which names are meant: all, those of a RegExp, or those of a text in which `*` stands for any characters and `?` for
 * one.
 * @param {unknown} pattern
 * @returns {(name: string) => boolean}
 */
function namePattern(pattern) {
  if (pattern === undefined) return () => true;
  // Not test(): with the flag g or y a RegExp remembers where it stopped.
  if (pattern instanceof RegExp) return (name) => name.search(pattern) !== -1;
  if (typeof pattern !== 'string' || pattern === '') {
    throw new PolyMongoError(
      `A pattern of names must be a RegExp or a text such as "eu_*"${received(pattern)}`,
      { code: 'OPTION_INVALID', option: 'pattern' },
    );
  }
  const source = pattern.replace(SPECIAL, '\\$&').replace(/\*+/g, '.*').replaceAll('?', '.');
  const whole = new RegExp(`^${source}$`, 'su');
  return (name) => whole.test(name);
}

exports.namePattern = namePattern;
