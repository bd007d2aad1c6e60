//! From the user's code to the model.
//!
//! In: a trait, a type, an `impl` block. Out: the model of it, and every mistake that keeps it
//! from being one.

mod enumeration;
mod file;
mod implementation;
mod interface;
mod passing;
mod structure;
mod versions;
mod view;
mod wire;

pub use enumeration::enumeration;
pub use file::file;
pub use implementation::implementation;
pub use interface::interface;
pub use structure::structure;
pub use versions::{Versions, versions};

use crate::model::FileRef;
use crate::words::{Value, Words};

/// Reads `file` and `file_id`. `Some(None)` when neither is given.
fn file_words(words: &mut Words<'_>, report: &crate::report::Report) -> Option<Option<FileRef>> {
    let word = words.take("file");
    let id = words.id("file_id");
    match (word, id) {
        (None, None) => Some(None),
        (None, Some((_, span))) => {
            report.add(syn::Error::new(
                span,
                "`file_id` without `file`; write `file = \"name.capnp\", file_id = 0x…`",
            ));
            None
        }
        (Some(word), id) => match (word.value, id) {
            (Value::Expr(syn::Expr::Path(path)), None) => Some(Some(FileRef::Path(path.path))),
            (Value::Expr(syn::Expr::Lit(ref literal)), Some((id, _)))
                if let syn::Lit::Str(name) = &literal.lit =>
            {
                Some(Some(FileRef::Inline { name: name.value(), id }))
            }
            (Value::Expr(syn::Expr::Lit(_)), None) => {
                report.at(&word.name, "`file` without `file_id`; write `file = \"name.capnp\", file_id = 0x…` (have `mpgen id` make one), or name a file that `ipc_file!` declares");
                None
            }
            _ => {
                report.at(&word.name, "`file` needs a name with an id, or a path: write `file = \"name.capnp\", file_id = 0x…`, or `file = MY_FILE` with a file that `ipc_file!` declares");
                None
            }
        },
    }
}
