//! Payment URIs between windows.
//!
//! In: a URI of a second start. Out: the same in the first window, which listens beside the node's files, for processes
//! of the same user alone.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use mp_runtime::{PeerCredentials, try_connect};

/// How long the other window may take.
const PATIENCE: Duration = Duration::from_secs(2);
/// The most bytes of a URI.
const LONGEST: u64 = 8_192;

/// Where the first window listens.
pub(super) fn socket(network_dir: &Path) -> PathBuf {
    network_dir.join("gui.sock")
}

/// Hands a URI to the window that listens, if there is one. Says whether it was taken.
pub(super) fn hand_over(socket: &Path, uri: &str) -> bool {
    let handed = || -> std::io::Result<bool> {
        let mut stream = try_connect(socket)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        stream.write_all(uri.as_bytes())?;
        stream.write_all(b"\n")?;
        let mut answer = [0; 1];
        stream.read_exact(&mut answer)?;
        Ok(answer == *b"+")
    };
    handed().unwrap_or_default()
}

/// Listens, if no other window does, and gives each URI to `take`, which says whether it is one. The socket is gone when
/// what is returned is dropped.
pub(super) fn listen(socket: PathBuf, take: impl Fn(&str) -> bool + Send + 'static) -> Option<Listening> {
    if try_connect(&socket).is_ok() {
        return None;
    }
    // What a killed window has left.
    let _ = std::fs::remove_file(&socket);
    let listener = UnixListener::bind(&socket).ok()?;
    let listening = Listening(socket);
    std::thread::Builder::new()
        .name("uris".to_owned())
        .spawn(move || {
            for stream in listener.incoming().flatten() {
                // One that says nothing is left after a moment.
                let _ = hear(stream, &take);
            }
        })
        .ok()?;
    Some(listening)
}

fn hear(mut stream: UnixStream, take: &impl Fn(&str) -> bool) -> std::io::Result<()> {
    let own = PeerCredentials::of(&stream).is_ok_and(|peer| peer.is_own_or_root());
    if !own {
        return Ok(());
    }
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut line = String::new();
    BufReader::new((&stream).take(LONGEST)).read_line(&mut line)?;
    let taken = take(line.trim_end());
    stream.write_all(if taken { b"+" } else { b"-" })
}

/// The socket on which a window listens.
pub(super) struct Listening(PathBuf);

impl Drop for Listening {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn a12_a_uri_reaches_the_first_window() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = socket(folder.path());
        assert!(!hand_over(&path, "bitcoin:x"), "there is no window");
        let (tell, told) = mpsc::channel();
        let take = move |uri: &str| {
            let good = uri.starts_with("bitcoin:");
            if good {
                tell.send(uri.to_owned()).expect("a hearer");
            }
            good
        };
        let listening = listen(path.clone(), take).expect("a socket");
        assert!(hand_over(&path, "bitcoin:x"));
        assert_eq!(told.recv(), Ok("bitcoin:x".to_owned()));
        assert!(!hand_over(&path, "nonsense"), "it is not taken");
        assert!(listen(path.clone(), |_| true).is_none(), "one window listens");
        drop(listening);
        assert!(!path.exists());
    }
}
