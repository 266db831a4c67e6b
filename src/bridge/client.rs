//! JavaScript's handle on an [`Engine`]: every call copies what it needs, submits, and returns.

#![allow(clippy::needless_pass_by_value, reason = "napi hands arguments over by value")]
#![allow(clippy::too_many_arguments, reason = "positions cost less than an object")]

use std::sync::Arc;

use bson::RawDocumentBuf;
use napi::bindgen_prelude::{BufferSlice, Function, FunctionCallContext};
use napi::{Env, Error, Result, Status};
use napi_derive::napi;

use super::arguments::{batch_form, document, form, meta, purpose};
use super::completion::{Completion, Events, Form};
use super::environment::{Environment, NativeEnvironment};
use super::failure::json;
use crate::engine::Engine;
use crate::engine::error::EngineError;
use crate::engine::request::{Completer, Request};

/// One client: a connection string, its pools, and what was opened through it.
///
/// Operations, cursors, sessions and streams are numbers of JavaScript's choice, above 0 and never used twice in an
/// environment. How an operation ends is told through the environment's outbox.
#[napi]
pub struct NativeClient {
    environment: Arc<Environment>,
    engine: Arc<Engine>,
}

#[napi]
impl NativeClient {
    /// Checks the connection string and the configuration (JSON); never connects.
    #[napi(constructor, catch_unwind)]
    pub fn new(environment: &NativeEnvironment, client: i64, uri: String, config: String) -> Result<Self> {
        let environment = Arc::clone(&environment.shared);
        let events = Events::new(Arc::clone(&environment), client);
        let engine = Engine::new(&uri, &config, events)
            .map_err(|error| Error::new(Status::InvalidArg, error.message))?;
        environment.adopt(&engine);
        Ok(Self { environment, engine })
    }

    /// A function that runs a command: `(op, cursor, db, session, flags, body, meta)`, with the number for the cursor that
    /// the command opens, or 0. It answers the reply, or the first batch.
    ///
    /// A function and not a method, because every operation passes here, and making sure of its receiver and arguments
    /// takes a method longer than all the rest.
    #[napi(
        catch_unwind,
        ts_return_type = "(op: number, cursor: number, db: string, session: number, flags: number, body: Buffer, meta: string | null) => void"
    )]
    pub fn submitter<'env>(&self, env: &'env Env) -> Result<Function<'env, (), ()>> {
        let (environment, engine) = (Arc::clone(&self.environment), Arc::clone(&self.engine));
        env.create_function_from_closure("submit", move |call: FunctionCallContext| {
            let (op, cursor) = (call.get(0)?, call.get(1)?);
            let (db, session, flags) = (call.get(2)?, call.get(3)?, call.get(4)?);
            let meta: Option<String> = call.get(6)?;
            let body: BufferSlice = call.get(5)?;
            let request = request(db, session, flags, &body, meta.as_deref());
            let form = match cursor {
                0 => form(flags),
                cursor => batch_form(flags, cursor, true),
            };
            submit(
                &environment,
                *call.env,
                op,
                form,
                request,
                |request, done| match cursor {
                    0 => engine.command(op, request, done),
                    cursor => engine.open_cursor(op, cursor, request, done),
                },
            );
            Ok(())
        })
    }

    /// Answers the next batch of a cursor.
    #[napi(catch_unwind)]
    pub fn next_batch(&self, env: Env, op: i64, cursor: i64, flags: u32, meta: Option<String>) {
        let form = batch_form(flags, cursor, false);
        self.submit(env, op, form, self::meta(meta.as_deref()), |meta, done| {
            self.engine.next_batch(op, cursor, meta, done);
        });
    }

    /// Closes a cursor, here and on the server.
    #[napi(catch_unwind)]
    pub fn close_cursor(&self, env: Env, op: i64, cursor: i64) {
        self.environment.gathered.remove(cursor);
        self.submit(env, op, Form::Bson, Ok(()), |(), done| {
            self.engine.close_cursor(op, cursor, done);
        });
    }

    /// Gives an operation up; it ends with an error, unless it has ended already.
    #[napi(catch_unwind)]
    pub fn cancel(&self, op: i64) {
        self.engine.cancel(op);
    }

    /// Records a session. Answers null, or what is wrong as JSON.
    #[napi(catch_unwind)]
    pub fn start_session(&self, session: i64, options: String) -> Option<String> {
        self.engine
            .start_session(session, &options)
            .err()
            .map(|error| json(&error))
    }

    /// Records a transaction, which the session's next operation starts. Answers null, or what is wrong as JSON.
    #[napi(catch_unwind)]
    pub fn start_transaction(&self, session: i64, options: String) -> Option<String> {
        self.engine
            .start_transaction(session, &options)
            .err()
            .map(|error| json(&error))
    }

    /// Commits the session's transaction.
    #[napi(catch_unwind)]
    pub fn commit_transaction(&self, env: Env, op: i64, session: i64, meta: Option<String>) {
        self.submit(env, op, Form::Bson, self::meta(meta.as_deref()), |meta, done| {
            self.engine.commit_transaction(op, session, meta, done);
        });
    }

    /// Aborts the session's transaction.
    #[napi(catch_unwind)]
    pub fn abort_transaction(&self, env: Env, op: i64, session: i64, meta: Option<String>) {
        self.submit(env, op, Form::Bson, self::meta(meta.as_deref()), |meta, done| {
            self.engine.abort_transaction(op, session, meta, done);
        });
    }

    /// Ends a session.
    #[napi(catch_unwind)]
    pub fn end_session(&self, env: Env, op: i64, session: i64) {
        self.submit(env, op, Form::Bson, Ok(()), |(), done| {
            self.engine.end_session(op, session, done);
        });
    }

    /// What is known of a session, as BSON; null for an unknown one.
    #[napi(catch_unwind)]
    pub fn session_info<'env>(&self, env: &'env Env, session: i64) -> Result<Option<BufferSlice<'env>>> {
        let info = self.engine.session_info(session);
        info.map(|info| BufferSlice::copy_from(env, info.as_bytes()))
            .transpose()
    }

    /// The server's name of a session, as BSON `{id}`. With a database it is drawn if there is none yet; null where that
    /// would take waiting, without one before the first use, and for an unknown session.
    #[napi(catch_unwind)]
    pub fn session_id<'env>(
        &self,
        env: &'env Env,
        session: i64,
        db: Option<String>,
    ) -> Result<Option<BufferSlice<'env>>> {
        let id = self.engine.session_id(session, db.as_deref());
        id.map(|id| BufferSlice::copy_from(env, id.as_bytes()))
            .transpose()
    }

    /// Advances a session's clocks: BSON `{clusterTime?, operationTime?}`.
    #[napi(catch_unwind)]
    pub fn advance_session(&self, session: i64, times: BufferSlice) -> Result<()> {
        let times = RawDocumentBuf::from_bytes(times.to_vec())
            .map_err(|error| Error::new(Status::InvalidArg, error.to_string()))?;
        self.engine.advance_session(session, times);
        Ok(())
    }

    /// Opens a change stream; `options` is BSON `{pipeline, options}`.
    #[napi(catch_unwind)]
    pub fn open_stream(
        &self,
        env: Env,
        op: i64,
        stream: i64,
        db: Option<String>,
        collection: Option<String>,
        session: i64,
        options: BufferSlice,
    ) {
        self.submit(env, op, Form::Bson, document(&options), |options, done| {
            self.engine
                .open_stream(op, stream, db, collection, session, options, done);
        });
    }

    /// Waits for changes; the first answer may be no more than the token that the stream begins with.
    #[napi(catch_unwind)]
    pub fn next_changes(&self, env: Env, op: i64, stream: i64, flags: u32) {
        self.submit(env, op, form(flags), Ok(()), |(), done| {
            self.engine.next_changes(op, stream, done);
        });
    }

    /// Closes a change stream.
    #[napi(catch_unwind)]
    pub fn close_stream(&self, env: Env, op: i64, stream: i64) {
        self.submit(env, op, Form::Bson, Ok(()), |(), done| {
            self.engine.close_stream(op, stream, done);
        });
    }

    /// Opens the pool of a database (null: the shared one) and waits for a usable server.
    #[napi(catch_unwind)]
    pub fn connect(&self, env: Env, op: i64, db: Option<String>) {
        self.submit(env, op, Form::Json, Ok(()), |(), done| {
            self.engine.connect(op, db, done);
        });
    }

    /// Gives databases (JSON list of names) a pool of their own (JSON), or none (null).
    #[napi(catch_unwind)]
    pub fn configure(&self, env: Env, op: i64, dbs: String, pool: Option<String>) {
        self.submit(env, op, Form::Json, Ok(()), |(), done| {
            self.engine.configure(op, &dbs, pool.as_deref(), done);
        });
    }

    /// Closes the pool of a database once nothing uses it.
    #[napi(catch_unwind)]
    pub fn close_pool(&self, env: Env, op: i64, db: String) {
        self.submit(env, op, Form::Json, Ok(()), |(), done| {
            self.engine.close_pool(op, db, done);
        });
    }

    /// Closes everything; `options` is JSON `{force, timeoutMS, refuse}`. Answers `{drained, cancelled}`.
    #[napi(catch_unwind)]
    pub fn close(&self, env: Env, op: i64, options: String) {
        self.submit(env, op, Form::Json, Ok(()), |(), done| {
            self.engine.close(op, &options, done);
        });
    }

    /// Accepts work again after [`Self::close`].
    #[napi(catch_unwind)]
    pub fn reopen(&self) {
        self.engine.reopen();
    }

    /// Sets which kinds of events are made, as bits: commands, connections, servers, heartbeats.
    #[napi(catch_unwind)]
    pub fn listen(&self, kinds: u32) {
        self.engine.listen(kinds);
    }

    /// Statistics, as JSON.
    #[napi(catch_unwind)]
    pub fn stats(&self) -> String {
        self.engine.stats()
    }

    fn submit<T>(
        &self,
        env: Env,
        op: i64,
        form: Form,
        arguments: std::result::Result<T, EngineError>,
        run: impl FnOnce(T, Box<dyn Completer>),
    ) {
        submit(&self.environment, env, op, form, arguments, run);
    }
}

/// Submits an operation, or ends it at once when its arguments are unusable.
fn submit<T>(
    environment: &Arc<Environment>,
    env: Env,
    op: i64,
    form: Form,
    arguments: std::result::Result<T, EngineError>,
    run: impl FnOnce(T, Box<dyn Completer>),
) {
    environment.begin(env);
    let done = Box::new(Completion::new(Arc::clone(environment), op, form));
    match arguments {
        Ok(arguments) => run(arguments, done),
        Err(error) => done.complete(Err(error)),
    }
}

impl Drop for NativeClient {
    fn drop(&mut self) {
        self.environment.dispose(&self.engine);
    }
}

fn request(
    db: String,
    session: i64,
    flags: u32,
    body: &[u8],
    settings: Option<&str>,
) -> std::result::Result<Request, EngineError> {
    Ok(Request {
        db,
        session,
        purpose: purpose(flags),
        body: document(body)?,
        meta: meta(settings)?,
    })
}
