//! The objects of the peer that this process holds, by the peer's numbers.
//!
//! In: capabilities that arrive, promises that are resolved, releases that leave. Out: whether there may be more,
//! and whether capnp-rpc can follow the promises: it does so in loops and by recursion, without end or bound.
//!
//! Invariants: an entry is here as long as capnp-rpc has one. No promise leads to itself, and none of those that
//! capnp-rpc may have strung together has more than `depth` behind it.

use std::collections::HashMap;

/// The table.
pub(super) struct Imports {
    table: HashMap<u32, Import>,
    most: usize,
    depth: usize,
}

#[derive(Default)]
struct Import {
    /// What the promise was resolved to, if that is an object of the peer too.
    target: Option<u32>,
    /// How many promises lead here, one behind the other; they may be forgotten, and followed all the same.
    behind: usize,
}

impl Imports {
    pub(super) fn new(most: usize, depth: usize) -> Self {
        Imports { table: HashMap::new(), most, depth }
    }

    /// Whether so many more may come.
    pub(super) fn have_room(&self, count: usize) -> bool {
        self.table.len() + count <= self.most
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.table.len()
    }

    /// An object has arrived.
    pub(super) fn arrives(&mut self, id: u32) {
        self.table.entry(id).or_default();
    }

    /// The last reference on an object has gone.
    pub(super) fn released(&mut self, id: u32) {
        self.table.remove(&id);
    }

    /// A promise is resolved to another object of the peer.
    ///
    /// # Errors
    ///
    /// When it would lead to itself, or along too many others.
    pub(super) fn resolved(&mut self, promise: u32, target: u32) -> capnp::Result<()> {
        let Some(import) = self.table.get_mut(&promise) else { return Ok(()) };
        import.target = Some(target);
        let mut behind = import.behind;
        let mut next = Some(target);
        while let Some(id) = next {
            behind += 1;
            if id == promise {
                return Err(capnp::Error::failed(format!("promise {promise} is resolved to itself")));
            }
            if behind > self.depth {
                return Err(capnp::Error::failed(format!(
                    "promises are resolved to each other over more than {} steps",
                    self.depth
                )));
            }
            let import = self.table.entry(id).or_default();
            import.behind = import.behind.max(behind);
            next = import.target;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn imports(ids: impl IntoIterator<Item = u32>) -> Imports {
        let mut imports = Imports::new(1_000, 64);
        ids.into_iter().for_each(|id| imports.arrives(id));
        imports
    }

    #[test]
    fn circles_of_any_length_are_found() {
        let mut one = imports([7]);
        assert!(one.resolved(7, 7).is_err());
        for length in [2, 3, 10, 60] {
            let mut imports = imports(0..length);
            for id in 0..length - 1 {
                assert!(imports.resolved(id, id + 1).is_ok());
            }
            assert!(imports.resolved(length - 1, 0).is_err(), "{length}");
        }
        // Closed from behind: each is resolved to the one before it.
        let mut imports = imports(0..10);
        for id in 1..10 {
            assert!(imports.resolved(id, id - 1).is_ok());
        }
        assert!(imports.resolved(0, 9).is_err());
    }

    #[test]
    fn chains_are_counted_also_when_their_first_links_are_forgotten() {
        let mut imports = imports([0]);
        let failed = (0..100).find(|id| {
            imports.arrives(id + 1);
            let resolved = imports.resolved(*id, id + 1);
            imports.released(*id);
            resolved.is_err()
        });
        assert_eq!(failed, Some(64));
    }

    #[test]
    fn a_chain_that_grows_at_its_head_is_as_long_as_any_other() {
        let mut imports = imports(0..200);
        let failed = (1..200).find(|id| imports.resolved(*id, id - 1).is_err());
        assert_eq!(failed, Some(65));
    }

    #[test]
    fn numbers_may_be_used_again() {
        let mut imports = imports([1, 2]);
        imports.resolved(1, 2).expect("a promise and an object");
        imports.released(1);
        imports.arrives(1);
        imports.resolved(2, 1).expect("another promise of the same number");
    }
}
