//! Unpacks BSON that JavaScript has already: what is done with every reply, on its own.

use napi::bindgen_prelude::Array;
use napi::{Env, Result};
use napi_derive::napi;

use super::environment::{NativeEnvironment, buffers, list, numbers};
use crate::reply::{Parcel, pack};

#[napi]
impl NativeEnvironment {
    /// Unpacks documents that stand back to back: `[values, texts, blobs, count]`.
    #[napi(
        catch_unwind,
        ts_return_type = "[Float64Array, string[] | null, Buffer[] | null, number]"
    )]
    pub fn unpack<'env>(&self, env: &'env Env, documents: &[u8]) -> Result<Array<'env>> {
        let mut parcel = Parcel::default();
        let count = pack(&mut parcel, &self.shared.shapes, Documents(documents));
        let mut parts = env.create_array(4)?;
        parts.set(0, numbers(env, parcel.values)?)?;
        parts.set(1, list(env, parcel.texts)?)?;
        parts.set(2, list(env, buffers(parcel.blobs))?)?;
        parts.set(3, u32::try_from(count).unwrap_or(u32::MAX))?;
        Ok(parts)
    }
}

/// Documents back to back; what cannot be cut off by its length is one document.
struct Documents<'b>(&'b [u8]);

impl<'b> Iterator for Documents<'b> {
    type Item = &'b [u8];

    fn next(&mut self) -> Option<&'b [u8]> {
        let length = self
            .0
            .first_chunk()
            .map_or(0, |length| i32::from_le_bytes(*length));
        let length = usize::try_from(length).ok().filter(|length| *length > 0);
        let (document, rest) = length
            .and_then(|at| self.0.split_at_checked(at))
            .unwrap_or((self.0, &[]));
        self.0 = rest;
        (!document.is_empty()).then_some(document)
    }
}
