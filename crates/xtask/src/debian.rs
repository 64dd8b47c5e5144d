//! Programs that come as packages of Debian and its kin.

use std::process::Command;

use crate::{Result, shell};

/// Whether packages can be installed here: by root, with `apt-get`.
pub(crate) fn may_install() -> bool {
    shell::output(Command::new("id").arg("-u")).as_deref() == Some("0")
        && shell::output(Command::new("apt-get").arg("--version")).is_some()
}

/// Installs packages, without those that they only recommend.
pub(crate) fn install(packages: &[&str]) -> Result {
    let apt = |arguments: &[&str]| {
        shell::run(Command::new("apt-get").args(arguments).env("DEBIAN_FRONTEND", "noninteractive"))
    };
    apt(&["update"])?;
    apt(&[&["install", "-y", "--no-install-recommends"], packages].concat())
}
