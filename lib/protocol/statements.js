'use strict';

/**
 * The statements of a bulk as a field of a command in the making. The writer writes them once: if they take more than a
 * command holds, it leaves them in parts, each of which then takes the place of the whole in a command of its own.
 */
class Statements {
  /** @param {any[]} list */
  constructor(list) {
    this.list = list;
    /** Set by the writer if they do not fit. @type {EncodedStatements[] | null} */
    this.parts = null;
  }

  /** What they are to a BSON library that only has to measure. */
  toBSON() {
    return this.list;
  }
}

/** As many statements as fit into one command, as the BSON of their array. */
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

exports.EncodedStatements = EncodedStatements;
exports.Statements = Statements;
