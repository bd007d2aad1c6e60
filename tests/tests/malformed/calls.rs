//! Calls that name what is not there, or name the wrong thing.

use super::server::{CallTarget, Server, TARGET, method};
use mp_tests::peer::{Cap, Outcome, Peer, cap_pointer, element, list_pointer, struct_pointer};

/// `proxy.capnp`'s `ThreadMap`, as the facts tables of libmultiprocess give it.
const THREAD_MAP: u64 = 0xee5e_3717_9ad9_dc9d;

/// Parameters with a context of these two pointers, and the number 5.
fn with_context(thread: u64, callback_thread: u64) -> [u64; 6] {
    [struct_pointer(0, 1, 1), 5, struct_pointer(0, 0, 2), thread, callback_thread, 0]
}

#[test]
fn an_unknown_method_is_an_error_of_that_call() {
    let server = Server::new();
    let mut peer = server.peer().bootstrap();
    for method in [14, 100, u16::MAX] {
        peer.call_raw(method, &[struct_pointer(-1, 0, 0)]).is_exception("has no interface");
    }
    peer.check();
    server.check();
}

#[test]
fn an_unknown_interface_is_an_error_of_that_call() {
    let server = Server::new();
    let mut peer = server.peer().bootstrap();
    for interface in [0, TARGET + 1, u64::MAX, THREAD_MAP] {
        let outcome = peer.call_with(interface, 1, &[struct_pointer(-1, 0, 0)], &[]);
        outcome.is_exception("Target has no interface");
    }
    peer.check();
    server.check();
}

#[test]
fn an_unknown_enum_value_names_its_field() {
    let server = Server::new();
    let mut peer = server.peer().bootstrap();
    for value in [2, 3, 0xffff] {
        let outcome = peer.call_raw(method::COLOUR, &[struct_pointer(0, 1, 0), value]);
        outcome.is_exception(&format!("field `value`: {value} is no Colour"));
    }
    assert_eq!(
        peer.call_raw(method::COLOUR, &[struct_pointer(0, 1, 0), 1]),
        Outcome::Results(1, String::new())
    );
    server.check();
}

#[test]
fn an_unknown_union_discriminant_names_its_field() {
    let server = Server::new();
    let mut peer = server.peer().bootstrap();
    for discriminant in [2, 3, 0xffffu64] {
        let shape = [struct_pointer(0, 0, 1), struct_pointer(0, 1, 1), discriminant << 32, 0];
        let outcome = peer.call_raw(method::SHAPE, &shape);
        outcome.is_exception(&format!("field `value`: {discriminant} is no variant of Shape"));
    }
    let circle = [struct_pointer(0, 0, 1), struct_pointer(0, 1, 1), 0, 0];
    assert_eq!(peer.call_raw(method::SHAPE, &circle), Outcome::Results(1, String::new()));
    server.check();
}

#[test]
fn bytes_that_are_no_text_are_refused_and_named() {
    let server = Server::new();
    let mut peer = server.peer().bootstrap();
    for bytes in [*b"\xff\0\0\0\0\0\0\0", *b"\xc3\x28\0\0\0\0\0\0", *b"\xed\xa0\x80\0\0\0\0\0"] {
        let count = bytes.iter().position(|byte| *byte == 0).expect("a zero") as u32 + 1;
        let params =
            [struct_pointer(0, 0, 1), list_pointer(0, element::BYTE, count), u64::from_le_bytes(bytes)];
        for method in [method::TEXT, method::LATER] {
            peer.call_raw(method, &params).is_exception("field `value`: the text is not UTF-8");
        }
    }
    let unended = [struct_pointer(0, 0, 1), list_pointer(0, element::BYTE, 2), 0x6161];
    peer.call_raw(method::TEXT, &unended).is_exception("malformed message");
    peer.check();
    server.check();
}

#[test]
fn a_context_without_a_thread_is_an_error_that_says_so() {
    let server = Server::new();
    let mut peer = server.peer().bootstrap();
    let missing = "no thread specified and no pool configured";
    peer.call_raw(method::ON_THREAD, &with_context(0, 0)).is_exception(missing);
    peer.call_raw(method::ON_THREAD, &[struct_pointer(0, 1, 0), 5]).is_exception(missing);
    peer.call_raw(method::ON_THREAD, &[struct_pointer(-1, 0, 0)]).is_exception(missing);
    peer.call_raw(method::ON_THREAD, &[0]).is_exception(missing);
    peer.check();
    server.check();
}

#[test]
fn a_foreign_capability_is_no_thread() {
    let server = Server::new();
    let mut peer = server.peer().bootstrap();
    let root = peer.root();
    let params = with_context(cap_pointer(0), cap_pointer(1));
    for caps in [[Cap::Own(9), Cap::Own(10)], [Cap::Theirs(root), Cap::Own(10)], [Cap::Theirs(root); 2]] {
        let outcome = peer.call_with(TARGET, method::ON_THREAD, &params, &caps);
        outcome.is_exception("invalid thread handle");
    }
    // A question that was never asked, and one whose answer has no capability.
    for question in [12345, 1] {
        let caps = [Cap::Answer(question), Cap::Own(10)];
        let outcome = peer.call_with(TARGET, method::ON_THREAD, &params, &caps);
        outcome.is_exception("invalid thread handle");
    }
    peer.check();
    server.check();
}

#[test]
fn a_context_of_another_kind_is_malformed() {
    let server = Server::new();
    let mut peer = server.peer().bootstrap();
    let text = list_pointer(0, element::BYTE, 1);
    peer.call_raw(method::ON_THREAD, &with_context(text, 0)).is_exception("malformed message");
    let list = [struct_pointer(0, 1, 1), 5, list_pointer(0, element::BYTE, 8), 0];
    peer.call_raw(method::ON_THREAD, &list).is_exception("malformed message");
    let outside = with_context(cap_pointer(7), 0);
    peer.call_raw(method::ON_THREAD, &outside).is_exception("malformed message");
    peer.check();
    server.check();
}

#[test]
fn a_thread_that_is_only_promised_stops_nobody_else() {
    let server = Server::new();
    let mut peer = server.peer().bootstrap();
    let params = with_context(cap_pointer(0), cap_pointer(0));
    let question = peer.send_call(peer.root(), TARGET, method::ON_THREAD, &[&params], &[Cap::OwnPromise(40)]);
    peer.check();
    server.check();
    peer.send(|message| {
        let mut resolve = message.init_resolve();
        resolve.set_promise_id(40);
        resolve.init_exception().set_reason("no thread after all");
    });
    peer.outcome(question).is_exception("invalid thread handle");
    peer.check();
}

#[test]
fn a_capability_that_is_not_in_the_table_is_refused() {
    let server = Server::new();
    let mut peer = server.peer().bootstrap();
    for (pointer, caps) in [(cap_pointer(0), &[][..]), (cap_pointer(u32::MAX), &[Cap::Own(1)])] {
        let outcome = peer.call_with(TARGET, method::CALLBACK, &[struct_pointer(0, 0, 1), pointer], caps);
        outcome.is_exception("malformed message");
    }
    let outcome =
        peer.call_with(TARGET, method::CALLBACK, &[struct_pointer(0, 0, 1), cap_pointer(0)], &[Cap::Own(1)]);
    assert_eq!(outcome, Outcome::Results(1, String::new()));
    peer.check();
    server.check();
}

#[test]
fn an_object_of_another_interface_is_refused_where_it_comes_home() {
    let server = Server::new();
    let mut peer = server.peer().bootstrap();
    let caps = [Cap::Theirs(peer.root())];
    let params = [struct_pointer(0, 0, 1), cap_pointer(0)];
    let outcome = peer.call_with(TARGET, method::CALLBACK, &params, &caps);
    outcome.is_exception("our own Target object came back where a Callback is needed");
    peer.check();
    server.check();
}

#[test]
fn thread_maps_may_be_missing_or_foreign() {
    let server = Server::new();
    let construct = |peer: &mut Peer, params: &[u64], caps: &[Cap]| {
        peer.call_with(TARGET, method::CONSTRUCT, params, caps)
    };
    let mut peer = server.peer().bootstrap();
    assert!(matches!(construct(&mut peer, &[0], &[]), Outcome::Results(..)));
    let list = [struct_pointer(0, 0, 1), list_pointer(0, element::BYTE, 8), 0];
    construct(&mut peer, &list, &[]).is_exception("malformed message");
    let own = [struct_pointer(0, 0, 1), cap_pointer(0)];
    assert!(matches!(construct(&mut peer, &own, &[Cap::Own(5)]), Outcome::Results(..)));
    peer.check();
    server.check();
}
