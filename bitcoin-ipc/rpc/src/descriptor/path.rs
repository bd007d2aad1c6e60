//! Paths of keys (BIP 32), also with several numbers in one place (BIP 389).
//!
//! In: texts between slashes. Out: the steps, and the same as text; errors in Bitcoin Core's words.

use std::collections::HashSet;
use std::fmt::Write as _;

use bitcoin::bip32::{self, ChildNumber};

/// How a key goes on after its path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Derive {
    /// Not at all.
    Nothing,
    /// By the number of the script.
    Normal,
    /// By the same, hardened.
    Hardened,
}

impl Derive {
    /// The last step at a number; `None` if there is none.
    pub(super) fn step(self, number: u32) -> Result<Option<ChildNumber>, bip32::Error> {
        match self {
            Derive::Nothing => Ok(None),
            Derive::Normal => ChildNumber::from_normal_idx(number).map(Some),
            Derive::Hardened => ChildNumber::from_hardened_idx(number).map(Some),
        }
    }
}

/// One step, and whether it is hardened by an apostrophe.
fn step(text: &str) -> Result<(ChildNumber, Option<bool>), String> {
    let Some(last) = text.chars().last() else {
        return Err("Key path value '' is not valid".to_owned());
    };
    let digits = text.strip_suffix(['\'', 'h']).unwrap_or(text);
    let number = digits.parse::<u32>().ok().filter(|_| digits.bytes().all(|byte| byte.is_ascii_digit()));
    let Some(number) = number else {
        return Err(format!("Key path value '{text}' is not a valid uint32"));
    };
    let hardened = digits.len() < text.len();
    let step =
        if hardened { ChildNumber::from_hardened_idx(number) } else { ChildNumber::from_normal_idx(number) };
    let step = step.map_err(|_| format!("Key path value {number} is out of range"))?;
    Ok((step, hardened.then_some(last == '\'')))
}

/// Reads steps. One of them may have several numbers, which make as many paths. `apostrophe` changes with
/// each hardened step.
pub(super) fn parse(
    steps: &[&str],
    apostrophe: &mut bool,
    several: bool,
) -> Result<Vec<Vec<ChildNumber>>, String> {
    let mut path = Vec::new();
    let mut choice: Option<(usize, Vec<ChildNumber>)> = None;
    let mut read = |text: &str| {
        let (step, with_apostrophe) = step(text)?;
        *apostrophe = with_apostrophe.unwrap_or(*apostrophe);
        Ok::<_, String>(step)
    };
    for text in steps {
        let Some(inside) = text.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')) else {
            path.push(read(text)?);
            continue;
        };
        if !several {
            return Err(format!(
                "Key path value '{text}' specifies multipath in a section where multipath is not allowed"
            ));
        }
        if choice.is_some() {
            return Err("Multiple multipath key path specifiers found".to_owned());
        }
        let texts: Vec<&str> = inside.split(';').collect();
        if texts.len() < 2 {
            return Err("Multipath key path specifiers must have at least two items".to_owned());
        }
        let (mut numbers, mut seen) = (Vec::new(), HashSet::new());
        for text in texts {
            let number = read(text)?;
            if !seen.insert(number) {
                let number = u32::from(number);
                return Err(format!("Duplicated key path value {number} in multipath specifier"));
            }
            numbers.push(number);
        }
        choice = Some((path.len(), numbers));
        path.push(ChildNumber::Normal { index: 0 });
    }
    let Some((place, numbers)) = choice else { return Ok(vec![path]) };
    let with = |number| {
        let mut path = path.clone();
        path[place] = number;
        path
    };
    Ok(numbers.into_iter().map(with).collect())
}

/// Takes the last step away if it is the number of the script.
pub(super) fn take_wildcard(steps: &mut Vec<&str>, apostrophe: &mut bool) -> Derive {
    let derive = match steps.last() {
        Some(&"*") => Derive::Normal,
        Some(&"*h") => Derive::Hardened,
        Some(&"*'") => {
            *apostrophe = true;
            Derive::Hardened
        }
        _ => return Derive::Nothing,
    };
    if derive == Derive::Hardened && steps.last() == Some(&"*h") {
        *apostrophe = false;
    }
    steps.pop();
    derive
}

/// Writes a slash and a number for each step.
pub(super) fn write(text: &mut String, path: &[ChildNumber], apostrophe: bool) {
    for step in path {
        let (number, mark) = match step {
            ChildNumber::Normal { index } => (index, ""),
            ChildNumber::Hardened { index } => (index, if apostrophe { "'" } else { "h" }),
        };
        // Writing to a text cannot fail.
        let _ = write!(text, "/{number}{mark}");
    }
}
