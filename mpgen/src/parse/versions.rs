//! `versions(…)` of an interface: one trait for the forms that its releases have on the wire.
//!
//! ```text
//! #[ipc_interface(file = MINING, versions(v30(form = MiningV30, file = V30_MINING), v31))]
//! pub trait Mining: Send + Sync {
//!     #[ipc(ordinal = 1, v30(ordinal = 3))]        // other words in v30
//!     async fn get_tip(&self) -> Result<BlockRef>;
//!     #[ipc(since = v31)]                          // not in v30
//!     async fn interrupt(&self) -> Result<()>;
//! }
//! ```
//!
//! In: the words as they are written. Out: those of one version. The trait is read once for each version,
//! by the same rules as a trait without versions.

use syn::{Expr, Ident};

use crate::model::Life;
use crate::report::Report;
use crate::words::{self, Value, Word, Words};

/// The versions of an interface, and the one that is being read. Without `versions` there are none.
#[derive(Clone, Debug, Default)]
pub struct Versions {
    /// The names, from the oldest; the last is that of the trait itself.
    names: Vec<Ident>,
    /// Which one is being read.
    current: usize,
    /// Whether the trait is one that a view makes of another, which has no bodies.
    view: bool,
}

/// An older version: the form that it has on the wire.
#[derive(Clone, Debug)]
pub struct Older {
    /// The name of the trait for it.
    pub form: Ident,
    /// What people call it.
    pub title: String,
    /// The name of the trait for it in the other view.
    pub view: Option<Ident>,
    /// The versions, with this one as the current.
    pub versions: Versions,
    /// What `#[ipc_interface]` says about it.
    pub words: Vec<Word>,
}

/// Takes `versions(…)` off the words of an interface; gives the versions with the last as the current, and
/// the older ones.
pub fn versions(words: &mut Vec<Word>, report: &Report) -> (Versions, Vec<Older>) {
    let Some(place) = words.iter().position(|word| word.name == "versions") else {
        return Default::default();
    };
    let word = words.remove(place);
    let has_view = words.iter().any(|word| word.name == "asynchronous" || word.name == "blocking");
    let Value::List(list) = word.value else {
        report.at(&word.name, "write `versions(old(form = OldTrait, file = OLD_FILE), new)`, from the oldest to the one that the trait itself is");
        return Default::default();
    };
    let names: Vec<Ident> = list.iter().map(|word| word.name.clone()).collect();
    for (index, name) in names.iter().enumerate() {
        if names[..index].contains(name) {
            report.at(name, format!("the version `{name}` is given twice; leave one out"));
        } else if words::has(words::METHOD, name) || words::has(words::PARAM, name) {
            report.at(name, format!("`{name}` is a word of `#[ipc(…)]`; give the version another name"));
        }
    }
    let last = names.len().saturating_sub(1);
    let of = |current| Versions { names: names.clone(), current, view: false };
    let mut older = Vec::new();
    for (current, word) in list.into_iter().enumerate() {
        match word.value {
            Value::None if current == last => {}
            _ if current == last => {
                report.at(&word.name, "the last version is the trait itself, whose words stand in `#[ipc_interface(…)]`; write only its name");
            }
            Value::List(list) => {
                let mut own = Words::of_list(list, "a version", words::VERSION, report);
                let form = own.take("form").and_then(|word| path_ident(&word));
                let view = own.take("view");
                if let (Some(view), false) = (&view, has_view) {
                    report.at(&view.name, "there is no other view to have a form of; write `asynchronous = …` or `blocking = …` beside `versions`");
                }
                let view = view.and_then(|word| path_ident(&word));
                let title = own.text("title").unwrap_or_else(|| word.name.to_string());
                let Some(form) = form else {
                    report.at(&word.name, format!("an older version has a trait of its own; write `{}(form = SomeName, …)`", word.name));
                    continue;
                };
                let words = replaced(words.clone(), own.rest());
                older.push(Older { form, title, view, versions: of(current), words });
            }
            _ => report.at(&word.name, format!("an older version has a trait and a schema file; write `{}(form = SomeName, file = SOME_FILE)`", word.name)),
        }
    }
    (of(last), older)
}

/// The words of `base`, but those of `own` where it has them.
fn replaced(mut base: Vec<Word>, own: Vec<Word>) -> Vec<Word> {
    for word in own {
        // A file and its id are one.
        let same = |other: &Word| other.name == word.name || (word.name == "file" && other.name == "file_id");
        base.retain(|other| !same(other));
        base.push(word);
    }
    base
}

fn path_ident(word: &Word) -> Option<Ident> {
    match &word.value {
        Value::Expr(Expr::Path(path)) => path.path.get_ident().cloned(),
        _ => None,
    }
}

impl Versions {
    /// Takes the `#[ipc(…)]` attributes off a list, with the words that count in the current version.
    pub fn words<'r>(
        &self,
        attrs: &mut Vec<syn::Attribute>,
        place: &str,
        allowed: &str,
        report: &'r Report,
    ) -> Words<'r> {
        let words = self.choose(words::taken(attrs, report), place, allowed, report);
        Words::of_list(words, place, allowed, report)
    }

    /// The words that count in the current version: `v30(word, …)` puts its words in place of others, or adds
    /// them, and `v30(without(word))` leaves one out.
    fn choose(&self, words: Vec<Word>, place: &str, allowed: &str, report: &Report) -> Vec<Word> {
        let (views, mut words): (Vec<Word>, Vec<Word>) =
            words.into_iter().partition(|word| word.name == "view" && matches!(word.value, Value::List(_)));
        for word in views {
            if let (Value::List(list), true) = (word.value, self.view) {
                words = replaced(words, list);
            }
        }
        let is_version = |word: &Word| self.names.contains(&word.name);
        let (own, mut base): (Vec<Word>, Vec<Word>) = words.into_iter().partition(is_version);
        for Word { name, value } in own {
            let Value::List(list) = value else {
                report.at(&name, format!("write `{name}(…)` with what is other in this version"));
                continue;
            };
            if self.names.last() == Some(&name) {
                report.at(
                    &name,
                    format!("`{name}` is what the words beside it say; write them without `{name}(…)`"),
                );
            }
            let (without, list): (Vec<Word>, Vec<Word>) =
                list.into_iter().partition(|word| word.name == "without");
            // Checked in every version, so that a mistake is found once, whichever is read.
            let list = Words::of_list(list, place, allowed, report).rest();
            if self.names.get(self.current) != Some(&name) {
                continue;
            }
            for Word { name, value } in without {
                let Value::List(list) = value else {
                    report.at(&name, "write `without(word)` with the words to leave out");
                    continue;
                };
                for left_out in list {
                    match base.iter().position(|word| word.name == left_out.name) {
                        Some(place) => drop(base.remove(place)),
                        None => {
                            report.at(&left_out.name, format!("there is no `{}` to leave out", left_out.name))
                        }
                    }
                }
            }
            base = replaced(base, list);
        }
        base
    }

    /// Takes `since` and `until`.
    pub fn life(&self, words: &mut Words<'_>, report: &Report) -> Life {
        Life { since: self.named(words, "since", report), until: self.named(words, "until", report) }
    }

    /// Why the current version has nothing of such a life, if it has not.
    pub fn lacks(&self, life: &Life) -> Option<String> {
        match (&life.since, &life.until) {
            (Some((since, name)), _) if self.current < *since => Some(format!("it needs {name} or later")),
            (_, Some((until, name))) if self.current > *until => Some(format!("{name} was the last with it")),
            _ => None,
        }
    }

    fn named(&self, words: &mut Words<'_>, name: &str, report: &Report) -> Option<(usize, Ident)> {
        let word = words.take(name)?;
        if self.names.is_empty() {
            report.at(&word.name, format!("`{name}` needs versions; write `versions(old(form = …, file = …), new)` in `#[ipc_interface(…)]`"));
            return None;
        }
        let given = path_ident(&word);
        let found = given.and_then(|given| {
            let place = self.names.iter().position(|known| *known == given)?;
            Some((place, given))
        });
        if found.is_none() {
            let known = self.names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            report.at(
                &word.name,
                format!("`{name}` names one of the versions {known}: write `{name} = {}`", self.names[0]),
            );
        }
        found
    }

    /// Whether what only older versions have needs a body here.
    pub fn wants_bodies(&self) -> bool {
        self.current + 1 >= self.names.len() && !self.view
    }

    /// The same versions of the trait that a view makes of this one.
    pub fn of_view(self) -> Self {
        Versions { view: true, ..self }
    }
}
