//! The arguments of a request.
//!
//! In: a request, and the [`Command`] that it names. Out: arguments in their positions and of their types.

use bitcoin_ipc::types::Json;
use serde_json::{Map, Value};

use crate::command::{Arg, Command, Outputs};
use crate::error::{Answer, Code, RpcError, failed, invalid};
use crate::{construct, help};

impl<R: Copy> Command<R> {
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
    use crate::command::{Kind, arg};

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
