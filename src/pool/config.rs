//! The configuration that JavaScript hands over: parsed strictly, applied to the driver's options.

use std::time::Duration;

use bson::{Bson, Document};
use mongodb::options::{
    AuthMechanism, ClientOptions, Compressor, Credential, DriverInfo, ServerApi, ServerApiVersion,
    ServerMonitoringMode, Tls, TlsOptions,
};
use serde_json::{Map, Value};

use crate::engine::error::{EngineError, ErrorKind};

/// The smallest heartbeat that the driver accepts.
const MIN_HEARTBEAT: Duration = Duration::from_millis(500);

/// Settings of a client; absent ones are left to the connection string, then to the driver.
#[derive(Clone, Default, PartialEq)]
pub struct Config {
    pub(super) app_name: Option<String>,
    pub(super) max_pool_size: Option<u32>,
    pub(super) min_pool_size: Option<u32>,
    pub(super) max_idle_time: Option<Duration>,
    pub(super) max_connecting: Option<u32>,
    pub(super) wait_queue_timeout: Option<Duration>,
    pub(super) timeout: Option<Duration>,
    pub(super) socket_timeout: Option<Duration>,
    pub(super) server_selection_timeout: Option<Duration>,
    pub(super) connect_timeout: Option<Duration>,
    pub(super) heartbeat_frequency: Option<Duration>,
    pub(super) local_threshold: Option<Duration>,
    pub(super) retry_reads: Option<bool>,
    pub(super) retry_writes: Option<bool>,
    pub(super) compressors: Option<Vec<Compressor>>,
    pub(super) tls: Option<bool>,
    pub(super) tls_ca_file: Option<String>,
    pub(super) tls_certificate_key_file: Option<String>,
    pub(super) tls_allow_invalid_certificates: Option<bool>,
    pub(super) username: Option<String>,
    pub(super) password: Option<String>,
    pub(super) auth_source: Option<String>,
    pub(super) auth_mechanism: Option<AuthMechanism>,
    pub(super) auth_mechanism_properties: Option<Document>,
    pub(super) replica_set: Option<String>,
    pub(super) direct_connection: Option<bool>,
    pub(super) load_balanced: Option<bool>,
    pub(super) srv_max_hosts: Option<u32>,
    pub(super) srv_service_name: Option<String>,
    pub(super) server_api: Option<ServerApi>,
    pub(super) monitor_commands: Option<bool>,
    pub(super) server_monitoring_mode: Option<ServerMonitoringMode>,
    pub(super) driver_info: Option<DriverInfo>,
}

/// What only a dedicated pool has beside [`Config`].
#[derive(Clone, Default, PartialEq)]
pub struct PoolConfig {
    /// A connection string of its own.
    pub uri: Option<String>,
    /// Close it when nothing used it for `ttl`.
    pub auto_close: bool,
    /// See `auto_close`.
    pub ttl: Option<Duration>,
    /// Everything else.
    pub config: Config,
}

fn parse_object(json: &str) -> Result<Map<String, Value>, EngineError> {
    match serde_json::from_str(json) {
        Ok(Value::Object(map)) => Ok(map),
        _ => Err(EngineError::new(
            ErrorKind::InvalidArgument,
            "The configuration must be a JSON object",
        )),
    }
}

impl PoolConfig {
    /// Parses a dedicated pool's JSON: the keys of [`Config`], `uri`, `autoClose` and `ttl`.
    pub fn parse(json: &str) -> Result<Self, EngineError> {
        let mut map = parse_object(json)?;
        Ok(Self {
            uri: take(&mut map, "uri", text)?,
            auto_close: take(&mut map, "autoClose", boolean)?.unwrap_or(false),
            ttl: take(&mut map, "ttl", duration)?,
            config: Config::from_map(map)?,
        })
    }
}

impl Config {
    /// Parses a client's JSON; an unknown key is an error.
    pub fn parse(json: &str) -> Result<Self, EngineError> {
        Self::from_map(parse_object(json)?)
    }

    fn from_map(mut map: Map<String, Value>) -> Result<Self, EngineError> {
        let map = &mut map;
        let level = take(map, "zlibCompressionLevel", integer)?;
        let mut config = Self {
            app_name: take(map, "appName", text)?,
            max_pool_size: take(map, "maxPoolSize", count)?,
            min_pool_size: take(map, "minPoolSize", count)?,
            max_idle_time: take(map, "maxIdleTimeMS", duration)?,
            max_connecting: take(map, "maxConnecting", count)?,
            wait_queue_timeout: take(map, "waitQueueTimeoutMS", duration)?,
            timeout: take(map, "timeoutMS", duration)?,
            socket_timeout: take(map, "socketTimeoutMS", duration)?,
            server_selection_timeout: take(map, "serverSelectionTimeoutMS", duration)?,
            connect_timeout: take(map, "connectTimeoutMS", duration)?,
            heartbeat_frequency: take(map, "heartbeatFrequencyMS", duration)?,
            local_threshold: take(map, "localThresholdMS", duration)?,
            retry_reads: take(map, "retryReads", boolean)?,
            retry_writes: take(map, "retryWrites", boolean)?,
            compressors: take(map, "compressors", |value| compressors(value, level))?,
            tls: take(map, "tls", boolean)?,
            tls_ca_file: take(map, "tlsCAFile", text)?,
            tls_certificate_key_file: take(map, "tlsCertificateKeyFile", text)?,
            tls_allow_invalid_certificates: take(map, "tlsAllowInvalidCertificates", boolean)?,
            username: None,
            password: None,
            auth_source: take(map, "authSource", text)?,
            auth_mechanism: take(map, "authMechanism", mechanism)?,
            auth_mechanism_properties: take(map, "authMechanismProperties", properties)?,
            replica_set: take(map, "replicaSet", text)?,
            direct_connection: take(map, "directConnection", boolean)?,
            load_balanced: take(map, "loadBalanced", boolean)?,
            srv_max_hosts: take(map, "srvMaxHosts", count)?,
            srv_service_name: take(map, "srvServiceName", text)?,
            server_api: take(map, "serverApi", server_api)?,
            monitor_commands: take(map, "monitorCommands", boolean)?,
            server_monitoring_mode: take(map, "serverMonitoringMode", monitoring_mode)?,
            driver_info: take(map, "driverInfo", driver_info)?,
        };
        if take(map, "tlsInsecure", boolean)? == Some(true) {
            config.tls_allow_invalid_certificates = Some(true);
        }
        if let Some((username, password)) = take(map, "auth", login)? {
            config.username = Some(username);
            config.password = password;
        }
        if map
            .remove("tlsCertificateKeyFilePassword")
            .is_some_and(|value| !value.is_null())
        {
            return Err(EngineError::new(
                ErrorKind::Configuration,
                "tlsCertificateKeyFilePassword is not supported: decrypt the key file and protect it by its file mode",
            ));
        }
        if let Some(key) = map.iter().find(|(_, value)| !value.is_null()).map(|(key, _)| key) {
            return Err(EngineError::new(
                ErrorKind::InvalidArgument,
                format!("The option {key} is not known to the engine"),
            ));
        }
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<(), EngineError> {
        let refuse = |message: &str| Err(EngineError::new(ErrorKind::InvalidArgument, message));
        if self.max_pool_size == Some(0) {
            return refuse("maxPoolSize must be at least 1");
        }
        if self.max_connecting == Some(0) {
            return refuse("maxConnecting must be at least 1");
        }
        if self
            .heartbeat_frequency
            .is_some_and(|frequency| frequency < MIN_HEARTBEAT)
        {
            return refuse("heartbeatFrequencyMS must be at least 500");
        }
        if self.tls == Some(false)
            && (self.tls_ca_file.is_some()
                || self.tls_certificate_key_file.is_some()
                || self.tls_allow_invalid_certificates == Some(true))
        {
            return refuse("tls is false, but other tls options are given");
        }
        if self.load_balanced == Some(true) && self.replica_set.is_some() {
            return refuse("loadBalanced and replicaSet cannot be combined");
        }
        if self.load_balanced == Some(true) && self.direct_connection == Some(true) {
            return refuse("loadBalanced and directConnection cannot be combined");
        }
        Ok(())
    }

    /// `self` where it says something, else `base`.
    #[must_use]
    pub fn over(&self, base: &Self) -> Self {
        macro_rules! first {
            ($($field:ident),* $(,)?) => {
                Self { $($field: self.$field.clone().or_else(|| base.$field.clone())),* }
            };
        }
        let mut merged = first!(
            app_name,
            max_pool_size,
            min_pool_size,
            max_idle_time,
            max_connecting,
            wait_queue_timeout,
            timeout,
            socket_timeout,
            server_selection_timeout,
            connect_timeout,
            heartbeat_frequency,
            local_threshold,
            retry_reads,
            retry_writes,
            compressors,
            tls,
            tls_ca_file,
            tls_certificate_key_file,
            tls_allow_invalid_certificates,
            username,
            password,
            auth_source,
            auth_mechanism,
            auth_mechanism_properties,
            replica_set,
            direct_connection,
            load_balanced,
            srv_max_hosts,
            srv_service_name,
            server_api,
            monitor_commands,
            server_monitoring_mode,
            driver_info,
        );
        if self.username.is_some() {
            // A login is one thing: never one's name with another's password.
            merged.password.clone_from(&self.password);
        }
        merged
    }

    /// What a pool with a connection string of its own may inherit: nothing that says who or where.
    #[must_use]
    pub fn without_identity(&self) -> Self {
        Self {
            tls: None,
            tls_ca_file: None,
            tls_certificate_key_file: None,
            tls_allow_invalid_certificates: None,
            username: None,
            password: None,
            auth_source: None,
            auth_mechanism: None,
            auth_mechanism_properties: None,
            replica_set: None,
            direct_connection: None,
            load_balanced: None,
            srv_max_hosts: None,
            srv_service_name: None,
            ..self.clone()
        }
    }

    /// Writes the settings into the driver's options: over what the connection string said when `wins`, else only
    /// where it said nothing.
    pub(super) fn apply(&self, options: &mut ClientOptions, wins: bool) {
        fn set<T: Clone>(slot: &mut Option<T>, value: Option<&T>, wins: bool) {
            if let Some(value) = value
                && (wins || slot.is_none())
            {
                *slot = Some(value.clone());
            }
        }
        set(&mut options.app_name, self.app_name.as_ref(), wins);
        set(&mut options.max_pool_size, self.max_pool_size.as_ref(), wins);
        set(&mut options.min_pool_size, self.min_pool_size.as_ref(), wins);
        set(&mut options.max_idle_time, self.max_idle_time.as_ref(), wins);
        set(&mut options.max_connecting, self.max_connecting.as_ref(), wins);
        set(
            &mut options.server_selection_timeout,
            self.server_selection_timeout.as_ref(),
            wins,
        );
        set(&mut options.connect_timeout, self.connect_timeout.as_ref(), wins);
        set(
            &mut options.heartbeat_freq,
            self.heartbeat_frequency.as_ref(),
            wins,
        );
        set(&mut options.local_threshold, self.local_threshold.as_ref(), wins);
        set(&mut options.retry_reads, self.retry_reads.as_ref(), wins);
        set(&mut options.retry_writes, self.retry_writes.as_ref(), wins);
        set(&mut options.compressors, self.compressors.as_ref(), wins);
        set(&mut options.repl_set_name, self.replica_set.as_ref(), wins);
        set(
            &mut options.direct_connection,
            self.direct_connection.as_ref(),
            wins,
        );
        set(&mut options.load_balanced, self.load_balanced.as_ref(), wins);
        set(&mut options.server_api, self.server_api.as_ref(), wins);
        set(
            &mut options.server_monitoring_mode,
            self.server_monitoring_mode.as_ref(),
            wins,
        );
        set(&mut options.driver_info, self.driver_info.as_ref(), wins);
        self.apply_tls(&mut options.tls);
        self.apply_credential(options);
    }

    /// Whether sockets are encrypted; nothing if it does not say.
    pub(super) fn uses_tls(&self) -> Option<bool> {
        let implied = self.tls_ca_file.is_some()
            || self.tls_certificate_key_file.is_some()
            || self.tls_allow_invalid_certificates.is_some();
        self.tls.or(implied.then_some(true))
    }

    fn apply_tls(&self, tls: &mut Option<Tls>) {
        match self.uses_tls() {
            None => return,
            Some(false) => {
                *tls = Some(Tls::Disabled);
                return;
            }
            Some(true) => {}
        }
        let mut options = match tls.take() {
            Some(Tls::Enabled(options)) => options,
            _ => TlsOptions::default(),
        };
        if let Some(path) = &self.tls_ca_file {
            options.ca_file_path = Some(path.into());
        }
        if let Some(path) = &self.tls_certificate_key_file {
            options.cert_key_file_path = Some(path.into());
        }
        if self.tls_allow_invalid_certificates.is_some() {
            options.allow_invalid_certificates = self.tls_allow_invalid_certificates;
        }
        *tls = Some(Tls::Enabled(options));
    }

    fn apply_credential(&self, options: &mut ClientOptions) {
        let says_something = self.username.is_some()
            || self.auth_mechanism.is_some()
            || self.auth_mechanism_properties.is_some()
            || (self.auth_source.is_some() && options.credential.is_some());
        if !says_something {
            return;
        }
        let mut credential = options.credential.take().unwrap_or_default();
        if self.username.is_some() {
            credential.username.clone_from(&self.username);
            credential.password.clone_from(&self.password);
        }
        if self.auth_mechanism.is_some() {
            credential.mechanism.clone_from(&self.auth_mechanism);
        }
        if self.auth_mechanism_properties.is_some() {
            credential
                .mechanism_properties
                .clone_from(&self.auth_mechanism_properties);
        }
        if self.auth_source.is_some() {
            credential.source.clone_from(&self.auth_source);
        } else if credential.source.is_none() || self.auth_mechanism.is_some() {
            credential.source = Some(default_source(&credential, options.default_database.as_deref()));
        }
        options.credential = Some(credential);
    }
}

fn default_source(credential: &Credential, database: Option<&str>) -> String {
    match credential.mechanism {
        None | Some(AuthMechanism::ScramSha1 | AuthMechanism::ScramSha256) => {
            database.unwrap_or("admin").into()
        }
        Some(AuthMechanism::Plain) => database.unwrap_or("$external").into(),
        Some(_) => String::from("$external"),
    }
}

fn take<T>(
    map: &mut Map<String, Value>,
    key: &str,
    read: impl FnOnce(&Value) -> Result<T, String>,
) -> Result<Option<T>, EngineError> {
    match map.remove(key) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => read(&value).map(Some).map_err(|expected| {
            EngineError::new(
                ErrorKind::InvalidArgument,
                format!("The option {key} must be {expected}"),
            )
        }),
    }
}

fn text(value: &Value) -> Result<String, String> {
    value.as_str().map(String::from).ok_or_else(|| "a string".into())
}

fn boolean(value: &Value) -> Result<bool, String> {
    value.as_bool().ok_or_else(|| "true or false".into())
}

fn integer(value: &Value) -> Result<i64, String> {
    whole(value).ok_or_else(|| "a whole number".into())
}

fn count(value: &Value) -> Result<u32, String> {
    whole(value)
        .and_then(|number| u32::try_from(number).ok())
        .ok_or_else(|| "a whole number, 0 or more".into())
}

fn duration(value: &Value) -> Result<Duration, String> {
    match value.as_f64() {
        Some(milliseconds) if (0.0..=4_294_967_295_000.0).contains(&milliseconds) => {
            Ok(Duration::from_millis(milliseconds.round() as u64))
        }
        _ => Err("a number of milliseconds, 0 or more".into()),
    }
}

/// JavaScript's numbers may arrive as `5.0`.
fn whole(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| {
        let number = value.as_f64()?;
        (number.fract() == 0.0 && number.abs() < 9.0e15).then_some(number as i64)
    })
}

fn compressors(value: &Value, level: Option<i64>) -> Result<Vec<Compressor>, String> {
    let expected = || String::from("a list of \"zstd\", \"zlib\", \"snappy\" or \"none\"");
    let names = value.as_array().ok_or_else(expected)?;
    let mut found = Vec::with_capacity(names.len());
    for name in names {
        match name.as_str() {
            Some("zstd") => found.push(Compressor::Zstd { level: None }),
            Some("snappy") => found.push(Compressor::Snappy),
            Some("zlib") => found.push(Compressor::Zlib {
                level: zlib_level(level)?,
            }),
            Some("none") => {}
            _ => return Err(expected()),
        }
    }
    Ok(found)
}

fn zlib_level(level: Option<i64>) -> Result<Option<u32>, String> {
    match level {
        None | Some(-1) => Ok(None),
        Some(level @ 0..=9) => Ok(Some(level as u32)),
        Some(_) => Err("used with a zlibCompressionLevel between -1 and 9".into()),
    }
}

fn mechanism(value: &Value) -> Result<AuthMechanism, String> {
    let known = || String::from("SCRAM-SHA-1, SCRAM-SHA-256, MONGODB-X509 or PLAIN");
    let name = value.as_str().ok_or_else(known)?;
    match name {
        "SCRAM-SHA-1" | "SCRAM-SHA-256" | "MONGODB-X509" | "PLAIN" => name.parse().map_err(|_| known()),
        _ => Err(known()),
    }
}

fn properties(value: &Value) -> Result<Document, String> {
    let expected = || String::from("an object of strings and booleans");
    let object = value.as_object().ok_or_else(expected)?;
    let mut document = Document::new();
    for (key, value) in object {
        let value = match value {
            Value::String(text) => Bson::String(text.clone()),
            Value::Bool(flag) => Bson::Boolean(*flag),
            _ => return Err(expected()),
        };
        document.insert(key, value);
    }
    Ok(document)
}

fn server_api(value: &Value) -> Result<ServerApi, String> {
    let object = value
        .as_object()
        .ok_or_else(|| String::from("an object {version, strict, deprecationErrors}"))?;
    if object.get("version").and_then(Value::as_str) != Some("1") {
        return Err("an object whose version is \"1\"".into());
    }
    let mut api = ServerApi::builder().version(ServerApiVersion::V1).build();
    api.strict = object.get("strict").and_then(Value::as_bool);
    api.deprecation_errors = object.get("deprecationErrors").and_then(Value::as_bool);
    Ok(api)
}

fn monitoring_mode(value: &Value) -> Result<ServerMonitoringMode, String> {
    match value.as_str() {
        Some("auto") => Ok(ServerMonitoringMode::Auto),
        Some("poll") => Ok(ServerMonitoringMode::Poll),
        Some("stream") => Ok(ServerMonitoringMode::Stream),
        _ => Err("\"auto\", \"poll\" or \"stream\"".into()),
    }
}

fn driver_info(value: &Value) -> Result<DriverInfo, String> {
    let object = value
        .as_object()
        .ok_or_else(|| String::from("an object {name, version, platform}"))?;
    let part = |key: &str| object.get(key).and_then(Value::as_str).map(String::from);
    let mut info = DriverInfo::builder()
        .name(part("name").ok_or("an object with a name")?)
        .build();
    info.version = part("version");
    info.platform = part("platform");
    Ok(info)
}

fn login(value: &Value) -> Result<(String, Option<String>), String> {
    let object = value
        .as_object()
        .ok_or_else(|| String::from("an object {username, password}"))?;
    let part = |key: &str| object.get(key).and_then(Value::as_str).map(String::from);
    Ok((
        part("username").ok_or("an object with a username")?,
        part("password"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_knows() {
        let config = Config::parse(
            r#"{"maxPoolSize": 7, "timeoutMS": 1500, "compressors": ["zlib", "none"], "zlibCompressionLevel": 3,
                "retryWrites": false, "appName": null, "auth": {"username": "u", "password": "p"}}"#,
        )
        .unwrap();
        assert_eq!(config.max_pool_size, Some(7));
        assert_eq!(config.timeout, Some(Duration::from_millis(1500)));
        assert_eq!(
            config.compressors,
            Some(vec![Compressor::Zlib { level: Some(3) }])
        );
        assert_eq!(config.retry_writes, Some(false));
        assert_eq!(config.app_name, None);
        assert_eq!(config.username.as_deref(), Some("u"));
    }

    #[test]
    fn names_the_key_that_is_wrong() {
        for (json, key) in [
            (r#"{"maxPoolSize": -1}"#, "maxPoolSize"),
            (r#"{"maxPoolSize": 0}"#, "maxPoolSize"),
            (r#"{"timeoutMS": "soon"}"#, "timeoutMS"),
            (r#"{"colour": "red"}"#, "colour"),
            (
                r#"{"tlsCertificateKeyFilePassword": "s3cret"}"#,
                "tlsCertificateKeyFilePassword",
            ),
            (r#"{"heartbeatFrequencyMS": 100}"#, "heartbeatFrequencyMS"),
            (r#"{"authMechanism": "GSSAPI"}"#, "authMechanism"),
            ("[]", "JSON object"),
        ] {
            let error = Config::parse(json).err().unwrap();
            assert!(error.message.contains(key), "{json}: {}", error.message);
            assert!(!error.message.contains("s3cret"));
        }
    }

    #[test]
    fn a_login_is_inherited_whole_or_not_at_all() {
        let base =
            Config::parse(r#"{"auth": {"username": "a", "password": "secret"}, "maxPoolSize": 3}"#).unwrap();
        let own = Config::parse(r#"{"auth": {"username": "b"}}"#).unwrap();
        assert_eq!(own.over(&base).password, None);
        assert_eq!(own.over(&base).max_pool_size, Some(3));
        assert_eq!(base.without_identity().username, None);
        assert_eq!(base.without_identity().max_pool_size, Some(3));
    }
}
