//! Pieces of Rust source.
//!
//! In: comments, annotations, words, numbers of a schema. Out: how Rust writes them.

use crate::capnp::{Annotation, Error};

/// Lines one level further in.
pub(super) fn indented(text: &str) -> String {
    text.lines().map(|line| if line.is_empty() { "\n".into() } else { format!("    {line}\n") }).collect()
}

/// A comment as documentation.
pub(super) fn docs(lines: &[String]) -> String {
    lines.iter().map(|line| format!("/// {line}").trim_end().to_owned() + "\n").collect()
}

/// Takes the value of an annotation of `mp/proxy.capnp` off a list.
pub(super) fn take(annotations: &mut Vec<Annotation>, name: &str) -> Option<String> {
    let place = annotations.iter().position(|one| one.name == format!("mp/proxy.capnp:{name}"))?;
    Some(annotations.remove(place).value)
}

/// Refuses what is left of annotations.
pub(super) fn nothing_left(annotations: &[Annotation], line: usize) -> Result<(), Error> {
    match annotations.first() {
        Some(other) => {
            Err((line, format!("the annotation `${}` has no form in Rust here; leave it out", other.name)))
        }
        None => Ok(()),
    }
}

/// `#[ipc(word, …)]` where there are words.
pub(super) fn attribute(words: &[String]) -> String {
    if words.is_empty() { String::new() } else { format!("#[ipc({})]", words.join(", ")) }
}

/// A number with a point, as Rust writes it.
pub(super) fn float(value: &str, ty: &str) -> String {
    match value {
        "inf" => format!("{ty}::INFINITY"),
        "-inf" => format!("-{ty}::INFINITY"),
        "nan" => format!("{ty}::NAN"),
        // What was no number would not compile, and say so.
        value => value.parse::<f64>().map_or_else(|_| value.to_owned(), |value| format!("{value:?}")),
    }
}
