//! Change streams: on a client of their own, resumed by the driver, handed out in the order of the server.

pub mod options;
pub mod registry;
pub mod stream;
