//! Texts in the user's language.
//!
//! In: English, which is the key of each text, and values. Out: the same in the language that is spoken, with the values
//! in it. What nobody has translated, such as what a node says, stays as it is.
//!
//! A text is written where it is used: [`t!`] says it in the user's language, [`mark!`] and [`say!`] keep it in English
//! for the model, and [`known`] says it later. A test reads all of them out of the sources.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::HashMap;
use std::fmt::{Display, Write as _};
use std::sync::OnceLock;

/// A language.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Language {
    /// English.
    #[default]
    English,
    /// German.
    German,
    /// Spanish.
    Spanish,
    /// French.
    French,
    /// Japanese.
    Japanese,
    /// Chinese, simplified.
    Chinese,
    /// English in brackets and longer, which shows what is not translated and what has no room.
    #[cfg(test)]
    Pseudo,
}

impl Language {
    /// All that can be chosen, in their order.
    pub(crate) const ALL: [Language; 6] = [
        Language::English,
        Language::German,
        Language::Spanish,
        Language::French,
        Language::Japanese,
        Language::Chinese,
    ];

    /// What it is called by those who speak it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Language::English => "English",
            Language::German => "Deutsch",
            Language::Spanish => "Español",
            Language::French => "Français",
            Language::Japanese => "日本語",
            Language::Chinese => "简体中文",
            #[cfg(test)]
            Language::Pseudo => "«Pseudo»",
        }
    }

    /// Its tag, as locales begin.
    pub(crate) fn tag(self) -> &'static str {
        match self {
            Language::English => "en",
            Language::German => "de",
            Language::Spanish => "es",
            Language::French => "fr",
            Language::Japanese => "ja",
            Language::Chinese => "zh",
            #[cfg(test)]
            Language::Pseudo => "xx",
        }
    }

    /// Whether its letters are not among those of all others.
    pub(crate) fn has_own_letters(self) -> bool {
        matches!(self, Language::Japanese | Language::Chinese)
    }

    /// The one of a locale such as `de_DE.UTF-8`.
    pub(crate) fn of_locale(locale: &str) -> Option<Language> {
        Language::ALL.into_iter().find(|language| {
            locale.strip_prefix(language.tag()).is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
        })
    }

    /// The file of its texts; English has none.
    fn file(self) -> &'static str {
        match self {
            Language::German => include_str!("i18n/de.txt"),
            Language::Spanish => include_str!("i18n/es.txt"),
            Language::French => include_str!("i18n/fr.txt"),
            Language::Japanese => include_str!("i18n/ja.txt"),
            Language::Chinese => include_str!("i18n/zh.txt"),
            _ => "",
        }
    }

    /// Its texts.
    pub(crate) fn catalog(self) -> &'static Catalog {
        static READ: [OnceLock<Catalog>; 7] = [const { OnceLock::new() }; 7];
        READ[self as usize].get_or_init(|| Catalog::read(self.file()))
    }
}

/// The texts of a language.
#[derive(Debug, Default)]
pub(crate) struct Catalog {
    texts: HashMap<&'static str, &'static str>,
    /// Those that have values in them, the longest ones first.
    patterns: Vec<&'static str>,
}

impl Catalog {
    /// Reads lines: the English text, and below it `= ` and what it is in the language.
    fn read(file: &'static str) -> Catalog {
        let mut catalog = Catalog::default();
        let mut key = "";
        for line in file.lines() {
            match line.strip_prefix("= ") {
                Some(text) => _ = catalog.texts.insert(key, text),
                None => key = line,
            }
        }
        catalog.patterns = catalog.texts.keys().filter(|key| key.contains('{')).copied().collect();
        catalog.patterns.sort_by_key(|key| (std::cmp::Reverse(literal_length(key)), *key));
        catalog
    }

    /// All keys with their texts.
    #[cfg(test)]
    pub(crate) fn texts(&self) -> &HashMap<&'static str, &'static str> {
        &self.texts
    }
}

thread_local! {
    static SPOKEN: Cell<Language> = const { Cell::new(Language::English) };
}

/// Has this thread speak a language from now on.
pub(crate) fn speak(language: Language) {
    SPOKEN.set(language);
}

/// The language that this thread speaks.
pub(crate) fn spoken() -> Language {
    SPOKEN.get()
}

/// A text in the language that is spoken.
pub(crate) fn tr(text: &'static str) -> &'static str {
    match spoken() {
        Language::English => text,
        #[cfg(test)]
        Language::Pseudo => pseudo_of(text),
        language => language.catalog().texts.get(text).copied().unwrap_or(text),
    }
}

/// A text with values for what stands in braces.
pub(crate) fn fill(template: &str, values: &[(&str, &dyn Display)]) -> String {
    let mut text = String::with_capacity(template.len() + 16);
    for part in parts(template) {
        match part {
            Part::Text(part) => text.push_str(part),
            Part::Value(name) => match values.iter().find(|(known, _)| *known == name) {
                // Writing to a string cannot fail.
                Some((_, value)) => _ = write!(text, "{value}"),
                None => text.push_str(name),
            },
        }
    }
    text
}

/// What somebody has put together in English, in the language that is spoken, if it is a text that is known.
pub(crate) fn known(text: &str) -> Cow<'_, str> {
    let language = spoken();
    if language == Language::English {
        return text.into();
    }
    #[cfg(test)]
    if language == Language::Pseudo {
        return if text.starts_with('«') { text.into() } else { pseudo(text).into() };
    }
    let catalog = language.catalog();
    if let Some(found) = catalog.texts.get(text) {
        return (*found).into();
    }
    let fits = |pattern: &&&'static str| matches(pattern, text);
    let Some((pattern, values)) =
        catalog.patterns.iter().find(fits).and_then(|p| Some((*p, values(p, text)?)))
    else {
        return text.into();
    };
    let template = catalog.texts.get(pattern).copied().unwrap_or(pattern);
    let values: Vec<(&str, String)> =
        values.into_iter().map(|(name, value)| (name, known(value).into_owned())).collect();
    let values: Vec<(&str, &dyn Display)> =
        values.iter().map(|(name, value)| (*name, value as &dyn Display)).collect();
    fill(template, &values).into()
}

/// A part of a template.
enum Part<'a> {
    Text(&'a str),
    Value(&'a str),
}

fn parts(template: &str) -> impl Iterator<Item = Part<'_>> {
    let mut rest = template;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        if let Some(inner) = rest.strip_prefix('{')
            && let Some((name, after)) = inner.split_once('}')
        {
            rest = after;
            return Some(Part::Value(name));
        }
        // A brace that nothing closes is text.
        let next = rest.char_indices().skip(1).find(|(_, c)| *c == '{');
        let (text, after) = rest.split_at(next.map_or(rest.len(), |(place, _)| place));
        rest = after;
        Some(Part::Text(text))
    })
}

fn literal_length(template: &str) -> usize {
    parts(template).map(|part| if let Part::Text(text) = part { text.len() } else { 0 }).sum()
}

fn matches(pattern: &str, text: &str) -> bool {
    values(pattern, text).is_some()
}

/// The values that a text has where a pattern has names. A pattern of which nothing is fixed fits nothing.
fn values<'a>(pattern: &'a str, text: &'a str) -> Option<Vec<(&'a str, &'a str)>> {
    if literal_length(pattern) < 4 {
        return None;
    }
    let mut found = Vec::new();
    let (mut rest, mut open) = (text, None);
    for part in parts(pattern) {
        match (part, open.take()) {
            (Part::Text(literal), None) => rest = rest.strip_prefix(literal)?,
            (Part::Text(literal), Some(name)) => {
                let (value, after) = rest.split_once(literal)?;
                found.push((name, value));
                rest = after;
            }
            (Part::Value(name), None) => open = Some(name),
            // Nobody could tell where one ends and the other begins.
            (Part::Value(_), Some(_)) => return None,
        }
    }
    match open {
        Some(name) => found.push((name, rest)),
        None if !rest.is_empty() => return None,
        None => {}
    }
    Some(found)
}

/// English in brackets, and longer by two fifths.
#[cfg(test)]
fn pseudo(text: &str) -> String {
    let more = text.chars().count() * 2 / 5;
    format!("«{text}{}»", "~".repeat(more))
}

/// The same text each time it is asked for.
#[cfg(test)]
fn pseudo_of(text: &'static str) -> &'static str {
    static MADE: std::sync::Mutex<std::collections::BTreeMap<&str, &str>> =
        std::sync::Mutex::new(std::collections::BTreeMap::new());
    MADE.lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
        .entry(text)
        .or_insert_with(|| pseudo(text).leak())
}

/// A text in the language that is spoken, with values for what stands in braces.
macro_rules! t {
    ($text:literal) => {
        $crate::text::words::tr($text)
    };
    ($text:literal, $($name:ident $(= $value:expr)?),+ $(,)?) => {
        $crate::text::words::fill(
            $crate::text::words::tr($text),
            &[$((stringify!($name), &$crate::text::words::value!($name $(= $value)?))),+],
        )
    };
}

/// A text that stays in English until [`known`] or [`tr`] says it.
macro_rules! mark {
    ($text:literal) => {
        $text
    };
}

/// A text with values for what stands in braces, which stays in English until [`known`] says it.
macro_rules! say {
    ($text:literal, $($name:ident $(= $value:expr)?),+ $(,)?) => {
        $crate::text::words::fill(
            $text,
            &[$((stringify!($name), &$crate::text::words::value!($name $(= $value)?))),+],
        )
    };
}

/// A value by its name.
macro_rules! value {
    ($name:ident) => {
        $name
    };
    ($name:ident = $value:expr) => {
        $value
    };
}

pub(crate) use {mark, say, t, value};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_filled_and_found_again() {
        assert_eq!(fill("{a} of {b}", &[("a", &1), ("b", &"x")]), "1 of x");
        assert_eq!(values("It is {a} of {b}.", "It is 1 of 2."), Some(vec![("a", "1"), ("b", "2")]));
        assert_eq!(values("It is {a}", "It was 1"), None);
        assert_eq!(values("{a} {b}", "x y"), None, "nothing is fixed");
        assert_eq!(values("It is {a}.", "It is 1"), None);
        assert_eq!(fill("Übersicht von {a}ß {", &[("a", &"é")]), "Übersicht von éß {");
    }

    #[test]
    fn languages_are_found_by_locales() {
        assert_eq!(Language::of_locale("de_DE.UTF-8"), Some(Language::German));
        assert_eq!(Language::of_locale("zh"), Some(Language::Chinese));
        assert_eq!(Language::of_locale("deu"), None);
        assert_eq!(Language::of_locale("C.UTF-8"), None);
    }
}
