import type { Readable } from 'node:stream';

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
   * With `{ db }` the model has that one database for itself, whatever the tenant: plans, accounts, the list of tenants.
   * Documents of tenants populate from it; its database can be nobody's tenant.
   *
   * @throws {PolyMongo.PolyMongoError} `INVALID_MODEL` when the argument is no Mongoose model, `MODEL_CONFLICT` when it is
   *   wrapped already with another `db`.
   */
  wrapModel<M extends PolyMongo.AnyModel>(
    model: M,
    options?: PolyMongo.WrapModelOptions,
  ): PolyMongo.BoundModel<M>;
  /** The form of polymongo 1.3, with the document type as explicit type argument. */
  wrapModel<T>(
    model: mongoose.Model<T>,
    options?: PolyMongo.WrapModelOptions,
  ): PolyMongo.BoundModel<mongoose.Model<T>>;

  /**
   * Defines a model and wraps it, without Mongoose's default connection knowing it: `mongoose.models` stays empty.
   *
   * A module that is loaded again gets the same model for the same definition. A different one under the same name is an
   * error, except while `NODE_ENV` is `development`: then the latest holds, so that hot reload works.
   *
   * @param collection Name of the collection. Default: Mongoose's plural of the name.
   * @throws {PolyMongo.PolyMongoError} `INVALID_MODEL` or `MODEL_CONFLICT`.
   */
  model<S extends mongoose.Schema<any, any, any, any, any, any, any, any, any>>(
    name: string,
    schema: S,
    collection?: string,
    options?: PolyMongo.WrapModelOptions,
  ): PolyMongo.BoundModel<PolyMongo.ModelOf<S>>;
  /** With the types of the document and of the model as explicit type arguments. */
  model<T, M extends PolyMongo.AnyModel = mongoose.Model<T>>(
    name: string,
    schema: mongoose.Schema<any, any, any, any, any, any, any, any, any>,
    collection?: string,
    options?: PolyMongo.WrapModelOptions,
  ): PolyMongo.BoundModel<M>;
  /** The model that was defined or wrapped under this name. */
  model<K extends keyof PolyMongo.TenantModels>(name: K): PolyMongo.TenantModels[K];
  model(name: string): PolyMongo.BoundModel<PolyMongo.AnyModel>;

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
   * The result of a query or an aggregate as JSON, for a web handler: exactly the bytes of
   * `JSON.stringify(await query.lean())`, written by the engine off the main thread. No object is made of any document.
   *
   * Takes `find`, `findOne` and aggregates; small results (`findOneAndUpdate`, `findOneAndReplace`, `findOneAndDelete`,
   * `countDocuments`, `estimatedDocumentCount`, `distinct`) are stringified. The query runs as always: `pre` hooks, tenant,
   * session, read preference, `maxTimeMS`, `timeoutMS` and `signal` hold, and queries are lean without being told.
   *
   * @param query A query or an aggregate of a model that this wrapper has wrapped, not executed yet.
   * @returns UTF-8. A `findOne` without a result gives `null`.
   * @throws {PolyMongo.PolyMongoError} `INVALID_QUERY` for anything else; `JSON_NEEDS_DOCUMENTS` where something wants to
   *   look into documents: a `post` hook, `populate()`, `transform()`, an option of `lean()`; `JSON_TOO_LARGE` when
   *   the result does not fit one `Buffer`: use {@link PolyMongo.jsonStream}.
   */
  json(query: mongoose.Query<any, any, any, any, any, any>): Promise<Buffer>;
  json(aggregate: mongoose.Aggregate<any>): Promise<Buffer>;

  /**
   * The same as a stream, for results of any length: memory stays flat. The server is asked when the stream is read, and
   * one batch ahead of it. Errors destroy the stream, when what came before them has been read; destroying it closes the
   * server's cursor.
   *
   * @param query A `find()` of a model that this wrapper has wrapped, not executed yet.
   * @throws {PolyMongo.PolyMongoError} As {@link PolyMongo.json}, `INVALID_QUERY` and `OPTION_INVALID` at once, the rest
   *   on the stream.
   */
  jsonStream(
    query: mongoose.Query<any, any, any, any, any, any>,
    options?: PolyMongo.JsonStreamOptions,
  ): Readable;
  jsonStream(aggregate: mongoose.Aggregate<any>, options?: PolyMongo.JsonStreamOptions): Readable;

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
  onTheseDBDisconnect(
    dbNames: string | readonly string[],
    callback: PolyMongo.ConnectionCallback,
  ): () => void;

  /**
   * Closes everything in good order: change streams are closed, new work is refused (`WRAPPER_CLOSED`), what is running
   * may finish until the deadline, the rest is cancelled. `connect()` opens the wrapper again.
   *
   * Bound to the wrapper, so that `process.once('SIGTERM', wrapper.closeAll)` and `afterAll(wrapper.closeAll)` work.
   */
  readonly closeAll: PolyMongo.Close;

  /** Cancels what is running and closes everything at once. */
  readonly forceCloseAll: PolyMongo.Close;

  /** Closes the change streams of one database, by default of the default one. A database without streams is no error. */
  readonly closeDBstream: (dbName?: string) => Promise<void>;

  /** Closes every change stream of this wrapper. */
  readonly closeAllWatches: () => Promise<void>;

  /** Closes the change streams of a database, then drops it with everything in it. */
  readonly dropDatabase: (dbName: string) => Promise<void>;

  /**
   * Runs `fn` for a tenant: wrapped models used inside without `.db()` mean that database, in everything `fn` awaits.
   * An explicit `.db(name)` wins. Calls may lie inside each other.
   *
   * @param where A tenant, or what else holds for the operations inside.
   * @returns What `fn` returns.
   */
  run<T>(where: string | PolyMongo.RunOptions, fn: () => T): T;

  /** The same as {@link PolyMongo.run}; and `withTenant.route` for the route handlers of Next.js and the like. */
  readonly withTenant: PolyMongo.WithTenant;

  /**
   * A middleware (request, response, next) for Express and Connect, and a hook for Fastify
   * (`fastify.addHook('onRequest', wrapper.middleware(resolve))`), that finds the tenant of a request, sets
   * `request.tenant`, and runs the rest of the request for it: in what it awaits, in timers, and in the events of the
   * request and the response.
   *
   * A request without a tenant, with a name that is refused, or whose tenant does not exist where it must, goes to
   * `next(error)` with `TENANT_REFUSED` and a `status`; never to the default database.
   *
   * @param resolve Answers the tenant's name, or a promise of it. `undefined`, `null` and `''` are none; what it throws
   *   refuses the request, with the error's own `status` if it has one.
   */
  middleware<Request = any, Response = any>(
    resolve: (request: Request, response: Response) => PolyMongo.ResolvedTenant,
    options?: PolyMongo.RequestTenantOptions,
  ): (request: Request, response: Response, next: (error?: any) => void) => void;

  /**
   * Whether a tenant's database exists: whether it has any collection. Asks the server.
   *
   * @throws {PolyMongo.PolyMongoError} `INVALID_DATABASE_NAME`.
   */
  tenantExists(name: string): Promise<boolean>;

  /**
   * Creates a tenant: the collections and indexes of the wrapped models, now and whatever `autoCreate` and `autoIndex` say,
   * then runs `seed` for it. Nobody should use the tenant before that: when a step fails, the database is dropped again if
   * it is this call that made it.
   *
   * @throws {PolyMongo.PolyMongoError} `TENANT_EXISTS` (`status` 409) or `TENANT_NOT_CREATED`, with the reason as `cause`.
   */
  createTenant(name: string, options?: PolyMongo.CreateTenantOptions): Promise<PolyMongo.Tenant>;

  /**
   * The names of all tenants there are, sorted: databases that may be asked for, without `admin`, `config`, `local`, those
   * that models have for themselves, and those that `databaseName` leads nowhere from.
   *
   * @param pattern A RegExp, or a text in which `*` stands for any characters and `?` for one. Default: all.
   */
  listTenants(pattern?: string | RegExp): Promise<string[]>;

  /** The tenant of the innermost `run` around this call, if there is one. */
  currentTenant(): string | undefined;

  /**
   * One tenant, with its models: what request handlers pass around. Made of two names, so one per request costs nothing.
   *
   * @throws {PolyMongo.PolyMongoError} `INVALID_DATABASE_NAME` (`status` 400) or `DATABASE_FIXED_BY_URI`.
   */
  tenant(name: string): PolyMongo.Tenant;

  /**
   * Runs `fn` once for each tenant, in its context, a few at a time.
   *
   * The first failure lets what runs come to its end and rejects; with `continueOnError` failures are collected instead.
   *
   * @throws {PolyMongo.PolyMongoError} `TENANT_FAILED` with `tenant`, `cause` and `report`; the reason of `signal`.
   */
  forEachTenant(
    fn: (tenant: PolyMongo.Tenant) => unknown,
    options?: PolyMongo.ForEachTenantOptions,
  ): Promise<PolyMongo.ForEachTenantReport>;

  /**
   * Makes the indexes of collections equal to those of the schemas, over all tenants: drops and creates what Mongoose's
   * `Model.diffIndexes` finds. Only in collections that exist: the others get their indexes with their first write.
   *
   * An index that another wrapped model of the same collection declares is kept. A database that fails is reported, and
   * the others are done.
   *
   * @param models Wrapped models or their names. Default: all.
   */
  syncIndexes(
    models?: string | PolyMongo.AnyModel | readonly (string | PolyMongo.AnyModel)[],
    options?: PolyMongo.SyncIndexesOptions,
  ): Promise<PolyMongo.SyncIndexesReport>;

  /** Hosts, default database and state: what a log may show. Never a credential. */
  toJSON(): { hosts: string[]; defaultDB: string; state: PolyMongo.ConnectionState };
}

declare namespace PolyMongo {
  export { PolyMongo, PolyMongo as PolyMongoWrapper, PolyMongo as default };

  /**
   * An error of polymongo's own: an option, a name, a state. Errors of the server and the network keep the classes of
   * your Mongoose.
   */
  export class PolyMongoError extends Error {
    constructor(
      message: string,
      details: { code: string; status?: number; cause?: unknown; [property: string]: unknown },
    );
    get name(): 'PolyMongoError';
    /** What happened, as a stable name; docs/errors.md explains each. */
    readonly code: ErrorCode;
    /** The HTTP status that fits when the cause is what a client asked for. */
    readonly status?: number;
    /** The option that is wrong: `OPTION_INVALID`, `OPTION_UNKNOWN`, `URI_INVALID`. */
    readonly option?: string;
    /**
     * The database that was asked for: `INVALID_DATABASE_NAME`, `DATABASE_FIXED_BY_MODEL`, `DATABASE_FIXED_BY_URI`,
     * `DEFAULT_DATABASE_AMBIGUOUS`.
     */
    readonly dbName?: string;
    /**
     * The tenant that was asked for, as it was given: `TENANT_EXISTS`, `TENANT_FAILED`, `TENANT_NOT_CREATED`,
     * `INVALID_DATABASE_NAME` with the option `databaseName`.
     */
    readonly tenant?: unknown;
    /** How far it came: `TENANT_NOT_CREATED`. */
    readonly step?: 'collections' | 'seed';
    /** What was done by then: `TENANT_FAILED` of `forEachTenant`. */
    readonly report?: ForEachTenantReport;
    /** The database that the URI names: `DATABASE_FIXED_BY_URI`. */
    readonly uriDatabase?: string;
    /** Where polymongo 1.3 kept its data: `DEFAULT_DATABASE_AMBIGUOUS`. */
    readonly formerDefault?: string;
    /** The files that were tried: `NATIVE_ADDON_MISSING`. */
    readonly tried?: { file: string; reason: string }[];
  }

  /** Every `code` of a {@link PolyMongoError}. */
  export type ErrorCode =
    | 'CONNECTION_MANAGED'
    | 'COPY_INVALID'
    | 'COPY_TARGET_NOT_EMPTY'
    | 'DATABASE_FIXED_BY_MODEL'
    | 'DATABASE_FIXED_BY_URI'
    | 'DEFAULT_DATABASE_AMBIGUOUS'
    | 'ENCRYPTION_UNSUPPORTED'
    | 'IMPORT_INVALID'
    | 'INTERNAL'
    | 'INVALID_DATABASE_NAME'
    | 'INVALID_MODEL'
    | 'INVALID_QUERY'
    | 'JSON_NEEDS_DOCUMENTS'
    | 'JSON_TOO_LARGE'
    | 'MODEL_CONFLICT'
    | 'MONGODB_PACKAGE_NOT_FOUND'
    | 'MONGOOSE_DRIVER_UNKNOWN'
    | 'MONGOOSE_MISSING'
    | 'NATIVE_ADDON_MISSING'
    | 'OPTION_INVALID'
    | 'OPTION_UNKNOWN'
    | 'POOL_SHARED'
    | 'TENANT_EXISTS'
    | 'TENANT_FAILED'
    | 'TENANT_NOT_CREATED'
    | 'TENANT_REFUSED'
    | 'TENANT_REQUIRED'
    | 'TENANT_TIMEOUT'
    | 'TRANSACTION_CROSS_CLUSTER'
    | 'TRANSACTION_ENDED'
    | 'UNKNOWN_EVENT'
    | 'URI_INVALID'
    | 'WAIT_QUEUE_TIMEOUT'
    | 'WRAPPER_CLOSED';

  /** Any Mongoose model. */
  export type AnyModel = mongoose.Model<any, any, any, any, any, any>;

  /** The model that `mongoose.model(name, schema)` makes of a schema. */
  export type ModelOf<S extends mongoose.Schema<any, any, any, any, any, any, any, any, any>> =
    typeof mongoose.model<S> extends {
      (name: string, schema?: S, collection?: string, options?: any): infer M extends AnyModel;
      (name: string, schema?: any, collection?: string, options?: any): any;
    }
      ? M
      : never;

  /** A model of one database, or of the default one. Everything of `M`, and `db` that selects another database. */
  export type BoundModel<M extends AnyModel> = M & {
    /**
     * The Mongoose connection of this model. Called, it answers this model bound to another tenant's database; without an
     * argument, to the default one. The same model every time, as long as anyone holds it.
     *
     * @throws {PolyMongoError} `INVALID_DATABASE_NAME` (`status` 400) or `DATABASE_FIXED_BY_URI`.
     */
    readonly db: mongoose.Connection & DatabaseSelector<M>;
    /**
     * This model in many tenants: the same question to each, the answers as one stream.
     *
     * @param tenants A list of names, or a pattern: a RegExp, or a text in which `*` stands for any characters and `?` for
     *   one. Default: all tenants that there are.
     * @throws {PolyMongoError} `DATABASE_FIXED_BY_MODEL` when the model has a database for itself.
     */
    across(tenants?: TenantSelection, options?: AcrossOptions): Across<M>;
  };

  /** Which tenants are meant: a list of names, or a pattern of names of tenants that exist. */
  export type TenantSelection = Iterable<string> | RegExp;

  /** Options of `Model.across`. */
  export interface AcrossOptions {
    /** How many tenants are asked at a time, each with one open cursor. Default: 8. */
    concurrency?: number;
  }

  /**
   * A model in many tenants. Each method answers a stream of rows in the order they come (`for await`, `toArray()`,
   * `pipe`); what is not read is not fetched, and leaving the loop closes the cursors. Options, limits and sort orders
   * hold for each tenant.
   *
   * A tenant that fails ends the stream with `TENANT_FAILED`, which has `tenant` and `cause`.
   */
  export interface Across<M extends AnyModel> {
    /** Documents: hydrated ones that belong to their tenant, or plain ones with `{lean: true}`. */
    find<D = InstanceType<M>>(
      filter?: Record<string, any>,
      projection?: mongoose.ProjectionType<any> | null,
      options?: mongoose.QueryOptions,
    ): Rows<{ tenant: string; document: D }>;
    /** What a pipeline gives. */
    aggregate<R = any>(
      pipeline?: mongoose.PipelineStage[],
      options?: mongoose.AggregateOptions,
    ): Rows<{ tenant: string; document: R }>;
    /** One number for each tenant. */
    countDocuments(
      filter?: Record<string, any>,
      options?: mongoose.QueryOptions,
    ): Rows<{ tenant: string; count: number }>;
  }

  /** A stream of rows. */
  export interface Rows<R> extends Readable {
    [Symbol.asyncIterator](): NodeJS.AsyncIterator<R>;
    toArray(options?: { signal?: AbortSignal }): Promise<R[]>;
  }

  /** Options of `forEachTenant`. */
  export interface ForEachTenantOptions {
    /** The tenants' names: each once, in this order, whether they exist or not. Not together with `pattern`. */
    names?: Iterable<string>;
    /** As for {@link PolyMongo.listTenants}. Default: all tenants that there are. */
    pattern?: string | RegExp;
    /** How many tenants are worked on at a time. Default: 8. */
    concurrency?: number;
    /** Whether to go on after a failure, and to report it. Default: false. */
    continueOnError?: boolean;
    /** Aborted, no further tenant is begun, and the call rejects with its reason when those that run have ended. */
    signal?: AbortSignal;
    /**
     * Called after each tenant, and waited for. When it throws or rejects, no further tenant is begun, and the call
     * rejects with that error when those that run have ended.
     */
    onProgress?: (progress: { tenant: string; total: number; done: number; failed: number }) => unknown;
  }

  /** What `forEachTenant` did. */
  export interface ForEachTenantReport {
    /** How many tenants were chosen. */
    total: number;
    /** For how many of them `fn` succeeded. */
    done: number;
    failed: { tenant: string; error: any }[];
  }

  /** Options of `syncIndexes`. */
  export interface SyncIndexesOptions {
    /**
     * Which tenants: a list of names, or a pattern. Default: all that there are, and the databases that models have for
     * themselves.
     */
    databases?: TenantSelection;
    /** How many databases are worked on at a time. Default: 8. */
    concurrency?: number;
    /**
     * Called after each database, and waited for. When it throws or rejects, no further database is begun, and the call
     * rejects with that error when those that run have ended.
     */
    onProgress?: (progress: {
      dbName: string;
      total: number;
      done: number;
      drift: number;
      failed: number;
    }) => unknown;
    /** Only report. Default: false. */
    dryRun?: boolean;
    /** Whether indexes that no schema declares are dropped. Default: true. */
    drop?: boolean;
  }

  /** What `syncIndexes` found and did. */
  export interface SyncIndexesReport {
    /** How many databases were looked at. */
    databases: number;
    /** How many collections were compared. */
    collections: number;
    /** The collections that differed from their schema. */
    drift: IndexDrift[];
    /** What failed: a collection, or, without `model`, a whole database. */
    failed: { tenant: string | undefined; dbName: string; model?: string; error: any }[];
  }

  /** How the indexes of one collection differed from its schema, and what was done about it. */
  export interface IndexDrift {
    /** `undefined` for a database that a model has for itself. */
    tenant: string | undefined;
    dbName: string;
    model: string;
    /** Names of indexes that no schema declares, or declares differently. */
    toDrop: string[];
    /** Keys of indexes that were missing. */
    toCreate: Record<string, unknown>[];
    dropped: string[];
    created: Record<string, unknown>[];
  }

  /** The call signature of `Model.db`. */
  export type DatabaseSelector<M extends AnyModel> = (dbName?: string) => BoundModel<M>;

  /** Options of `wrapModel`. */
  export interface WrapModelOptions {
    /** The database that the model has for itself. `undefined` is refused: it would let the model go with the tenants. */
    db?: string;
  }

  /** The wrapped models by their names, for `tenant.models` and `request.tenant`: what {@link PolyMongoTenantModels} says. */
  export type TenantModels = PolyMongoTenantModels;

  /** {@link TenantModels}; while that is empty, any name and any model. */
  export type RegisteredModels = keyof TenantModels extends never
    ? Record<string, BoundModel<AnyModel>>
    : TenantModels;

  /** What `wrapper.tenant(name)` returns. The models of {@link TenantModels} are on it, too: `request.tenant.User`. */
  export type Tenant = TenantHandle & TenantModels;

  /** One tenant: its names, its models, and what is done with all of it. */
  export interface TenantHandle {
    /** The tenant's name. */
    readonly name: string;
    /** The name of its database: the same, unless the option `databaseName` says otherwise. */
    readonly databaseName: string;
    /** All wrapped models, bound to this tenant; those with a database for themselves, to that. */
    readonly models: Readonly<RegisteredModels>;
    /**
     * A model, bound to this tenant: the same one that `Model.db(name)` answers.
     *
     * @throws {PolyMongoError} `INVALID_MODEL` when no model of that name is wrapped.
     */
    model<K extends keyof TenantModels>(name: K): TenantModels[K];
    model(name: string): BoundModel<AnyModel>;
    model<M extends AnyModel>(model: M): BoundModel<M>;
    /** Runs `fn` for this tenant, as `wrapper.run(tenant.name, fn)`. */
    run<T>(fn: () => T): T;
    /** `wrapper.transaction`, run for this tenant. */
    transaction<T>(
      fn: (session: mongoose.ClientSession) => Promise<T> | T,
      options?: TransactionOptions,
    ): Promise<T>;
    /** A change stream over all its collections. */
    watch<ResultType extends mongoose.mongo.Document = any>(
      pipeline?: mongoose.mongo.Document[],
      options?: mongoose.mongo.ChangeStreamOptions,
    ): mongoose.mongo.ChangeStream<ResultType>;
    /** Size and collections of its database, asked of the server. */
    stats(): Promise<DbStats>;
    /** Closes its change streams, then drops its database with everything in it. */
    drop(): Promise<void>;
    /** Its two names: what a log may show. */
    toJSON(): { name: string; databaseName: string };
  }

  /** How tenants and databases are named after each other. Both functions are called often and must be fast. */
  export interface DatabaseNaming {
    /** The database of a tenant. What it throws refuses the tenant. */
    toDatabase: (tenant: string) => string;
    /** The tenant of a database; `undefined` where it is nobody's. Must lead back: two tenants never share a database. */
    toTenant: (dbName: string) => string | undefined;
  }

  /** What `wrapModel` returns, written either by model (`WrappedModel<typeof User>`) or by document type. */
  export type WrappedModel<T> = [T] extends [AnyModel] ? BoundModel<T> : BoundModel<mongoose.Model<T>>;

  /**
   * What the connection string may say, by the same names. An option given here wins over the URI, with one warning
   * when they differ; for `tls*` and `auth*` a difference is an error. A default of polymongo's never overrides the URI.
   * Durations are milliseconds.
   */
  export interface ConnectionOptions {
    /** Name of the application in the server's logs and in `currentOp`. */
    appName?: string;
    /** Sockets per server for operations. Default 10. */
    maxPoolSize?: number;
    /** Sockets per server kept open. Default 0. */
    minPoolSize?: number;
    /** A socket that was not used for so long is closed. 0 (default): never. */
    maxIdleTimeMS?: number;
    /** Sockets opened at the same time per server. Default 8. */
    maxConnecting?: number;
    /** How long an operation may wait for a free connection before it fails with `WAIT_QUEUE_TIMEOUT`. Default: no limit. */
    waitQueueTimeoutMS?: number;
    /** Deadline of every operation, retries included. Default: none. A write that met it has an unknown outcome. */
    timeoutMS?: number;
    /** Deadline of each attempt of an operation. Default: none. */
    socketTimeoutMS?: number;
    /** How long to look for a usable server. Default 30000. */
    serverSelectionTimeoutMS?: number;
    /** How long opening a socket may take, and how long a silent server goes unnoticed by a heartbeat. Default 2000. */
    connectTimeoutMS?: number;
    /** Time between two heartbeats to a server, at least 500. Default 1000. */
    heartbeatFrequencyMS?: number;
    /** How much slower than the nearest server another one may be and still be chosen. Default 15. */
    localThresholdMS?: number;
    /** Default true. */
    retryReads?: boolean;
    /** Default true. */
    retryWrites?: boolean;
    /** In order of preference. Default: none. */
    compressors?: Compressor[] | string;
    /** -1 (the library's own default) to 9. */
    zlibCompressionLevel?: number;
    /** How servers are monitored. Default `auto`. */
    serverMonitoringMode?: 'auto' | 'poll' | 'stream';
    /**
     * Log every command, and emit `commandStarted`, `commandSucceeded` and `commandFailed` on `connection.getClient()`.
     * Costs time. Default false.
     */
    monitorCommands?: boolean;
    /** Stable API. */
    serverApi?: '1' | { version: '1'; strict?: boolean; deprecationErrors?: boolean };
    /** Name and version of a library built on this one, for the server's logs. */
    driverInfo?: { name?: string; version?: string };

    /** Name of the replica set that the servers must belong to. */
    replicaSet?: string;
    /** Talk to the one host given, whatever set it belongs to. Default false. */
    directConnection?: boolean;
    /**
     * The host is a load balancer in front of `mongos`. Default false. An open cursor or transaction keeps one of the
     * `maxPoolSize` connections then, until it ends.
     */
    loadBalanced?: boolean;
    /** `mongodb+srv` only: how many of the hosts to use. 0: all. */
    srvMaxHosts?: number;
    /** `mongodb+srv` only. Default `mongodb`. */
    srvServiceName?: string;

    /** On by itself with `mongodb+srv`. */
    tls?: boolean;
    /** The same as `tls`. */
    ssl?: boolean;
    /** PEM file with the certificate authorities to trust. Default: those that Mozilla trusts. */
    tlsCAFile?: string;
    /** PEM file with the client's certificate and its key, not encrypted. */
    tlsCertificateKeyFile?: string;
    /** For tests only: the server's identity is not checked. A warning says so. */
    tlsAllowInvalidCertificates?: boolean;
    /** The same as `tlsAllowInvalidCertificates`. */
    tlsInsecure?: boolean;

    /** Credentials, instead of those in the URI. */
    auth?: { username: string; password?: string };
    /** The same as `auth.username`. */
    user?: string;
    /** The same as `auth.password`. */
    pass?: string;
    /** The database that holds the user. */
    authSource?: string;
    /** How to prove who we are. Default: what the server offers. */
    authMechanism?: 'DEFAULT' | 'SCRAM-SHA-1' | 'SCRAM-SHA-256' | 'MONGODB-X509' | 'PLAIN';
    /** Further settings of the mechanism. Never shown in logs or errors. */
    authMechanismProperties?: Record<string, unknown>;

    /** Which servers may answer reads. Default `primary`. */
    readPreference?: ReadPreferenceMode | ReadPreference;
    /** Tag sets for `readPreference`, in order of preference. */
    readPreferenceTags?: Record<string, string>[];
    /** At least 90, or -1 for no limit. */
    maxStalenessSeconds?: number;
    /** How settled the data must be that is read. Default: the server's. */
    readConcern?: ReadConcernLevel | { level: ReadConcernLevel };
    /** The same as `readConcern`, as it stands in a URI. */
    readConcernLevel?: ReadConcernLevel;
    /** When a write counts as done. Default: the server's. */
    writeConcern?: Acknowledgement | WriteConcern;
    /** The same as `writeConcern.w`, as it stands in a URI. */
    w?: Acknowledgement;
    /** Wait for the journal. The same as `writeConcern.j`. */
    journal?: boolean;
    /** The same as `journal`. */
    j?: boolean;
    /** How long the server may wait for the write concern. */
    wtimeoutMS?: number;
    /** The same as `wtimeoutMS`. */
    wtimeout?: number;

    /** Turn BSON numbers, dates and the like into JavaScript's own. Default true. */
    promoteValues?: boolean;
    /** Turn 64-bit integers into numbers where these can hold them. Default true. */
    promoteLongs?: boolean;
    /** Turn `Binary` into `Buffer`. Default false. */
    promoteBuffers?: boolean;
    /** Turn 64-bit integers into `bigint`. Default false. */
    useBigInt64?: boolean;
    /** Keep regular expressions as `BSONRegExp`. Default false. */
    bsonRegExp?: boolean;
    /** Leave properties out that are `undefined`. Default false: they are written as null. */
    ignoreUndefined?: boolean;
    /** Write functions as their source. Default false. */
    serializeFunctions?: boolean;
    /** Refuse replies with invalid UTF-8. Default true. */
    enableUtf8Validation?: boolean;
    /** Let the server make the `_id` of inserted documents. Default false. */
    forceServerObjectId?: boolean;
  }

  /** A compressor. */
  export type Compressor = 'zstd' | 'zlib' | 'snappy' | 'none';
  /** Which kind of server may answer reads. */
  export type ReadPreferenceMode =
    | 'primary'
    | 'primaryPreferred'
    | 'secondary'
    | 'secondaryPreferred'
    | 'nearest';
  /** How settled the data must be that is read. */
  export type ReadConcernLevel = 'local' | 'available' | 'majority' | 'linearizable' | 'snapshot';
  /** `majority`, a number of servers, or the name of a tagged write concern. */
  export type Acknowledgement = 'majority' | number | (string & Record<never, never>);

  /** Also fulfilled by a `mongoose.mongo.ReadPreference`. */
  export interface ReadPreference {
    /** Which kind of server. */
    readonly mode: ReadPreferenceMode;
    /** Tag sets, in order of preference. */
    readonly tags?: Record<string, string> | readonly Record<string, string>[];
    /** How far behind a secondary may be. At least 90, or -1 for no limit. */
    readonly maxStalenessSeconds?: number;
    /** Hedged reads on a sharded cluster. */
    readonly hedge?: { enabled?: boolean };
  }

  /** Also fulfilled by a `mongoose.mongo.WriteConcern`. */
  export interface WriteConcern {
    /** How many servers must have the write. */
    readonly w?: Acknowledgement;
    /** Whether it must be in the journal. */
    readonly j?: boolean;
    /** The same as `j`. */
    readonly journal?: boolean;
    /** The same as `wtimeoutMS`. */
    readonly wtimeout?: number;
    /** How long the server may wait for that. */
    readonly wtimeoutMS?: number;
  }

  /** The options of `createWrapper`. `undefined` counts as absent; an unknown name is an error. */
  export interface WrapperOptions extends ConnectionOptions {
    /** Connection string, `mongodb://` or `mongodb+srv://`. Required. */
    mongoURI: string;
    /** The database of `.db()` and of wrapped models used directly. Default: the one the URI names, else `default`. */
    defaultDB?: string;
    /** Another name of `defaultDB`. */
    defaultSB?: string;
    /**
     * When the URI names a database: `true` = that database only, `false` = any. Unset: that database only, unless other
     * options show several (`defaultDB` that differs, `dbSpecific`, `allowDatabase`, `requireTenant`, `compat`).
     */
    preferURI?: boolean;
    /** `'1.3'`: the default database is `default`, the URI never locks, unknown options only warn. */
    compat?: '1.3';
    /** Connections kept open in the shared pool, at most `maxPoolSize`. Default 0. */
    minFreeConnections?: number;
    /** A connection of the shared pool that was not used for so long is closed. Default: never. */
    idleTimeoutMS?: number;
    /** `false`: connect at once, in the background. Default true: with the first operation. */
    coldStart?: boolean;
    /** `true` logs to the console and to files in `logPath`. Default false. */
    debug?: boolean | DebugOptions;
    /** Folder of the log files. Default `./logs/Polymongo`. */
    logPath?: string;
    /** Time between attempts of a first connection, without end. Default: after 5, 10, 15, 20 and 25 seconds, then no more. */
    retry?: number;
    /** Databases with a pool of their own. */
    dbSpecific?: readonly DBSpecificConfig[];
    /** Whether indexes are created before the first write to a collection. Default: the model's own setting. */
    autoIndex?: boolean;
    /** Whether collections with options are created before the first write to them. Default: the model's own setting. */
    autoCreate?: boolean;
    /** Which database names may be asked for. `.db()` without a name is then an error. */
    allowDatabase?: RegExp | ((dbName: string) => boolean);
    /**
     * The database of a tenant, wherever a tenant is named: `.db()`, `run`, `tenant`, `middleware` and what lists tenants.
     * What takes a *database* (`scale`, `stats.db`, `actions`, `defaultDB`) takes its own name. A function that puts
     * something before or after the name is enough; for anything else give both ways. Default: the tenant's name.
     */
    databaseName?: ((tenant: string) => string) | DatabaseNaming;
    /** Whether `admin`, `config` and `local` may be asked for. Default false. */
    allowSystemDatabases?: boolean;
    /** `portable` (default): names that every server accepts. `server`: all that the server accepts. */
    nameRules?: 'portable' | 'server';
    /** How many databases keep their models in memory when nobody holds them. Default 10,000. */
    maxCachedDatabases?: number;
    /** Refuse `.db()` and wrapped models used without a database (`TENANT_REQUIRED`). Default false. */
    requireTenant?: boolean;
    /** Close on SIGINT, SIGTERM and SIGUSR2, or on the signals listed. Default true. */
    handleSignals?: boolean | readonly NodeJS.Signals[];
    /** Share the pool with other wrappers of the same URI and options. Default true. */
    sharePool?: boolean;
    /** Operations inside `transaction` use its session without being told. Default false. */
    implicitSession?: boolean;
    /** Mongoose's `sanitizeFilter` for all wrapped models. */
    sanitizeFilter?: boolean;
    /** `maxTimeMS` of every query and aggregation that sets none. */
    maxTimeMS?: number;
    /** Log operations that take at least so long. */
    slowMS?: number;
    /** `'warn'`: an unknown option is a warning instead of an error. */
    unknownOptions?: 'error' | 'warn';
  }

  /** Where the log goes. */
  export interface DebugOptions {
    /** Whether to log everything; while off, errors alone go to a file, if `logPath` was given. */
    log?: boolean;
    /** Folder of the log files. */
    logPath?: string;
    /** Receives every line. What it throws is ignored. */
    logHandler?: (line: string) => unknown;
  }

  /** Options of a dedicated pool. Every connection option may be set too; what is not set is as in the wrapper. */
  export interface DedicatedPoolOptions extends ConnectionOptions {
    /** Sockets per server for operations. Default: as in the shared pool. */
    maxConnections?: number;
    /** Sockets per server kept open. Default 0. */
    minConnections?: number;
    /** The same as `minConnections`. */
    minFreeConnections?: number;
    /** A connection that was not used for so long is closed. Default: never. */
    idleTimeoutMS?: number;
    /** Close the pool when nothing has used it for `ttl`. It opens again by itself. Default false. */
    autoClose?: boolean;
    /** Idle time in milliseconds before `autoClose` closes the pool. */
    ttl?: number;
    /** `false`: connect at once, in the background. Default true: with the first operation. */
    coldStart?: boolean;
    /** Another deployment for these databases. Its database part only says where to authenticate. */
    mongoURI?: string;
  }

  /** One database with a pool of its own. */
  export interface DBSpecificConfig {
    /** The database. */
    dbName: string;
    /** Another deployment for this database. */
    mongoURI?: string;
    /** Its pool. */
    options?: DedicatedPoolOptions;
  }

  /** `setDB` and `connectDB`. */
  export interface ScaleApi {
    /** Gives databases a pool of their own. Calling it again with other options changes the pool without failing an operation. */
    setDB(dbNames: string | readonly string[], options?: DedicatedPoolOptions): void;
    /** As `setDB`, and resolves when connected; rejects when that cannot be. */
    connectDB(dbNames: string | readonly string[], options?: DedicatedPoolOptions): Promise<void>;
  }

  /** {@link ScaleApi} under the names of polymongo 1.3. */
  export interface PoolApi {
    configure(dbNames: string | readonly string[], options?: DedicatedPoolOptions): void;
    connect(dbNames: string | readonly string[], options?: DedicatedPoolOptions): Promise<void>;
  }

  /** Options of `wrapper.transaction`. */
  export interface TransactionOptions {
    /** How settled the data must be that is read inside. */
    readConcern?: ReadConcernLevel | { level: ReadConcernLevel };
    /** When the commit counts as done. */
    writeConcern?: Acknowledgement | WriteConcern;
    /** Must be `primary`, as everywhere in transactions. */
    readPreference?: ReadPreferenceMode | ReadPreference;
    /** How long the server may take to commit. */
    maxCommitTimeMS?: number;
    /** Deadline of every operation inside. */
    timeoutMS?: number;
  }

  /** Options of `wrapper.jsonStream`. */
  export interface JsonStreamOptions {
    /** One JSON array (default), or one document on each line. */
    format?: 'array' | 'ndjson';
    /** Documents per batch of the server. Default: the query's own, else the server's, up to 16 MiB. */
    batchSize?: number;
    /** Bytes that may wait in the stream before the server is asked for more. Default: that of Node.js. */
    highWaterMark?: number;
  }

  /** What `wrapper.run` says about the operations inside. */
  export interface RunOptions {
    /** The tenant of wrapped models used without `.db()`. */
    db?: string;
    /** The session of operations that name none; `null` for none. */
    session?: mongoose.ClientSession | null;
    /** Deadline of each operation that has none. */
    timeoutMS?: number;
  }

  /** What finds the tenant of a request answers. */
  export type ResolvedTenant = string | null | undefined | PromiseLike<string | null | undefined>;

  /** Options of `wrapper.middleware` and `wrapper.withTenant.route`. */
  export interface RequestTenantOptions {
    /**
     * Whether a request must have a tenant. `false`: one without goes on, but models of tenants are refused in it
     * (`TENANT_REQUIRED`) unless `.db(name)` names one. Default true.
     */
    required?: boolean;
    /** The HTTP status of every refusal, 400 to 499. Default: 404 for a tenant that does not exist, else 400. */
    status?: number;
    /** Ask the server whether the tenant exists, and refuse the request where it does not. Default false. */
    mustExist?: boolean;
    /** How long finding the tenant may take before the request fails (`TENANT_TIMEOUT`, status 503). Default 10000. */
    timeoutMS?: number;
  }

  /** Options of `wrapper.createTenant`. */
  export interface CreateTenantOptions {
    /** Whose collections and indexes to create: models, or their names. Default: all that are wrapped for tenants. */
    models?: readonly (string | AnyModel)[];
    /** Fills the tenant; runs in its context, after the collections. What it throws undoes the creation. */
    seed?: (tenant: Tenant) => unknown;
    /** When the tenant exists: `error` (default), or `keep` it as it is, without seeding. */
    ifExists?: 'error' | 'keep';
  }

  /** `wrapper.withTenant`. */
  export interface WithTenant {
    /** The same as `wrapper.run`. */
    <T>(where: string | RunOptions, fn: () => T): T;
    /**
     * A route handler (request, context) that finds the tenant of a request and runs `handler` for it. A refused request
     * is answered with a JSON `Response` of status 400 or 404, as in `wrapper.middleware`.
     *
     * @param resolve Answers the tenant's name, or a promise of it: from a header, the host, or `await context.params`.
     * @param handler Gets the tenant as its third argument; none with `required: false`.
     */
    route<Req = Request, Context = any>(
      resolve: (request: Req, context: Context) => ResolvedTenant,
      handler: (request: Req, context: Context, tenant: Tenant) => Response | Promise<Response>,
      options?: RequestTenantOptions & { required?: true },
    ): (request: Req, context: Context) => Promise<Response>;
    route<Req = Request, Context = any>(
      resolve: (request: Req, context: Context) => ResolvedTenant,
      handler: (request: Req, context: Context, tenant: Tenant | undefined) => Response | Promise<Response>,
      options: RequestTenantOptions,
    ): (request: Req, context: Context) => Promise<Response>;
  }

  /** States of a wrapper's shared pool. */
  export type ConnectionState =
    | 'connected'
    | 'disconnected'
    | 'connecting'
    | 'disconnecting'
    | 'not initialized';

  /** Result of `connect()`. */
  export interface ConnectResult {
    /** Always true: a failure rejects. */
    success: true;
    /** Whether the wrapper was connected before. */
    alreadyConnected: boolean;
    /** The default database. */
    defaultDB: string;
    /** The Mongoose connection of the default database. */
    connection: mongoose.Connection;
    /** The state after the call. */
    state: 'connected';
  }

  /** Result of `disconnect()`. */
  export interface DisconnectResult {
    /** Always true. */
    success: true;
    /** Whether there was nothing to close. */
    alreadyDisconnected: boolean;
    /** The state after the call. */
    state: 'disconnected';
  }

  /** Result of `ping()`. */
  export interface PingResult {
    /** Always true: a failure rejects. */
    ok: true;
    /** The database that was asked for. */
    dbName: string;
    /** Milliseconds. */
    latency: number;
    /** ISO 8601. */
    timestamp: string;
  }

  /** Options of `closeAll` and `forceCloseAll`. */
  export interface CloseOptions {
    /** How long running work may go on, in milliseconds. Default 10000. */
    timeoutMS?: number;
  }

  /** Result of `closeAll` and `forceCloseAll`. */
  export interface CloseResult {
    /** What was running and finished: operations, open cursors and open transactions, each counted. */
    drained: number;
    /** What was cancelled of these. */
    cancelled: number;
  }

  /** `closeAll` and `forceCloseAll`: the arguments of a signal or a hook are ignored. */
  export interface Close {
    (options?: CloseOptions): Promise<CloseResult>;
    (event?: string | number | Error | null, ...rest: unknown[]): Promise<CloseResult>;
  }

  /** Events of a wrapper, with what their listeners receive. One event per database and change. */
  export interface EventMap {
    /** A database connected. */
    connect: ConnectEvent;
    /** A database disconnected or was closed. */
    disconnect: DisconnectEvent;
    /** A connection, a change stream without an `error` listener, or a task in the background failed. */
    error: ErrorEvent;
    /** Another name of `connect`. */
    onDbConnect: ConnectEvent;
    /** Another name of `disconnect`. */
    onDbDisconnect: DisconnectEvent;
  }

  /** Names that `wrapper.on` takes. */
  export type EventName = keyof EventMap;
  /** A listener of an event; what it returns or rejects with is not waited for. */
  export type Listener<K extends EventName = EventName> = (event: EventMap[K]) => unknown;
  /** Receives a connection. */
  export type ConnectionCallback = (connection: mongoose.Connection) => unknown;

  /** What all events carry. */
  export interface WrapperEvent {
    /** The name that was listened to. */
    name: EventName;
    /** The database it is about. */
    dbName: string;
    /** Mongoose's number of the state. */
    readyState: number;
    /** `readyState` as a word. */
    state: 'disconnected' | 'connected' | 'connecting' | 'disconnecting' | 'unknown';
    /** The Mongoose connection of that database. */
    connection: mongoose.Connection;
    /** ISO 8601. */
    timestamp: string;
  }
  /** A database connected. */
  export interface ConnectEvent extends WrapperEvent {
    /** The name that was listened to. */
    name: 'connect' | 'onDbConnect';
  }
  /** A database disconnected or was closed. */
  export interface DisconnectEvent extends WrapperEvent {
    /** The name that was listened to. */
    name: 'disconnect' | 'onDbDisconnect';
  }
  /** Something failed in the background. */
  export interface ErrorEvent extends WrapperEvent {
    /** The name that was listened to. */
    name: 'error';
    /** What failed. */
    error: Error;
  }

  /** `wrapper.stats`. All figures are real ones, on a wrapper that has not connected too. */
  export interface StatsApi {
    /** An overview, from memory. */
    (): WrapperStats;
    /** The pools, from memory. */
    general(): ConnectionStats;
    /** Size and collections of one database, asked of the server. Default: the default database. */
    db(dbName?: string): Promise<DbStats>;
    /** All databases of the server; `tenant` is there where `databaseName` names it. */
    listDatabases(): Promise<Array<{ dbName: string; tenant?: string; sizeInMB: number }>>;
  }

  /** The sockets of one pool. */
  export interface PoolStats {
    /** Open sockets for operations. */
    totalConnections: number;
    /** Those that are idle. */
    availableConnections: number;
    /** Those that serve an operation. */
    inUseConnections: number;
    /** Operations that wait for a socket. */
    waitQueueSize: number;
    /** Most sockets per server for operations. */
    maxPoolSize: number;
    /** Sockets per server kept open. */
    minPoolSize: number;
    /** After how long an unused socket is closed, if ever. */
    maxIdleTimeMS?: number;
  }

  /** One dedicated pool. */
  export interface SeparateConnectionInfo {
    /** The database whose pool it is. */
    dbName: string;
    /** Scheme and hosts of a deployment of its own, without credentials. */
    mongoURI?: string;
    /** Mongoose's number of its state. */
    readyState: number;
    /** When it was last used, in milliseconds since 1970. */
    lastAccessed: number;
    /** Whether it is open. */
    isInitialized: boolean;
    /** The options it was configured with, without secrets. */
    config: DedicatedPoolOptions;
    /** Its sockets; `null` before its first use. */
    poolStats: PoolStats | null;
  }

  /** The shared pool. */
  export interface PrimaryInfo {
    /** Mongoose's number of its state. */
    readyState: number;
    /** Its sockets. */
    poolStats: PoolStats | null;
    /** Databases in use on the shared pool. */
    sharedDatabases: string[];
  }

  /** Result of `stats.general()`. */
  export interface ConnectionStats {
    /** Pools that are open. */
    totalActivePools: number;
    /** Their sockets for operations, all together. */
    totalConnectionsAcrossPools: number;
    /** `null` before the first connection. */
    primary: PrimaryInfo | null;
    /** The dedicated pools. */
    separateDB: SeparateConnectionInfo[];
  }

  /** Result of `stats()`. */
  export interface WrapperStats extends ConnectionStats {
    /** Databases in use. */
    activeConnections: number;
    /** Their names. */
    databases: string[];
    /** The shared pool. */
    poolStats: {
      /** Open sockets for operations. */
      totalConnections: number;
      /** Most sockets per server for operations. */
      maxPoolSize: number;
      /** Sockets per server kept open. */
      minFreeConnections: number;
      /** After how long an unused socket is closed, if ever. */
      idleTimeoutMS?: number;
    };
  }

  /** One collection, in `stats.db()`. */
  export interface CollectionStats {
    /** The collection. */
    name: string;
    /** Documents in it. */
    docCount: number;
    /** Size of its documents in megabytes. */
    sizeMb: number;
  }

  /** Result of `stats.db()`. */
  export interface DbStats {
    /** The tenant whose database it is, with the option `databaseName`. */
    tenant?: string;
    /** Size of its documents in megabytes. */
    sizeMb: number;
    /** How many collections it has, without views. */
    numCollections: number;
    /** The collections one by one. */
    collections: CollectionStats[];
    /** When this wrapper used it last; 1970 if it did not. */
    lastUsed: Date;
    /** Scheme and hosts, without credentials. */
    mongoURI: string;
    /** Whether its pool is open. */
    isInitialized: boolean;
    /** Of its dedicated pool; empty without one. */
    config: DedicatedPoolOptions;
    /** Sockets of the pool that serves it. */
    poolStats: PoolStats | null;
  }

  /** `wrapper.actions`. */
  export interface ActionsApi {
    /** Copies collections with their options, indexes, views and documents. Other database, same deployment or not. */
    copyDatabase(source: string, target: string, options?: CopyOptions): Promise<DatabaseCopySummary>;
    /** Drops a database and everything in it. */
    dropDatabase(dbName: string): Promise<void>;
    /** The whole database as one JSON-safe object. It has to fit into memory; otherwise see `exportDBStream`. */
    exportDB(dbName: string): Promise<DatabaseExport>;
    /** Writes what `exportDB` returned into a database; also reads the form of polymongo 1.2 and 1.3. */
    importDB(
      dbName: string,
      data: DatabaseExport | LegacyDatabaseExport,
      options?: ImportStreamOptions,
    ): Promise<DatabaseImportSummary>;
    /** The whole database as NDJSON. Nothing is asked of the server before somebody reads. */
    exportDBStream(dbName: string, options?: ExportStreamOptions): NodeJS.ReadableStream;
    /** Writes NDJSON of `exportDBStream` (version 1 or 2) into a database. */
    importDBStream(
      dbName: string,
      stream: NodeJS.ReadableStream,
      options?: ImportStreamOptions,
    ): Promise<DatabaseImportSummary>;
    /** The same as `wrapper.closeAll`. */
    readonly closeAll: Close;
    /** The same as `wrapper.forceCloseAll`. */
    readonly forceCloseAll: Close;
    /** The same as `wrapper.closeDBstream`. */
    readonly closeDBstream: (dbName?: string) => Promise<void>;
    /** The same as `wrapper.closeAllWatches`. */
    readonly closeAllWatches: () => Promise<void>;
  }

  /** `wrapper.bulkTasks`: the actions under shorter names. */
  export interface BulkTasksApi {
    /** The same as `actions.copyDatabase`. */
    copyDatabase: ActionsApi['copyDatabase'];
    /** The same as `actions.dropDatabase`. */
    dropDatabase: ActionsApi['dropDatabase'];
    /** The same as `actions.exportDB`. */
    export: ActionsApi['exportDB'];
    /** The same as `actions.importDB`. */
    import: ActionsApi['importDB'];
    /** The same as `actions.exportDBStream`. */
    exportStream: ActionsApi['exportDBStream'];
    /** The same as `actions.importDBStream`. */
    importStream: ActionsApi['importDBStream'];
  }

  /** Options of `copyDatabase`. */
  export interface CopyOptions {
    /**
     * When the target holds documents: `error` (default) refuses, `merge` adds to them, `replace` drops the target first.
     */
    onExisting?: 'error' | 'merge' | 'replace';
    /** The same as `onExisting: 'merge'`. */
    merge?: boolean;
    /** The same as `onExisting: 'replace'`. */
    drop?: boolean;
    /** Called after each batch. What it throws is ignored. */
    onProgress?: (step: TransferProgress) => unknown;
  }

  /** Options of `exportDBStream`. */
  export interface ExportStreamOptions {
    /** 2 (default): canonical Extended JSON, every BSON type comes back. 1: plain JSON, as polymongo 1.3 wrote. */
    version?: 1 | 2;
  }

  /** Options of `importDBStream`. */
  export interface ImportStreamOptions {
    /** Documents per insert. Default 1000. */
    batchSize?: number;
    /** Reject with the first failure instead of listing it. Default false. */
    stopOnError?: boolean;
    /** Called after each batch. What it throws is ignored. */
    onProgress?: (step: TransferProgress) => unknown;
  }

  /** How far a copy or an import has come. */
  export interface TransferProgress {
    /** The database that is written. */
    database: string;
    collection: string;
    /** Documents of the collection that the server has acknowledged. */
    documents: number;
  }

  /** Result of `exportDB`. */
  export interface DatabaseExport {
    /** The database it is of. */
    database: string;
    /** ISO 8601. */
    exportDate: string;
    /** Version of the form. */
    version: 2;
    /** By collection; documents, indexes and options in canonical Extended JSON. */
    collections: Record<
      string,
      {
        options: Record<string, any>;
        documents: Record<string, any>[];
        indexes: Record<string, any>[];
      }
    >;
  }

  /** What polymongo 1.2 and 1.3 exported. */
  export interface LegacyDatabaseExport {
    /** The database it is of. */
    database?: string;
    /** ISO 8601. */
    exportDate?: string;
    /** By collection, in plain JSON. */
    collections: Record<string, { documents?: unknown[]; indexes?: unknown[] }>;
  }

  /** One failure of a transfer. */
  export interface CollectionFailure {
    /** The collection. */
    collection: string;
    /** What was being done. */
    stage: 'export' | 'import' | 'index';
    /** What went wrong. */
    message: string;
  }
  /** What became of one collection. */
  export interface CollectionTransferSummary {
    /** The collection. */
    collection: string;
    /** Documents the server acknowledged. */
    documents: number;
    /** Indexes created. */
    indexes: number;
  }
  /** What all transfers report. */
  export interface DatabaseActionSummary {
    /** The database that was written to. */
    database: string;
    /** What was written, by collection. */
    collections: CollectionTransferSummary[];
    /** What failed. Nothing is dropped silently. */
    failures: CollectionFailure[];
  }
  /** What polymongo 1.3 declared for exports; kept for its name. */
  export interface DatabaseExportSummary extends DatabaseActionSummary {
    /** ISO 8601. */
    exportedAt: string;
    /** The form. */
    format: 'json';
  }
  /** Result of `importDB` and `importDBStream`. */
  export interface DatabaseImportSummary extends DatabaseActionSummary {
    /** ISO 8601. */
    importedAt: string;
    /** Documents that the server acknowledged, all together. */
    insertedDocuments: number;
    /** Indexes created, all together. */
    createdIndexes: number;
  }
  /** Result of `copyDatabase`. */
  export interface DatabaseCopySummary extends Omit<DatabaseImportSummary, 'database'> {
    /** Read from. */
    source: string;
    /** Written to. */
    target: string;
  }

  /** One line of an export stream. */
  export type StreamRecord =
    | { type: 'meta'; format: 'polymongo.ndjson'; version: 1 | 2; database: string; exportedAt: string }
    | { type: 'collection'; collection: string; options?: Record<string, any> }
    | { type: 'index'; collection: string; index: Record<string, any> }
    | { type: 'document'; collection: string; document: Record<string, any> }
    | { type: 'collectionEnd'; collection: string };

  /** `wrapper.adv`. */
  export interface AdvancedAccess {
    /** The Mongoose that the wrapped models come from. */
    readonly mongoose: typeof mongoose;
    /** The connection of the default database, if there is one already. */
    getPrimaryConnection(): mongoose.Connection | undefined;
    /** The connection of the default database. */
    getOrCreatePrimaryConnection(): mongoose.Connection;
    /** The connection of a database. Default: the default database. */
    getConnection(dbName?: string): mongoose.Connection;
    /** The same as `getConnection`. */
    getSharedConnection(dbName?: string): mongoose.Connection;
  }

  /** The public types by the names that polymongo 1.3 gave them, for type positions. */
  export namespace Types {
    export {
      ActionsApi,
      ActionsApi as actionsApi,
      AdvancedAccess,
      AdvancedAccess as advancedAccess,
      ConnectEvent,
      ConnectEvent as connectEvent,
      ConnectionStats,
      ConnectionStats as stats,
      ConnectResult,
      ConnectResult as connectResult,
      DatabaseActionSummary,
      DatabaseActionSummary as databaseActionSummary,
      DatabaseCopySummary,
      DatabaseCopySummary as databaseCopySummary,
      DatabaseExportSummary,
      DatabaseExportSummary as databaseExportSummary,
      DatabaseImportSummary,
      DatabaseImportSummary as databaseImportSummary,
      DBSpecificConfig as DBConfig,
      DBSpecificConfig as dbConfig,
      DebugOptions,
      DebugOptions as debugOptions,
      DisconnectEvent,
      DisconnectEvent as disconnectEvent,
      DisconnectResult,
      DisconnectResult as disconnectResult,
      ErrorEvent,
      ErrorEvent as errorEvent,
      EventMap,
      EventMap as eventMap,
      EventName,
      EventName as eventName,
      PingResult,
      PingResult as pingResult,
      PoolApi,
      PoolApi as poolApi,
      ScaleApi,
      ScaleApi as scaleApi,
      StatsApi,
      StatsApi as statsApi,
      StreamRecord,
      StreamRecord as streamRecord,
      WrappedModel,
      WrappedModel as wrappedModel,
      WrapperOptions as Options,
      WrapperOptions as wrapperOptions,
    };
  }
}

declare global {
  /**
   * The wrapped models by their names, for `tenant.models` and `request.tenant`. Yours to fill in:
   *
   * @example
   * declare global {
   *   interface PolyMongoTenantModels {
   *     User: typeof User; // what wrapModel returned
   *   }
   * }
   */
  interface PolyMongoTenantModels {}
}

export = PolyMongo;
