//! The six TLS modes of libpq.

use std::str::FromStr;

use snake_pipe_core::{Error, ErrorKind};
use sqlx::postgres::PgSslMode;

/// How a connection is secured, as libpq's `sslmode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TlsMode {
    /// Never encrypted.
    Disable,
    /// Encrypted only where the server wants it.
    Allow,
    /// Encrypted where the server offers it.
    Prefer,
    /// Encrypted; with `sslrootcert`, as `VerifyCa`.
    Require,
    /// Encrypted, with a certificate of a trusted authority.
    VerifyCa,
    /// The same, and the certificate names the host.
    VerifyFull,
}

const WORDS: [(&str, TlsMode); 6] = [
    ("disable", TlsMode::Disable),
    ("allow", TlsMode::Allow),
    ("prefer", TlsMode::Prefer),
    ("require", TlsMode::Require),
    ("verify-ca", TlsMode::VerifyCa),
    ("verify-full", TlsMode::VerifyFull),
];

impl FromStr for TlsMode {
    type Err = Error;

    fn from_str(word: &str) -> Result<Self, Error> {
        let found = WORDS.iter().find(|(name, _)| *name == word);
        found.map(|(_, mode)| *mode).ok_or_else(|| {
            Error::new(ErrorKind::Configuration, format!("`sslmode` does not take `{word}`"))
                .with_help(format!("it takes one of {}", WORDS.map(|(name, _)| name).join(", ")))
        })
    }
}

impl TlsMode {
    /// What to try, in this order: a server may refuse one kind of connection and take the other (`hostssl` and
    /// `hostnossl` in its pg_hba.conf), of which the driver itself knows nothing.
    pub(crate) const fn attempts(self) -> &'static [Self] {
        match self {
            Self::Disable => &[Self::Disable],
            Self::Allow => &[Self::Disable, Self::Require],
            Self::Prefer => &[Self::Prefer, Self::Disable],
            Self::Require => &[Self::Require],
            Self::VerifyCa => &[Self::VerifyCa],
            Self::VerifyFull => &[Self::VerifyFull],
        }
    }

    /// Its name in libpq.
    pub(crate) fn name(self) -> &'static str {
        WORDS.iter().find(|(_, mode)| *mode == self).map_or("prefer", |(name, _)| name)
    }

    /// Whether it insists on encryption.
    pub(crate) const fn is_secure(self) -> bool {
        matches!(self, Self::Require | Self::VerifyCa | Self::VerifyFull)
    }

    /// The driver's mode. Given authorities to trust, libpq's `require` verifies the certificate, which the driver's does
    /// not.
    pub(crate) const fn for_driver(self, has_authorities: bool) -> PgSslMode {
        match self {
            Self::Disable => PgSslMode::Disable,
            Self::Allow => PgSslMode::Allow,
            Self::Prefer => PgSslMode::Prefer,
            Self::Require if has_authorities => PgSslMode::VerifyCa,
            Self::Require => PgSslMode::Require,
            Self::VerifyCa => PgSslMode::VerifyCa,
            Self::VerifyFull => PgSslMode::VerifyFull,
        }
    }
}
