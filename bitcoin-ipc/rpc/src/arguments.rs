//! Commands: what they are called, what they take, and what runs them.
//!
//! In: declarations, requests. Out: [`Command`]s, and arguments in their positions and of their types.

use bitcoin_ipc::types::Json;
use serde_json::{Map, Value, json};

use crate::conversion::Table;
use crate::error::{Answer, Code, RpcError, failed, invalid};
use crate::{construct, help};

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
    /// Where it holds outputs of a transaction, which may not be given twice.
    pub outputs: Outputs,
}

/// Where an argument holds outputs of a transaction: as names of fields, which are addresses. Elsewhere the
/// first of several fields of one name is the one that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outputs {
    /// Nowhere.
    No,
    /// It is outputs.
    All,
    /// A field of it is.
    Field(&'static str),
}

/// Declares an argument that has to be given.
#[must_use]
pub const fn arg(names: &'static str, kind: Kind, about: &'static str) -> Arg {
    Arg {
        names,
        kind,
        about,
        optional: false,
        default: None,
        shape: "",
        hidden: false,
        fields: &[],
        outputs: Outputs::No,
    }
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

    /// Is outputs of a transaction.
    #[must_use]
    pub const fn outputs(mut self) -> Self {
        self.outputs = Outputs::All;
        self
    }

    /// Has a field that is outputs of a transaction.
    #[must_use]
    pub const fn outputs_in(mut self, field: &'static str) -> Self {
        self.outputs = Outputs::Field(field);
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
    /// a text. What Bitcoin Core says of its own commands stands above what a kind does not tell, such as of a
    /// field of an object.
    #[must_use]
    pub fn conversions(&self) -> Vec<Value> {
        let mut rows = Vec::new();
        let mut row = |position: usize, name: &str, text: bool| {
            let text = Table::of_core().is_text(self.name, name).unwrap_or(text);
            rows.push(json!([self.name, position, name, text]));
        };
        for (position, arg) in self.args.iter().enumerate() {
            arg.names.split('|').for_each(|name| row(position, name, arg.kind.is_text()));
            arg.fields.iter().for_each(|field| row(position, field, false));
        }
        rows
    }

    /// Checks the number and the types of arguments, and fills up those that are left out with null.
    ///
    /// Outputs where a name comes twice become lists of objects with one field each.
    ///
    /// # Errors
    ///
    /// -1 with the help for a wrong number, -3 for wrong types.
    pub fn check(&self, mut params: Vec<Json>) -> Answer<Vec<Value>> {
        let needed = self.args.iter().rposition(|arg| !arg.optional).map_or(0, |last| last + 1);
        if !(needed..=self.args.len()).contains(&params.len()) {
            return failed(help::text(self));
        }
        params.resize(self.args.len(), Json::Null);
        let mut wrong = Map::new();
        for (position, (arg, value)) in self.args.iter().zip(&params).enumerate() {
            let found = type_name(value);
            match arg.kind.expected() {
                Some(expected) if expected != found && !(arg.optional && *value == Json::Null) => {
                    let key = format!("Position {} ({})", position + 1, arg.names);
                    let text = format!("JSON value of type {found} is not of expected type {expected}");
                    wrong.insert(key, text.into());
                }
                _ => {}
            }
        }
        if wrong.is_empty() {
            return self.args.iter().zip(params).map(|(arg, given)| one_for_each_name(arg, given)).collect();
        }
        Err(RpcError::new(Code::TypeError, format!("Wrong type passed:\n{}", pretty(&wrong))))
    }
}

/// An argument, with one value for each name. Outputs of one name stay, in the form of a list.
fn one_for_each_name(arg: &Arg, given: Json) -> Answer<Value> {
    match (arg.outputs, given) {
        (Outputs::All, outputs) => construct::listed(outputs),
        (Outputs::Field(name), Json::Object(mut fields)) => {
            let outputs = match fields.iter_mut().find(|(found, _)| found == name) {
                Some((_, outputs)) => construct::listed(std::mem::take(outputs))?,
                None => return Ok(Json::Object(fields).into()),
            };
            let mut object = Value::from(Json::Object(fields));
            object[name] = outputs;
            Ok(object)
        }
        (_, given) => Ok(given.into()),
    }
}

fn type_name(json: &Json) -> &'static str {
    match json {
        Json::Null => "null",
        Json::Bool(_) => "bool",
        Json::Object(_) => "object",
        Json::Array(_) => "array",
        Json::String(_) => "string",
        Json::Number(_) => "number",
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
pub fn positional(named: &[(String, Json)], names: &[(String, bool)]) -> Answer<Vec<Json>> {
    let mut left: Vec<(String, Json)> = Vec::new();
    for (name, value) in named {
        if left.iter().any(|(found, _)| found == name) {
            return invalid(format!("Parameter {name} specified multiple times"));
        }
        left.push((name.clone(), value.clone()));
    }
    let take = |left: &mut Vec<(String, Json)>, name: &str| {
        let place = left.iter().position(|(found, _)| found == name)?;
        Some(left.remove(place))
    };
    let mut params = Vec::new();
    // Positions left out since the last one that was given; those before the first may come as `args`.
    let (mut hole, mut first_hole, mut first) = (0, 0, None);
    let mut options: Vec<(String, Json)> = Vec::new();
    for (pattern, named_only) in names {
        let given = pattern.split('|').find_map(|name| take(&mut left, name));
        if *named_only {
            options.extend(given);
            continue;
        }
        if given.is_none() && options.is_empty() {
            hole += 1;
            if params.is_empty() {
                first_hole = hole;
            }
            continue;
        }
        params.resize(params.len() + std::mem::take(&mut hole), Json::Null);
        first.get_or_insert(pattern);
        match (given, options.first()) {
            (Some((name, _)), Some((option, _))) => {
                return invalid(format!("Parameter {name} conflicts with parameter {option}"));
            }
            (Some((_, value)), None) => params.push(value),
            (None, _) => params.push(Json::Object(std::mem::take(&mut options))),
        }
    }
    let positions = left.iter().position(|(name, _)| name == "args");
    if let Some((place, Json::Array(positions))) = positions.map(|place| (place, &left[place].1)) {
        if let Some(first) = first.filter(|_| first_hole < positions.len()) {
            return invalid(format!(
                "Parameter {first} specified twice both as positional and named argument"
            ));
        }
        let mut all = positions.clone();
        all.extend(params.into_iter().skip(positions.len()));
        params = all;
        left.remove(place);
    }
    match left.first() {
        None => Ok(params),
        Some((name, _)) => invalid(format!("Unknown named parameter {name}")),
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
        let Json::Object(params) = params.into() else { panic!() };
        positional(&params, &COMMAND.argument_names()).map(|params| Json::Array(params).into())
    }

    fn check(params: Value) -> Answer<Vec<Value>> {
        let Json::Array(params) = params.into() else { panic!() };
        COMMAND.check(params)
    }

    #[test]
    fn texts_are_told_from_json() {
        // What an object's fields are is known of Bitcoin Core's commands.
        const SEND: Command<()> =
            Command::new("test", "send", "For a test.", ())
                .args(&[arg("options", Kind::Object, "More.").fields(&["change_address", "inputs", "new"])]);
        let rows = |command: &Command<()>| Value::from(command.conversions());
        assert_eq!(
            rows(&COMMAND),
            json!([
                ["test", 0, "first", true],
                ["test", 0, "one", true],
                ["test", 1, "second", false],
                ["test", 2, "options", false],
                ["test", 2, "deep", false],
                ["test", 3, "last", false],
            ])
        );
        let said = rows(&SEND);
        let texts: Vec<_> = said.as_array().expect("a list").iter().map(|row| row[3].as_bool()).collect();
        assert_eq!(texts, [Some(false), Some(true), Some(false), Some(false)]);
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
    fn a_name_that_comes_twice_is_refused() {
        for text in [r#"{"first":"a","first":"b"}"#, r#"{"deep":1,"deep":1}"#, r#"{"x":1,"first":"a","x":1}"#]
        {
            let Ok(Json::Object(params)) = text.parse() else { panic!() };
            let error = positional(&params, &COMMAND.argument_names()).unwrap_err();
            let name = params[params.len() - 1].0.as_str();
            let message = format!("Parameter {name} specified multiple times");
            assert_eq!((error.code(), error.message()), (-8, message.as_str()));
        }
    }

    #[test]
    fn only_outputs_keep_what_comes_twice() {
        const PAYS: Command<()> = Command::new("test", "pays", "For a test.", ()).args(&[
            arg("inputs", Kind::List, "Coins."),
            arg("outputs", Kind::Any, "Outputs.").outputs(),
            arg("options", Kind::Object, "More.").optional().outputs_in("outputs"),
        ]);
        let check = |text: &str| {
            let Ok(Json::Array(params)) = text.parse() else { panic!("{text}") };
            PAYS.check(params).map(Value::from)
        };
        let pays = check(r#"[[{"n":1,"n":2}],{"a":1,"a":2},{"n":1,"outputs":{"b":1,"c":2,"b":3},"n":2}]"#);
        let outputs = json!([{ "b": 1 }, { "c": 2 }, { "b": 3 }]);
        let expected = json!([[{ "n": 1 }], [{ "a": 1 }, { "a": 2 }], { "n": 1, "outputs": outputs }]);
        assert_eq!(pays, Ok(expected));
        assert_eq!(check(r#"[[],{"a":1,"b":2}]"#), Ok(json!([[], { "a": 1, "b": 2 }, null])));
        let error = check(r#"[[],[{"a":1,"a":2}]]"#).unwrap_err();
        let text = "Invalid parameter, key-value pair must contain exactly one key";
        assert_eq!((error.code(), error.message()), (-8, text));
    }

    #[test]
    fn numbers_and_types_of_arguments_are_checked() {
        assert_eq!(check(json!(["a"])), Ok(vec![json!("a"), json!(null), json!(null), json!(null)]));
        for params in [json!([]), json!(vec![json!(null); 5])] {
            let error = check(params).unwrap_err();
            assert_eq!(error.code(), -1);
            assert!(
                error.message().starts_with("test \"first\" ( second {} last )\n\nFor a test.\n"),
                "{error}"
            );
        }
        let error = check(json!([1, "2"])).unwrap_err();
        let text = "Wrong type passed:\n{\n    \"Position 1 (first|one)\": \"JSON value of type number is not \
                    of expected type string\",\n    \"Position 2 (second)\": \"JSON value of type string is not of \
                    expected type number\"\n}";
        assert_eq!((error.code(), error.message()), (-3, text));
        assert_eq!(check(json!([null])).unwrap_err().code(), -3);
    }
}
