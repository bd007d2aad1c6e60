//! Whose process may be the node.
//!
//! In: the credentials of the process that serves a socket. Out: whether it is to be spoken to.

use std::path::Path;

use mp_runtime::{Error, ErrorKind, PeerCredentials, Result};

/// Whose processes are taken for a node. Who can write to the directory of a socket can put another one
/// there, and would hear passphrases.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Trust {
    /// Those of this process's own user, and of root.
    #[default]
    OwnOrRoot,
    /// Those, and those of the user with this number.
    User(u32),
    /// Everybody's.
    Anyone,
}

impl Trust {
    /// Refuses whoever serves the socket at `path` if it is not to be trusted.
    ///
    /// # Errors
    ///
    /// When it is not; the text says who it is.
    pub fn check(self, path: &Path, peer: PeerCredentials) -> Result<()> {
        match self {
            Trust::Anyone => Ok(()),
            Trust::User(uid) if uid == peer.uid => Ok(()),
            _ if peer.is_own_or_root() => Ok(()),
            Trust::OwnOrRoot | Trust::User(_) => Err(Error::new(
                ErrorKind::Io,
                format!(
                    "whoever serves {} is user {}, who is neither this one nor root, and may stand in for the \
                     node; if that user runs the node, say so (ConnectOptions::trust, -ipctrust={})",
                    path.display(),
                    peer.uid,
                    peer.uid
                ),
            )),
        }
    }
}

impl std::str::FromStr for Trust {
    type Err = Error;

    /// Reads `own`, `any` or the number of a user.
    fn from_str(text: &str) -> Result<Self> {
        match text {
            "own" => Ok(Trust::OwnOrRoot),
            "any" => Ok(Trust::Anyone),
            _ => text.parse().map(Trust::User).map_err(|_| {
                Error::bad_value(format!("`{text}` is nobody; write `own`, `any` or the number of a user"))
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_are_refused_unless_they_are_trusted() {
        let own =
            mp_runtime::PeerCredentials::of(&std::os::unix::net::UnixStream::pair().expect("sockets").0);
        let own = own.expect("credentials");
        let mut stranger = own;
        stranger.uid = own.uid + 4711;
        let mut root = own;
        root.uid = 0;
        let path = Path::new("/tmp/node.sock");
        let number = stranger.uid.to_string();
        for (text, trusted) in [("own", false), ("1", false), (number.as_str(), true), ("any", true)] {
            let trust: Trust = text.parse().expect("a word");
            assert_eq!(trust.check(path, stranger).is_ok(), trusted, "{text}");
            assert_eq!((trust.check(path, own), trust.check(path, root)), (Ok(()), Ok(())), "{text}");
        }
        let error = Trust::default().check(path, stranger).expect_err("a stranger");
        assert!(error.text().contains(&format!("whoever serves /tmp/node.sock is user {number}")), "{error}");
        for text in ["", "root", "-1", "4294967296"] {
            assert!(text.parse::<Trust>().is_err(), "{text}");
        }
    }
}
