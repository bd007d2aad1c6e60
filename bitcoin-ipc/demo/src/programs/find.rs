//! Where the programs are.
//!
//! In: the path of the running program. Out: those beside it, built first where a test asks for it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::{Failure, Result};

/// The packages whose programs these are.
const PACKAGES: [&str; 3] = ["bitcoin-node", "bitcoin-wallet", "bitcoind"];

/// The directory of `bitcoin-node`, `bitcoin-wallet` and `bitcoind`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Programs {
    directory: PathBuf,
}

impl Programs {
    /// Those beside the running program.
    ///
    /// # Errors
    ///
    /// One is missing; the text says what builds it.
    pub fn beside() -> Result<Programs> {
        let programs = Programs { directory: own_directory()? };
        let missing: Vec<&str> = PACKAGES.into_iter().filter(|name| !programs.path(name).exists()).collect();
        if missing.is_empty() {
            return Ok(programs);
        }
        let packages: Vec<String> = missing.iter().map(|name| format!("-p {name}")).collect();
        Err(Failure::new(format!(
            "there is no {} in {}; build what is missing with `cargo build{} {}`",
            missing.join(" nor "),
            programs.directory.display(),
            profile_option(&programs.directory),
            packages.join(" ")
        )))
    }

    /// Those beside the running test, as they are in the source now: Cargo builds them, once for each
    /// process that asks.
    ///
    /// # Errors
    ///
    /// They do not compile; the text is Cargo's.
    pub fn built() -> Result<Programs> {
        static BUILT: OnceLock<Result<Programs>> = OnceLock::new();
        BUILT.get_or_init(build).clone()
    }

    /// Others of the same names, such as Bitcoin Core's.
    #[must_use]
    pub fn at(directory: impl Into<PathBuf>) -> Programs {
        Programs { directory: directory.into() }
    }

    /// The path of one of them.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }
}

/// Where Cargo puts programs: tests are one level below.
fn own_directory() -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    let directory = own.parent().ok_or_else(|| Failure::new("this program is in no directory"))?;
    let test = directory.file_name().is_some_and(|name| name == "deps" || name == "examples");
    Ok(if test { directory.parent().unwrap_or(directory) } else { directory }.to_owned())
}

/// What makes Cargo build for this directory.
fn profile_option(directory: &Path) -> String {
    match directory.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => String::new(),
        Some("release") => " --release".to_owned(),
        Some(profile) => format!(" --profile {profile}"),
    }
}

fn build() -> Result<Programs> {
    let directory = own_directory()?;
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(["build", "--quiet", "--bins"]);
    command.args(PACKAGES.iter().flat_map(|package| ["-p", package]));
    command.args(profile_option(&directory).split_whitespace());
    let mut target = directory.parent().unwrap_or(&directory);
    // With a target of its own, its directory is in between. Cargo writes this file whoever made the
    // directory (CACHEDIR.TAG only where Cargo did).
    if !target.join(".rustc_info.json").exists()
        && let (Some(triple), Some(above)) = (target.file_name(), target.parent())
    {
        command.arg("--target").arg(triple);
        target = above;
    }
    let output = command.arg("--target-dir").arg(target).output()?;
    if output.status.success() {
        return Ok(Programs { directory });
    }
    Err(Failure::new(format!("{command:?} failed:\n{}", String::from_utf8_lossy(&output.stderr))))
}
