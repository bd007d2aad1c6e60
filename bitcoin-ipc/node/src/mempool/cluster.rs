//! The order in which miners take transactions that hang together.
//!
//! In: fees, weights and who spends from whom. Out: groups that hang together, an order of each,
//! and the [`chunks`] in which it is taken.
//!
//! Bitcoin Core searches for the best order for as long as a budget lasts. Here the next
//! transactions are always the one with the best rate together with its ancestors, and these: never
//! worse than mining by ancestors, and the same for most groups.

use std::cmp::Ordering;

/// A fee in satoshi for a weight in weight units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FeePerWeight {
    /// The fee, which the user may have made negative.
    pub fee: i64,
    /// The weight; never negative.
    pub weight: i64,
}

impl FeePerWeight {
    fn add(&mut self, other: Self) {
        self.fee = self.fee.saturating_add(other.fee);
        self.weight = self.weight.saturating_add(other.weight);
    }

    fn subtract(&mut self, other: Self) {
        self.fee = self.fee.saturating_sub(other.fee);
        self.weight = self.weight.saturating_sub(other.weight);
    }

    /// Compares the quotients.
    #[must_use]
    pub fn compare(self, other: Self) -> Ordering {
        let product = |fee: i64, weight: i64| i128::from(fee) * i128::from(weight);
        product(self.fee, other.weight).cmp(&product(other.fee, self.weight))
    }

    /// The weight in virtual bytes, rounded up.
    #[must_use]
    pub fn vsize(self) -> u64 {
        u64::try_from(self.weight).unwrap_or(0).div_ceil(4)
    }
}

/// A transaction and those that it spends from, by their places in the same list.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) size: FeePerWeight,
    pub(super) parents: Vec<usize>,
}

/// A run of an order that is taken as one, since its end pays for its beginning.
#[derive(Clone, Debug, Default)]
pub(super) struct Chunk {
    pub(super) size: FeePerWeight,
    /// Places in the list, parents first.
    pub(super) items: Vec<usize>,
}

fn children(items: &[Item]) -> Vec<Vec<usize>> {
    let mut children = vec![Vec::new(); items.len()];
    for (place, item) in items.iter().enumerate() {
        for parent in &item.parents {
            children[*parent].push(place);
        }
    }
    children
}

/// Everything that can be reached, the start included.
fn reach<'a>(count: usize, start: usize, next: impl Fn(usize) -> &'a [usize]) -> Vec<usize> {
    let mut seen = vec![false; count];
    seen[start] = true;
    let mut found = vec![start];
    let mut at = 0;
    while let Some(place) = found.get(at).copied() {
        at += 1;
        for other in next(place) {
            if !std::mem::replace(&mut seen[*other], true) {
                found.push(*other);
            }
        }
    }
    found
}

/// The groups that hang together, each as places in the list.
pub(super) fn components(items: &[Item]) -> Vec<Vec<usize>> {
    let mut near = children(items);
    for (place, item) in items.iter().enumerate() {
        near[place].extend(&item.parents);
    }
    let mut seen = vec![false; items.len()];
    let mut groups = Vec::new();
    for start in 0..items.len() {
        if seen[start] {
            continue;
        }
        let group = reach(items.len(), start, |place| &near[place]);
        for place in &group {
            seen[*place] = true;
        }
        groups.push(group);
    }
    groups
}

/// An order with parents first: always the rest's best with its ancestors.
fn order(items: &[Item]) -> Vec<usize> {
    let count = items.len();
    let children = children(items);
    let ancestors: Vec<_> =
        (0..count).map(|place| reach(count, place, |place| &items[place].parents)).collect();
    let mut totals: Vec<_> = ancestors
        .iter()
        .map(|ancestors| {
            let mut total = FeePerWeight::default();
            ancestors.iter().for_each(|place| total.add(items[*place].size));
            total
        })
        .collect();
    let mut taken = vec![false; count];
    let mut order = Vec::with_capacity(count);
    loop {
        let left = (0..count).filter(|place| !taken[*place]);
        let better = |a: &usize, b: &usize| {
            let smaller = totals[*b].weight.cmp(&totals[*a].weight);
            totals[*a].compare(totals[*b]).then(smaller).then(b.cmp(a))
        };
        let Some(best) = left.max_by(better) else { return order };
        let mut next: Vec<_> = ancestors[best].iter().copied().filter(|place| !taken[*place]).collect();
        // Each one has more ancestors than any of these.
        next.sort_by_key(|place| ancestors[*place].len());
        for place in &next {
            taken[*place] = true;
        }
        for place in &next {
            for below in reach(count, *place, |place| &children[place]) {
                if !taken[below] {
                    totals[below].subtract(items[*place].size);
                }
            }
        }
        order.extend(next);
    }
}

/// The chunks in which a group is mined, best rate first.
pub(super) fn chunks(items: &[Item]) -> Vec<Chunk> {
    let mut chunks: Vec<Chunk> = Vec::new();
    for place in order(items) {
        let mut chunk = Chunk { size: items[place].size, items: vec![place] };
        while let Some(before) = chunks.pop_if(|before| chunk.size.compare(before.size).is_gt()) {
            chunk.size.add(before.size);
            chunk.items = [before.items, chunk.items].concat();
        }
        chunks.push(chunk);
    }
    chunks
}

/// Compares what miners earn with two sets of chunks, at every weight up to which they may go:
/// `None` when each is better somewhere. Bitcoin Core's `CompareChunks`.
pub(super) fn compare(a: &[FeePerWeight], b: &[FeePerWeight]) -> Option<Ordering> {
    let curve = |chunks: &[FeePerWeight]| {
        let mut sorted = chunks.to_vec();
        sorted.sort_by(|a, b| b.compare(*a));
        let mut sum = FeePerWeight::default();
        let points = sorted.into_iter().map(|chunk| {
            sum.add(chunk);
            sum
        });
        std::iter::once(FeePerWeight::default()).chain(points.collect::<Vec<_>>()).collect::<Vec<_>>()
    };
    let (a, b) = (curve(a), curve(b));
    let mut result = Ordering::Equal;
    for point in a.iter().chain(&b) {
        let ((a, over_a), (b, over_b)) = (earned(&a, point.weight), earned(&b, point.weight));
        match a.saturating_mul(over_b).cmp(&b.saturating_mul(over_a)) {
            Ordering::Equal => {}
            here if result == Ordering::Equal => result = here,
            here if result != here => return None,
            _ => {}
        }
    }
    Some(result)
}

/// The height of a curve at a weight, as a fraction. Beyond its end it is level.
fn earned(curve: &[FeePerWeight], weight: i64) -> (i128, i128) {
    // Far above all bitcoin, and low enough for the products of two fractions.
    let fee = |point: &FeePerWeight| i128::from(point.fee.clamp(-(1 << 60), 1 << 60));
    let after = curve.partition_point(|point| point.weight <= weight);
    let Some(before) = after.checked_sub(1).and_then(|before| curve.get(before)) else { return (0, 1) };
    let Some(next) = curve.get(after) else { return (fee(before), 1) };
    let step = i128::from(next.weight - before.weight);
    let rise = (fee(next) - fee(before)) * i128::from(weight - before.weight);
    (fee(before) * step + rise, step)
}
