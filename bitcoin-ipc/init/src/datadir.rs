//! Data directories.
//!
//! In: `-datadir` or nothing. Out: a directory that is there, for its owner only, and the network's
//! directory in it; or an error where they are another program's.

use std::path::{Path, PathBuf};

use crate::arguments::Arguments;
use crate::config::Settings;
use crate::error::{Error, Result};
use crate::{origin, owner};

/// Where wallets on a Bitcoin Core are unless told otherwise, in the home directory.
const ON_CORE: &str = ".bitcoin-wallet";

/// Gives wallets on the Bitcoin Core of `-core` a data directory of their own, unless there is a `-datadir`: that of
/// Bitcoin Core is its own. It is created where it is missing, for the owner only.
///
/// # Errors
///
/// There is no home directory, or the directory cannot be created.
pub fn on_core(arguments: &mut Arguments) -> Result<()> {
    let Some(directory) = own_on_core(arguments)? else { return Ok(()) };
    owner::create_folder(&directory)
        .map_err(|error| Error::new(format!("cannot make the directory {}: {error}", directory.display())))?;
    name(arguments, &directory);
    Ok(())
}

/// The same for a program that only looks: where the directory is missing it is not created, and the settings are those of
/// the command line.
///
/// # Errors
///
/// There is no home directory.
pub fn look_on_core(arguments: &mut Arguments) -> Result<()> {
    match own_on_core(arguments)? {
        Some(directory) if directory.is_dir() => name(arguments, &directory),
        Some(_) => {
            for file in ["conf", "settings"] {
                arguments.options.entry(file.to_owned()).or_insert_with(|| vec![false.into()]);
            }
        }
        None => {}
    }
    Ok(())
}

fn own_on_core(arguments: &Arguments) -> Result<Option<PathBuf>> {
    if !arguments.options.contains_key("core") || arguments.options.contains_key("datadir") {
        return Ok(None);
    }
    let home = std::env::home_dir().filter(|home| !home.as_os_str().is_empty());
    let home =
        home.ok_or_else(|| Error::new("there is no home directory; give a directory with -datadir"))?;
    Ok(Some(home.join(ON_CORE)))
}

fn name(arguments: &mut Arguments, directory: &Path) {
    arguments.options.insert("datadir".to_owned(), vec![directory.display().to_string().into()]);
}

/// Creates the data directory and the network's in it where they are missing, for the owner only, and
/// returns the network's. A directory that is there keeps its permissions.
///
/// # Errors
///
/// When the network's directory is another program's, which stays as it is; when they cannot be created
/// or are no directories, or there is no home directory for the default one.
pub fn prepare(settings: &Settings) -> Result<PathBuf> {
    let network_dir = settings.network_dir()?;
    origin::check_network_dir(&network_dir)?;
    owner::create_folder(&network_dir).map_err(|error| {
        Error::new(format!(
            "cannot create the directory {}: {error}; give another one with -datadir, or see who may write there",
            network_dir.display()
        ))
    })?;
    Ok(network_dir)
}

/// The directory of wallets: `-walletdir`, or `wallets` in the network's. One that is named has to be
/// there, as in Bitcoin Core.
///
/// # Errors
///
/// When the named one is not there or is a relative path, or there is no data directory; when the
/// directory is another program's, which stays as it is.
pub fn wallets(settings: &Settings) -> Result<PathBuf> {
    let Some(named) = settings.path("walletdir", "").filter(|path| !path.as_os_str().is_empty()) else {
        let network_dir = settings.network_dir()?;
        origin::check_network_dir(&network_dir)?;
        return Ok(network_dir.join("wallets"));
    };
    let problem = |text: &str| Error::new(format!("Specified -walletdir \"{}\" {text}", named.display()));
    if !named.exists() {
        return Err(problem("does not exist"));
    }
    if !named.is_dir() {
        return Err(problem("is not a directory"));
    }
    if !named.is_absolute() {
        return Err(problem("is a relative path"));
    }
    origin::check_wallet_dir(&named)?;
    // One directory has one lock, whatever it is called.
    named.canonicalize().map_err(|error| problem(&format!("cannot be used: {error}")))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::arguments::{Arguments, NETWORK_OPTIONS, Program, SHARED_OPTIONS};
    use crate::paths::{check, named};

    fn settings(dir: &Path) -> Settings {
        let program =
            Program::new("bitcoin-node", "1", "A node.").options(SHARED_OPTIONS).options(NETWORK_OPTIONS);
        let mut arguments = Arguments::default();
        arguments.options.insert("regtest".to_owned(), vec!["1".into()]);
        // The test reads nothing of the user's own directory.
        for name in ["conf", "settings"] {
            arguments.options.insert(name.to_owned(), vec![false.into()]);
        }
        let mut settings = Settings::load(&program, arguments).expect("good settings");
        settings.force("datadir", dir.to_str().expect("a text"));
        settings
    }

    #[test]
    fn directories_are_made_for_the_owner() {
        let above = tempfile::tempdir().expect("a directory");
        let dir = above.path().join("new");
        let network = prepare(&settings(&dir)).expect("a directory");
        assert_eq!(network, dir.join("regtest"));
        #[cfg(unix)]
        for path in [&dir, &network] {
            let mode = std::os::unix::fs::PermissionsExt::mode(
                &fs::metadata(path).expect("a directory").permissions(),
            );
            assert_eq!(mode & 0o777, 0o700, "{}", path.display());
        }
        assert!(check(&dir).is_ok());
    }

    #[test]
    fn problems_say_what_to_do() {
        let above = tempfile::tempdir().expect("a directory");
        let file = above.path().join("file");
        fs::write(&file, "").expect("a file");
        assert!(check(&file).expect_err("a file").text().contains("is not a directory; create it"));
        assert!(
            prepare(&settings(&file)).expect_err("a file").text().contains("give another one with -datadir")
        );
        assert!(named(Some("relative".into())).expect("a path").is_absolute());
    }
}
