//! Addresses and what others wrote.
//!
//! In: an address, a label of anybody's, what another program says. Out: the address in groups of four, the label on one
//! line, and no more of a text than somebody reads.

use super::words::{mark, say};
use bitcoin::{Address, Network};

/// An address in groups of four characters, which are easier to compare.
pub(crate) fn in_groups(address: &str) -> String {
    let mut text = String::with_capacity(address.len() * 5 / 4 + 1);
    for (index, character) in address.chars().enumerate() {
        if index > 0 && index % 4 == 0 {
            text.push(' ');
        }
        text.push(character);
    }
    text
}

/// What somebody typed or pasted as an address, which may be in groups.
///
/// # Errors
///
/// It is no address of this network; the text says why.
pub(crate) fn parse(text: &str, network: Network) -> Result<Address, String> {
    let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    if text.is_empty() {
        return Err(mark!("Enter an address.").to_owned());
    }
    let address = text.parse::<Address<_>>().map_err(|_| mark!("This is not an address.").to_owned())?;
    address
        .require_network(network)
        .map_err(|_| say!("This address is not of the network {network}.", network))
}

/// The most characters of a label that are shown.
const SHOWN: usize = 200;

/// A text of anybody's on one line: no line breaks, nothing that turns the direction of what follows, and not
/// longer than a line.
pub(crate) fn one_line(text: &str) -> String {
    let mut shown: String = text.chars().take(SHOWN).map(on_its_line).filter(|c| !turns(*c)).collect();
    if text.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    shown
}

/// A character that may stand on a line, in place of one that may not.
fn on_its_line(c: char) -> char {
    if c.is_control() || c == '\u{2028}' || c == '\u{2029}' { ' ' } else { c }
}

/// The most characters of a name that are shown.
const NAME: usize = 48;

/// A name of anybody's on one line, of which a long one has its beginning and its end: names that begin alike are told
/// apart.
pub(crate) fn short_name(name: &str) -> String {
    let of = |characters: &mut dyn Iterator<Item = char>| -> String {
        characters.map(on_its_line).filter(|c| !turns(*c)).collect()
    };
    if name.chars().nth(NAME).is_none() {
        return of(&mut name.chars());
    }
    let end: Vec<char> = name.chars().rev().take(NAME / 2).collect();
    format!("{}…{}", of(&mut name.chars().take(NAME / 2)), of(&mut end.into_iter().rev()))
}

/// The most characters and lines of a sentence that are shown.
const SENTENCE: (usize, usize) = (1_000, 12);

/// What another program says, as far as it is read by somebody: its first lines, and nothing that turns the direction of
/// what follows.
pub(crate) fn sentence(text: &str) -> String {
    let (most, lines) = SENTENCE;
    let text = text.trim();
    let (mut shown, mut ends) = (String::new(), 0);
    for c in text.chars().take(most).filter(|c| !turns(*c)) {
        let ends_line = c == '\n' && ends + 1 < lines;
        ends += usize::from(ends_line);
        shown.push(if ends_line { c } else { on_its_line(c) });
    }
    if text.chars().nth(most).is_some() {
        shown.push('…');
    }
    shown
}

/// Whether a character is invisible and changes how its neighbours are shown.
fn turns(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{61c}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_shown_and_read_in_groups() {
        let address = "bcrt1q6rz28mcfaxtmd6v789l9rrlrusdprr9pz3cppk";
        let groups = in_groups(address);
        assert!(groups.starts_with("bcrt 1q6r z28m"), "{groups}");
        assert_eq!(
            parse(&groups, Network::Regtest).map(|address| address.to_string()),
            Ok(address.to_owned())
        );
        assert_eq!(
            parse(address, Network::Bitcoin),
            Err("This address is not of the network bitcoin.".to_owned())
        );
        assert_eq!(parse("bcrt1nonsense", Network::Regtest), Err("This is not an address.".to_owned()));
        assert_eq!(parse(" ", Network::Regtest), Err("Enter an address.".to_owned()));
    }

    #[test]
    fn a59_labels_of_others_stay_on_their_line() {
        assert_eq!(one_line("a\nb\u{202e}c\u{7}"), "a bc ");
        let long = "x".repeat(10_000);
        assert_eq!(one_line(&long).chars().count(), SHOWN + 1);
        assert_eq!(one_line("<b>Łódź</b>"), "<b>Łódź</b>");
    }

    #[test]
    fn a59_names_and_sentences_of_others_have_an_end() {
        assert_eq!(short_name("savings\n\u{202e}x"), "savings x");
        let name = |end: &str| short_name(&format!("{}{end}", "x".repeat(100_000)));
        assert_eq!(name("a").chars().count(), NAME + 1);
        assert_ne!(name("a"), name("b"), "they are told apart");
        assert_eq!(short_name(&"ß".repeat(NAME)), "ß".repeat(NAME));
        assert_eq!(sentence(" It failed:\nno\tspace \u{202e}left \n"), "It failed:\nno space left");
        assert_eq!(sentence(&"\n x".repeat(5_000)).lines().count(), SENTENCE.1);
        assert_eq!(sentence(&"x".repeat(100_000)).chars().count(), SENTENCE.0 + 1);
    }
}
