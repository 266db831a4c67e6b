import type { Collection, Connection, Mongoose } from 'mongoose';

/** What Mongoose takes for a driver. */
interface MongooseDriver {
  Connection: typeof Connection;
  Collection: typeof Collection;
}

/**
 * The polymongo engine as a Mongoose driver:
 *
 * ```js
 * const mongoose = require('mongoose');
 * mongoose.setDriver(require('polymongo/driver'));
 * await mongoose.connect('mongodb://127.0.0.1:27017/app');
 * ```
 *
 * Everything of that Mongoose then runs on the Rust engine: `connect`, `createConnection`, `useDb`, models, sessions,
 * change streams. Set it before the first connection is opened. Options are judged by the user's own Mongoose; what needs
 * the official driver's sockets (`setClient`, client-side field level encryption, proxies) is refused with a reason.
 *
 * Called with a Mongoose instance, it answers the driver classes of that one.
 */
declare const driver: MongooseDriver & ((mongoose: Mongoose) => MongooseDriver);

export = driver;
