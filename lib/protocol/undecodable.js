'use strict';

/** Stands in a batch for a document that the user's BSON cannot read: those before it are handed out first. */
class Undecodable {
  /** @param {unknown} error */
  constructor(error) {
    this.error = error;
  }
}

exports.Undecodable = Undecodable;
