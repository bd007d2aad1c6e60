//! Text, bytes, paths and JSON, empty and large, and bytes that are no text.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use mp_runtime::{ErrorKind, MESSAGE_LIMIT_WORDS, Origin, Remote, Result, ipc_interface};
use serde_json::{Value, json};

#[ipc_interface(file = "text.capnp", file_id = 0xd1b2_0000_0000_0002, construct)]
trait Texts: Send + Sync {
    fn pass_string(&self, value: String) -> Result<String>;
    fn pass_str(&self, value: &str) -> Result<String>;
    fn pass_bytes(&self, value: Vec<u8>) -> Result<Vec<u8>>;
    fn pass_slice(&self, value: &[u8]) -> Result<Vec<u8>>;
    fn pass_array(&self, value: [u8; 32]) -> Result<[u8; 32]>;
    fn pass_array_ref(&self, value: &[u8; 3]) -> Result<[u8; 3]>;
    fn pass_empty_array(&self, value: [u8; 0]) -> Result<[u8; 0]>;
    fn pass_numbers(&self, value: [i32; 4]) -> Result<[i32; 4]>;
    fn pass_arrays(&self, value: Vec<[u8; 2]>) -> Result<Vec<[u8; 2]>>;
    fn pass_path(&self, value: PathBuf) -> Result<PathBuf>;
    fn pass_path_ref(&self, value: &Path) -> Result<PathBuf>;
    #[ipc(result(with = mp_runtime::with::path_text))]
    fn pass_path_text(&self, #[ipc(with = mp_runtime::with::path_text)] value: PathBuf) -> Result<PathBuf>;
    fn pass_json(&self, value: Value) -> Result<Value>;
    fn pass_json_ref(&self, value: &Value) -> Result<Value>;
    async fn pass_str_later(&self, value: &str) -> Result<String>;
    async fn pass_slice_later(&self, value: &[u8]) -> Result<Vec<u8>>;
}

struct Echo;

#[ipc_interface]
#[rustfmt::skip]
impl Texts for Echo {
    fn pass_string(&self, value: String) -> Result<String> { Ok(value) }
    fn pass_str(&self, value: &str) -> Result<String> { Ok(value.into()) }
    fn pass_bytes(&self, value: Vec<u8>) -> Result<Vec<u8>> { Ok(value) }
    fn pass_slice(&self, value: &[u8]) -> Result<Vec<u8>> { Ok(value.into()) }
    fn pass_array(&self, value: [u8; 32]) -> Result<[u8; 32]> { Ok(value) }
    fn pass_array_ref(&self, value: &[u8; 3]) -> Result<[u8; 3]> { Ok(*value) }
    fn pass_empty_array(&self, value: [u8; 0]) -> Result<[u8; 0]> { Ok(value) }
    fn pass_numbers(&self, value: [i32; 4]) -> Result<[i32; 4]> { Ok(value) }
    fn pass_arrays(&self, value: Vec<[u8; 2]>) -> Result<Vec<[u8; 2]>> { Ok(value) }
    fn pass_path(&self, value: PathBuf) -> Result<PathBuf> { Ok(value) }
    fn pass_path_ref(&self, value: &Path) -> Result<PathBuf> { Ok(value.into()) }
    fn pass_path_text(&self, value: PathBuf) -> Result<PathBuf> { Ok(value) }
    fn pass_json(&self, value: Value) -> Result<Value> { Ok(value) }
    fn pass_json_ref(&self, value: &Value) -> Result<Value> { Ok(value.clone()) }
    async fn pass_str_later(&self, value: &str) -> Result<String> { Ok(value.into()) }
    async fn pass_slice_later(&self, value: &[u8]) -> Result<Vec<u8>> { Ok(value.into()) }
}

fn connect() -> Remote<dyn Texts> {
    crate::connected::<dyn Texts>(Arc::new(Echo))
}

#[test]
fn text_may_be_empty_large_and_hold_zeros() {
    let peer = connect();
    let large = "ä€😀x".repeat(100_000);
    for value in ["", "a", "1234567", "12345678", "zero \0 inside", "\u{feff}ß", large.as_str()] {
        assert_eq!(peer.pass_string(value.into()).as_deref(), Ok(value));
        assert_eq!(peer.pass_str(value).as_deref(), Ok(value));
        assert_eq!(crate::wait(peer.pass_str_later(value)).as_deref(), Ok(value));
    }
}

#[test]
fn bytes_may_be_empty_large_and_anything() {
    let peer = connect();
    let large: Vec<u8> = (0..1_000_003u32).map(|index| (index % 251) as u8).collect();
    for value in [&[][..], &[0], &[0xff; 7], &[0xc3, 0x28, 0x80], &[1; 8], &large] {
        assert_eq!(peer.pass_bytes(value.into()).as_deref(), Ok(value));
        assert_eq!(peer.pass_slice(value).as_deref(), Ok(value));
        assert_eq!(crate::wait(peer.pass_slice_later(value)).as_deref(), Ok(value));
    }
}

#[test]
fn arrays_keep_their_length() {
    let peer = connect();
    let hash: [u8; 32] = std::array::from_fn(|index| index as u8 * 8);
    assert_eq!(peer.pass_array(hash), Ok(hash));
    assert_eq!(peer.pass_array([0; 32]), Ok([0; 32]));
    assert_eq!(peer.pass_array_ref(&[1, 2, 3]), Ok([1, 2, 3]));
    assert_eq!(peer.pass_empty_array([]), Ok([]));
    assert_eq!(peer.pass_numbers([i32::MIN, -1, 0, i32::MAX]), Ok([i32::MIN, -1, 0, i32::MAX]));
    assert_eq!(peer.pass_arrays(vec![[1, 2], [3, 4]]), Ok(vec![[1, 2], [3, 4]]));
}

#[test]
fn paths_are_bytes_and_need_not_be_text() {
    let peer = connect();
    let odd = Path::new(OsStr::from_bytes(b"folder/\xff\xfe name"));
    for path in [Path::new(""), Path::new("/"), Path::new("a/../b"), odd] {
        assert_eq!(peer.pass_path(path.into()).as_deref(), Ok(path));
        assert_eq!(peer.pass_path_ref(path).as_deref(), Ok(path));
    }
    let plain = Path::new("wallet/ß.dat");
    assert_eq!(peer.pass_path_text(plain.into()).as_deref(), Ok(plain));
    let error = peer.pass_path_text(odd.into()).unwrap_err();
    assert_eq!(error.field(), "value");
    assert!(error.text().contains("is not UTF-8"), "{error}");
}

#[test]
fn json_keeps_its_shape() {
    let peer = connect();
    let nested = json!({"a": [1, -2, 2.5, null, true], "ß": {"": "\u{0}\"\\"}, "big": u64::MAX});
    for value in [Value::Null, json!(false), json!(0), json!(""), json!([]), json!({}), nested] {
        assert_eq!(peer.pass_json(value.clone()), Ok(value.clone()));
        assert_eq!(peer.pass_json_ref(&value), Ok(value));
    }
}

#[test]
fn the_largest_message_that_is_not_refused_arrives() {
    let peer = connect();
    let mut words = MESSAGE_LIMIT_WORDS - 600;
    let mut largest = None;
    loop {
        let large = vec![0x5a; words * 8];
        match peer.pass_slice(&large) {
            Ok(back) => {
                assert!(back == large, "{words} words came back different");
                largest = Some(words);
                words += 40;
            }
            Err(error) => {
                assert_eq!((error.kind(), error.origin()), (ErrorKind::Limit, Origin::Local), "{error}");
                break;
            }
        }
    }
    assert!(largest.is_some());
    assert_eq!(peer.pass_slice(b"small"), Ok(b"small".to_vec()), "the connection lives on");
}
