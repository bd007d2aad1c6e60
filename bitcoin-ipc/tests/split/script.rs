//! What an implementation will be called with, and what it answers.
//!
//! In: a call as a test expects it, with an answer. Out: the answer, if the call that comes is that
//! one. Arguments are compared as Rust shows them for debugging, which is the same for a value and
//! for a reference.

use std::any::Any;
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// Calls to come, in their order.
#[derive(Default)]
pub(crate) struct Script(Mutex<VecDeque<Line>>);

struct Line {
    method: &'static str,
    arguments: String,
    answer: Box<dyn Any + Send>,
}

impl Script {
    /// Adds a call to those that will come.
    pub(crate) fn expect<A: Send + 'static>(&self, method: &'static str, arguments: String, answer: A) {
        let line = Line { method, arguments, answer: Box::new(answer) };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push_back(line);
    }

    /// Answers the call that has come.
    pub(crate) fn play<A: 'static>(&self, method: &str, arguments: String) -> A {
        let line = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        let line = line.unwrap_or_else(|| panic!("nobody expected {method}{arguments}"));
        assert_eq!((method, &arguments), (line.method, &line.arguments));
        *line.answer.downcast().expect("an answer of the method's type")
    }
}

/// Makes a call, and checks that its arguments arrive and that the answer comes back.
macro_rules! same {
    ($script:expr, $object:ident.$method:ident($($argument:expr),* $(,)?), $answer:expr $(,)?) => {{
        let answer = $answer;
        $script.expect(stringify!($method), format!("{:?}", ($(&$argument,)*)), Clone::clone(&answer));
        assert_eq!($object.$method($($argument),*), Ok(answer));
    }};
}
pub(crate) use same;

/// Implements methods by the script of `self`.
macro_rules! played {
    ($(fn $method:ident(&self $(, $argument:ident: $ty:ty)* $(,)?) -> $answer:ty;)*) => {$(
        fn $method(&self $(, $argument: $ty)*) -> bitcoin_ipc::Result<$answer> {
            Ok(self.script.play(stringify!($method), format!("{:?}", ($(&$argument,)*))))
        }
    )*};
}
pub(crate) use played;
