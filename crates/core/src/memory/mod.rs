//! The reference of the backend contract: facts held in the process's memory.
//!
//! It gives every promise but SQL and durability, in as few lines as possible: what it does is what the contract means. Use it
//! to test pipelines, and to say what another backend should hold.

mod backend;
mod references;
mod session;
mod store;

#[cfg(test)]
mod contract;

pub use backend::MemoryBackend;
pub use references::without_lost_targets;

use std::sync::Arc;

use crate::{
    BackendInfo, Capabilities, DatabaseBackend, Error, ErrorKind, Result,
    options::BackendOptions,
    registry::{BackendDescriptor, CONTRACT_VERSION, Registry},
};

/// Everything but SQL and durability.
pub const CAPABILITIES: Capabilities = Capabilities {
    atomic_publish: true,
    fence: true,
    sql: false,
    integrity: true,
    transactions: true,
    durable: false,
};

/// The kind `memory`.
pub const DESCRIPTOR: BackendDescriptor = BackendDescriptor {
    kind: "memory",
    schemes: &["memory"],
    contract_version: CONTRACT_VERSION,
    version: env!("CARGO_PKG_VERSION"),
    summary: "facts in the memory of the process, for tests and trials",
    example_url: "memory:NAME",
    capabilities: CAPABILITIES,
    options: &[],
    build,
};

inventory::submit! { DESCRIPTOR }

/// Adds the kind to a registry.
///
/// # Errors
/// As of [`Registry::register`].
pub fn register(registry: &mut Registry) -> Result<()> {
    registry.register(DESCRIPTOR)
}

fn build(options: &BackendOptions) -> Result<Arc<dyn DatabaseBackend>> {
    let url = options.url().expose();
    let name = url.split_once(':').map_or("", |(_, name)| name);
    if name.contains(['/', '?', '@']) {
        return Err(Error::new(ErrorKind::Configuration, "a memory backend has a name at most").with_help(
            "write `memory:` for one of its own, `memory:NAME` for one to be shared in the process",
        ));
    }
    let backend = match name {
        "" => MemoryBackend::new(),
        name => MemoryBackend::named(name),
    };
    Ok(Arc::new(match options.name() {
        Some(name) => backend.called(name),
        None => backend,
    }))
}

fn info(address: String) -> BackendInfo {
    BackendInfo { kind: DESCRIPTOR.kind.to_owned(), name: address.clone(), address, dialect: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_registry_builds_it_from_its_url() {
        let mut registry = Registry::empty();
        register(&mut registry).unwrap();
        let backend = registry.build("memory:", Some("mine".into()), []).unwrap();
        assert_eq!((backend.info().kind.as_str(), backend.info().name.as_str()), ("memory", "mine"));
        assert_eq!(registry.build("memory:shared", None, []).unwrap().info().address, "memory:shared");
        let error = registry.build("memory://host/db", None, []).unwrap_err();
        assert!(error.help().unwrap().contains("memory:NAME"));
    }

    #[test]
    fn it_is_linked_in() {
        assert!(Registry::linked().unwrap().kind("memory").is_ok());
    }
}
