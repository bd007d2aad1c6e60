//! Which wallets are loaded when the program starts.
//!
//! In: the node's settings and our own. Out: names, and changes of the setting `wallet`.

use std::path::PathBuf;

use bitcoin_ipc::types::SettingsAction;
use serde_json::Value;

use super::Loader;
use crate::Result;
use crate::storage::FILE;

impl Loader {
    /// The wallets to load at the start: those of the node's settings, then those of our own options.
    ///
    /// # Errors
    ///
    /// The node cannot be asked.
    pub fn load_on_start(&self) -> Result<Vec<String>> {
        let mut names: Vec<String> = Vec::new();
        for value in self.chain().get_settings_list("wallet")? {
            let found = value.as_str().map(str::to_owned);
            names.extend(found.filter(|name| !names.contains(name)));
        }
        for name in &self.0.options.wallets {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        Ok(names)
    }

    /// The folder of a wallet of this name.
    pub(crate) fn folder(&self, name: &str) -> Result<PathBuf> {
        super::directory::folder(&self.0.options.directory, name)
    }

    /// Whether there is a file where a wallet of this name has its own, be it one or not.
    pub(crate) fn has_file(&self, name: &str) -> bool {
        self.folder(name).is_ok_and(|folder| folder.join(FILE).is_file())
    }

    /// Whether the user named a wallet that is loaded at the start, and not only a settings file. Values come one
    /// for each time that a wallet is named, so that those of the file can be taken off.
    pub(crate) fn is_asked_for(&self, name: &str) -> Result<bool> {
        if self.0.options.asked.iter().any(|asked| asked == name) {
            return Ok(true);
        }
        let chain = self.chain();
        let count = |values: &[Value]| values.iter().filter(|value| value.as_str() == Some(name)).count();
        let all = count(&chain.get_settings_list("wallet")?);
        let saved = match chain.get_rw_setting("wallet")? {
            Value::Array(saved) => count(&saved),
            saved => count(&[saved]),
        };
        Ok(all > saved)
    }

    /// Adds a wallet to those of the settings file, or takes it out. Gives false if the file could not
    /// be written.
    ///
    /// # Errors
    ///
    /// The node cannot be asked.
    pub fn set_load_on_start(&self, name: &str, load: bool) -> Result<bool> {
        let name = name.to_owned();
        let update = move |setting: &mut Value| {
            let mut names = setting.as_array().cloned().unwrap_or_default();
            let there = names.iter().any(|other| other.as_str() == Some(name.as_str()));
            if there == load {
                return Ok(Some(SettingsAction::SkipWrite));
            }
            names.retain(|other| other.as_str() != Some(name.as_str()));
            if load {
                names.push(Value::from(name.clone()));
            }
            *setting = Value::Array(names);
            Ok(Some(SettingsAction::Write))
        };
        Ok(self.chain().update_rw_setting("wallet", Box::new(update))?)
    }
}
