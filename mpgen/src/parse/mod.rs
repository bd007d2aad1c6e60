//! From the user's code to the model.
//!
//! In: a trait, a type, an `impl` block. Out: the model of it. Mistakes here are those of the grammar of our attributes:
//! a word that is not known, or with a value of the wrong kind. Whether what they say makes sense is for
//! [`check`](crate::check) to judge.

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
use crate::report::Report;
use crate::words::{Value, Words};

/// Reads `file` and `file_id`. Where they are no file, the mistake is told, and what is given is none of anybody's.
fn file_words(words: &mut Words<'_>, report: &Report) -> Option<FileRef> {
    let none = FileRef::unknown();
    let has_id = words.has("file_id");
    let (word, id) = match (words.take("file"), words.id("file_id")) {
        (None, None) if !has_id => return None,
        // The mistake in the id is told.
        (_, None) if has_id => return Some(none),
        (None, None) => return None,
        (None, Some((_, span))) => {
            let usage = "`file_id` without `file`; write `file = \"name.capnp\", file_id = 0x…`";
            report.add(syn::Error::new(span, usage));
            return Some(none);
        }
        (Some(word), id) => (word, id),
    };
    let usage = match (word.value, id) {
        (Value::Expr(syn::Expr::Path(path)), None) => return Some(FileRef::Path(path.path)),
        (Value::Expr(syn::Expr::Lit(ref literal)), Some((id, _)))
            if let syn::Lit::Str(name) = &literal.lit =>
        {
            return Some(FileRef::Inline { name: name.clone(), id });
        }
        (Value::Expr(syn::Expr::Lit(_)), None) => {
            "`file` without `file_id`; write `file = \"name.capnp\", file_id = 0x…` (have `mpgen id` make one), or name a file that `ipc_file!` declares"
        }
        _ => {
            "`file` needs a name with an id, or a path: write `file = \"name.capnp\", file_id = 0x…`, or `file = MY_FILE` with a file that `ipc_file!` declares"
        }
    };
    report.at(&word.name, usage);
    Some(none)
}
