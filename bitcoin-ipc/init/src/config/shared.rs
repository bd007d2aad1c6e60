//! The settings of a process, which all of its interfaces share.
//!
//! In: names and changes. Out: values, and `settings.json`.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bitcoin_ipc::interfaces::UpdateSetting;
use bitcoin_ipc::types::SettingsAction;
use bitcoin_ipc::{Error, Result};
use serde_json::Value;

use super::Settings;

/// The settings that all interfaces of a process share.
#[derive(Clone)]
pub struct SharedSettings {
    settings: Arc<Mutex<Settings>>,
    /// Held while a setting is changed, so that no change is lost between its reading and writing.
    changing: Arc<Mutex<()>>,
}

impl SharedSettings {
    /// Shares settings.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        SharedSettings { settings: Arc::new(Mutex::new(settings)), changing: Arc::default() }
    }

    /// The settings, to read or to change what is not in the settings file.
    pub fn lock(&self) -> MutexGuard<'_, Settings> {
        self.settings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A number that is not below zero.
    ///
    /// # Errors
    ///
    /// The setting is none.
    pub fn count(&self, name: &str, default: u32) -> Result<u32> {
        let number = self.lock().int(name, default.into()).map_err(|error| Error::failed(error.text()))?;
        u32::try_from(number)
            .map_err(|_| Error::failed(format!("-{name} is not a number from 0 on: {number}")))
    }

    /// A setting of the settings file; null where it is not there.
    #[must_use]
    pub fn saved(&self, name: &str) -> Value {
        self.lock().saved().get(name).cloned().unwrap_or_default()
    }

    /// Changes a setting of the settings file by a function; false if nothing was written though it
    /// should have been, or the function wants no change.
    ///
    /// # Errors
    ///
    /// The function failed.
    pub fn update(&self, name: &str, mut update: UpdateSetting) -> Result<bool> {
        // The function may live in another process, so the settings themselves stay free meanwhile.
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut value = self.saved(name);
        Ok(match update(&mut value)? {
            Some(action) => self.put(name, value, action),
            None => false,
        })
    }

    /// Replaces a setting of the settings file; null takes it out. False if it was not written though
    /// it should have been.
    pub fn overwrite(&self, name: &str, value: &Value, action: SettingsAction) -> bool {
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        self.put(name, value.clone(), action)
    }

    fn put(&self, name: &str, value: Value, action: SettingsAction) -> bool {
        let value = Some(value).filter(|value| !value.is_null());
        let mut settings = self.lock();
        match action {
            SettingsAction::SkipWrite => {
                settings.keep(name, value);
                true
            }
            SettingsAction::Write => settings.save(name, value).map_or_else(
                |error| {
                    tracing::error!(target: "config", "The setting {name} was not saved: {error}");
                    false
                },
                |()| true,
            ),
        }
    }
}
