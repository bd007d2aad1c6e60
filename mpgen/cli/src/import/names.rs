//! Names of a schema in Rust.
//!
//! In: a name on the wire. Out: one that Rust allows, and whether the generator would make the wire's of it.

use mpgen::names::camel;

/// What no identifier can be, also not as `r#…`.
const NEVER: &[&str] = &["self", "Self", "super", "crate", "_"];
/// Names of types that the source uses as they are, or that mean something to the generator.
const USED: &[&str] = &[
    "Option",
    "Result",
    "String",
    "Vec",
    "Box",
    "Arc",
    "Send",
    "Sync",
    "Clone",
    "Copy",
    "Debug",
    "PartialEq",
];

/// A name of a value: `findBlock` as `find_block`.
pub(super) fn snake(name: &str) -> String {
    let mut snake = String::new();
    let letters: Vec<char> = name.chars().collect();
    for (index, letter) in letters.iter().enumerate() {
        let before = index.checked_sub(1).map(|before| letters[before]);
        let after = letters.get(index + 1);
        let begins = before.is_some_and(|before| before.is_lowercase() || before.is_ascii_digit())
            || before.is_some_and(char::is_uppercase) && after.is_some_and(|after| after.is_lowercase());
        if letter.is_uppercase() && begins {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    allowed(&snake)
}

/// A name of a type.
pub(super) fn ty(name: &str) -> String {
    if USED.contains(&name) { format!("{name}Type") } else { allowed(name) }
}

/// A name of a variant: `blockRelay` as `BlockRelay`.
pub(super) fn variant(name: &str) -> String {
    allowed(&mpgen::names::upper_camel(name))
}

/// A name of a constant: `maxMoney` as `MAX_MONEY`.
pub(super) fn constant(name: &str) -> String {
    snake(name).to_uppercase()
}

/// The word that says the name on the wire, where it is not what the generator would make.
pub(super) fn word(ident: &str, name: &str) -> Option<String> {
    (camel(ident) != name).then(|| format!("name = {name:?}"))
}

/// The modules of a file.
pub(super) fn module(file: &str) -> Vec<String> {
    let stem = file.strip_suffix(".capnp").unwrap_or(file);
    let part = |part: &str| {
        let letters = part.chars().map(|letter| if letter.is_alphanumeric() { letter } else { '_' });
        let part: String = letters.collect();
        let digit = part.starts_with(|first: char| first.is_ascii_digit());
        snake(&if digit { format!("_{part}") } else { part })
    };
    stem.split('/').map(part).collect()
}

fn allowed(name: &str) -> String {
    if NEVER.contains(&name) {
        format!("{name}_")
    } else if syn::parse_str::<syn::Ident>(name).is_ok() {
        name.to_owned()
    } else {
        format!("r#{name}")
    }
}

#[cfg(test)]
mod tests {
    use super::{constant, module, snake, ty, variant, word};

    #[test]
    fn names_are_those_of_rust() {
        for (name, expected, back) in [
            ("findBlock", "find_block", true),
            ("blockHash1", "block_hash1", true),
            ("isRBFOptIn", "is_rbf_opt_in", false),
            ("getTransactionsByTxID", "get_transactions_by_tx_id", false),
            ("fn", "r#fn", true),
            ("self", "self_", true),
            ("v1Form", "v1_form", true),
            ("x_y", "x_y", false),
        ] {
            assert_eq!(snake(name), expected);
            assert_eq!(word(expected, name).is_none(), back, "{name}");
        }
        assert_eq!((variant("blockRelay"), variant("self")), ("BlockRelay".into(), "Self_".into()));
        assert_eq!((ty("Option"), ty("Item")), ("OptionType".into(), "Item".into()));
        assert_eq!(constant("maxMoney"), "MAX_MONEY");
        assert_eq!(module("bitcoin/v30/mining.capnp"), ["bitcoin", "v30", "mining"]);
        assert_eq!(module("c++/type.capnp"), ["c__", "r#type"]);
    }
}
