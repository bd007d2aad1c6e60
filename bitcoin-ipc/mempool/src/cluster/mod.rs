//! Transactions that hang together, and what miners earn with them.
//!
//! In: fees, weights and who spends from whom. Out: groups that hang together, and comparisons of the
//! chunks in which they are taken.

mod linearize;

use std::cmp::Ordering;

use bitcoin::Txid;

pub(crate) use linearize::chunks;

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

    pub(crate) fn plus(mut self, other: Self) -> Self {
        self.add(other);
        self
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
pub(crate) struct Item {
    pub(crate) size: FeePerWeight,
    pub(crate) parents: Vec<usize>,
    /// Orders those that are alike.
    pub(crate) txid: Txid,
}

/// A run of an order that is taken as one, since its end pays for its beginning.
#[derive(Clone, Debug, Default)]
pub(crate) struct Chunk {
    pub(crate) size: FeePerWeight,
    /// Places in the list, parents first.
    pub(crate) items: Vec<usize>,
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
pub(crate) fn reach<'a>(count: usize, start: usize, next: impl Fn(usize) -> &'a [usize]) -> Vec<usize> {
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
pub(crate) fn components(items: &[Item]) -> Vec<Vec<usize>> {
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

/// Compares what miners earn with two sets of chunks, at every weight up to which they may go:
/// `None` when each is better somewhere. Bitcoin Core's `CompareChunks`.
pub(crate) fn compare(a: &[FeePerWeight], b: &[FeePerWeight]) -> Option<Ordering> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn size(fee: i64, weight: i64) -> FeePerWeight {
        FeePerWeight { fee, weight }
    }

    #[test]
    fn diagrams_are_compared_at_every_weight() {
        let better = Some(Ordering::Greater);
        assert_eq!(compare(&[size(11, 10)], &[size(10, 10)]), better);
        assert_eq!(compare(&[size(10, 10)], &[size(5, 5), size(5, 5)]), Some(Ordering::Equal));
        assert_eq!(compare(&[size(10, 9)], &[size(10, 10)]), better);
        assert_eq!(compare(&[size(12, 20)], &[size(10, 10)]), None);
        assert_eq!(compare(&[size(10, 10), size(1, 10)], &[size(10, 10)]), better);
        assert_eq!(compare(&[], &[]), Some(Ordering::Equal));
        let huge = [size(i64::MAX, i64::MAX), size(i64::MIN, i64::MAX)];
        assert_eq!(compare(&huge, &huge), Some(Ordering::Equal));
    }

    proptest! {
        #[test]
        fn a_comparison_the_other_way_round_is_the_opposite(
            a in prop::collection::vec((0..50i64, 1..50i64), 0..6),
            b in prop::collection::vec((0..50i64, 1..50i64), 0..6),
        ) {
            let sizes = |list: &[(i64, i64)]| list.iter().map(|(fee, weight)| size(*fee, *weight)).collect::<Vec<_>>();
            let (a, b) = (sizes(&a), sizes(&b));
            prop_assert_eq!(compare(&a, &b), compare(&b, &a).map(Ordering::reverse));
            prop_assert_eq!(compare(&a, &a), Some(Ordering::Equal));
            let more = [&a[..], &[size(1, 1)]].concat();
            prop_assert_eq!(compare(&more, &a), Some(Ordering::Greater));
        }
    }
}
