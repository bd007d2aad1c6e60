//! The rules.
//!
//! In: a parsed model. Out: the same as [`Checked`], which is all that [`emit`](crate::emit) takes, and the mistakes, each
//! with what to write instead. Each kind of item has one ordered list of rules, a function each.

mod interface;
mod method;
mod names;
mod structure;
mod values;

use std::ops::Deref;

pub use interface::interface;
pub use names::BUILT_IN;
pub use structure::{enumeration, structure};

use crate::model::{File, Implementation};
use crate::report::Report;

/// A model that has passed its rules, but for parts that are marked as broken. Only this module makes one.
#[derive(Debug)]
pub struct Checked<T>(T);

impl<T> Deref for Checked<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

type Rule<T> = fn(&T, &Report);

/// The rules of `ipc_file!`.
const OF_FILES: &[Rule<File>] =
    &[its_name_fits_imports, constants_are_in_every_build, constants_are_numbers, constants_have_names];

/// Checks the declaration of a file. A constant with mistakes is left out of it.
pub fn file(file: File, report: &Report) -> Checked<File> {
    OF_FILES.iter().for_each(|rule| rule(&file, report));
    Checked(file)
}

fn its_name_fits_imports(file: &File, report: &Report) {
    names::file_name_fits(&file.name, report);
}

fn constants_are_in_every_build(file: &File, report: &Report) {
    for constant in &file.constants {
        names::is_in_every_build(&constant.item.attrs, "constant", "file", report);
    }
}

/// The schema language has others, but Rust has no constant that would be them.
fn constants_are_numbers(file: &File, report: &Report) {
    for constant in file.constants.iter().filter(|constant| constant.ty().is_none()) {
        report.at(&constant.item.ty, "a constant of a schema file is a number or a bool");
    }
}

fn constants_have_names(file: &File, report: &Report) {
    let known = file.constants.iter().filter(|constant| constant.ty().is_some());
    let names = known.map(|constant| (constant.name.as_str(), constant.item.ident.span()));
    names.clone().for_each(|(name, span)| names::name_fits_the_schema(name, false, span, report));
    names::names_are_unique(names, "constants", report);
}

/// Checks an `impl` block, which is one of a trait.
pub fn implementation(block: Implementation, report: &Report) -> Option<Checked<Implementation>> {
    if block.item.trait_.is_none() {
        report.at(&block.item.self_ty, "`#[ipc_interface]` belongs on the trait and on `impl Trait for Type` blocks with `async` methods");
        return None;
    }
    Some(Checked(block))
}
