//! Whether two answers are the same.
//!
//! In: what is recorded, and what was told. Out: where they differ, but for what `allowed` has.

use serde_json::Value;

use super::allowed::{self, How};
use super::chapter::{Chapter, Step, Told};
use super::node::Answer;
use super::renamed::Renamed;

/// Differences of one answer that are shown.
const SHOWN: usize = 6;
/// Letters of a value that are shown.
const LETTERS: usize = 300;

/// Where two tellings of a chapter differ.
///
/// `all` of them, or those that are not known.
pub(crate) fn differences(chapter: &Chapter, recorded: &[Told], told: &[Told], all: bool) -> Vec<String> {
    let mut renamed = chapter.chance.then(Renamed::default);
    let mut differences = Vec::new();
    for case in told {
        let Some(record) = recorded.iter().find(|record| record.name == case.name) else {
            differences.push(format!("{} is not recorded", case.name));
            continue;
        };
        for (theirs, ours) in record.steps.iter().zip(&case.steps) {
            let mut found = Vec::new();
            if !all && allowed::differs(&case.name, &ours.asked) {
                continue;
            }
            if chapter.as_written(theirs) != chapter.as_written(ours) {
                differences.push(format!(
                    "{}: recorded is another question: {}\n  here: {}",
                    case.name, theirs.asked, ours.asked
                ));
                break;
            }
            step(theirs, ours, &mut renamed, &mut found);
            if !found.is_empty() {
                found.truncate(SHOWN);
                differences.push(format!("{}: {}\n{}", case.name, short(&ours.asked), found.join("\n")));
            }
        }
        if let Some(why) = &case.stopped {
            if !all && allowed::differs(&case.name, "(the end)") {
                continue;
            }
            differences.push(format!("{} did not come to its end: {why}", case.name));
        } else if record.steps.len() != case.steps.len() {
            differences.push(format!(
                "{}: {} answers are recorded, here are {}",
                case.name,
                record.steps.len(),
                case.steps.len()
            ));
        }
    }
    for record in recorded {
        if !told.iter().any(|case| case.name == record.name) {
            differences.push(format!("{} is recorded, and no case", record.name));
        }
    }
    differences
}

fn step(theirs: &Step, ours: &Step, renamed: &mut Option<Renamed>, found: &mut Vec<String>) {
    let method = ours.method();
    match (&theirs.answer, &ours.answer) {
        (Ok(theirs), Ok(ours)) => {
            Comparison { method, renamed, found }.value("", theirs, ours);
        }
        (Err((code, theirs)), Err((other, ours))) if code == other => {
            let same = same_text(renamed, theirs, ours);
            if !same && !allowed::words(method, *code, theirs) {
                found.push(pair("", theirs, ours));
            }
        }
        (theirs, ours) => {
            if !allowed::outcome(method, theirs) {
                found.push(pair("", &told(theirs), &told(ours)));
            }
        }
    }
}

fn same_text(renamed: &mut Option<Renamed>, theirs: &str, ours: &str) -> bool {
    match renamed {
        Some(renamed) => renamed.same(theirs, ours),
        None => theirs == ours,
    }
}

fn told(answer: &Answer) -> String {
    match answer {
        Ok(value) => value.to_string(),
        Err((code, text)) => format!("{text} ({code})"),
    }
}

fn short(text: &str) -> String {
    let cut: String = text.chars().take(LETTERS).collect();
    if cut.len() < text.len() { format!("{cut}…") } else { cut }
}

fn pair(place: &str, theirs: &str, ours: &str) -> String {
    format!("  {place}\n    Bitcoin Core: {}\n    here:         {}", short(theirs), short(ours))
}

fn begins(value: &Value, words: &str) -> bool {
    value.as_str().is_some_and(|text| text.starts_with(words))
}

/// Two answers to one method.
struct Comparison<'a> {
    method: &'a str,
    renamed: &'a mut Option<Renamed>,
    found: &'a mut Vec<String>,
}

impl Comparison<'_> {
    fn value(&mut self, place: &str, theirs: &Value, ours: &Value) {
        match allowed::how(self.method, place) {
            Some(How::Value) => return,
            Some(How::Order) => return self.unordered(place, theirs, ours),
            Some(How::Begins(words)) if begins(theirs, words) && begins(ours, words) => return,
            _ => {}
        }
        match (theirs, ours) {
            (Value::Object(_), Value::Object(_)) => self.fields(place, theirs, ours),
            (Value::Array(one), Value::Array(other)) => {
                if one.len() != other.len() {
                    self.differ(place, theirs, ours);
                }
                for (position, (theirs, ours)) in one.iter().zip(other).enumerate() {
                    self.value(&format!("{place}/{position}"), theirs, ours);
                }
            }
            (Value::String(one), Value::String(other)) if same_text(self.renamed, one, other) => {}
            // Numbers keep their digits, so that 0.1 is not 0.10000000.
            _ if theirs == ours => {}
            _ => self.differ(place, theirs, ours),
        }
    }

    /// Fields, which have an order.
    fn fields(&mut self, place: &str, theirs: &Value, ours: &Value) {
        let (Some(one), Some(other)) = (theirs.as_object(), ours.as_object()) else { return };
        let allow = |name: &str, how: How| allowed::how(self.method, &format!("{place}/{name}")) == Some(how);
        let known: Vec<_> = one.iter().collect();
        let given: Vec<_> = other.iter().filter(|(name, _)| !allow(name, How::Extra)).collect();
        for ((their_name, theirs), (our_name, ours)) in known.iter().zip(&given) {
            if !same_text(self.renamed, their_name, our_name) {
                let names = |fields: &[(&String, &Value)]| {
                    fields.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(" ")
                };
                self.found.push(pair(&format!("fields of {place}"), &names(&known), &names(&given)));
                return;
            }
            self.value(&format!("{place}/{their_name}"), theirs, ours);
        }
        if known.len() != given.len() {
            self.differ(place, theirs, ours);
        }
    }

    /// Lists whose order means nothing.
    fn unordered(&mut self, place: &str, theirs: &Value, ours: &Value) {
        let (Some(theirs_list), Some(ours_list)) = (theirs.as_array(), ours.as_array()) else {
            return self.differ(place, theirs, ours);
        };
        let mut left: Vec<&Value> = ours_list.iter().collect();
        for (position, wanted) in theirs_list.iter().enumerate() {
            let fits = left.iter().position(|value| {
                let (mut renamed, mut found) = (self.renamed.clone(), Vec::new());
                let mut trial = Comparison { method: self.method, renamed: &mut renamed, found: &mut found };
                trial.value(&format!("{place}/{position}"), wanted, value);
                let fits = found.is_empty();
                if fits {
                    *self.renamed = renamed;
                }
                fits
            });
            match fits {
                Some(fits) => _ = left.remove(fits),
                None => return self.differ(place, theirs, ours),
            }
        }
        if !left.is_empty() {
            self.differ(place, theirs, ours);
        }
    }

    fn differ(&mut self, place: &str, theirs: &Value, ours: &Value) {
        self.found.push(pair(place, &theirs.to_string(), &ours.to_string()));
    }
}
