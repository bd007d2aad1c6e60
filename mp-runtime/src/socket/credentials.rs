//! Whose process is at the other end of a socket.
//!
//! In: a connected socket. Out: user, group and process, as the system knows them, which the peer cannot
//! invent.

use std::collections::BTreeSet;
use std::os::unix::net::UnixStream;

use crate::error::{Error, ErrorKind, Result};

/// The process at the other end of a socket, or for a socket that listened, the process that had it listen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PeerCredentials {
    /// The number of its user.
    pub uid: u32,
    /// The number of its group.
    pub gid: u32,
    /// Its own number, where the system tells it: not for a process of another container, for example.
    pub pid: Option<u32>,
}

impl PeerCredentials {
    /// Asks the system.
    ///
    /// # Errors
    ///
    /// When the system does not tell.
    pub fn of(stream: &UnixStream) -> Result<Self> {
        ask(stream).map_err(|error| {
            let text = format!("the system does not tell whose process the peer is: {error}");
            Error::new(ErrorKind::Io, text).because(std::io::Error::from(error))
        })
    }

    /// Whether the peer's user is this process's own, or root, who can do everything in its name anyway.
    #[must_use]
    pub fn is_own_or_root(&self) -> bool {
        self.uid == 0 || self.uid == rustix::process::geteuid().as_raw()
    }

    /// Refuses a peer whose user is neither this process's own nor root.
    ///
    /// # Errors
    ///
    /// When it is another one; the text names it.
    pub(crate) fn check(&self) -> Result<()> {
        if self.is_own_or_root() {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Io,
            format!(
                "the process that serves this socket belongs to user {}, and is not trusted by this one of user \
                 {}: anybody can put a socket where a server is expected",
                self.uid,
                rustix::process::geteuid().as_raw()
            ),
        ))
    }
}

/// Whose processes a server serves: those of this process's own user and of root, and of others that are named.
///
/// The system says who they are, so nobody can pretend to be somebody else.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllowedPeers {
    users: BTreeSet<u32>,
    groups: BTreeSet<u32>,
}

impl AllowedPeers {
    /// Nobody but this process's own user and root.
    #[must_use]
    pub fn own() -> Self {
        Self::default()
    }

    /// And the user of this number.
    #[must_use]
    pub fn with_user(mut self, uid: u32) -> Self {
        self.users.insert(uid);
        self
    }

    /// And whoever runs as this group, which is the one group of a process that the system tells.
    #[must_use]
    pub fn with_group(mut self, gid: u32) -> Self {
        self.groups.insert(gid);
        self
    }

    /// Whether a peer is one of them.
    #[must_use]
    pub fn allow(&self, peer: &PeerCredentials) -> bool {
        peer.is_own_or_root() || self.users.contains(&peer.uid) || self.groups.contains(&peer.gid)
    }

    /// Whether nobody but the own user and root is.
    pub(crate) fn are_own(&self) -> bool {
        self.users.is_empty() && self.groups.is_empty()
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn ask(stream: &UnixStream) -> nix::Result<PeerCredentials> {
    let found = nix::sys::socket::getsockopt(stream, nix::sys::socket::sockopt::PeerCredentials)?;
    let pid = u32::try_from(found.pid()).ok().filter(|pid| *pid != 0);
    Ok(PeerCredentials { uid: found.uid(), gid: found.gid(), pid })
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn ask(stream: &UnixStream) -> nix::Result<PeerCredentials> {
    let (uid, gid) = nix::unistd::getpeereid(stream)?;
    Ok(PeerCredentials { uid: uid.as_raw(), gid: gid.as_raw(), pid: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_in_this_process_is_this_process() {
        let (near, _far) = UnixStream::pair().expect("sockets");
        let found = PeerCredentials::of(&near).expect("an answer");
        assert_eq!(found.uid, rustix::process::geteuid().as_raw());
        assert_eq!(found.gid, rustix::process::getegid().as_raw());
        assert_eq!(found.pid, Some(std::process::id()));
        assert_eq!(found.check(), Ok(()));
    }

    #[test]
    fn others_are_allowed_by_name() {
        let own = rustix::process::geteuid().as_raw();
        let of = |uid, gid| PeerCredentials { uid, gid, pid: None };
        let (friend, group, other) = (own + 1, own + 2, own + 3);
        let allowed = AllowedPeers::own().with_user(friend).with_group(group);
        let peers = [of(own, other), of(0, other), of(friend, other), of(other, group)];
        assert!(peers.iter().all(|peer| allowed.allow(peer)));
        assert!(!allowed.allow(&of(other, other)) && !allowed.allow(&of(group, friend)));
        assert!(!AllowedPeers::own().allow(&of(friend, group)));
        assert!(AllowedPeers::own().are_own() && !allowed.are_own());
    }

    #[test]
    fn another_user_is_refused_and_root_is_not() {
        let of = |uid| PeerCredentials { uid, gid: 0, pid: None };
        let other = rustix::process::geteuid().as_raw() + 4711;
        let error = of(other).check().expect_err("another user");
        assert!(error.text().contains(&format!("belongs to user {other},")), "{error}");
        assert_eq!(of(0).check(), Ok(()));
    }
}
