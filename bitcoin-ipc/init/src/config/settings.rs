//! The settings of a program.
//!
//! In: what `load` read, or what a parent process sent. Out: values by name, directories, and the
//! form in which settings travel.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use bitcoin::Network;
use bitcoin_ipc::types::{self, GlobalArgs};
use serde_json::Value;

use super::lookup::{self, Scope};
use super::value::{as_bool, as_text};
use super::{chain, saved};
use crate::arguments::Program;
use crate::error::{Error, Result};
use crate::paths;

/// All settings of a program, with the network that they choose.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    pub(super) sources: types::Settings,
    pub(super) config_path: PathBuf,
    pub(super) network: Network,
    pub(super) network_only: BTreeSet<&'static str>,
    pub(super) warnings: Vec<String>,
}

impl Settings {
    /// The settings that a parent process sent, for a program with this table.
    ///
    /// # Errors
    ///
    /// When they choose no network or several.
    pub fn from_global_args(program: &Program, args: GlobalArgs) -> Result<Self> {
        let GlobalArgs { settings, config_path } = args;
        Self::new(program, settings, config_path)
    }

    pub(super) fn new(program: &Program, sources: types::Settings, config_path: PathBuf) -> Result<Self> {
        let network = chain::chosen(&sources)?;
        let network_only = program.options.iter().filter(|option| option.network_only);
        let network_only = network_only.map(|option| option.name).collect();
        Ok(Settings { sources, config_path, network, network_only, warnings: Vec::new() })
    }

    /// The network that they choose.
    #[must_use]
    pub fn network(&self) -> Network {
        self.network
    }

    /// The configuration file that was or would be read; empty with `-noconf`.
    #[must_use]
    pub fn config_path(&self) -> &Path {
        &self.config_path
    }

    /// What was strange while they were read but did no harm, for the log.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The value that counts as JSON: `false` for a negated setting, `None` for one that nobody set.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<Value> {
        lookup::value(&self.sources, self.scope(name), name)
    }

    /// The value that counts in the files alone, without the command line and what is forced: what the
    /// next start finds.
    #[must_use]
    pub fn persistent(&self, name: &str) -> Option<Value> {
        lookup::persistent(&self.sources, self.scope(name), name)
    }

    /// Whether the command line sets it, so that what a file says of it does not count.
    #[must_use]
    pub fn on_command_line(&self, name: &str) -> bool {
        self.sources.command_line_options.get(name).is_some_and(|values| !values.is_empty())
    }

    /// Whether somebody set it, be it to nothing.
    #[must_use]
    pub fn is_set(&self, name: &str) -> bool {
        self.value(name).is_some()
    }

    /// Whether it is negated, as by `-noname`.
    #[must_use]
    pub fn is_negated(&self, name: &str) -> bool {
        self.value(name) == Some(Value::Bool(false))
    }

    /// Yes or no. A text that is no number means no.
    #[must_use]
    pub fn bool(&self, name: &str, default: bool) -> bool {
        self.value(name).map_or(default, |value| as_bool(&value))
    }

    /// A whole number; a negated setting is 0.
    ///
    /// # Errors
    ///
    /// When the value is none.
    pub fn int(&self, name: &str, default: i64) -> Result<i64> {
        let number = match self.value(name) {
            None => return Ok(default),
            Some(Value::Bool(value)) => Some(i64::from(value)),
            Some(Value::Number(number)) => number.as_i64(),
            Some(Value::String(text)) => text.trim().parse().ok(),
            Some(_) => None,
        };
        number.ok_or_else(|| {
            let value = self.value(name).unwrap_or_default();
            Error::new(format!("-{name} takes a whole number, and not {value}"))
        })
    }

    /// A text; a negated setting is `0`.
    #[must_use]
    pub fn text(&self, name: &str, default: &str) -> String {
        self.value(name).map_or_else(|| default.to_owned(), |value| as_text(&value))
    }

    /// All values that count; none for a negated setting.
    #[must_use]
    pub fn list(&self, name: &str) -> Vec<String> {
        lookup::list(&self.sources, self.scope(name), name).iter().map(as_text).collect()
    }

    /// As [`list`](Self::list), without what the settings file says.
    #[must_use]
    pub fn given(&self, name: &str) -> Vec<String> {
        let mut sources = self.sources.clone();
        sources.rw_settings.remove(name);
        lookup::list(&sources, self.scope(name), name).iter().map(as_text).collect()
    }

    /// A path; `None` for a negated setting, and the default for an empty one.
    #[must_use]
    pub fn path(&self, name: &str, default: impl AsRef<Path>) -> Option<PathBuf> {
        match self.value(name) {
            Some(Value::Bool(false)) => None,
            // A negation that is negated.
            Some(Value::Bool(true)) => Some(default.as_ref().to_owned()),
            Some(value) if as_text(&value).is_empty() => Some(default.as_ref().to_owned()),
            Some(value) => Some(as_text(&value).into()),
            None => Some(default.as_ref().to_owned()),
        }
    }

    /// The data directory, absolute, be it there or not.
    ///
    /// # Errors
    ///
    /// When none is given and there is no home directory.
    pub fn data_dir(&self) -> Result<PathBuf> {
        paths::named(self.path("datadir", ""))
    }

    /// The network's directory inside the data directory.
    ///
    /// # Errors
    ///
    /// As [`data_dir`](Self::data_dir).
    pub fn network_dir(&self) -> Result<PathBuf> {
        Ok(bitcoin_ipc::client::network_dir(&self.data_dir()?, self.network))
    }

    /// Sets a value that no source can change, in this process and in those that it spawns.
    pub fn force(&mut self, name: &str, value: impl Into<Value>) {
        self.sources.forced_settings.insert(name.to_owned(), value.into());
    }

    /// Undoes [`force`](Self::force).
    pub fn unforce(&mut self, name: &str) {
        self.sources.forced_settings.remove(name);
    }

    /// As [`force`](Self::force), unless somebody set it. Says whether it did.
    pub fn force_default(&mut self, name: &str, value: impl Into<Value>) -> bool {
        let free = !self.is_set(name);
        if free {
            self.force(name, value);
        }
        free
    }

    /// The settings that the program changes itself, as `settings.json` has them.
    #[must_use]
    pub fn saved(&self) -> &BTreeMap<String, Value> {
        &self.sources.rw_settings
    }

    /// Changes one of them, or takes it away, and writes the file, at once or not at all.
    ///
    /// # Errors
    ///
    /// When the file cannot be written, or there is none (`-nosettings`); nothing has changed then.
    pub fn save(&mut self, name: &str, value: Option<Value>) -> Result<()> {
        let path = self.path_to_save(name)?;
        let mut changed = self.sources.rw_settings.clone();
        match value {
            Some(value) => changed.insert(name.to_owned(), value),
            None => changed.remove(name),
        };
        saved::write(&path, &changed)?;
        self.sources.rw_settings = changed;
        Ok(())
    }

    /// Changes one of them, or takes it away, until the program ends or the file is written.
    pub fn keep(&mut self, name: &str, value: Option<Value>) {
        match value {
            Some(value) => self.sources.rw_settings.insert(name.to_owned(), value),
            None => self.sources.rw_settings.remove(name),
        };
    }

    /// Takes all of them away, after a copy of the file was written beside it, with `.bak` behind its
    /// name.
    ///
    /// # Errors
    ///
    /// As [`save`](Self::save).
    pub fn reset_saved(&mut self) -> Result<()> {
        let path = self.path_to_save("the change")?;
        let mut copy = path.clone().into_os_string();
        copy.push(".bak");
        saved::write(Path::new(&copy), &self.sources.rw_settings)?;
        saved::write(&path, &BTreeMap::new())?;
        self.sources.rw_settings.clear();
        Ok(())
    }

    fn path_to_save(&self, what: &str) -> Result<PathBuf> {
        self.saved_path()?.ok_or_else(|| {
            Error::new(format!("{what} cannot be saved without a settings file; start without -nosettings"))
        })
    }

    /// The path of `settings.json`, or `None` with `-nosettings`.
    pub(super) fn saved_path(&self) -> Result<Option<PathBuf>> {
        match self.path("settings", "settings.json") {
            Some(path) => Ok(Some(self.network_dir()?.join(path))),
            None => Ok(None),
        }
    }

    fn scope<'a>(&'a self, name: &str) -> Scope<'a> {
        let main = self.network == Network::Bitcoin;
        Scope {
            section: chain::name(self.network),
            default_section: main || !self.network_only.contains(name),
            chooses_network: false,
        }
    }
}

impl From<Settings> for types::Settings {
    fn from(settings: Settings) -> Self {
        settings.sources
    }
}

impl From<Settings> for GlobalArgs {
    fn from(settings: Settings) -> Self {
        GlobalArgs { settings: settings.sources, config_path: settings.config_path }
    }
}
