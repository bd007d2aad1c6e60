//! What is wanted of the window from outside it.

use super::page::Page;

/// What is wanted of the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// To come to the front.
    Show,
    /// To come back, if it is hidden.
    Return,
    /// To come to the front with this page.
    Page(Page),
    /// To be closed.
    Close,
}
