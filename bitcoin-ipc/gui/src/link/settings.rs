//! Settings of the node.
//!
//! In: names and values. Out: what its file has. A node that did not start is not asked: the window has the settings that
//! it was to get, and the same file.

use bitcoin_init::config::SharedSettings;
use bitcoin_ipc::interfaces::Node;
use mp_runtime::within;
use serde_json::Value;

use super::{Held, NODE_PATIENCE, lock};
use crate::engine::Failure;
use crate::model::settings::{KNOWN, Known, Setting};
use crate::text::words::{mark, say};

/// The settings of a node that is not there.
fn own(held: &Held) -> Option<SharedSettings> {
    let own = lock(&held.around).settings.clone();
    own.filter(|_| held.node().is_err())
}

/// Calls the node.
fn ask<T>(held: &Held, call: impl Fn(&dyn Node) -> mp_runtime::Result<T>) -> Result<T, Failure> {
    let node = held.node()?;
    within(NODE_PATIENCE, || call(&*node)).map_err(|error| held.failure(&error))
}

/// Those that can be changed.
pub(super) fn read(held: &Held) -> Result<Vec<Setting>, Failure> {
    if let Some(own) = own(held) {
        let own = own.lock();
        let value = |known: &Known| own.persistent(known.name).unwrap_or_default();
        return Ok(KNOWN
            .iter()
            .map(|known| setting(known, value(known), own.on_command_line(known.name)))
            .collect());
    }
    ask(held, |node| {
        let read = |known: &Known| {
            let value = node.get_persistent_setting(known.name)?;
            Ok(setting(known, value, node.is_setting_ignored(known.name)?))
        };
        KNOWN.iter().map(read).collect()
    })
}

fn setting(known: &Known, value: Value, overridden: bool) -> Setting {
    let value = match value {
        Value::Null => None,
        Value::String(text) => Some(text),
        // What is negated is written as 0.
        Value::Bool(on) => Some(u8::from(on).to_string()),
        other => Some(other.to_string()),
    };
    Setting { name: known.name.to_owned(), value, overridden }
}

/// Changes one of them; none takes it out of the file.
pub(super) fn set(held: &Held, name: &str, value: Option<String>) -> Result<String, Failure> {
    let value = value.map(Value::from);
    match own(held) {
        Some(own) => own.lock().save(name, value).map_err(refused)?,
        None => ask(held, |node| node.update_rw_setting(name, &value.clone().unwrap_or_default()))?,
    }
    Ok(say!("{name} is changed, and counts after the next start of the node.", name))
}

/// Takes all out of the file.
pub(super) fn reset(held: &Held) -> Result<String, Failure> {
    match own(held) {
        Some(own) => own.lock().reset_saved().map_err(refused)?,
        None => ask(held, |node| node.reset_settings())?,
    }
    Ok(mark!(
        "The settings are as usual after the next start of the node; the old ones are in settings.json.bak."
    )
    .to_owned())
}

/// Why a file was not written.
fn refused(error: bitcoin_init::Error) -> Failure {
    Failure::refused(error.text())
}
