//! The order in which miners take transactions that hang together.
//!
//! In: the [`Item`]s of a cluster. Out: its [`Chunk`]s in the order of mining. No other order earns
//! more at any size, no chunk can be cut into parts that pay at least as well, and ties are broken as
//! Bitcoin Core breaks them: where its budget suffices, the result is the same.
//!
//! A set of transactions is *closed* if it holds all that they spend from. The best rate of a cluster is
//! found by asking which closed set earns most above the cluster's own rate; what is in it comes before
//! the rest, and both are asked again. The question is one of a minimum cut (Picard 1976; Gallo,
//! Grigoriadis and Tarjan 1989): what transactions earn above the rate flows to the ones that they
//! spend from and that earn less, and what cannot flow off belongs to the set.

use std::cmp::Ordering;

use super::{Chunk, FeePerWeight, Item, reach};

/// The chunks in which a cluster is mined, best rate first.
pub(crate) fn chunks(items: &[Item]) -> Vec<Chunk> {
    let ancestors: Vec<Vec<bool>> = (0..items.len())
        .map(|place| {
            let mut ancestors = vec![false; items.len()];
            let reached = reach(items.len(), place, |place| &items[place].parents);
            reached.into_iter().for_each(|ancestor| ancestors[ancestor] = true);
            ancestors
        })
        .collect();
    // The order is as good as can be; what follows only moves transactions within chunks, so that each
    // stands right before one that it pays for or is paid by.
    let size = |place: usize| items[place].size;
    let back = best_order(items).into_iter().rev();
    let negative = |place: usize| FeePerWeight { fee: size(place).fee.saturating_neg(), ..size(place) };
    let groups = regroup(back, negative, |place, before| ancestors[before][place]);
    let order = groups.into_iter().flat_map(|group| group.items).collect::<Vec<_>>().into_iter().rev();
    regroup(order, size, |place, before| ancestors[place][before])
}

/// Groups of transactions in an order: each goes before groups of lower rates, unless it depends on
/// one, with which it is one group from there on. Bitcoin Core's `PostLinearize`, one pass.
fn regroup(
    order: impl Iterator<Item = usize>,
    size: impl Fn(usize) -> FeePerWeight,
    depends: impl Fn(usize, usize) -> bool,
) -> Vec<Chunk> {
    let mut groups: Vec<Chunk> = Vec::new();
    for place in order {
        let mut own = Chunk { size: size(place), items: vec![place] };
        let mut at = groups.len();
        while let Some(before) = at.checked_sub(1)
            && own.size.compare(groups[before].size).is_gt()
        {
            let other = &groups[before].items;
            if own.items.iter().any(|place| other.iter().any(|before| depends(*place, *before))) {
                let mut whole = groups.remove(before);
                whole.size = whole.size.plus(own.size);
                whole.items.append(&mut own.items);
                own = whole;
            }
            at = before;
        }
        groups.insert(at, own);
    }
    groups
}

/// An order of which each beginning earns as much as can be.
fn best_order(items: &[Item]) -> Vec<usize> {
    let mut parts = Vec::new();
    let mut left = vec![(0..items.len()).collect::<Vec<_>>()];
    left.retain(|part| !part.is_empty());
    while let Some(part) = left.pop() {
        match split(items, &part) {
            Some((first, rest)) => left.extend([first, rest]),
            None => parts.push(part),
        }
    }
    let mut chunk = vec![0; items.len()];
    for (own, part) in parts.iter().enumerate() {
        part.iter().for_each(|place| chunk[*place] = own);
    }
    let sizes: Vec<FeePerWeight> = parts.iter().map(|part| size(items, part)).collect();
    let last: Vec<_> = parts.iter().map(|part| part.iter().map(|place| items[*place].txid).max()).collect();
    let parents: Vec<Vec<usize>> = parts
        .iter()
        .enumerate()
        .map(|(own, part)| {
            let parents = part.iter().flat_map(|place| &items[*place].parents).map(|parent| chunk[*parent]);
            parents.filter(|parent| *parent != own).collect()
        })
        .collect();
    let order = arrange(&parents, |a, b| by_size(sizes[a], sizes[b]).then_with(|| last[a].cmp(&last[b])));
    order.into_iter().flat_map(|own| ordered(items, &parts[own])).collect()
}

fn size(items: &[Item], part: &[usize]) -> FeePerWeight {
    part.iter().fold(FeePerWeight::default(), |sum, place| sum.plus(items[*place].size))
}

/// The better rate first, and of those the smaller.
fn by_size(a: FeePerWeight, b: FeePerWeight) -> Ordering {
    b.compare(a).then(a.weight.cmp(&b.weight))
}

/// A chunk's transactions, parents first.
fn ordered(items: &[Item], part: &[usize]) -> Vec<usize> {
    let order = arrange(&inner_parents(items, part), |a, b| {
        let (a, b) = (&items[part[a]], &items[part[b]]);
        by_size(a.size, b.size).then_with(|| a.txid.cmp(&b.txid))
    });
    order.into_iter().map(|place| part[place]).collect()
}

/// For each of a part the parents that are in it, as places in the part.
fn inner_parents(items: &[Item], part: &[usize]) -> Vec<Vec<usize>> {
    let place = |parent: &usize| part.iter().position(|other| other == parent);
    part.iter().map(|own| items[*own].parents.iter().filter_map(place).collect()).collect()
}

/// Always the first by `compare` of those whose parents are taken.
fn arrange(parents: &[Vec<usize>], compare: impl Fn(usize, usize) -> Ordering) -> Vec<usize> {
    let mut taken = vec![false; parents.len()];
    let mut order = Vec::with_capacity(parents.len());
    loop {
        let ready = (0..parents.len())
            .filter(|place| !taken[*place] && parents[*place].iter().all(|parent| taken[*parent]));
        let Some(next) = ready.min_by(|a, b| compare(*a, *b)) else { return order };
        taken[next] = true;
        order.push(next);
    }
}

/// Cuts a part in two of which the first is closed within the part and pays at least as well as the
/// second; `None` if there is no such cut.
fn split(items: &[Item], part: &[usize]) -> Option<(Vec<usize>, Vec<usize>)> {
    if part.len() < 2 {
        return None;
    }
    let mut flow = Flow::new(items, part);
    flow.run();
    let first = if flow.above.iter().any(|above| *above > 0) {
        flow.reach(|place| flow.above[place] > 0)
    } else {
        // All that is earned above the rate has flowed off, so each set that nothing flows out of pays
        // exactly the rate.
        let own = (0..part.len()).map(|start| flow.reach(|place| place == start));
        own.into_iter().find(|reached| reached.contains(&false))?
    };
    let (first, rest): (Vec<_>, Vec<_>) = part.iter().zip(first).partition(|(_, first)| *first);
    let places = |part: Vec<(&usize, bool)>| part.into_iter().map(|(place, _)| *place).collect();
    Some((places(first), places(rest)))
}

/// What flows from transactions to those that they spend from.
struct Flow {
    /// What each earns above the rate of all and has not passed on; below it if negative, and not made
    /// up for.
    above: Vec<i128>,
    /// Child, parent, and what flows from one to the other, of which any amount may.
    edges: Vec<(usize, usize, i128)>,
    /// The edges at each.
    at: Vec<Vec<usize>>,
}

impl Flow {
    fn new(items: &[Item], part: &[usize]) -> Self {
        // Far above all bitcoin and all blocks, and low enough for sums of products.
        let fee = |place: &usize| i128::from(items[*place].size.fee.clamp(-(1 << 60), 1 << 60));
        let weight = |place: &usize| i128::from(items[*place].size.weight.min(1 << 40));
        let (fees, weights) = (part.iter().map(fee).sum::<i128>(), part.iter().map(weight).sum::<i128>());
        let above = part.iter().map(|place| fee(place) * weights - fees * weight(place)).collect();
        let mut flow = Flow { above, edges: Vec::new(), at: vec![Vec::new(); part.len()] };
        for (child, parents) in inner_parents(items, part).into_iter().enumerate() {
            for parent in parents {
                flow.at[child].push(flow.edges.len());
                flow.at[parent].push(flow.edges.len());
                flow.edges.push((child, parent, 0));
            }
        }
        flow
    }

    /// Where more could flow over an edge that is at a place: to the parent always, back to the child
    /// as much as came from there.
    fn next(&self, edge: usize, place: usize) -> Option<usize> {
        let (child, parent, flow) = self.edges[edge];
        if place == child { Some(parent) } else { (flow > 0).then_some(child) }
    }

    /// All places that more could flow to from some, these included.
    fn reach(&self, start: impl Fn(usize) -> bool) -> Vec<bool> {
        let mut reached: Vec<bool> = (0..self.at.len()).map(start).collect();
        let mut left: Vec<usize> = (0..self.at.len()).filter(|place| reached[*place]).collect();
        while let Some(place) = left.pop() {
            for next in self.at[place].iter().filter_map(|edge| self.next(*edge, place)) {
                if !std::mem::replace(&mut reached[next], true) {
                    left.push(next);
                }
            }
        }
        reached
    }

    /// The shortest way from one that has something to pass on to one that lacks something, as edges
    /// with the places that they lead to.
    fn way(&self) -> Option<(usize, Vec<(usize, usize)>)> {
        let mut came: Vec<Option<(usize, usize)>> = vec![None; self.at.len()];
        let starts: Vec<usize> = (0..self.at.len()).filter(|place| self.above[*place] > 0).collect();
        let mut found = starts.clone();
        let mut seen: Vec<bool> = self.above.iter().map(|above| *above > 0).collect();
        let mut at = 0;
        while let Some(place) = found.get(at).copied() {
            at += 1;
            if self.above[place] < 0 {
                let (mut start, mut way) = (place, Vec::new());
                while let Some((edge, before)) = came[start] {
                    way.push((edge, start));
                    start = before;
                }
                return Some((start, way));
            }
            for edge in &self.at[place] {
                if let Some(next) = self.next(*edge, place)
                    && !std::mem::replace(&mut seen[next], true)
                {
                    came[next] = Some((*edge, place));
                    found.push(next);
                }
            }
        }
        None
    }

    /// Lets flow as much as can.
    fn run(&mut self) {
        while let Some((start, way)) = self.way() {
            let Some((_, end)) = way.first().copied() else { return };
            let back = way.iter().filter(|(edge, to)| self.edges[*edge].0 == *to);
            let most = back.map(|(edge, _)| self.edges[*edge].2).min();
            let amount = self.above[start].min(-self.above[end]).min(most.unwrap_or(i128::MAX));
            for (edge, to) in way {
                let (child, _, flow) = &mut self.edges[edge];
                *flow += if *child == to { -amount } else { amount };
            }
            self.above[start] -= amount;
            self.above[end] += amount;
        }
    }
}

#[cfg(test)]
mod tests {
    use bitcoin::Txid;
    use bitcoin::hashes::Hash;
    use proptest::prelude::*;

    use super::*;
    use crate::cluster::compare;

    fn item(fee: i64, weight: i64, parents: &[usize]) -> Item {
        Item { size: FeePerWeight { fee, weight }, parents: parents.to_vec(), txid: Txid::all_zeros() }
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
        // Equal rates stay apart, the smaller first.
        assert_eq!(short(&[item(5, 10, &[]), item(5, 10, &[0])]).len(), 2);
        assert_eq!(short(&[item(6, 12, &[]), item(5, 10, &[])]), [(5, vec![1]), (6, vec![0])]);
        assert!(short(&[]).is_empty());
    }

    #[test]
    fn children_pay_together_for_what_none_pays_for_alone() {
        // Each child with the parent is worse than the other parent with its child.
        let items =
            [item(0, 10, &[]), item(15, 10, &[0]), item(15, 10, &[0]), item(4, 5, &[]), item(5, 5, &[3])];
        assert_eq!(short(&items), [(30, vec![0, 1, 2]), (9, vec![3, 4])]);
    }

    #[test]
    fn fees_that_are_no_fees_do_no_harm() {
        let huge = [item(i64::MAX, i64::MAX, &[]), item(i64::MIN, 1, &[0]), item(i64::MAX, 1, &[1])];
        assert_eq!(chunks(&huge).iter().map(|chunk| chunk.items.len()).sum::<usize>(), 3);
        assert_eq!(short(&[item(0, 0, &[]), item(0, 0, &[0])]).len(), 2);
    }

    #[test]
    fn a_large_cluster_with_all_links_is_ordered() {
        let parents: Vec<_> = (0..64).collect();
        let of = |place: usize| item(place as i64 * 7919 % 64, 10, &parents[..place]);
        let many: Vec<_> = parents.iter().map(|place| of(*place)).collect();
        let order: Vec<_> = chunks(&many).into_iter().flat_map(|chunk| chunk.items).collect();
        assert_eq!(order, (0..64).collect::<Vec<_>>());
    }

    fn graph(most: usize) -> impl Strategy<Value = Vec<Item>> {
        let node = (0..40i64, 1..12i64, any::<u64>(), any::<u8>());
        prop::collection::vec(node, 1..most).prop_map(|nodes| {
            let node = |(place, (fee, weight, links, id)): (usize, &(i64, i64, u64, u8))| {
                let parents = (0..place).filter(|parent| links >> (2 * parent) & 3 == 0);
                let size = FeePerWeight { fee: *fee, weight: *weight };
                Item { size, parents: parents.collect(), txid: Txid::from_byte_array([*id; 32]) }
            };
            nodes.iter().enumerate().map(node).collect()
        })
    }

    /// All closed sets of a part, as bits of its places.
    fn closed<'a>(items: &'a [Item], part: &'a [usize]) -> impl Iterator<Item = Vec<usize>> + 'a {
        (1..1_u32 << part.len()).filter_map(|bits| {
            let set: Vec<_> = (0..part.len()).filter(|at| bits >> at & 1 == 1).map(|at| part[at]).collect();
            let inside = |parent: &usize| set.contains(parent) || !part.contains(parent);
            set.iter().all(|place| items[*place].parents.iter().all(inside)).then_some(set)
        })
    }

    proptest! {
        #[test]
        fn chunks_hold_everything_once_with_parents_first_and_falling_rates(items in graph(20)) {
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
                prop_assert_eq!(size(&items, &chunk.items), chunk.size);
            }
        }

        #[test]
        fn no_order_earns_more_at_any_size_and_no_chunk_can_be_cut(items in graph(9)) {
            let chunks = chunks(&items);
            // The best closed set of what is left, again and again.
            let mut left: Vec<_> = (0..items.len()).collect();
            let mut best = Vec::new();
            while !left.is_empty() {
                let set = closed(&items, &left)
                    .max_by(|a, b| size(&items, a).compare(size(&items, b)))
                    .unwrap();
                best.push(size(&items, &set));
                left.retain(|place| !set.contains(place));
            }
            let found: Vec<_> = chunks.iter().map(|chunk| chunk.size).collect();
            prop_assert_eq!(compare(&found, &best), Some(Ordering::Equal));
            for chunk in &chunks {
                let mut parts = closed(&items, &chunk.items).filter(|set| set.len() < chunk.items.len());
                prop_assert!(parts.all(|set| size(&items, &set).compare(chunk.size).is_lt()));
            }
        }
    }
}
