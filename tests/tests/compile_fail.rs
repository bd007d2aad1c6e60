//! What the compiler says about mistakes: one file per kind of mistake, named after it.
//!
//! `TRYBUILD=overwrite cargo test -p mp-tests --test compile_fail` writes the expected messages;
//! read them before they are committed: each stands on the user's own words and says what to
//! write instead.

#[test]
fn mistakes_are_explained_where_they_are() {
    trybuild::TestCases::new().compile_fail("compile_fail/*.rs");
}
