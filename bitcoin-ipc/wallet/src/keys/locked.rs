//! A key that is kept out of swap space, where the system allows that.
//!
//! In: what writes a key. Out: its bytes, which are wiped when it is dropped.

use region::LockGuard;
use zeroize::{Zeroize as _, Zeroizing};

/// How long a key is.
const LENGTH: usize = 32;

/// A key on a page of its own: pages are locked as a whole, and let go as a whole.
pub(super) struct LockedKey {
    lock: Option<LockGuard>,
    /// A page, and what is before and after it.
    room: Zeroizing<Vec<u8>>,
    start: usize,
}

impl LockedKey {
    /// Has a key written to where it stays. A system that locks no memory for this user, or no more of it, does not
    /// keep the key from being used.
    pub(super) fn new(write: impl FnOnce(&mut [u8; LENGTH])) -> Self {
        let page = region::page::size();
        let room = Zeroizing::new(vec![0; 2 * page]);
        let start = room.as_ptr().align_offset(page);
        let lock = region::lock(room[start..].as_ptr(), page)
            .inspect_err(|error| tracing::debug!(target: "wallet", %error, "a key may be swapped out"))
            .ok();
        let mut key = LockedKey { lock, room, start };
        write(key.bytes_mut());
        key
    }

    fn bytes_mut(&mut self) -> &mut [u8; LENGTH] {
        self.room[self.start..].first_chunk_mut().expect("a page is larger than a key")
    }

    #[cfg(test)]
    fn is_locked(&self) -> bool {
        self.lock.is_some()
    }
}

impl std::ops::Deref for LockedKey {
    type Target = [u8; LENGTH];

    fn deref(&self) -> &[u8; LENGTH] {
        self.room[self.start..].first_chunk().expect("a page is larger than a key")
    }
}

impl Drop for LockedKey {
    fn drop(&mut self) {
        // In this order: nothing of the key may be swapped out, and the page is there as long as its lock.
        self.bytes_mut().zeroize();
        drop(self.lock.take());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The line of the process's memory map that says so of an address.
    fn flags(address: usize) -> String {
        let maps = std::fs::read_to_string("/proc/self/smaps").unwrap();
        let mut inside = false;
        for line in maps.lines() {
            if let Some((from, to)) = line.split(' ').next().and_then(|range| range.split_once('-'))
                && let (Ok(from), Ok(to)) = (usize::from_str_radix(from, 16), usize::from_str_radix(to, 16))
            {
                inside = (from..to).contains(&address);
            } else if let Some(flags) = line.strip_prefix("VmFlags:").filter(|_| inside) {
                return format!("{flags} ");
            }
        }
        panic!("{address:x} is nowhere");
    }

    #[test]
    fn keys_are_locked_each_for_itself() {
        let keys: Vec<LockedKey> = (0..20).map(|number| LockedKey::new(|key| key.fill(number))).collect();
        for (number, key) in (0..).zip(&keys) {
            assert_eq!(**key, [number; LENGTH]);
            assert_eq!(flags(key.as_ptr().addr()).contains(" lo "), key.is_locked());
        }
        // The end of one does not unlock another one.
        let mut left: Vec<LockedKey> = keys.into_iter().step_by(2).collect();
        left.retain(|key| flags(key.as_ptr().addr()).contains(" lo ") == key.is_locked());
        assert_eq!(left.len(), 10);
        assert!(left.iter().zip((0..20).step_by(2)).all(|(key, number)| **key == [number; LENGTH]));
    }
}
