//! The schema files of this repository.

mod common;

use std::path::Path;

#[test]
fn the_schemas_of_this_repository_are_up_to_date() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let run = common::inside(&root, "check");
    assert_eq!(run.code, 0, "{}", run.stderr);
}
