//! Parameters whose pointers lie: out of bounds, in circles, of the wrong kind, too deep.

use mp_runtime::{ErrorKind, Origin};

use super::server::{CallTarget, Chain, Server, TARGET, method};
use mp_tests::peer::{Outcome, cap_pointer, element, far_pointer, list_pointer, struct_pointer};

/// The methods with one pointer as their parameter.
const POINTER_METHODS: &[u16] = &[
    method::TEXT,
    method::DATA,
    method::NUMBERS,
    method::TEXTS,
    method::POINTS,
    method::UNITS,
    method::TREE,
    method::SHAPE,
    method::CALLBACK,
    method::LATER,
    method::CHAIN,
];

#[test]
fn a_pointer_of_the_wrong_kind_is_refused_by_every_type() {
    let server = Server::new();
    let mut peer = server.peer().bootstrap();
    let structure = struct_pointer(0, 1, 0);
    let capability = cap_pointer(0);
    let bits = list_pointer(0, element::BIT, 64);
    let bytes = list_pointer(0, element::BYTE, 8);
    let pointers = list_pointer(0, element::POINTER, 1);
    let wrong: &[(u16, &[u64])] = &[
        (method::TEXT, &[structure, capability, bits, pointers]),
        (method::LATER, &[structure, capability, bits, pointers]),
        (method::DATA, &[structure, capability, bits, pointers]),
        (method::NUMBERS, &[structure, capability, bits, bytes]),
        (method::TEXTS, &[structure, capability, bits, bytes]),
        (method::POINTS, &[structure, capability, bits]),
        (method::UNITS, &[structure, capability]),
        (method::TREE, &[capability, bits, bytes, pointers]),
        (method::SHAPE, &[capability, bits, bytes, pointers]),
        (method::CALLBACK, &[structure, bits, bytes, pointers]),
        (method::CHAIN, &[capability, bits, bytes, pointers]),
    ];
    for (method, pointers) in wrong {
        for pointer in *pointers {
            let outcome = peer.call_raw(*method, &[struct_pointer(0, 0, 1), *pointer, 0]);
            let Outcome::Exception(text) = &outcome else {
                panic!("method @{method} took {pointer:#x}: {outcome:?}")
            };
            assert!(text.contains("malformed message"), "method @{method}, {pointer:#x}: {text}");
        }
    }
    peer.check();
    server.check();
}

#[test]
fn parameters_that_are_no_struct_are_refused() {
    let server = Server::new();
    let mut peer = server.peer().bootstrap();
    for pointer in [cap_pointer(0), list_pointer(0, element::BYTE, 8), list_pointer(0, element::POINTER, 1)] {
        for method in POINTER_METHODS.iter().chain(&[method::COLOUR, method::ON_THREAD, method::CONSTRUCT]) {
            peer.call_raw(*method, &[pointer, 0]).is_exception("malformed message");
        }
    }
    peer.check();
    server.check();
}

#[test]
fn a_pointer_out_of_bounds_is_refused() {
    let server = Server::new();
    let mut peer = server.peer().bootstrap();
    let outside = [
        struct_pointer(1000, 1, 1),
        struct_pointer(-1000, 1, 1),
        struct_pointer((1 << 29) - 1, 1, 1),
        struct_pointer(-(1 << 29), 1, 1),
        struct_pointer(0, 0xffff, 0xffff),
        list_pointer(0, element::BYTE, (1 << 29) - 1),
        list_pointer(0, element::EIGHT_BYTES, (1 << 29) - 1),
        list_pointer(0, element::POINTER, 100),
        list_pointer(0, element::COMPOSITE, 100),
        list_pointer(-(1 << 29), element::BYTE, 8),
        far_pointer(false, 0, 99),
        far_pointer(false, (1 << 29) - 1, 1),
        far_pointer(true, 0, 99),
        far_pointer(true, (1 << 29) - 1, 1),
    ];
    for pointer in outside {
        for method in POINTER_METHODS {
            let outcome = peer.call_raw(*method, &[struct_pointer(0, 0, 1), pointer, 0]);
            assert!(matches!(&outcome, Outcome::Exception(_)), "@{method} took {pointer:#x}: {outcome:?}");
        }
        peer.call_raw(method::TEXT, &[pointer]).is_exception("malformed message");
    }
    peer.check();
    server.check();
}

#[test]
fn far_pointers_in_circles_are_refused() {
    let server = Server::new();
    let mut peer = server.peer().bootstrap();
    let root = struct_pointer(0, 0, 1);
    let circles: &[&[&[u64]]] = &[
        // To itself.
        &[&[root, far_pointer(false, 1, 1)]],
        &[&[root, far_pointer(true, 1, 1), far_pointer(true, 1, 1)]],
        // Back and forth between two segments.
        &[&[root, far_pointer(false, 0, 2)], &[far_pointer(false, 1, 1)]],
        &[&[root, far_pointer(true, 0, 2)], &[far_pointer(true, 0, 2), far_pointer(true, 0, 2)]],
        // A double landing pad whose tag is a far pointer itself.
        &[&[root, far_pointer(true, 0, 2)], &[far_pointer(false, 0, 1), far_pointer(false, 0, 2)]],
        // The parameters themselves.
        &[&[far_pointer(false, 0, 1)]],
        &[&[far_pointer(false, 0, 2)], &[far_pointer(false, 0, 1)]],
    ];
    for segments in circles {
        for method in POINTER_METHODS {
            let question = peer.send_call(peer.root(), TARGET, *method, segments, &[]);
            let outcome = peer.outcome(question);
            assert!(matches!(&outcome, Outcome::Exception(_)), "@{method} took {segments:x?}: {outcome:?}");
        }
    }
    peer.check();
    server.check();
}

#[test]
fn structs_and_lists_in_circles_are_refused_in_bounded_time() {
    let server = Server::new();
    let mut peer = server.peer().bootstrap();
    // A tree whose list of children is the list that it is in, once and many times over.
    for children in [1u32, 2, 50] {
        let mut words = vec![struct_pointer(0, 0, 1), struct_pointer(0, 0, 1)];
        words.push(list_pointer(0, element::COMPOSITE, children));
        words.push(struct_pointer(children as i32, 0, 1));
        for child in 0..children as i32 {
            words.push(list_pointer(-(child + 2), element::COMPOSITE, children));
        }
        peer.call_raw(method::TREE, &words).is_exception("malformed message");
    }
    // A chain whose next link is itself, and one of two links.
    for words in [
        &[struct_pointer(0, 0, 1), struct_pointer(-1, 0, 1)][..],
        &[
            struct_pointer(0, 0, 1),
            struct_pointer(0, 0, 1),
            struct_pointer(0, 0, 1),
            struct_pointer(-2, 0, 1),
        ],
    ] {
        peer.call_raw(method::CHAIN, words).is_exception("malformed message");
    }
    // A list of pointers that all point at their own list.
    for count in [1u32, 2, 100] {
        let mut words = vec![struct_pointer(0, 0, 1), list_pointer(0, element::POINTER, count)];
        words.extend((0..count as i32).map(|index| list_pointer(-(index + 1), element::POINTER, count)));
        peer.call_raw(method::TEXTS, &words).is_exception("malformed message");
    }
    peer.check();
    server.check();
}

#[test]
fn nesting_has_a_limit_and_what_keeps_it_passes() {
    let server = Server::new();
    let mut peer = server.peer().bootstrap();
    let tree = |depth: usize| {
        let mut words = vec![struct_pointer(0, 0, 1), struct_pointer(0, 0, 1)];
        for _ in 1..depth {
            words.push(list_pointer(0, element::COMPOSITE, 1));
            words.push(struct_pointer(1, 0, 1));
        }
        words.push(0);
        words
    };
    assert_eq!(peer.call_raw(method::TREE, &tree(20)), Outcome::Results(20, String::new()));
    for depth in [100, 10_000, 1_000_000] {
        peer.call_raw(method::TREE, &tree(depth)).is_exception("malformed message");
    }
    let lists = |depth: usize| {
        let mut words = vec![struct_pointer(0, 0, 1)];
        words.resize(depth, list_pointer(0, element::POINTER, 1));
        words.push(0);
        words
    };
    for depth in [100, 1_000_000] {
        peer.call_raw(method::TEXTS, &lists(depth)).is_exception("malformed message");
    }
    peer.check();
    server.check();
}

#[test]
fn a_value_that_is_too_deep_is_refused_before_it_is_sent() {
    let server = Server::new();
    let mut passed = 0;
    for length in (1..=100).chain([1000]) {
        match server.healthy().chain(Chain::of(length)) {
            Ok(links) => {
                assert_eq!(links as usize, length);
                assert_eq!(passed, length - 1, "a shorter one was refused");
                passed = length;
            }
            // At the very end of what is allowed the server's own pointers make the difference.
            Err(error) => assert!(
                error.kind() == ErrorKind::Limit || error.text().contains("deeply-nested"),
                "{length}: {error}"
            ),
        }
    }
    assert!(passed > 50, "{passed}");
    let error = server.healthy().chain(Chain::of(1000)).expect_err("an error");
    assert_eq!((error.kind(), error.origin()), (ErrorKind::Limit, Origin::Local), "{error}");
    server.check();
}

#[test]
fn many_pointers_to_one_value_cannot_fill_the_memory() {
    let server = Server::new();
    let mut peer = server.peer().bootstrap();
    // A list of a hundred thousand texts, all of them the same one of a megabyte.
    let (count, length) = (100_000u32, 1u32 << 20);
    let mut words = vec![struct_pointer(0, 0, 1), list_pointer(0, element::POINTER, count)];
    words.extend((0..count).map(|index| list_pointer((count - index - 1) as i32, element::BYTE, length)));
    words.resize(words.len() + length as usize / 8, 0);
    peer.call_raw(method::TEXTS, &words).is_exception("malformed message");
    peer.check();
    server.check();
}

#[test]
fn lists_of_nothing_cannot_claim_more_than_they_cost() {
    let server = Server::new();
    let mut peer = server.peer().bootstrap();
    let many = (1 << 29) - 1;
    let empty_structs =
        [struct_pointer(0, 0, 1), list_pointer(0, element::COMPOSITE, 0), struct_pointer(many, 0, 0)];
    for method in [method::POINTS, method::TREE, method::TEXTS, method::UNITS, method::NUMBERS] {
        let outcome = peer.call_raw(method, &empty_structs);
        assert!(matches!(&outcome, Outcome::Exception(_)), "@{method}: {outcome:?}");
    }
    let voids = [struct_pointer(0, 0, 1), list_pointer(0, element::VOID, many as u32)];
    for method in [method::UNITS, method::POINTS, method::NUMBERS, method::TEXTS] {
        let outcome = peer.call_raw(method, &voids);
        assert!(matches!(&outcome, Outcome::Exception(_)), "@{method}: {outcome:?}");
    }
    let few = [struct_pointer(0, 0, 1), list_pointer(0, element::VOID, 1000)];
    assert_eq!(peer.call_raw(method::UNITS, &few), Outcome::Results(1000, String::new()));
    peer.check();
    server.check();
}

#[test]
fn a_list_of_structs_that_disagrees_with_its_size_is_refused() {
    let server = Server::new();
    let mut peer = server.peer().bootstrap();
    let root = struct_pointer(0, 0, 1);
    let tags = [
        // More elements than words, a negative number of them, and no struct as the tag.
        (2, struct_pointer(100, 1, 1)),
        (2, struct_pointer(-1, 1, 1)),
        (2, list_pointer(1, element::BYTE, 1)),
        (2, far_pointer(false, 0, 1)),
        (0, cap_pointer(0)),
    ];
    for (words, tag) in tags {
        let params = [root, list_pointer(0, element::COMPOSITE, words), tag, 0, 0];
        for method in [method::POINTS, method::TEXTS, method::NUMBERS, method::UNITS] {
            let outcome = peer.call_raw(method, &params);
            assert!(matches!(&outcome, Outcome::Exception(_)), "@{method} took {tag:#x}: {outcome:?}");
        }
    }
    peer.check();
    server.check();
}
