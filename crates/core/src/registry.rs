//! Which kinds of backend there are.

use std::{collections::BTreeMap, fmt, sync::Arc};

use crate::{
    Capabilities, DatabaseBackend, Error, ErrorKind, Result,
    options::{BackendOptions, OptionSpec, nearest},
    secret::redacted_url,
};

/// The version of the contract in this crate. A plugin built for another one is refused when it is registered.
pub const CONTRACT_VERSION: u32 = 1;

/// What a plugin says about its kind of backend. A plugin exports one as a constant, a function `register` that puts it
/// into a [`Registry`], and submits it with `inventory::submit!`.
#[derive(Clone, Copy)]
pub struct BackendDescriptor {
    /// The kind's name, such as `sqlite`; unique in a registry.
    pub kind: &'static str,
    /// URL schemes that lead to it, such as `postgres` and `postgresql`; in lower case, found in any.
    pub schemes: &'static [&'static str],
    /// [`CONTRACT_VERSION`] as the plugin was built with it.
    pub contract_version: u32,
    /// The plugin's own version.
    pub version: &'static str,
    /// What it is, in a sentence.
    pub summary: &'static str,
    /// An example of its URL.
    pub example_url: &'static str,
    /// What its backends promise, for lists of kinds; a load goes by
    /// [`DatabaseBackend::capabilities`], which is to say the same.
    pub capabilities: Capabilities,
    /// Its options.
    pub options: &'static [OptionSpec],
    /// Makes a backend that is not connected yet.
    pub build: fn(&BackendOptions) -> Result<Arc<dyn DatabaseBackend>>,
}

inventory::collect!(BackendDescriptor);

impl fmt::Debug for BackendDescriptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BackendDescriptor").field("kind", &self.kind).field("version", &self.version).finish()
    }
}

impl PartialEq for BackendDescriptor {
    /// Two descriptors are the same when everything but the function's address is.
    fn eq(&self, other: &Self) -> bool {
        (self.kind, self.schemes, self.contract_version, self.version, self.summary, self.options)
            == (
                other.kind,
                other.schemes,
                other.contract_version,
                other.version,
                other.summary,
                other.options,
            )
    }
}

/// The kinds of backend at hand, sorted by name.
#[derive(Clone, Debug, Default)]
pub struct Registry {
    kinds: BTreeMap<&'static str, BackendDescriptor>,
}

impl Registry {
    /// A registry without any kind.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// A registry of the plugins that are linked into the program. A linker drops a crate that nobody names: the program
    /// writes `use snake_pipe_sqlite as _;`.
    ///
    /// # Errors
    /// As of [`Registry::register`].
    pub fn linked() -> Result<Self> {
        let mut registry = Self::empty();
        for descriptor in inventory::iter::<BackendDescriptor> {
            registry.register(*descriptor)?;
        }
        Ok(registry)
    }

    /// Adds a kind. The same descriptor twice is one kind.
    ///
    /// # Errors
    /// `Configuration` when another descriptor has its kind or one of its schemes, or it was built for another contract.
    pub fn register(&mut self, descriptor: BackendDescriptor) -> Result<()> {
        if descriptor.contract_version != CONTRACT_VERSION {
            return Err(Error::new(
                ErrorKind::Configuration,
                format!(
                    "plugin `{}` was built for contract version {}, this program has {CONTRACT_VERSION}",
                    descriptor.kind, descriptor.contract_version
                ),
            )
            .with_help("build the plugin against the same version of snake-pipe-core"));
        }
        let other = self.kinds.values().find(|other| {
            other.kind == descriptor.kind
                || other.schemes.iter().any(|scheme| descriptor.schemes.contains(scheme))
        });
        match other {
            Some(other) if *other == descriptor => Ok(()),
            Some(other) => Err(Error::new(
                ErrorKind::Configuration,
                format!(
                    "plugin `{}` claims the kind or a URL scheme of plugin `{}`",
                    descriptor.kind, other.kind
                ),
            )
            .with_help("link only one of them")),
            None => {
                self.kinds.insert(descriptor.kind, descriptor);
                Ok(())
            }
        }
    }

    /// Takes a kind out. Whether it was there.
    pub fn deregister(&mut self, kind: &str) -> bool {
        self.kinds.remove(kind).is_some()
    }

    /// The kinds, sorted by name.
    pub fn kinds(&self) -> impl Iterator<Item = &BackendDescriptor> {
        self.kinds.values()
    }

    /// The kind of this name.
    ///
    /// # Errors
    /// `NotFound`, naming the kinds that are available.
    pub fn kind(&self, kind: &str) -> Result<&BackendDescriptor> {
        self.kinds.get(kind).ok_or_else(|| {
            let names: Vec<_> = self.kinds.keys().copied().collect();
            Error::new(ErrorKind::NotFound, format!("no backend of kind `{kind}` is linked in"))
                .with_help(choices(kind, &names))
        })
    }

    /// The kind that the URL's scheme leads to.
    ///
    /// # Errors
    /// `Configuration`, naming the schemes that are available.
    pub fn kind_of_url(&self, url: &str) -> Result<&BackendDescriptor> {
        let scheme = url.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
        let found = scheme
            .as_deref()
            .and_then(|scheme| self.kinds.values().find(|kind| kind.schemes.contains(&scheme)));
        found.ok_or_else(|| {
            let examples: Vec<_> = self.kinds.values().map(|kind| kind.example_url).collect();
            Error::new(ErrorKind::Configuration, format!("no backend for `{}`", redacted_url(url)))
                .with_help(format!("a backend is given as a URL such as {}", examples.join(", ")))
        })
    }

    /// A backend for the URL, not connected yet. Options given as `values` are checked against the kind's table.
    ///
    /// # Errors
    /// `Configuration`, saying what would be valid.
    pub fn build(
        &self,
        url: &str,
        name: Option<String>,
        values: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Arc<dyn DatabaseBackend>> {
        let kind = self.kind_of_url(url)?;
        let options = BackendOptions::check(url, name, kind.options, values)
            .map_err(|error| error.with_context("backend", kind.kind))?;
        (kind.build)(&options)
    }
}

fn choices(written: &str, names: &[&str]) -> String {
    match nearest(written, names) {
        Some(name) => format!("did you mean `{name}`? available: {}", names.join(", ")),
        None => format!("available: {}", names.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: BackendDescriptor = BackendDescriptor {
        kind: "one",
        schemes: &["one"],
        contract_version: CONTRACT_VERSION,
        version: "1.0.0",
        summary: "the first",
        example_url: "one:PATH",
        capabilities: Capabilities {
            atomic_publish: false,
            fence: false,
            sql: false,
            integrity: false,
            transactions: false,
            durable: false,
        },
        options: &[],
        build: |_| Err(Error::new(ErrorKind::Unsupported, "not for use")),
    };

    #[test]
    fn the_same_descriptor_twice_is_one_kind() {
        let mut registry = Registry::empty();
        registry.register(ONE).unwrap();
        registry.register(ONE).unwrap();
        assert_eq!(registry.kinds().count(), 1);
        assert!(registry.deregister("one"));
        assert_eq!(registry.kinds().count(), 0);
    }

    #[test]
    fn two_descriptors_of_one_kind_or_scheme_are_an_error() {
        let mut registry = Registry::empty();
        registry.register(ONE).unwrap();
        assert!(registry.register(BackendDescriptor { summary: "another", ..ONE }).is_err());
        assert!(registry.register(BackendDescriptor { kind: "two", ..ONE }).is_err());
    }

    #[test]
    fn a_plugin_of_another_contract_is_refused() {
        let error = Registry::empty().register(BackendDescriptor { contract_version: 0, ..ONE }).unwrap_err();
        assert!(error.message().contains("contract version 0"));
    }

    #[test]
    fn what_is_not_there_names_what_is() {
        let mut registry = Registry::empty();
        registry.register(ONE).unwrap();
        assert_eq!(registry.kind("oen").unwrap_err().help(), Some("available: one"));
        let error = registry.kind_of_url("two://u:secret@h").unwrap_err();
        assert_eq!(error.message(), "no backend for `two://u:***@h`");
        assert!(error.help().unwrap().contains("one:PATH"));
    }
}
