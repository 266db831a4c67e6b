'use strict';

/** The statements of a bulk as a field of a command in the making: the writer splits them if they take more than it holds. */
class Statements {
  /** @param {any[]} list */
  constructor(list) {
    this.list = list;
  }

  /** What they are to a BSON library that only has to measure. */
  toBSON() {
    return this.list;
  }
}

/** As many statements as fit into one command, as the BSON of their array: a field of another command in the making. */
class EncodedStatements {
  /**
   * @param {number} count
   * @param {Buffer} bytes
   */
  constructor(count, bytes) {
    this.count = count;
    this.bytes = bytes;
  }
}

/** Thrown instead of a command that would be too large; nobody but the bulk sees it. */
class StatementsSplit extends Error {
  /** @param {EncodedStatements[]} parts all the statements, written once */
  constructor(parts) {
    super('The statements take more than one command');
    this.parts = parts;
  }
}

exports.EncodedStatements = EncodedStatements;
exports.Statements = Statements;
exports.StatementsSplit = StatementsSplit;
