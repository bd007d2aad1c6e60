//! Settings of the settings file, and callbacks that change them.

use std::sync::{Arc, Mutex};

use bitcoin_ipc::interfaces::UpdateSetting;
use bitcoin_ipc::types::SettingsAction;
use bitcoin_ipc::{Error, Result};
use serde_json::{Value, json};

use crate::ends::Ends;
use crate::peer::Peer;
use crate::script::same;

impl Peer {
    /// As Core does it: null takes a setting out, and only a change that is written can fail. The
    /// setting `disk` is on a full disk.
    pub(crate) fn update(&self, name: &str, mut update: UpdateSetting) -> Result<bool> {
        let mut value = self.settings().get(name).cloned().unwrap_or_default();
        let Some(action) = update(&mut value)? else { return Ok(false) };
        if value.is_null() {
            self.settings().remove(name);
        } else {
            self.settings().insert(name.into(), value);
        }
        Ok(action == SettingsAction::SkipWrite || name != "disk")
    }
}

pub(crate) fn settings_are_read_and_replaced(ends: &Ends) {
    let (chain, script) = (ends.chain(), &ends.peer.script);
    for value in [json!(null), json!(false), json!("text"), json!([1, {"a": "ü"}]), json!(-7)] {
        same!(script, chain.get_setting("prune"), value.clone());
        same!(script, chain.get_rw_setting("prune"), value.clone());
        same!(script, chain.overwrite_rw_setting("prune", &value, SettingsAction::SkipWrite), true);
        same!(script, chain.get_settings_list("wallet"), vec![value.clone(), json!("hot"), value]);
    }
    same!(script, chain.get_settings_list("wallet"), Vec::new());
    same!(script, chain.overwrite_rw_setting("prune", &json!(1), SettingsAction::Write), false);
    same!(script, chain.delete_rw_settings("prune", SettingsAction::SkipWrite), true);
    same!(script, chain.delete_rw_settings("prune", SettingsAction::Write), false);
}

pub(crate) fn a_callback_changes_a_setting(ends: &Ends) {
    let chain = ends.chain();
    let here = std::thread::current().id();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let change = |to: Value, action: Option<SettingsAction>| -> UpdateSetting {
        let seen = seen.clone();
        Box::new(move |value| {
            assert_eq!(std::thread::current().id(), here, "callbacks run on the calling thread");
            seen.lock().expect("a lock").push(std::mem::replace(value, to.clone()));
            Ok(action)
        })
    };
    let setting = |name: &str| ends.peer.settings().get(name).cloned();
    let (write, skip) = (Some(SettingsAction::Write), Some(SettingsAction::SkipWrite));
    assert_eq!(chain.update_rw_setting("wallet", change(json!(["hot"]), write)), Ok(true));
    assert_eq!(setting("wallet"), Some(json!(["hot"])));
    assert_eq!(chain.update_rw_setting("wallet", change(json!({"a": [1.5]}), skip)), Ok(true));
    assert_eq!(setting("wallet"), Some(json!({"a": [1.5]})));
    assert_eq!(chain.update_rw_setting("wallet", change(json!("other"), None)), Ok(false));
    assert_eq!(setting("wallet"), Some(json!({"a": [1.5]})));
    assert_eq!(chain.update_rw_setting("wallet", change(Value::Null, write)), Ok(true));
    assert_eq!(setting("wallet"), None);
    assert_eq!(
        *seen.lock().expect("a lock"),
        [json!(null), json!(["hot"]), json!({"a": [1.5]}), json!({"a": [1.5]})]
    );
    assert_eq!(chain.update_rw_setting("disk", change(json!(1), write)), Ok(false));
    assert_eq!(chain.update_rw_setting("disk", change(json!(1), skip)), Ok(true));
}

pub(crate) fn a_failed_change_changes_nothing(ends: &Ends) {
    let chain = ends.chain();
    ends.peer.settings().insert("color".into(), json!("red"));
    let update: UpdateSetting = Box::new(|value| {
        *value = json!("green");
        Err(Error::failed("no color today"))
    });
    let error = chain.update_rw_setting("color", update).expect_err("an error");
    assert!(error.text().contains("no color today"), "{error}");
    assert_eq!(ends.peer.settings().get("color"), Some(&json!("red")));
}
