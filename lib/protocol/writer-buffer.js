'use strict';

const MAX_DOCUMENT_BYTES = 16 * 1024 * 1024;

/**
 * Commands are written here, one after the other; whoever gets one copies it before the next is written. The system gives
 * memory to what was written on, so this is as large as what was once sent, and its size is room for one document beyond
 * a full command. Beyond the end the `DataView` throws a `RangeError`; what else is written there is lost, so that whoever
 * comes to the end has to look where it is.
 */
const CAPACITY = 2 * MAX_DOCUMENT_BYTES + 2 * 1024 * 1024;

/**
 * Shared memory, though nobody shares it: the other kind counts as garbage to be, and this much of it has V8 look for
 * garbage at once, for 15 ms when a first wrapper is made.
 * @type {any} its fast methods are not in the types
 */
const bytes = Buffer.from(new SharedArrayBuffer(CAPACITY));
const view = new DataView(bytes.buffer, bytes.byteOffset, CAPACITY);

/** Where the type of a whole document goes, which has none. */
const NOWHERE = CAPACITY - 1;

module.exports = { MAX_DOCUMENT_BYTES, NOWHERE, bytes, view };
