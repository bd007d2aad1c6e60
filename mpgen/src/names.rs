//! Rust's names and the wire's.

/// The wire's form of a Rust name: `find_block` becomes `findBlock`.
pub fn camel(name: &str) -> String {
    let name = name.strip_prefix("r#").unwrap_or(name);
    let mut camel = String::with_capacity(name.len());
    let mut raise = false;
    for letter in name.chars() {
        if letter == '_' {
            raise = !camel.is_empty();
        } else if raise {
            camel.extend(letter.to_uppercase());
            raise = false;
        } else {
            camel.push(letter);
        }
    }
    camel
}

/// A name with a capital first, as part of another: `price` in `wantPrice`.
pub fn upper_camel(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// Traits of Rust's own that an interface may have as supertraits, and which are none.
pub const MARKERS: &[&str] = &["Send", "Sync", "Debug", "Any", "Unpin", "UnwindSafe", "RefUnwindSafe"];
