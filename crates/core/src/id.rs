//! Identities, derived from content and place, never from time or order.
//!
//! An entity's id is 128 bits: one half from the repository and the file's path, the other from the kind, the qualified
//! name and the ordinal among equals. The halves are kept apart in the facts ([`FileKey`], [`SymbolKey`]), so that facts
//! name no repository; a backend joins them into an [`EntityId`].

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use uuid::Uuid;
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use crate::{Error, ErrorKind};

/// One line of history: a project and a ref. A positive integer below 2^53, so that JSON readers keep it exact.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct RepositoryId(i64);

impl RepositoryId {
    /// The id of the repository `name` at `ref_name` (empty when the source has no refs).
    #[must_use]
    pub fn of(name: &str, ref_name: &str) -> Self {
        let hash = xxh3_64(&joined(&[name.as_bytes(), ref_name.as_bytes()]));
        // 52 bits of hash with the 53rd set: positive, never zero, of one length.
        Self(((hash >> 12) | (1 << 52)) as i64)
    }

    /// The id as it is stored.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }

    /// The id that was stored as `value`.
    #[must_use]
    pub const fn from_stored(value: i64) -> Self {
        Self(value)
    }
}

impl fmt::Display for RepositoryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

macro_rules! hex_key {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:016x}", self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({:016x})"), self.0)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if serializer.is_human_readable() {
                    serializer.collect_str(self)
                } else {
                    self.0.to_le_bytes().serialize(serializer)
                }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                if deserializer.is_human_readable() {
                    let text = String::deserialize(deserializer)?;
                    u64::from_str_radix(&text, 16).ok().filter(|_| text.len() == 16).map(Self).ok_or_else(|| {
                        de::Error::custom(format!(concat!($what, " is 16 hexadecimal digits, not `{}`"), text))
                    })
                } else {
                    <[u8; 8]>::deserialize(deserializer).map(|bytes| Self(u64::from_le_bytes(bytes)))
                }
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "pattern": "^[0-9a-f]{16}$" })
            }
        }
    };
}

hex_key! {
    /// A source file within a repository: the hash of its path's bytes. 16 hexadecimal digits in JSON.
    FileKey, "a file key"
}

hex_key! {
    /// A symbol within a source file: the hash of kind, qualified name and ordinal among equals. 16 hexadecimal digits
    /// in JSON.
    SymbolKey, "a symbol key"
}

impl FileKey {
    /// The key of the file at `path`, relative to the repository's root, with `/` between its parts.
    #[must_use]
    pub fn of(path: &[u8]) -> Self {
        Self(xxh3_64(path))
    }
}

impl SymbolKey {
    /// The key of the `ordinal`-th (from 0, in source order) symbol of this kind and qualified name in its file.
    #[must_use]
    pub fn of(kind: &str, qualified_name: &str, ordinal: u32) -> Self {
        Self(xxh3_64(&joined(&[kind.as_bytes(), qualified_name.as_bytes(), &ordinal.to_le_bytes()])))
    }
}

/// The parts with their lengths, so that no two lists of parts give the same bytes.
fn joined(parts: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(parts.iter().map(|part| part.len() + 4).sum());
    for part in parts {
        bytes.extend_from_slice(&(part.len() as u32).to_le_bytes());
        bytes.extend_from_slice(part);
    }
    bytes
}

/// The id of a file, function or class in every backend: a UUID of version 8 (RFC 9562, section 5.8) whose high half is
/// common to all entities of one file, so that a file's rows are neighbours in an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EntityId(Uuid);

impl EntityId {
    /// The id of the file itself.
    #[must_use]
    pub fn file(repository: RepositoryId, file: FileKey) -> Self {
        Self::symbol(repository, file, SymbolKey(0))
    }

    /// The id of a symbol of the file.
    #[must_use]
    pub fn symbol(repository: RepositoryId, file: FileKey, symbol: SymbolKey) -> Self {
        let high = xxh3_64_with_seed(&file.0.to_le_bytes(), repository.0 as u64);
        let high = (high & !0xf000) | 0x8000;
        let low = (symbol.0 & !(0b11 << 62)) | (0b10 << 62);
        Self(Uuid::from_u64_pair(high, low))
    }

    /// The id as a UUID.
    #[must_use]
    pub const fn uuid(self) -> Uuid {
        self.0
    }
}

impl fmt::Display for EntityId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A digest of 128 bits: 32 hexadecimal digits in text and JSON.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest([u8; 16]);

impl Digest {
    /// The first 128 bits of the BLAKE3 hash of `bytes`.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        let mut hasher = Hasher::new();
        hasher.update(bytes);
        hasher.finish()
    }

    /// The digest that these bytes are.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The digest's bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

/// Builds a [`Digest`] from pieces; how they were cut makes no difference.
#[derive(Debug, Default)]
pub struct Hasher(blake3::Hasher);

impl Hasher {
    /// An empty hasher.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest of all bytes so far.
    #[must_use]
    pub fn finish(&self) -> Digest {
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&self.0.finalize().as_bytes()[..16]);
        Digest(bytes)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

impl FromStr for Digest {
    type Err = Error;

    /// Reads 32 hexadecimal digits.
    ///
    /// # Errors
    /// `Data` for anything else.
    fn from_str(text: &str) -> Result<Self, Error> {
        let invalid =
            || Error::new(ErrorKind::Data, format!("a digest is 32 hexadecimal digits, not `{text}`"));
        if text.len() != 32 || !text.is_ascii() {
            return Err(invalid());
        }
        let mut bytes = [0; 16];
        for (index, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[index * 2..index * 2 + 2], 16).map_err(|_| invalid())?;
        }
        Ok(Self(bytes))
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            self.0.serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
        } else {
            <[u8; 16]>::deserialize(deserializer).map(Self)
        }
    }
}

impl JsonSchema for Digest {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Digest".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "pattern": "^[0-9a-f]{32}$" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_do_not_change_between_releases() {
        let repository = RepositoryId::of("github.com/org/app", "main");
        assert_eq!(repository.get(), 8_947_234_320_947_812);
        let file = FileKey::of(b"src/app.py");
        let symbol = SymbolKey::of("function", "app.main", 0);
        assert_eq!(
            EntityId::symbol(repository, file, symbol).to_string(),
            "0f98fa8a-dbd8-8e54-adea-123e4247ea5f"
        );
    }

    #[test]
    fn entities_of_one_file_share_their_first_half() {
        let repository = RepositoryId::of("app", "");
        let file = FileKey::of(b"a");
        let one = EntityId::file(repository, file).to_string();
        let two = EntityId::symbol(repository, file, SymbolKey::of("class", "A", 0)).to_string();
        assert_eq!(one[..18], two[..18]);
    }

    #[test]
    fn parts_cannot_run_into_each_other() {
        assert_ne!(RepositoryId::of("ab", "c"), RepositoryId::of("a", "bc"));
    }

    #[test]
    fn repository_ids_are_exact_in_json() {
        for name in ["a", "b", "c", "github.com/org/app"] {
            let id = RepositoryId::of(name, "main").get();
            assert!((1 << 52..1 << 53).contains(&id));
        }
    }

    #[test]
    fn digests_read_back() {
        let digest = Digest::of(b"text");
        assert_eq!(digest.to_string().parse::<Digest>().unwrap(), digest);
        assert!("xyz".parse::<Digest>().is_err());
    }
}
