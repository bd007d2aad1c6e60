//! The settings that a program changes itself.
//!
//! In: a JSON object in a file such as `settings.json`. Out: its values; and the file written so
//! that a crash leaves the old or the new one.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

use crate::error::{Error, Result};
use crate::owner;

const WARNING: &str = "_warning_";
const WARNING_TEXT: &str =
    "Programs write this file. Do not edit it while one of them runs: the change may be lost.";

/// Reads the file; one that does not exist has no settings.
pub(super) fn read(path: &Path) -> Result<BTreeMap<String, Value>> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(error) => {
            let text =
                format!("cannot read the settings file {}: {error}; see who may read it", path.display());
            return Err(Error::new(text));
        }
    };
    let parsed: Result<Pairs, _> = serde_json::from_slice(&bytes);
    let Pairs(pairs) = parsed.map_err(|error| {
        Error::new(format!(
            "the settings file {} is not a JSON object: {error}; mend it, or remove it to go back to default settings",
            path.display()
        ))
    })?;
    let mut values = BTreeMap::new();
    for (name, value) in pairs {
        match values.entry(name) {
            Entry::Vacant(free) => free.insert(value),
            // Which of the two is meant, nobody can say.
            Entry::Occupied(taken) => {
                let (name, path) = (taken.key(), path.display());
                return Err(Error::new(format!("Found duplicate key {name} in settings file {path}")));
            }
        };
    }
    values.remove(WARNING);
    Ok(values)
}

/// What a JSON object holds, with names that come twice.
struct Pairs(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Pairs;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Pairs, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = object.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(Object)
    }
}

/// Writes the file in place of an older one.
pub(super) fn write(path: &Path, values: &BTreeMap<String, Value>) -> Result<()> {
    let mut with_warning = BTreeMap::from([(WARNING, Value::from(WARNING_TEXT))]);
    with_warning.extend(values.iter().map(|(name, value)| (name.as_str(), value.clone())));
    let fail = |error: std::io::Error| {
        Error::new(format!(
            "cannot write the settings file {}: {error}; see what space is left and who may write",
            path.display()
        ))
    };
    let mut text = serde_json::to_vec_pretty(&with_warning).map_err(|error| fail(error.into()))?;
    text.push(b'\n');
    let mut new = path.as_os_str().to_owned();
    new.push(".tmp");
    let new = PathBuf::from(new);
    replace(path, &new, &text).map_err(fail)
}

fn replace(path: &Path, new: &Path, text: &[u8]) -> std::io::Result<()> {
    let mut file = owner::create(new)?;
    file.write_all(text)?;
    file.sync_all()?;
    fs::rename(new, path)?;
    // The rename itself lasts once the directory is on disk.
    if let Some(dir) = path.parent().filter(|dir| !dir.as_os_str().is_empty()) {
        File::open(dir)?.sync_all()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_come_back() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("settings.json");
        assert_eq!(read(&path), Ok(BTreeMap::new()));
        let values =
            BTreeMap::from([("wallet".to_owned(), json!(["a", "b"])), ("prune".to_owned(), json!(5))]);
        write(&path, &values).expect("a write");
        write(&path, &values).expect("another");
        assert_eq!(read(&path), Ok(values));
        assert!(fs::read_to_string(&path).expect("a file").contains(WARNING_TEXT));
        assert_eq!(fs::read_dir(dir.path()).expect("a directory").count(), 1, "nothing else stays");
    }

    #[test]
    fn mistakes_name_the_file() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("settings.json");
        for text in ["", "[]", "{\"a\":", "\u{0}"] {
            fs::write(&path, text).expect("a write");
            let error = read(&path).expect_err("no object");
            assert!(error.text().contains("settings.json is not a JSON object"), "{error}");
        }
        fs::write(&path, r#"{"prune":1,"wallet":[],"prune":1}"#).expect("a write");
        let text = format!("Found duplicate key prune in settings file {}", path.display());
        assert_eq!(read(&path).expect_err("two values").text(), text);
        assert!(write(&dir.path().join("none/settings.json"), &BTreeMap::new()).is_err());
    }
}
