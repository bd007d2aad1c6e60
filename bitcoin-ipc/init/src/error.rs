//! What can go wrong before a program serves anything.
//!
//! In: a text for the user. Out: the error that carries it.

/// A mistake in options or files, or a failure of the system, in words for the user that say what
/// to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct Error {
    text: String,
}

impl Error {
    /// An error with this text.
    pub fn new(text: impl Into<String>) -> Self {
        Error { text: text.into() }
    }

    /// What to show the user.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// A result whose error is for the user.
pub type Result<T, E = Error> = std::result::Result<T, E>;
