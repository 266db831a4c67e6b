//! What one pool is made from: a connection string and the configuration over and under it.

use std::time::Duration;

use mongodb::options::{
    AuthMechanism, ClientOptions, ConnectionString, HostInfo, ReadConcern, SelectionCriteria, ServerAddress,
    Tls, WriteConcern,
};

use super::config::{Config, PoolConfig};
use crate::engine::{
    convert,
    error::{EngineError, ErrorKind},
};

/// The package's default; the driver's own is 10 as well, but we never rely on it.
const DEFAULT_MAX_POOL_SIZE: u32 = 10;
const DEFAULT_SERVER_SELECTION_TIMEOUT: Duration = Duration::from_secs(30);
/// Streams wait on a connection each; they must not wait for one another.
const STREAMS_MAX_POOL_SIZE: u32 = 1000;
const STREAMS_MAX_CONNECTING: u32 = 8;
/// How long the streams' client outlives its last stream.
const STREAMS_TTL: Duration = Duration::from_secs(5);

/// The settings of one pool. Holds a password: never printed.
#[derive(Clone, PartialEq)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "they are the connection string's own switches"
)]
pub struct Settings {
    connection_string: ConnectionString,
    explicit: Config,
    inherited: Config,
    /// The seeds, `host:port`, or the name whose DNS records hold them.
    pub hosts: Vec<String>,
    /// Sockets per server, and operations at a time.
    pub max_pool_size: u32,
    /// Sockets kept open.
    pub min_pool_size: u32,
    /// Unused sockets older than this are closed.
    pub max_idle_time: Option<Duration>,
    /// How long an operation waits for its turn.
    pub wait_queue_timeout: Option<Duration>,
    /// The default deadline of operations.
    pub timeout: Option<Duration>,
    /// The deadline of each attempt.
    pub socket_timeout: Option<Duration>,
    /// How long a server is looked for.
    pub server_selection_timeout: Duration,
    /// Whether reads are repeated.
    pub retry_reads: bool,
    /// Whether writes carry numbers and are repeated.
    pub retry_writes: bool,
    /// Whether commands are reported.
    pub monitor_commands: bool,
    /// Close the pool when nothing used it for this long.
    pub ttl: Option<Duration>,
    /// It has a connection string of its own.
    pub own_uri: bool,
    /// It carries change streams, behind the scenes.
    pub streams: bool,
}

impl Settings {
    /// The shared pool's settings.
    pub fn shared(uri: &str, config: &Config) -> Result<Self, EngineError> {
        Self::new(parse(uri)?, config.clone(), Config::default())
    }

    /// A dedicated pool's settings: the shared pool's, changed by `pool`.
    pub fn dedicated(&self, pool: &PoolConfig) -> Result<Self, EngineError> {
        let mut settings = match &pool.uri {
            None => Self::new(
                self.connection_string.clone(),
                pool.config.over(&self.explicit),
                Config::default(),
            )?,
            Some(uri) => {
                let mut own = Self::new(parse(uri)?, pool.config.clone(), self.explicit.without_identity())?;
                own.own_uri = true;
                own
            }
        };
        settings.ttl = pool.ttl.filter(|_| pool.auto_close);
        Ok(settings)
    }

    /// The settings of the client that carries the change streams of a pool with these settings.
    #[must_use]
    pub fn for_streams(&self) -> Self {
        let mut settings = self.clone();
        let app_name = self
            .explicit
            .app_name
            .as_ref()
            .or(self.connection_string.app_name.as_ref());
        let app_name = app_name
            .or(self.inherited.app_name.as_ref())
            .map_or("polymongo", String::as_str);
        settings.explicit.app_name = Some(format!("{app_name} streams"));
        settings.explicit.max_pool_size = Some(STREAMS_MAX_POOL_SIZE);
        settings.explicit.min_pool_size = Some(0);
        settings.explicit.max_connecting = Some(STREAMS_MAX_CONNECTING);
        settings.max_pool_size = STREAMS_MAX_POOL_SIZE;
        settings.min_pool_size = 0;
        settings.ttl = Some(STREAMS_TTL);
        settings.streams = true;
        settings
    }

    fn new(
        mut connection_string: ConnectionString,
        explicit: Config,
        inherited: Config,
    ) -> Result<Self, EngineError> {
        // Known to the parser but not to the driver; they are ours.
        #[allow(deprecated)]
        let uri_socket_timeout = connection_string.socket_timeout.take();
        let uri_wait_queue_timeout = connection_string.wait_queue_timeout();
        if let Some(name) = &explicit.srv_service_name {
            connection_string.srv_service_name = Some(name.clone());
        }
        if explicit.srv_max_hosts.is_some() {
            connection_string.srv_max_hosts = explicit.srv_max_hosts;
        }
        macro_rules! resolve {
            ($field:ident, $uri:expr) => {
                explicit
                    .$field
                    .clone()
                    .or($uri)
                    .or(inherited.$field.clone())
            };
        }
        let positive = |duration: &Duration| !duration.is_zero();
        let settings = Self {
            hosts: hosts(&connection_string.host_info),
            max_pool_size: resolve!(max_pool_size, connection_string.max_pool_size)
                .unwrap_or(DEFAULT_MAX_POOL_SIZE),
            min_pool_size: resolve!(min_pool_size, connection_string.min_pool_size).unwrap_or(0),
            max_idle_time: resolve!(max_idle_time, connection_string.max_idle_time).filter(positive),
            wait_queue_timeout: resolve!(wait_queue_timeout, uri_wait_queue_timeout).filter(positive),
            timeout: resolve!(timeout, None).filter(positive),
            socket_timeout: resolve!(socket_timeout, uri_socket_timeout).filter(positive),
            server_selection_timeout: resolve!(
                server_selection_timeout,
                connection_string.server_selection_timeout
            )
            .unwrap_or(DEFAULT_SERVER_SELECTION_TIMEOUT),
            retry_reads: resolve!(retry_reads, connection_string.retry_reads).unwrap_or(true),
            retry_writes: resolve!(retry_writes, connection_string.retry_writes).unwrap_or(true),
            monitor_commands: resolve!(monitor_commands, None).unwrap_or(false),
            ttl: None,
            own_uri: false,
            streams: false,
            connection_string,
            explicit,
            inherited,
        };
        settings.check()?;
        Ok(settings)
    }

    fn check(&self) -> Result<(), EngineError> {
        let refuse = |message: &str| Err(EngineError::new(ErrorKind::InvalidArgument, message));
        if self.max_pool_size == 0 {
            return refuse("maxPoolSize must be at least 1");
        }
        if self.min_pool_size > self.max_pool_size {
            return refuse("minPoolSize cannot be greater than maxPoolSize");
        }
        if self.hosts.len() > 1 {
            let of = |explicit: Option<bool>, uri: Option<bool>| explicit.or(uri).unwrap_or(false);
            if of(
                self.explicit.direct_connection,
                self.connection_string.direct_connection,
            ) {
                return refuse("directConnection needs exactly one host");
            }
            if of(self.explicit.load_balanced, self.connection_string.load_balanced) {
                return refuse("loadBalanced needs exactly one host");
            }
        }
        Ok(())
    }

    /// The driver's options. A `mongodb+srv` string asks the DNS here.
    pub(super) async fn client_options(&self) -> Result<ClientOptions, EngineError> {
        let mut options = ClientOptions::parse(self.connection_string.clone())
            .await
            .map_err(|error| convert::setup_error(&error))?;
        self.explicit.apply(&mut options, true);
        self.inherited.apply(&mut options, false);
        options.max_pool_size = Some(self.max_pool_size);
        options.min_pool_size = Some(self.min_pool_size);
        // Concerns and preferences travel in the commands, where JavaScript wrote them.
        options.read_concern = None::<ReadConcern>;
        options.write_concern = None::<WriteConcern>;
        options.selection_criteria = None::<SelectionCriteria>;
        Ok(options)
    }

    /// Whether sessions of a pool with these settings may be used for a database whose pool has `other`: the same
    /// set, an overlap of hosts and equal credentials. `known` and `other_known` are the hosts seen so far.
    pub fn same_cluster(&self, other: &Self, known: &ClusterFacts, other_known: &ClusterFacts) -> bool {
        if self.identity() != other.identity() {
            return false;
        }
        let set = known.set_name.as_ref().or(self.set_name());
        let other_set = other_known.set_name.as_ref().or(other.set_name());
        if let (Some(set), Some(other_set)) = (set, other_set)
            && set != other_set
        {
            return false;
        }
        let mut hosts = self.hosts.iter().chain(&known.hosts);
        hosts.any(|host| other.hosts.contains(host) || other_known.hosts.contains(host))
    }

    /// Whether sockets are encrypted.
    pub fn uses_tls(&self) -> bool {
        self.explicit
            .uses_tls()
            .unwrap_or(match &self.connection_string.tls {
                Some(tls) => matches!(tls, Tls::Enabled(_)),
                None => matches!(self.connection_string.host_info, HostInfo::DnsRecord(_)),
            })
    }

    fn set_name(&self) -> Option<&String> {
        self.explicit
            .replica_set
            .as_ref()
            .or(self.connection_string.replica_set.as_ref())
    }

    fn identity(&self) -> Option<Identity<'_>> {
        let credential = self.connection_string.credential.as_ref();
        let (username, password) = match &self.explicit.username {
            Some(username) => (Some(username), self.explicit.password.as_ref()),
            None => (
                credential.and_then(|credential| credential.username.as_ref()),
                credential.and_then(|credential| credential.password.as_ref()),
            ),
        };
        let mechanism = self.explicit.auth_mechanism.as_ref();
        let mechanism = mechanism.or(credential.and_then(|credential| credential.mechanism.as_ref()));
        if username.is_none() && mechanism.is_none() {
            return None;
        }
        let source = self.explicit.auth_source.as_ref();
        let source = source.or(credential.and_then(|credential| credential.source.as_ref()));
        let source = source.or(self.connection_string.default_database.as_ref());
        Some(Identity {
            username,
            password,
            mechanism,
            source: source.map_or("admin", String::as_str),
        })
    }
}

#[derive(PartialEq)]
struct Identity<'settings> {
    username: Option<&'settings String>,
    password: Option<&'settings String>,
    mechanism: Option<&'settings AuthMechanism>,
    source: &'settings str,
}

/// What the servers themselves said of a cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClusterFacts {
    /// The replica set's name.
    pub set_name: Option<String>,
    /// `host:port` of its members.
    pub hosts: Vec<String>,
}

fn hosts(info: &HostInfo) -> Vec<String> {
    match info {
        HostInfo::HostIdentifiers(hosts) => hosts.iter().map(ServerAddress::to_string).collect(),
        HostInfo::DnsRecord(name) => vec![name.clone()],
        _ => Vec::new(),
    }
}

fn parse(uri: &str) -> Result<ConnectionString, EngineError> {
    if has_broken_escape(uri) {
        return Err(EngineError::new(
            ErrorKind::InvalidArgument,
            "The connection string is malformed: a % must be followed by two hexadecimal digits; \
             encodeURIComponent(…) writes names and passwords that way",
        ));
    }
    ConnectionString::parse(uri)
        .map_err(|error| EngineError::new(ErrorKind::InvalidArgument, why_malformed(uri, &error)))
}

/// Whether a character that is no ASCII stands where an escape has its digits: the driver's parser panics there, and quotes
/// the password.
fn has_broken_escape(uri: &str) -> bool {
    let rest_of_escapes = uri.split('%').skip(1);
    rest_of_escapes
        .into_iter()
        .any(|rest| rest.bytes().take(2).any(|byte| !byte.is_ascii()))
}

/// The reason without a secret in it: the parser quotes parts of what it read, and a password with an unescaped
/// `?` or `/` is read as a host or an option.
fn why_malformed(uri: &str, error: &mongodb::error::Error) -> String {
    let reason = match &*error.kind {
        mongodb::error::ErrorKind::InvalidArgument { message, .. } => message.clone(),
        _ => String::from("it could not be read"),
    };
    let safe = match uri.split_once("://") {
        Some((scheme, rest)) => match rest.rsplit_once('@') {
            None => Some(reason),
            // Does it fail without the credentials too? Then they are not the reason, and that reason is safe.
            Some((_secret, places)) => match ConnectionString::parse(format!("{scheme}://{places}")) {
                Ok(_) => None,
                Err(other) => match &*other.kind {
                    mongodb::error::ErrorKind::InvalidArgument { message, .. } => Some(message.clone()),
                    _ => None,
                },
            },
        },
        None => Some(String::from("it must start with mongodb:// or mongodb+srv://")),
    };
    match safe {
        // These quote the value of an option, which may be a token or a key's password.
        Some(reason) if reason.contains("key=value") => String::from(
            "The connection string is malformed: each option after the ? must be a key=value pair, separated by &",
        ),
        Some(reason) if reason.to_lowercase().contains("properties") => {
            String::from("The connection string is malformed: authMechanismProperties could not be read")
        }
        Some(reason) => format!("The connection string is malformed: {reason}"),
        None => String::from(
            "The connection string is malformed: in the user name and the password, characters such as : / ? # [ ] @ \
             % must be written percent-encoded",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shared(uri: &str, config: &str) -> Settings {
        Settings::shared(uri, &Config::parse(config).unwrap()).unwrap()
    }

    fn dedicated(base: &Settings, json: &str) -> Settings {
        base.dedicated(&PoolConfig::parse(json).unwrap()).unwrap()
    }

    #[test]
    fn explicit_wins_over_the_uri_and_the_uri_over_what_is_inherited() {
        let base = shared(
            "mongodb://a/?maxPoolSize=5&socketTimeoutMS=700",
            r#"{"maxPoolSize": 8}"#,
        );
        assert_eq!(base.max_pool_size, 8);
        assert_eq!(base.socket_timeout, Some(Duration::from_millis(700)));
        let own = dedicated(
            &base,
            r#"{"uri": "mongodb://b/?maxPoolSize=3", "minPoolSize": 1}"#,
        );
        assert_eq!((own.max_pool_size, own.min_pool_size), (3, 1));
        let same = dedicated(&base, r#"{"maxPoolSize": 2, "autoClose": true, "ttl": 50}"#);
        assert_eq!(
            (same.max_pool_size, same.ttl),
            (2, Some(Duration::from_millis(50)))
        );
        assert_eq!(dedicated(&base, r#"{"ttl": 50}"#).ttl, None);
        assert_eq!(shared("mongodb://a", "{}").max_pool_size, 10);
    }

    #[test]
    fn no_secret_in_the_text_of_an_error() {
        for uri in [
            "mongodb://user:qz@n/qz@host/",
            "mongodb://user:qz?x@host/",
            "mongodb://user:qz%zqz@host/",
            "mongodb://user:qz/qz@host:port/",
            "mongodb://user:qz@host/?colour=qz",
            "mongodb://user:qz@host/?qz",
            "mongodb://user:qz@host/?authMechanismProperties=qz",
            "mongodb://user:qz@host:99999999/",
            "user:qz@host",
            "http://user:qz@host",
            "mongodb://",
        ] {
            let error = Settings::shared(uri, &Config::default()).err().unwrap();
            assert_eq!(error.kind, ErrorKind::InvalidArgument);
            assert!(!error.message.contains("qz"), "{}", error.message);
        }
    }

    #[test]
    fn sessions_cross_pools_of_one_cluster_only() {
        let unknown = ClusterFacts::default();
        let base = shared("mongodb://u:p@a,b/", "{}");
        let same = |json: &str| {
            let other = dedicated(&base, json);
            base.same_cluster(&other, &unknown, &unknown)
        };
        assert!(same("{}"));
        assert!(same(r#"{"uri": "mongodb://u:p@b:27017/"}"#));
        assert!(!same(r#"{"uri": "mongodb://u:p@c/"}"#));
        assert!(!same(r#"{"uri": "mongodb://u:other@a/"}"#));
        assert!(!same(r#"{"uri": "mongodb://a/"}"#));
        let other = dedicated(&base, r#"{"uri": "mongodb://u:p@c/"}"#);
        let seen = ClusterFacts {
            set_name: Some("rs".into()),
            hosts: vec!["c:27017".into()],
        };
        assert!(base.same_cluster(&other, &seen, &unknown));
        let elsewhere = ClusterFacts {
            set_name: Some("rs2".into()),
            hosts: vec!["c:27017".into()],
        };
        assert!(!base.same_cluster(&other, &seen, &elsewhere));
    }

    #[test]
    fn streams_have_an_app_name_and_a_pool_of_their_own() {
        let streams = shared("mongodb://a/?appName=shop&maxPoolSize=2", "{}").for_streams();
        assert_eq!(streams.explicit.app_name.as_deref(), Some("shop streams"));
        assert_eq!(streams.max_pool_size, STREAMS_MAX_POOL_SIZE);
    }
}
