//! Commands: what they are called, what they take, and what runs them.
//!
//! In: declarations. Out: [`Command`]s, checks of their arguments, and the [`Call`] that a command
//! reads them from.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use bitcoin::hashes::Hash;
use serde_json::{Map, Value};

use super::error::{Answer, Code, RpcError, failed, invalid};
use super::{Shared, help, value};
use crate::state::{Seen, State};

/// How often a command that waits looks whether anybody still wants its answer.
const LOOK_UP: Duration = Duration::from_millis(250);

/// The type of an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Hex,
    Number,
    Bool,
    Amount,
    /// A number, or two as the ends of a range.
    Range,
    List,
    Object,
    /// Checked by the command itself.
    Any,
}

impl Kind {
    /// Whether a command line gives it as it is.
    pub(super) fn is_text(self) -> bool {
        matches!(self, Kind::Text | Kind::Hex)
    }

    /// What JSON must have; `None` if several types will do.
    fn expected(self) -> Option<&'static str> {
        match self {
            Kind::Text | Kind::Hex => Some("string"),
            Kind::Number => Some("number"),
            Kind::Bool => Some("bool"),
            Kind::List => Some("array"),
            Kind::Object => Some("object"),
            Kind::Amount | Kind::Range | Kind::Any => None,
        }
    }
}

/// An argument of a command.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arg {
    /// Its name, with other names after bars.
    pub(super) names: &'static str,
    pub(super) kind: Kind,
    pub(super) about: &'static str,
    pub(super) optional: bool,
    /// What it is if it is left out.
    pub(super) default: Option<&'static str>,
    /// How the help writes a list or an object.
    pub(super) shape: &'static str,
    pub(super) hidden: bool,
    /// Fields of this object that may be given by name as if they were arguments.
    pub(super) fields: &'static [&'static str],
}

pub(super) const fn arg(names: &'static str, kind: Kind, about: &'static str) -> Arg {
    Arg { names, kind, about, optional: false, default: None, shape: "", hidden: false, fields: &[] }
}

impl Arg {
    pub(super) const fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    pub(super) const fn default(mut self, default: &'static str) -> Self {
        self.default = Some(default);
        self.optional()
    }

    pub(super) const fn shape(mut self, shape: &'static str) -> Self {
        self.shape = shape;
        self
    }

    pub(super) const fn hidden(mut self) -> Self {
        self.hidden = true;
        self.optional()
    }

    pub(super) const fn fields(mut self, fields: &'static [&'static str]) -> Self {
        self.fields = fields;
        self
    }

    /// The name that the help uses.
    pub(super) fn name(&self) -> &'static str {
        self.names.split('|').next().unwrap_or(self.names)
    }
}

/// A command of the node.
#[derive(Clone, Copy)]
pub(super) struct Command {
    pub(super) category: &'static str,
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    pub(super) args: &'static [Arg],
    pub(super) run: fn(&Call<'_>) -> Answer,
}

/// Declares a command without arguments.
pub(super) const fn command(
    category: &'static str,
    name: &'static str,
    about: &'static str,
    run: fn(&Call<'_>) -> Answer,
) -> Command {
    Command { category, name, about, args: &[], run }
}

impl Command {
    pub(super) const fn args(mut self, args: &'static [Arg]) -> Self {
        self.args = args;
        self
    }

    /// Names of the arguments, and whether one has no position, in the order in which positions are
    /// filled.
    pub(super) fn argument_names(&self) -> Vec<(String, bool)> {
        let mut names = Vec::new();
        for arg in self.args {
            names.extend(arg.fields.iter().map(|field| ((*field).to_owned(), true)));
            names.push((arg.names.to_owned(), false));
        }
        names
    }

    /// Checks the number and the types of arguments, and fills up those that are left out with null.
    pub(super) fn check(&self, mut params: Vec<Value>) -> Answer<Vec<Value>> {
        let needed = self.args.iter().rposition(|arg| !arg.optional).map_or(0, |last| last + 1);
        if !(needed..=self.args.len()).contains(&params.len()) {
            return failed(help::text(self));
        }
        params.resize(self.args.len(), Value::Null);
        let mut wrong = Map::new();
        for (position, (arg, value)) in self.args.iter().zip(&params).enumerate() {
            let found = value::type_name(value);
            match arg.kind.expected() {
                Some(expected) if expected != found && !(arg.optional && value.is_null()) => {
                    let key = format!("Position {} ({})", position + 1, arg.names);
                    let text = format!("JSON value of type {found} is not of expected type {expected}");
                    wrong.insert(key, text.into());
                }
                _ => {}
            }
        }
        if wrong.is_empty() {
            return Ok(params);
        }
        Err(RpcError::new(Code::TypeError, format!("Wrong type passed:\n{}", pretty(&wrong))))
    }
}

/// An object as Bitcoin Core writes it with four spaces.
fn pretty(object: &Map<String, Value>) -> String {
    let lines: Vec<_> =
        object.iter().map(|(key, text)| format!("    {}: {text}", Value::from(key.as_str()))).collect();
    format!("{{\n{}\n}}", lines.join(",\n"))
}

/// A command that is being run.
pub(super) struct Call<'a> {
    pub(super) shared: &'a Shared,
    pub(super) state: &'a Arc<State>,
    /// As many as the command has arguments; null for those that were left out.
    pub(super) params: Vec<Value>,
    /// How many of them were given.
    pub(super) given: usize,
    /// Whether anybody still waits for the answer.
    pub(super) wanted: &'a dyn Fn() -> bool,
}

impl Call<'_> {
    /// An argument that was given.
    pub(super) fn get(&self, position: usize) -> Option<&Value> {
        self.params.get(position).filter(|value| !value.is_null())
    }

    /// An argument, null if it was left out.
    pub(super) fn value(&self, position: usize) -> &Value {
        self.params.get(position).unwrap_or(&Value::Null)
    }

    pub(super) fn text(&self, position: usize) -> Answer<&str> {
        value::text(self.value(position))
    }

    pub(super) fn text_or<'b>(&'b self, position: usize, default: &'b str) -> Answer<&'b str> {
        self.get(position).map_or(Ok(default), value::text)
    }

    pub(super) fn flag_or(&self, position: usize, default: bool) -> Answer<bool> {
        self.get(position).map_or(Ok(default), value::flag)
    }

    pub(super) fn int<T: std::str::FromStr>(&self, position: usize) -> Answer<T> {
        value::int(self.value(position))
    }

    pub(super) fn int_or<T: std::str::FromStr>(&self, position: usize, default: T) -> Answer<T> {
        self.get(position).map_or(Ok(default), value::int)
    }

    pub(super) fn list(&self, position: usize) -> Answer<&Vec<Value>> {
        value::list(self.value(position))
    }

    pub(super) fn hash<H: Hash<Bytes = [u8; 32]>>(&self, position: usize, name: &str) -> Answer<H> {
        value::hash(self.value(position), name)
    }

    /// How much to tell: a number, or a truth value for 0 and 1.
    pub(super) fn verbosity(&self, position: usize, default: i32) -> Answer<i32> {
        match self.value(position) {
            Value::Null => Ok(default),
            Value::Bool(verbose) => Ok(i32::from(*verbose)),
            number => value::int(number),
        }
    }

    /// A time to wait, in milliseconds; 0 and nothing are for ever.
    pub(super) fn deadline(&self, position: usize) -> Answer<Option<Instant>> {
        match self.int_or::<i64>(position, 0)? {
            0 => Ok(None),
            milliseconds => {
                let time = u64::try_from(milliseconds).map(Duration::from_millis);
                let time = time.map_err(|_| RpcError::new(Code::MiscError, "Negative timeout"))?;
                Ok(Instant::now().checked_add(time))
            }
        }
    }

    /// Whether the command should give up: nobody waits for it, or the server stops.
    pub(super) fn is_over(&self) -> bool {
        self.shared.stopping.load(Ordering::Relaxed) || !(self.wanted)()
    }

    /// Waits until `done`, the deadline, the end of the node, or until nobody wants the answer.
    pub(super) fn wait(&self, deadline: Option<Instant>, mut done: impl FnMut(&Seen) -> bool) -> Seen {
        loop {
            let slice = Instant::now() + LOOK_UP;
            let until = deadline.map_or(slice, |deadline| deadline.min(slice));
            let seen = self.state.wait(Some(until), &mut done);
            let late = deadline.is_some_and(|deadline| Instant::now() >= deadline);
            if seen.stopping || late || self.is_over() || done(&seen) {
                return seen;
            }
        }
    }
}

/// Puts arguments that were given by name into their positions.
pub(super) fn positional(named: &Map<String, Value>, names: &[(String, bool)]) -> Answer<Vec<Value>> {
    let mut left = named.clone();
    let mut params = Vec::new();
    // Positions left out since the last one that was given; those before the first may come as `args`.
    let (mut hole, mut first_hole, mut first) = (0, 0, None);
    let mut options = Map::new();
    for (pattern, named_only) in names {
        let name = pattern.split('|').find(|name| left.contains_key(*name));
        let given = name.and_then(|name| Some((name, left.shift_remove(name)?)));
        if *named_only {
            if let Some((name, value)) = given {
                options.insert(name.to_owned(), value);
            }
            continue;
        }
        if given.is_none() && options.is_empty() {
            hole += 1;
            if params.is_empty() {
                first_hole = hole;
            }
            continue;
        }
        params.resize(params.len() + std::mem::take(&mut hole), Value::Null);
        first.get_or_insert(pattern);
        match (given, options.keys().next()) {
            (Some((name, _)), Some(option)) => {
                return invalid(format!("Parameter {name} conflicts with parameter {option}"));
            }
            (Some((_, value)), None) => params.push(value),
            (None, _) => params.push(Value::Object(std::mem::take(&mut options))),
        }
    }
    if let Some(Value::Array(positions)) = left.get("args") {
        if let Some(first) = first.filter(|_| first_hole < positions.len()) {
            return invalid(format!(
                "Parameter {first} specified twice both as positional and named argument"
            ));
        }
        let mut all = positions.clone();
        all.extend(params.into_iter().skip(positions.len()));
        params = all;
        left.shift_remove("args");
    }
    match left.keys().next() {
        None => Ok(params),
        Some(name) => invalid(format!("Unknown named parameter {name}")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const COMMAND: Command = command("test", "test", "For a test.", |call| Ok(call.params.clone().into()))
        .args(&[
            arg("first|one", Kind::Text, "The first."),
            arg("second", Kind::Number, "The second.").default("5"),
            arg("options", Kind::Object, "More.").optional().shape("{}").fields(&["deep"]),
            arg("last", Kind::Bool, "The last.").optional(),
        ]);

    fn named(params: Value) -> Answer<Value> {
        let params = params.as_object().unwrap().clone();
        positional(&params, &COMMAND.argument_names()).map(Value::from)
    }

    #[test]
    fn names_find_their_positions() {
        assert_eq!(named(json!({})), Ok(json!([])));
        assert_eq!(named(json!({ "one": "a" })), Ok(json!(["a"])));
        assert_eq!(named(json!({ "last": true, "first": "a" })), Ok(json!(["a", null, null, true])));
        assert_eq!(named(json!({ "deep": 1 })), Ok(json!([null, null, { "deep": 1 }])));
        assert_eq!(named(json!({ "args": ["a"], "last": true })), Ok(json!(["a", null, null, true])));
        assert_eq!(named(json!({ "args": ["a", 1] })), Ok(json!(["a", 1])));
    }

    #[test]
    fn names_that_contradict_are_refused() {
        for (params, message) in [
            (json!({ "x": 1 }), "Unknown named parameter x"),
            (json!({ "deep": 1, "options": {} }), "Parameter options conflicts with parameter deep"),
            (
                json!({ "args": ["a"], "first": "b" }),
                "Parameter first|one specified twice both as positional and named argument",
            ),
            (json!({ "args": 1 }), "Unknown named parameter args"),
        ] {
            let error = named(params).unwrap_err();
            assert_eq!((error.code(), error.message()), (-8, message));
        }
    }

    #[test]
    fn numbers_and_types_of_arguments_are_checked() {
        assert_eq!(
            COMMAND.check(vec![json!("a")]),
            Ok(vec![json!("a"), json!(null), json!(null), json!(null)])
        );
        for params in [vec![], vec![json!(null); 5]] {
            let error = COMMAND.check(params).unwrap_err();
            assert_eq!(error.code(), -1);
            assert!(
                error.message().starts_with("test \"first\" ( second {} last )\n\nFor a test.\n"),
                "{error}"
            );
        }
        let error = COMMAND.check(vec![json!(1), json!("2")]).unwrap_err();
        let text = "Wrong type passed:\n{\n    \"Position 1 (first|one)\": \"JSON value of type number is not \
                    of expected type string\",\n    \"Position 2 (second)\": \"JSON value of type string is not of \
                    expected type number\"\n}";
        assert_eq!((error.code(), error.message()), (-3, text));
        assert_eq!(COMMAND.check(vec![json!(null)]).unwrap_err().code(), -3);
    }
}
