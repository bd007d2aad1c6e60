//! Which of several values of one setting counts.
//!
//! In: the settings of all sources. Out: one value or a list, by Bitcoin Core's rules: forced values,
//! then the command line, the settings file, the network's section, the default section. On the
//! command line the last value counts, in a file the first; a negation discards what stands before
//! it in its source.

use bitcoin_ipc::types::Settings;
use serde_json::Value;

/// Where to look.
#[derive(Clone, Copy)]
pub(super) struct Scope<'a> {
    /// The network's section.
    pub(super) section: &'a str,
    /// Whether what the default section gives this setting counts.
    pub(super) default_section: bool,
    /// Whether a setting is sought that chooses the network: in a file its last value counts, and the
    /// command line cannot negate it.
    pub(super) chooses_network: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Source {
    Forced,
    CommandLine,
    Saved,
    Section,
    Default,
}

/// The values of one source, without those before the last negation.
struct Values<'a> {
    all: &'a [Value],
    left: &'a [Value],
}

impl<'a> Values<'a> {
    fn new(all: &'a [Value]) -> Self {
        let negated = all.iter().rposition(|value| *value == Value::Bool(false)).map_or(0, |at| at + 1);
        Values { all, left: &all[negated..] }
    }

    fn negated(&self) -> bool {
        self.left.len() < self.all.len()
    }

    fn last_negated(&self) -> bool {
        self.negated() && self.left.is_empty()
    }
}

fn sources<'a>(settings: &'a Settings, scope: Scope<'_>, name: &str) -> Vec<(Source, Values<'a>)> {
    let one = |value: Option<&'a Value>| value.map(std::slice::from_ref).unwrap_or_default();
    let section = |section: &str| {
        let values = settings.ro_config.get(section).and_then(|section| section.get(name));
        values.map(Vec::as_slice).unwrap_or_default()
    };
    let line = settings.command_line_options.get(name).map(Vec::as_slice).unwrap_or_default();
    let mut sources = vec![
        (Source::Forced, one(settings.forced_settings.get(name))),
        (Source::CommandLine, line),
        (Source::Saved, one(settings.rw_settings.get(name))),
    ];
    if !scope.section.is_empty() {
        sources.push((Source::Section, section(scope.section)));
    }
    sources.push((Source::Default, section("")));
    sources.into_iter().map(|(source, values)| (source, Values::new(values))).collect()
}

/// The value that counts, `false` for a negated setting, `None` for one that nobody set.
pub(super) fn value(settings: &Settings, scope: Scope<'_>, name: &str) -> Option<Value> {
    counting(sources(settings, scope, name), scope)
}

/// The value that counts in the files alone, which is what the next start finds.
pub(super) fn persistent(settings: &Settings, scope: Scope<'_>, name: &str) -> Option<Value> {
    let mut sources = sources(settings, scope, name);
    sources.retain(|(source, _)| !matches!(source, Source::Forced | Source::CommandLine));
    counting(sources, scope)
}

fn counting(sources: Vec<(Source, Values<'_>)>, scope: Scope<'_>) -> Option<Value> {
    for (source, values) in sources {
        if source == Source::Default && !scope.default_section && !values.last_negated() {
            continue;
        }
        if scope.chooses_network && source == Source::CommandLine && values.last_negated() {
            continue;
        }
        let in_file = matches!(source, Source::Section | Source::Default);
        let first = in_file && !scope.chooses_network;
        let counts = if first { values.left.first() } else { values.left.last() };
        match counts {
            Some(value) => return Some(value.clone()),
            None if values.last_negated() => return Some(Value::Bool(false)),
            None => {}
        }
    }
    None
}

/// All values that count, those of the first source first.
pub(super) fn list(settings: &Settings, scope: Scope<'_>, name: &str) -> Vec<Value> {
    let mut list = Vec::new();
    let mut done = false;
    let mut negated_while_empty = false;
    for (source, values) in sources(settings, scope, name) {
        let in_file = matches!(source, Source::Section | Source::Default);
        if source == Source::Default && !scope.default_section && !values.last_negated() {
            continue;
        }
        // As in Bitcoin Core, `-nox -x=1` on the command line does not hide what a file gives `x`.
        if !done || (in_file && !negated_while_empty) {
            for value in values.left {
                match value {
                    Value::Array(inner) => list.extend(inner.iter().cloned()),
                    other => list.push(other.clone()),
                }
            }
        }
        if source == Source::Forced && !values.all.is_empty() {
            break;
        }
        done |= values.negated();
        negated_while_empty |= values.last_negated() && list.is_empty();
    }
    list
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const SCOPE: Scope<'_> = Scope { section: "regtest", default_section: true, chooses_network: false };

    fn settings(line: &[Value], saved: Option<Value>, section: &[Value], default: &[Value]) -> Settings {
        let mut settings = Settings::default();
        if !line.is_empty() {
            settings.command_line_options.insert("x".to_owned(), line.to_vec());
        }
        settings.rw_settings.extend(saved.map(|value| ("x".to_owned(), value)));
        for (name, values) in [("regtest", section), ("", default)] {
            if !values.is_empty() {
                settings
                    .ro_config
                    .entry(name.to_owned())
                    .or_default()
                    .insert("x".to_owned(), values.to_vec());
            }
        }
        settings
    }

    #[test]
    fn sources_in_their_order() {
        let (a, b, c, d) = (json!("a"), json!("b"), json!("c"), json!("d"));
        let mut all = settings(
            &[json!("z"), a.clone()],
            Some(b.clone()),
            &[c.clone(), json!("y")],
            std::slice::from_ref(&d),
        );
        assert_eq!(value(&all, SCOPE, "x"), Some(a));
        assert_eq!(list(&all, SCOPE, "x"), ["z", "a", "b", "c", "y", "d"]);
        all.command_line_options.clear();
        assert_eq!(value(&all, SCOPE, "x"), Some(b));
        all.rw_settings.clear();
        assert_eq!(value(&all, SCOPE, "x"), Some(c), "the first of a file");
        assert_eq!(value(&all, Scope { chooses_network: true, ..SCOPE }, "x"), Some(json!("y")));
        all.ro_config.remove("regtest");
        assert_eq!(value(&all, SCOPE, "x"), Some(d));
        assert_eq!(value(&all, Scope { default_section: false, ..SCOPE }, "x"), None);
        all.forced_settings.insert("x".to_owned(), json!("f"));
        assert_eq!(value(&all, SCOPE, "x"), Some(json!("f")));
        assert_eq!(list(&all, SCOPE, "x"), ["f"]);
    }

    #[test]
    fn negations() {
        let no = json!(false);
        let all = settings(std::slice::from_ref(&no), None, &[], &[json!("d")]);
        assert_eq!(value(&all, SCOPE, "x"), Some(no.clone()));
        assert_eq!(value(&all, Scope { chooses_network: true, ..SCOPE }, "x"), Some(json!("d")));
        assert!(list(&all, SCOPE, "x").is_empty());
        let all = settings(&[json!("a"), no.clone(), json!("b")], None, &[], &[json!("d")]);
        assert_eq!(value(&all, SCOPE, "x"), Some(json!("b")));
        assert_eq!(list(&all, SCOPE, "x"), ["b", "d"]);
        let all = settings(&[], None, &[], &[json!("d"), no.clone()]);
        assert_eq!(value(&all, Scope { default_section: false, ..SCOPE }, "x"), Some(no));
        let all = settings(&[], Some(json!(["p", "q"])), &[], &[]);
        assert_eq!(list(&all, SCOPE, "x"), ["p", "q"]);
    }
}
