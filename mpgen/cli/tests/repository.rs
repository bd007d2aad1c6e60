//! The schema files of this repository.

mod common;

use std::path::Path;

#[test]
fn the_schemas_of_this_repository_are_up_to_date() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let run = common::inside(&root, "check");
    assert_eq!(run.code, 0, "{}", run.stderr);
}

#[test]
fn ids_are_new_and_have_their_highest_bit() {
    let ids: Vec<u64> = (0..4)
        .map(|_| {
            let run = common::words("id");
            assert_eq!(run.code, 0, "{}", run.stderr);
            let digits = run.stdout.trim().strip_prefix("0x").expect("a number").to_owned();
            u64::from_str_radix(&digits, 16).expect("a number")
        })
        .collect();
    assert!(ids.iter().all(|id| id >> 63 == 1), "{ids:x?}");
    assert!((1..4).all(|index| !ids[..index].contains(&ids[index])), "{ids:x?}");
}
