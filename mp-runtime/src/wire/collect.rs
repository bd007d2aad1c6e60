//! Collections that a wire list is read into.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::{BuildHasher, Hash};

/// Elements to reserve room for on a peer's word alone.
const ROOM: usize = 1024;

/// A collection that grows by one element at a time.
pub(crate) trait Collect<T> {
    /// An empty collection that expects this many elements.
    fn with_room(elements: usize) -> Self;
    /// Adds an element.
    fn add(&mut self, item: T);
}

impl<T> Collect<T> for Vec<T> {
    fn with_room(elements: usize) -> Self {
        Vec::with_capacity(elements.min(ROOM))
    }

    fn add(&mut self, item: T) {
        self.push(item);
    }
}

impl<T: Ord> Collect<T> for BTreeSet<T> {
    fn with_room(_: usize) -> Self {
        BTreeSet::new()
    }

    fn add(&mut self, item: T) {
        self.insert(item);
    }
}

impl<T: Eq + Hash, S: BuildHasher + Default> Collect<T> for HashSet<T, S> {
    fn with_room(elements: usize) -> Self {
        HashSet::with_capacity_and_hasher(elements.min(ROOM), S::default())
    }

    fn add(&mut self, item: T) {
        self.insert(item);
    }
}

impl<K: Ord, V> Collect<(K, V)> for BTreeMap<K, V> {
    fn with_room(_: usize) -> Self {
        BTreeMap::new()
    }

    fn add(&mut self, (key, value): (K, V)) {
        self.insert(key, value);
    }
}

impl<K: Eq + Hash, V, S: BuildHasher + Default> Collect<(K, V)> for HashMap<K, V, S> {
    fn with_room(elements: usize) -> Self {
        HashMap::with_capacity_and_hasher(elements.min(ROOM), S::default())
    }

    fn add(&mut self, (key, value): (K, V)) {
        self.insert(key, value);
    }
}
