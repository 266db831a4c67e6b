'use strict';

/** The change streams of a client that have not closed. It does not hold them: who forgets one need not close it. */
class OpenStreams {
  /** @type {Set<WeakRef<any>>} */
  #streams = new Set();
  /** @type {FinalizationRegistry<WeakRef<any>>} */
  #forgotten = new FinalizationRegistry((reference) => this.#streams.delete(reference));

  /** @param {import('./change-stream').ChangeStream} stream */
  add(stream) {
    const reference = new WeakRef(stream);
    this.#streams.add(reference);
    this.#forgotten.register(stream, reference);
    stream.once('close', () => this.#streams.delete(reference));
  }

  /** Tells those who are not waiting for a change, and so do not notice, that their client has closed. */
  async closeAll() {
    await Promise.all([...this.#streams].map((reference) => reference.deref()?.close()));
  }
}

exports.OpenStreams = OpenStreams;
