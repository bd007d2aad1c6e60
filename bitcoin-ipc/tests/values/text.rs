//! What travels as Text: JSON, and paths and secrets where the schema has them so.

use std::path::PathBuf;
use std::sync::Arc;

use bitcoin_ipc::Result;
use bitcoin_ipc::types::{BilingualStr, Bitcoin, Secret, secret_text};
use mp_runtime::with::path_text;
use mp_runtime::{IpcStruct, ipc_interface};
use serde_json::{Value, json};

use crate::ends::{Ends, Mirror, Tape, echoes};

#[ipc_interface(
    file = "values.capnp", file_id = 0xd0c1_8a52_7f31_9e64, id = 0x9a1c_4e07_55d2_8b0b, construct,
    types = Bitcoin
)]
trait Texts: Send + Sync {
    fn json(&self, value: Value) -> Result<Value>;
    #[ipc(result(with = path_text))]
    fn path(&self, #[ipc(with = path_text)] value: PathBuf) -> Result<PathBuf>;
    #[ipc(result(with = secret_text))]
    fn secret(&self, #[ipc(with = secret_text)] value: Secret) -> Result<Secret>;
}

#[ipc_interface(
    file = "other/values.capnp",
    file_id = 0xd0c1_8a52_7f31_9e64,
    id = 0x9a1c_4e07_55d2_8b0b,
    construct
)]
trait TextsWire: Send + Sync {
    fn json(&self, value: String) -> Result<String>;
    fn path(&self, value: String) -> Result<String>;
    fn secret(&self, value: String) -> Result<String>;
}

impl Texts for Mirror {
    fn json(&self, value: Value) -> Result<Value> {
        Ok(value)
    }
    fn path(&self, value: PathBuf) -> Result<PathBuf> {
        Ok(value)
    }
    fn secret(&self, value: Secret) -> Result<Secret> {
        Ok(value)
    }
}

impl TextsWire for Tape<String> {
    fn json(&self, value: String) -> Result<String> {
        self.turn(value)
    }
    fn path(&self, value: String) -> Result<String> {
        self.turn(value)
    }
    fn secret(&self, value: String) -> Result<String> {
        self.turn(value)
    }
}

echoes! {
    Messages, MessagesWire, TwoTexts, 0x9a1c_4e07_55d2_8b0c;
    message: BilingualStr,
}

/// A text in two languages as it travels.
#[derive(Clone, Debug, PartialEq, IpcStruct)]
pub(crate) struct TwoTexts {
    original: String,
    translated: String,
}

fn ends() -> Ends<dyn Texts, dyn TextsWire, String> {
    Ends::<dyn Texts, dyn TextsWire, String>::new(Arc::new(Mirror), |tape| tape)
}

#[test]
fn json_is_its_text() {
    let ends = ends();
    for value in [
        json!(null),
        json!(true),
        json!(-5),
        json!(u64::MAX),
        json!(0.5),
        json!("ü\"\n"),
        json!([1, [2]]),
        json!({"a": {"b": []}}),
    ] {
        ends.same(Texts::json, TextsWire::json, &value, &value.to_string());
    }
    for bad in ["", "{", "[1]]", "nul", "'a'"] {
        ends.refused(Texts::json, TextsWire::json, &json!(null), &bad.to_owned());
    }
    ends.same(Texts::json, TextsWire::json, &json!(1), &"1".to_owned());
}

#[test]
fn deeply_nested_json_is_refused() {
    ends().refused(Texts::json, TextsWire::json, &json!(null), &"[".repeat(100_000));
}

#[test]
fn a_path_in_text_has_to_be_utf_8() {
    use std::os::unix::ffi::OsStringExt;
    let ends = ends();
    ends.same(Texts::path, TextsWire::path, &PathBuf::from("/tmp/ü"), &"/tmp/ü".to_owned());
    let odd = PathBuf::from(std::ffi::OsString::from_vec(vec![b'/', 0xff]));
    ends.unwritable(Texts::path, odd);
}

#[test]
fn a_secret_in_text_has_to_be_utf_8() {
    let ends = ends();
    ends.same(Texts::secret, TextsWire::secret, &Secret::new("pässword"), &"pässword".to_owned());
    let error = ends.unwritable(Texts::secret, Secret::new(vec![b'k', 0xff]));
    assert_eq!(error.text(), "the passphrase is not UTF-8");
}

#[test]
fn a_text_in_two_languages_is_two_texts() {
    let ends = Ends::<dyn Messages, dyn MessagesWire, TwoTexts>::new(Arc::new(Mirror), |tape| tape);
    let message = BilingualStr { original: "no coins".into(), translated: "keine Münzen".into() };
    let texts = TwoTexts { original: "no coins".into(), translated: "keine Münzen".into() };
    ends.same(Messages::message, MessagesWire::message, &message, &texts);
}
