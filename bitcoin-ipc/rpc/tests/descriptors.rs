//! Any descriptor: read or refused; what is read says the same again, and has miniscript's scripts.
//!
//! In: descriptors put together by chance from what descriptors are made of, whole and damaged. Out: no panic; texts
//! that come back as they went; scripts as the library derives them, wherever it knows the form.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says why")]

use bitcoin::Network;
use bitcoin::secp256k1::{All, Secp256k1};
use bitcoin_rpc::descriptor::{Descriptor, Expander, Parsed, PrivateKeys, parse};
use miniscript::DescriptorPublicKey;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// Keys of all kinds, some of them wrong for one place or another.
const KEYS: &[&str] = &[
    "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798",
    "03f9308a019258c31049344f85f89d5229b531c845836f99b08601f113bce036f9",
    "0479be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8",
    "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798",
    "cMahea7zqjxrtgAbB7LSGbcQUr1uX1ojuat9jZodMN87JcbXMTcA",
    "91avARGdfge8E4tZfYLoxeJ5sGBdNJQH4kvjJoQFacbgwmaKkrx",
    "tpubD6NzVbkrYhZ4WaWSyoBvQwbpLkojyoTZPRsgXELWz3Popb3qkjcJyJUGLnL4qHHoQvao8ESaAstxYSnhyswJ76uZPStJRJCTKvosUCJZL5B",
    "tprv8ZgxMBicQKsPd7Uf69XL1XwhmjHopUGep8GuEiJDZmbQz6o58LninorQAfcKZWARbtRtfnLcJ5MQ2AtHcQJCCRUcMRvmDUjyEmNUWwx8UbK",
    "xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhePY2gZ29ESFjqJoCu1Rupje8YtGqsefD265TMg7usUDFdp6W1EGMcet8",
];

const ORIGINS: &[&str] = &["", "", "[d34db33f]", "[d34db33f/44'/0h/5]", "[d34db33f/2147483648]", "[xyz]"];
const PATHS: &[&str] = &[
    "",
    "",
    "/0",
    "/*",
    "/1/2/*",
    "/1h/*",
    "/*h",
    "/<0;1>/*",
    "/<0;1;7>/3",
    "/<0;0>",
    "/2147483647",
    "/x",
    "//*",
];

fn key() -> impl Strategy<Value = String> {
    (select(ORIGINS), select(KEYS), select(PATHS))
        .prop_map(|(origin, key, path)| format!("{origin}{key}{path}"))
}

/// What stands in a script or a leaf: keys, and conditions around them.
fn inner() -> impl Strategy<Value = String> {
    let many = |name: &'static str| {
        (0..5_usize, vec(key(), 0..5))
            .prop_map(move |(needed, keys)| format!("{name}({needed},{})", keys.join(",")))
    };
    let leaf = prop_oneof![
        4 => key().prop_map(|key| format!("pk({key})")),
        2 => key().prop_map(|key| format!("pkh({key})")),
        1 => many("multi"),
        1 => many("sortedmulti"),
        1 => many("multi_a"),
        1 => many("sortedmulti_a"),
        1 => select(&["older(5)", "after(500000001)", "older(0)", "1", "hash160(00)"][..]).prop_map(str::to_owned),
    ];
    leaf.prop_recursive(3, 8, 2, |inner| {
        let pair = (inner.clone(), inner.clone());
        prop_oneof![
            pair.clone().prop_map(|(one, other)| format!("and_v(v:{one},{other})")),
            pair.clone().prop_map(|(one, other)| format!("or_d({one},{other})")),
            pair.prop_map(|(one, other)| format!("or_i({one},{other})")),
            inner.prop_map(|one| format!("wpkh({one})")),
        ]
    })
}

fn descriptor() -> impl Strategy<Value = String> {
    let around = |name: &'static str, what: BoxedStrategy<String>| {
        what.prop_map(move |what| format!("{name}({what})"))
    };
    let simple = || select(&["pk", "pkh", "wpkh", "combo", "rawtr", "tr", "unused"][..]);
    let of_key = || (simple(), key()).prop_map(|(name, key)| format!("{name}({key})")).boxed();
    let tree = (key(), inner(), inner());
    prop_oneof![
        4 => of_key(),
        2 => around("sh", of_key()),
        3 => around("wsh", inner().boxed()),
        1 => around("sh", inner().boxed()),
        1 => around("sh", around("wsh", inner().boxed()).boxed()),
        1 => inner(),
        2 => (key(), inner()).prop_map(|(key, leaf)| format!("tr({key},{leaf})")),
        2 => tree.prop_map(|(key, one, other)| format!("tr({key},{{{one},{other}}})")),
        1 => select(&["addr(bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080)", "addr()", "raw(51)", "raw()", "raw(5)"][..])
            .prop_map(str::to_owned),
    ]
}

fn secp() -> Secp256k1<All> {
    Secp256k1::new()
}

fn read(text: &str) -> Option<Parsed> {
    parse(text, Network::Regtest, false, &secp()).ok()
}

/// The scripts of a descriptor at the numbers that tests look at; `None` if they take private keys.
fn scripts(descriptor: &Descriptor, keys: &PrivateKeys) -> Option<Vec<Vec<bitcoin::ScriptBuf>>> {
    let secp = secp();
    let expander = Expander::new(descriptor, keys, &secp).ok()?;
    [0, 1, 77].into_iter().map(|number| expander.scripts(number).ok()).collect()
}

/// The same by the library alone; `None` of what it does not know.
fn by_the_library(text: &str) -> Option<Vec<bitcoin::ScriptBuf>> {
    let descriptor: miniscript::Descriptor<DescriptorPublicKey> = text.parse().ok()?;
    let at =
        |number| descriptor.derived_descriptor(&secp(), number).ok().map(|definite| definite.script_pubkey());
    [0, 1, 77].into_iter().map(at).collect()
}

/// Everything that holds of a text, whatever it is.
fn check(text: &str) -> Result<(), TestCaseError> {
    let Some(parsed) = read(text) else { return Ok(()) };
    for descriptor in &parsed.all {
        let public = descriptor.to_public_text();
        let again = read(&public);
        // Two paths may be of one text each; an address or a script is what it was.
        let [same] = &again.as_ref().unwrap_or_else(|| panic!("{text}: {public} is not read")).all[..] else {
            return Err(TestCaseError::fail(format!("{text}: {public} is several")));
        };
        prop_assert_eq!(same.to_public_text(), public.clone());
        let none = PrivateKeys::default();
        let (here, there) = (scripts(descriptor, &parsed.keys), scripts(same, &none));
        if !descriptor.is_hardened() {
            prop_assert!(here.is_some(), "{}", text);
            prop_assert_eq!(&here, &there, "{}", text);
            if let Some(expected) = by_the_library(&public) {
                let one: Option<Vec<_>> = here.iter().flatten().map(|all| all.first().cloned()).collect();
                prop_assert_eq!(one.unwrap_or_default(), expected, "{}", public);
            }
        } else {
            prop_assert!(there.is_none(), "{}: derived without private keys", public);
        }
        for at in here.iter().flatten() {
            prop_assert_eq!(at.len(), descriptor.width(), "{}", text);
        }
        if let Some(private) = descriptor.to_private_text(&parsed.keys) {
            let back = read(&private).unwrap_or_else(|| panic!("{text}: the private text is not read"));
            prop_assert_eq!(scripts(&back.all[0], &back.keys), here.clone(), "{}", text);
        }
        if let Some(normalized) = descriptor.to_normalized_text(&parsed.keys, &secp()) {
            let back = read(&normalized).unwrap_or_else(|| panic!("{text}: {normalized} is not read"));
            prop_assert_eq!(scripts(&back.all[0], &none).or(here.clone()), here, "{}: {}", text, normalized);
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn what_is_read_says_the_same_again(text in descriptor()) {
        check(&text)?;
    }

    #[test]
    fn what_is_damaged_is_read_or_refused(
        text in descriptor(),
        places in vec((any::<Index>(), any::<u8>(), 0..3_u8), 1..4),
    ) {
        let mut bytes = text.into_bytes();
        for (place, byte, how) in places {
            let place = place.index(bytes.len());
            match how {
                0 => bytes[place] = byte & 0x7f,
                1 => _ = bytes.remove(place),
                _ => bytes.insert(place, b"(){},/*h'<;>[]#0"[usize::from(byte) % 16]),
            }
            if bytes.is_empty() {
                return Ok(());
            }
        }
        check(&String::from_utf8_lossy(&bytes))?;
    }

    #[test]
    fn any_text_is_read_or_refused(text in any::<String>()) {
        check(&text)?;
    }
}
