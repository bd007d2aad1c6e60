//! Scripts, keys and their hashes, and secrets: raw bytes without a length.

use std::path::PathBuf;
use std::sync::Arc;

use bitcoin::hashes::Hash;
use bitcoin::{PubkeyHash, PublicKey, ScriptBuf, ScriptHash, WPubkeyHash, WScriptHash};
use bitcoin_ipc::Result;
use bitcoin_ipc::types::{Bitcoin, Secret};

use crate::ends::{Bytes, Ends, Mirror, echoes};
use crate::vectors::{GENESIS_COINBASE, SIGNED, hex};

echoes! {
    Keys, KeysWire, Bytes, 0x9a1c_4e07_55d2_8b02;
    script: ScriptBuf,
    public_key: PublicKey,
    public_key_hash: PubkeyHash,
    script_hash: ScriptHash,
    witness_public_key_hash: WPubkeyHash,
    witness_script_hash: WScriptHash,
    secret: Secret,
    path: PathBuf,
}

fn ends() -> Ends<dyn Keys, dyn KeysWire, Bytes> {
    Ends::<dyn Keys, dyn KeysWire, Bytes>::new(Arc::new(Mirror), |tape| tape)
}

#[test]
fn a_script_has_no_length_and_may_be_empty() {
    let ends = ends();
    for bytes in [hex("76a914a457b684d7f0d539a46a45bbc043f35b59d0d96388ac"), Vec::new(), vec![0xff; 20_000]] {
        ends.same(Keys::script, KeysWire::script, &ScriptBuf::from_bytes(bytes.clone()), &bytes);
    }
}

#[test]
fn a_public_key_is_33_or_65_bytes() {
    let ends = ends();
    let from_witness = SIGNED.len() - 8 - 66;
    let short = hex(&SIGNED[from_witness..SIGNED.len() - 8]);
    let key = PublicKey::from_slice(&short).expect("a key");
    ends.only(Keys::public_key, KeysWire::public_key, &key, &short);
    let from_output = GENESIS_COINBASE.len() - 8 - 2 - 130;
    let long = hex(&GENESIS_COINBASE[from_output..from_output + 130]);
    let key = PublicKey::from_slice(&long).expect("a key");
    assert!(!key.compressed);
    ends.only(Keys::public_key, KeysWire::public_key, &key, &long);
    // The right length, but no point of the curve.
    ends.refused(Keys::public_key, KeysWire::public_key, &key, &[&[2][..], &[0xff; 32]].concat());
}

#[test]
fn hashes_of_keys_and_scripts_are_20_or_32_bytes() {
    let ends = ends();
    let bytes = hex("a457b684d7f0d539a46a45bbc043f35b59d0d963");
    let hash = <[u8; 20]>::try_from(bytes.clone()).expect("20 bytes");
    let key = PubkeyHash::from_byte_array(hash);
    ends.only(Keys::public_key_hash, KeysWire::public_key_hash, &key, &bytes);
    let script = ScriptHash::from_byte_array(hash);
    ends.only(Keys::script_hash, KeysWire::script_hash, &script, &bytes);
    let key = WPubkeyHash::from_byte_array(hash);
    ends.only(Keys::witness_public_key_hash, KeysWire::witness_public_key_hash, &key, &bytes);
    let script = WScriptHash::from_byte_array([9; 32]);
    ends.only(Keys::witness_script_hash, KeysWire::witness_script_hash, &script, &[9; 32]);
}

#[test]
fn a_secret_is_any_bytes() {
    let ends = ends();
    for bytes in [b"correct horse".to_vec(), vec![0, 0xff], Vec::new()] {
        ends.same(Keys::secret, KeysWire::secret, &Secret::new(bytes.clone()), &bytes);
    }
}

#[test]
fn a_path_is_its_native_bytes_which_need_not_be_text() {
    use std::os::unix::ffi::OsStringExt;
    let ends = ends();
    for bytes in [b"/home/user/wallet.dat".to_vec(), b"/tmp/\xff".to_vec(), Vec::new()] {
        let path = PathBuf::from(std::ffi::OsString::from_vec(bytes.clone()));
        ends.same(Keys::path, KeysWire::path, &path, &bytes);
    }
}
