//! What differs between two texts.
//!
//! In: two texts. Out: the lines that are gone and those that are new, with a few around them.

/// Lines around a difference.
const AROUND: usize = 2;

/// The difference, line by line: `-` for what is gone, `+` for what is new, a space for what stays.
pub(crate) fn lines<'t>(old: &'t str, new: &'t str) -> Vec<(char, &'t str)> {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    // The lengths of the longest common parts of what is left of each.
    let mut longest = vec![vec![0u32; new.len() + 1]; old.len() + 1];
    for one in (0..old.len()).rev() {
        for other in (0..new.len()).rev() {
            longest[one][other] = if old[one] == new[other] {
                longest[one + 1][other + 1] + 1
            } else {
                longest[one + 1][other].max(longest[one][other + 1])
            };
        }
    }
    let (mut one, mut other, mut all) = (0, 0, Vec::new());
    while one < old.len() || other < new.len() {
        if one < old.len() && other < new.len() && old[one] == new[other] {
            all.push((' ', old[one]));
            (one, other) = (one + 1, other + 1);
        } else if other == new.len() || one < old.len() && longest[one + 1][other] >= longest[one][other + 1]
        {
            all.push(('-', old[one]));
            one += 1;
        } else {
            all.push(('+', new[other]));
            other += 1;
        }
    }
    let changed: Vec<usize> = (0..all.len()).filter(|index| all[*index].0 != ' ').collect();
    let near = |index: usize| changed.iter().any(|change| change.abs_diff(index) <= AROUND);
    let mut shown: Vec<(char, &str)> = Vec::new();
    let mut last = None;
    for (index, line) in all.into_iter().enumerate().filter(|(index, _)| near(*index)) {
        if last.is_some_and(|last| last + 1 != index) {
            shown.push(('…', ""));
        }
        last = Some(index);
        shown.push(line);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::lines;

    #[test]
    fn what_changed_stands_among_what_did_not() {
        let old = "a\nb\nc\nd\ne\nf\ng\nh\ni";
        let new = "a\nb\nc\nD\ne\nf\ng\nh\ni\nj";
        let shown: Vec<String> =
            lines(old, new).into_iter().map(|(mark, line)| format!("{mark}{line}")).collect();
        assert_eq!(shown, [" b", " c", "-d", "+D", " e", " f", "…", " h", " i", "+j"]);
        assert!(lines(old, old).is_empty());
    }
}
