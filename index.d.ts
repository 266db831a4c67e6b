import mongoose = require('mongoose');

/**
 * Many MongoDB databases from one process: your Mongoose models, one shared pool of connections owned by a
 * native engine, and `.db(name)` on every wrapped model.
 *
 * `new PolyMongo(options)` and `PolyMongo.createWrapper(options)` are the same thing.
 *
 * @example
 * const wrapper = PolyMongo.createWrapper({ mongoURI: 'mongodb://localhost:27017' });
 * const User = wrapper.wrapModel(UserModel);
 * await User.db('tenant_1').find({ role: 'admin' });
 */
declare class PolyMongo {
  /**
   * Checks every option and returns a wrapper. Nothing connects before the first operation, unless
   * `coldStart: false` is given.
   *
   * @throws {PolyMongo.PolyMongoError} `OPTION_INVALID`, `OPTION_UNKNOWN` or `URI_INVALID`: which option, what was
   *   expected, what to do.
   */
  static createWrapper(options: PolyMongo.WrapperOptions): PolyMongo;

  /** Empty at run time. In type positions, `PolyMongo.Types.*` lists the public types. */
  static readonly Types: Readonly<Record<never, never>>;

  /** The same as {@link PolyMongo.createWrapper}. */
  constructor(options: PolyMongo.WrapperOptions);

  /**
   * Statistics. Called, it answers an overview at once; its methods ask for more.
   *
   * @example
   * wrapper.stats().activeConnections;      // databases in use
   * wrapper.stats.general().primary;        // the shared pool
   * await wrapper.stats.db('tenant_1');     // size and collections, from the server
   */
  readonly stats: PolyMongo.StatsApi;

  /** Dedicated pools: `setDB` and `connectDB`. */
  readonly scale: PolyMongo.ScaleApi;

  /** The same pools under the names of polymongo 1.3: `configure` and `connect`. */
  readonly pool: PolyMongo.PoolApi;

  /** Whole-database actions: drop, copy, export, import, and closing. */
  readonly actions: PolyMongo.ActionsApi;

  /** The database actions under shorter names. */
  readonly bulkTasks: PolyMongo.BulkTasksApi;

  /** The Mongoose connections underneath, for what the wrapper does not offer itself. */
  readonly adv: PolyMongo.AdvancedAccess;

  /**
   * Returns a model that can be pointed at any database. The model given is not changed, and the result is the same
   * object every time for one wrapper and model. Its statics, methods and query helpers are kept.
   *
   * Used directly (`User.find()`, `new User()`) it means the default database; `User.db(name)` is that database's model.
   *
   * @throws {PolyMongo.PolyMongoError} `INVALID_MODEL` when the argument is no Mongoose model.
   */
  wrapModel<M extends PolyMongo.AnyModel>(model: M): PolyMongo.BoundModel<M>;
  /** The form of polymongo 1.3, with the document type as explicit type argument. */
  wrapModel<T>(model: mongoose.Model<T>): PolyMongo.BoundModel<mongoose.Model<T>>;

  /**
   * Opens the shared pool and waits until the server answers. Calls made at the same time share one attempt.
   *
   * A first connection that fails with a network error is tried again after 5, 10, 15, 20 and 25 seconds, or every
   * `retry` milliseconds without end when that option is given. Wrong credentials are never tried again.
   */
  connect(): Promise<PolyMongo.ConnectResult>;

  /** Closes all connections. The next operation opens them again, and models held from before keep working. */
  disconnect(): Promise<PolyMongo.DisconnectResult>;

  /** Whether the shared pool has a usable server right now. */
  isConnected(): boolean;

  /** The state of the shared pool. */
  getConnectionState(): PolyMongo.ConnectionState;

  /**
   * Asks the server for a sign of life, connecting first if need be.
   *
   * @param dbName The database whose pool is asked. Default: the default database.
   */
  ping(dbName?: string): Promise<PolyMongo.PingResult>;

  /**
   * Runs `fn` in a transaction: commits when it resolves, aborts when it throws, and rethrows what it threw.
   * `fn` is run again on `TransientTransactionError`, the commit alone on `UnknownTransactionCommitResult`, for at most
   * 120 seconds. Works across all databases of one cluster.
   *
   * Pass the session to every operation. An operation that passes it after the transaction has ended is refused
   * (`TRANSACTION_ENDED`).
   *
   * @returns What `fn` resolved to.
   * @throws {PolyMongo.PolyMongoError} `TRANSACTION_CROSS_CLUSTER` when a database lives on another cluster; nothing was
   *   sent to it.
   */
  transaction<T>(
    fn: (session: mongoose.ClientSession) => Promise<T> | T,
    options?: PolyMongo.TransactionOptions,
  ): Promise<T>;

  /**
   * Listens to the wrapper's events.
   *
   * A listener that throws or rejects is logged and never breaks an operation.
   *
   * @returns A function that removes the listener.
   * @throws {PolyMongo.PolyMongoError} `UNKNOWN_EVENT`.
   */
  on<K extends PolyMongo.EventName>(event: K, listener: PolyMongo.Listener<K>): () => void;

  /** As {@link PolyMongo.on}, for the next event only. */
  once<K extends PolyMongo.EventName>(event: K, listener: PolyMongo.Listener<K>): () => void;

  /** Removes a listener. */
  off<K extends PolyMongo.EventName>(event: K, listener: PolyMongo.Listener<K>): this;

  /** The same as {@link PolyMongo.off}. */
  removeListener<K extends PolyMongo.EventName>(event: K, listener: PolyMongo.Listener<K>): this;

  /** Calls back with the connection of every database that connects. */
  onDbConnect(callback: PolyMongo.ConnectionCallback): () => void;

  /** Calls back with the connection of every database that disconnects. */
  onDbDisconnect(callback: PolyMongo.ConnectionCallback): () => void;

  /** As {@link PolyMongo.onDbConnect}, for these databases only. */
  onTheseDBConnect(dbNames: string | readonly string[], callback: PolyMongo.ConnectionCallback): () => void;

  /** As {@link PolyMongo.onDbDisconnect}, for these databases only. */
  onTheseDBDisconnect(dbNames: string | readonly string[], callback: PolyMongo.ConnectionCallback): () => void;

  /**
   * Closes everything in good order: change streams are closed, new work is refused (`WRAPPER_CLOSED`), what is running
   * may finish until the deadline, the rest is cancelled. `connect()` opens the wrapper again.
   *
   * Bound to the wrapper, so that `process.once('SIGTERM', wrapper.closeAll)` and `afterAll(wrapper.closeAll)` work.
   */
  readonly closeAll: PolyMongo.Close;

  /** Cancels what is running and closes everything at once. */
  readonly forceCloseAll: PolyMongo.Close;

  /** Closes the change streams of one database. A database without streams is no error. */
  closeDBstream(dbName: string): void;

  /** Closes every change stream of this wrapper. */
  closeAllWatches(): void;

  /** Drops a database and everything in it. */
  dropDatabase(dbName: string): Promise<void>;
}

declare namespace PolyMongo {
  export { PolyMongo, PolyMongo as PolyMongoWrapper, PolyMongo as default };

  /** The same as `PolyMongo.createWrapper`. */
  export const createWrapper: (options: WrapperOptions) => PolyMongo;

  /** An error of polymongo's own. Errors of the server and the network keep the classes of your Mongoose. */
  export interface PolyMongoError extends Error {
    readonly name: 'PolyMongoError';
    /** What happened, as a stable name; docs/errors.md explains each. */
    readonly code: ErrorCode;
    /** The HTTP status that fits when the error was caused by what a client asked for. */
    readonly status?: number;
    /** The error underneath, when there is one. */
    readonly cause?: unknown;
    /** `DATABASE_FIXED_BY_URI`: the database that was asked for. */
    readonly dbName?: string;
    /** `DATABASE_FIXED_BY_URI`: the database that the URI names. */
    readonly uriDatabase?: string;
  }

  /** Every `code` of a {@link PolyMongoError}. */
  export type ErrorCode =
    | 'DATABASE_FIXED_BY_URI'
    | 'DEFAULT_DATABASE_AMBIGUOUS'
    | 'INVALID_DATABASE_NAME'
    | 'INVALID_MODEL'
    | 'NATIVE_ADDON_MISSING'
    | 'OPTION_INVALID'
    | 'OPTION_UNKNOWN'
    | 'TENANT_REQUIRED'
    | 'TRANSACTION_CROSS_CLUSTER'
    | 'TRANSACTION_ENDED'
    | 'UNKNOWN_EVENT'
    | 'URI_INVALID'
    | 'WAIT_QUEUE_TIMEOUT'
    | 'WRAPPER_CLOSED';

  /** Any Mongoose model. */
  export type AnyModel = mongoose.Model<any, any, any, any, any, any>;

  /** A model of one database, or of the default one. Everything of `M`, and `db` that selects another database. */
  export type BoundModel<M extends AnyModel> = M & {
    /**
     * The Mongoose connection of this model. Called, it answers this model bound to another database; without an
     * argument, to the default one. The same model every time, as long as anyone holds it.
     *
     * @throws {PolyMongoError} `INVALID_DATABASE_NAME` (`status` 400) or `DATABASE_FIXED_BY_URI`.
     */
    readonly db: mongoose.Connection & DatabaseSelector<M>;
  };

  /** The call signature of `Model.db`. */
  export interface DatabaseSelector<M extends AnyModel> {
    (dbName?: string): BoundModel<M>;
  }

  /** What `wrapModel` returns, written either by model (`WrappedModel<typeof User>`) or by document type. */
  export type WrappedModel<T> = [T] extends [AnyModel] ? BoundModel<T> : BoundModel<mongoose.Model<T>>;
