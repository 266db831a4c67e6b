//! Unpacks BSON that JavaScript has already, or writes it as JSON: what is done with replies, on its own.

use napi::bindgen_prelude::Array;
use napi::{Env, Result};
use napi_derive::napi;

use super::environment::{NativeEnvironment, buffers, bytes, list, numbers};
use crate::reply::{Json, Layout, Parcel, Style, pack};

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

/// Writes documents that stand back to back as JSON, one on each line: `[text, gaps, missing]`.
/// `high_first`: of a `Long` the field `high` comes first.
#[napi(catch_unwind, ts_return_type = "[Buffer | null, Float64Array, Buffer | null]")]
pub fn json_lines<'env>(env: &'env Env, documents: &[u8], high_first: bool) -> Result<Array<'env>> {
    let layout = Layout {
        style: Style::Lines,
        high_first,
    };
    let mut json = Json::default();
    json.extend(&Documents(documents).collect::<Vec<_>>(), layout);
    let mut parts = env.create_array(3)?;
    parts.set(0, bytes(env, json.text)?)?;
    let gaps = json.gaps.into_iter().map(|place| place as f64).collect();
    parts.set(1, numbers(env, gaps)?)?;
    parts.set(2, bytes(env, json.missing)?)?;
    Ok(parts)
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
