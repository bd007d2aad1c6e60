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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn size(fee: i64, weight: i64) -> FeePerWeight {
        FeePerWeight { fee, weight }
    }

    fn item(fee: i64, weight: i64, parents: &[usize]) -> Item {
        Item { size: size(fee, weight), parents: parents.to_vec() }
    }

    fn short(items: &[Item]) -> Vec<(i64, Vec<usize>)> {
        chunks(items).into_iter().map(|chunk| (chunk.size.fee, chunk.items)).collect()
    }

    #[test]
    fn children_pay_for_parents_but_not_parents_for_children() {
        assert_eq!(short(&[item(1, 10, &[]), item(9, 10, &[0])]), [(10, vec![0, 1])]);
        assert_eq!(short(&[item(9, 10, &[]), item(1, 10, &[0])]), [(9, vec![0]), (1, vec![1])]);
        // One child pays for the parent, the other one for itself.
        let items = [item(1, 10, &[]), item(2, 10, &[0]), item(30, 10, &[0])];
        assert_eq!(short(&items), [(31, vec![0, 2]), (2, vec![1])]);
        // Equal rates stay apart.
        assert_eq!(short(&[item(5, 10, &[]), item(5, 10, &[0])]).len(), 2);
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

    fn graph() -> impl Strategy<Value = Vec<Item>> {
        let node = (0..1000i64, 1..1000i64, any::<u64>());
        prop::collection::vec(node, 1..20).prop_map(|nodes| {
            let node = |(place, (fee, weight, links)): (usize, &(i64, i64, u64))| {
                let parents = (0..place).filter(|parent| links >> (2 * parent) & 3 == 0);
                item(*fee, *weight, &parents.collect::<Vec<_>>())
            };
            nodes.iter().enumerate().map(node).collect()
        })
    }

    proptest! {
        #[test]
        fn chunks_hold_everything_once_with_parents_first_and_falling_rates(items in graph()) {
            let chunks = chunks(&items);
            let order: Vec<_> = chunks.iter().flat_map(|chunk| &chunk.items).copied().collect();
            let mut sorted = order.clone();
            sorted.sort_unstable();
            prop_assert_eq!(sorted, (0..items.len()).collect::<Vec<_>>());
            let place = |item: usize| order.iter().position(|other| *other == item).unwrap();
            for (child, item) in items.iter().enumerate() {
                prop_assert!(item.parents.iter().all(|parent| place(*parent) < place(child)));
            }
            prop_assert!(chunks.windows(2).all(|pair| pair[0].size.compare(pair[1].size).is_ge()));
            for chunk in &chunks {
                let mut sum = FeePerWeight::default();
                chunk.items.iter().for_each(|place| sum.add(items[*place].size));
                prop_assert_eq!(sum, chunk.size);
            }
            let parts: usize = components(&items).iter().map(Vec::len).sum();
            prop_assert_eq!(parts, items.len());
        }

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
