//! The releases of Bitcoin Core that a node may be.
//!
//! In: the traits of [`interfaces`](crate::interfaces), which say what each release has in another form.
//! Out: the forms by release, and what serves them. A peer of an older release is used, and served, by way of
//! the traits of today; what it lacks is an error. The releases renumbered methods without
//! changing the ids of interfaces, so a call in the wrong form runs another method: a client has to
//! know the release before its first call of Mining.

mod init;
mod serve;
pub mod v30;
pub mod v31;
pub mod v32;

pub use serve::Services;

/// A release of Bitcoin Core, by the form of its mining interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Release {
    /// 30.x, the first with a mining interface.
    V30,
    /// 31.x.
    V31,
    /// 32.x.
    V32,
}

impl Release {
    /// All releases, the oldest first.
    pub const ALL: [Release; 3] = [Release::V30, Release::V31, Release::V32];

    /// The number before the dot.
    #[must_use]
    pub const fn number(self) -> u32 {
        match self {
            Release::V30 => 30,
            Release::V31 => 31,
            Release::V32 => 32,
        }
    }
}

impl std::fmt::Display for Release {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "v{}", self.number())
    }
}

impl std::str::FromStr for Release {
    type Err = mp_runtime::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = text.trim_start_matches('v').split('.').next().unwrap_or_default();
        let found = Release::ALL.into_iter().find(|release| release.number().to_string() == number);
        found.ok_or_else(|| {
            mp_runtime::Error::bad_value(format!("`{text}` is none of the releases v30, v31, v32"))
        })
    }
}
