//! Commands: what they are called, what they take, and what runs them.
//!
//! In: declarations, requests. Out: [`Command`]s, and arguments in their positions and of their types.

use serde_json::{Map, Value, json};

use super::error::{Answer, Code, RpcError, failed, invalid};
use super::{help, value};

/// The type of an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A text.
    Text,
    /// Bytes or a hash in hex digits.
    Hex,
    /// A number.
    Number,
    /// A truth value.
    Bool,
    /// An amount or a fee rate, as a number or a text.
    Amount,
    /// A number, or two as the ends of a range.
    Range,
    /// A list.
    List,
    /// An object.
    Object,
    /// Checked by the command itself.
    Any,
}

impl Kind {
    /// Whether a command line gives it as it is.
    #[must_use]
    pub fn is_text(self) -> bool {
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
pub struct Arg {
    /// Its name, with other names after bars.
    pub names: &'static str,
    /// Its type.
    pub kind: Kind,
    /// What it is, in a sentence.
    pub about: &'static str,
    /// Whether it can be left out.
    pub optional: bool,
    /// What it is if it is left out.
    pub default: Option<&'static str>,
    /// How the help writes a list or an object.
    pub shape: &'static str,
    /// Whether the help leaves it out.
    pub hidden: bool,
    /// Fields of this object that may be given by name as if they were arguments.
    pub fields: &'static [&'static str],
}

/// Declares an argument that has to be given.
#[must_use]
pub const fn arg(names: &'static str, kind: Kind, about: &'static str) -> Arg {
    Arg { names, kind, about, optional: false, default: None, shape: "", hidden: false, fields: &[] }
}

impl Arg {
    /// May be left out.
    #[must_use]
    pub const fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    /// May be left out, and what it is then.
    #[must_use]
    pub const fn default(mut self, default: &'static str) -> Self {
        self.default = Some(default);
        self.optional()
    }

    /// How the help writes it.
    #[must_use]
    pub const fn shape(mut self, shape: &'static str) -> Self {
        self.shape = shape;
        self
    }

    /// May be left out, and the help does.
    #[must_use]
    pub const fn hidden(mut self) -> Self {
        self.hidden = true;
        self.optional()
    }

    /// Fields that may be given as if they were arguments.
    #[must_use]
    pub const fn fields(mut self, fields: &'static [&'static str]) -> Self {
        self.fields = fields;
        self
    }

    /// The name that the help uses.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.names.split('|').next().unwrap_or(self.names)
    }
}

/// A command, and what runs it.
#[derive(Clone, Copy, Debug)]
pub struct Command<R> {
    /// Where the help lists it.
    pub category: &'static str,
    /// Its name.
    pub name: &'static str,
    /// What it does, in a sentence or two.
    pub about: &'static str,
    /// What it takes.
    pub args: &'static [Arg],
    /// What runs it.
    pub run: R,
}

impl<R: Copy> Command<R> {
    /// Declares a command without arguments.
    #[must_use]
    pub const fn new(category: &'static str, name: &'static str, about: &'static str, run: R) -> Self {
        Command { category, name, about, args: &[], run }
    }

    /// What it takes.
    #[must_use]
    pub const fn args(mut self, args: &'static [Arg]) -> Self {
        self.args = args;
        self
    }

    /// Names of the arguments, and whether one has no position, in the order in which positions are
    /// filled.
    #[must_use]
    pub fn argument_names(&self) -> Vec<(String, bool)> {
        let mut names = Vec::new();
        for arg in self.args {
            names.extend(arg.fields.iter().map(|field| ((*field).to_owned(), true)));
            names.push((arg.names.to_owned(), false));
        }
        names
    }

    /// Which arguments are something else than texts: rows of command, position, name, and whether it is
    /// a text.
    #[must_use]
    pub fn conversions(&self) -> Vec<Value> {
        let mut rows = Vec::new();
        for (position, arg) in self.args.iter().enumerate() {
            for name in arg.names.split('|') {
                rows.push(json!([self.name, position, name, arg.kind.is_text()]));
            }
            rows.extend(arg.fields.iter().map(|field| json!([self.name, position, field, false])));
        }
        rows
    }

    /// Checks the number and the types of arguments, and fills up those that are left out with null.
    ///
    /// # Errors
    ///
    /// -1 with the help for a wrong number, -3 for wrong types.
    pub fn check(&self, mut params: Vec<Value>) -> Answer<Vec<Value>> {
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

/// Puts arguments that were given by name into their positions: Bitcoin Core's
/// `transformNamedArguments`. The names are those of [`Command::argument_names`].
///
/// # Errors
///
/// -8 for a name that is not known or comes twice.
pub fn positional(named: &Map<String, Value>, names: &[(String, bool)]) -> Answer<Vec<Value>> {
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

    const COMMAND: Command<()> = Command::new("test", "test", "For a test.", ()).args(&[
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
