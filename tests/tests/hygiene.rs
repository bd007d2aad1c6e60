//! Generated code means the same whatever names are in scope, in both editions, and with every
//! warning denied.

#![deny(missing_docs, unused, warnings)]
#![forbid(unsafe_code)]
#![allow(unreachable_pub, reason = "a library crate compiles the same file")]

#[path = "../hygiene/src/hostile.rs"]
mod hostile;

#[test]
fn hostile_names_do_no_harm_in_edition_2024() {
    hostile::run();
}

#[test]
fn hostile_names_do_no_harm_in_edition_2021() {
    mp_hygiene::hostile::run();
}

#[tokio::test]
async fn an_asynchronous_method_is_called_among_hostile_names() {
    use mp_hygiene::hostile::interfaces::{Hostile, Implementation};
    let event_loop = mp_runtime::EventLoop::new("hygiene").expect("an event loop");
    let (remote, _served) = mp_runtime::pair::<dyn Hostile>(&event_loop, std::sync::Arc::new(Implementation));
    assert_eq!(remote.later(Some("four".into())).await, Ok(4));
    assert_eq!(remote.later(None).await, Ok(0));
}
