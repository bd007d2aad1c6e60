//! `rpc`: any method of the node's RPC server.

use bitcoin_ipc::types::Json;
use serde_json::Value;

use crate::arguments::Rpc;
use crate::failure::Failure;
use crate::node::Node;
use crate::output::Output;
use crate::progress::waiting;

/// Calls a method and prints its result as bitcoin-cli does: a text bare, nothing for null, anything
/// else as JSON in lines.
pub(crate) async fn run(command: &Rpc, node: &Node, output: Output) -> Result<(), Failure> {
    let params = if command.named { named(&command.args) } else { positional(&command.args) };
    let client = node.client().await?;
    let call = client.execute_rpc(&command.method, params, command.wallet.as_deref());
    match waiting("waiting for the method's result", call).await? {
        result if output.json => output.line(result),
        Value::Null => Ok(()),
        Value::String(text) => output.line(text),
        result => output.line(format_args!("{result:#}")),
    }
}

/// JSON as it is, with names that come twice, which some methods refuse; anything else as a string.
fn value(text: &str) -> Json {
    text.parse().unwrap_or_else(|_| Json::String(text.to_owned()))
}

fn positional(args: &[String]) -> Json {
    Json::Array(args.iter().map(|arg| value(arg)).collect())
}

/// Arguments by name, of which the last one of a name counts, as in bitcoin-cli. Bitcoin Core takes those
/// without one, in order, under the name `args`.
fn named(args: &[String]) -> Json {
    let mut params: Vec<(String, Json)> = Vec::new();
    let mut rest = Vec::new();
    for arg in args {
        match arg.split_once('=') {
            Some((name, text)) => match params.iter_mut().find(|(known, _)| known == name) {
                Some((_, before)) => *before = value(text),
                None => params.push((name.to_owned(), value(text))),
            },
            None => rest.push(value(arg)),
        }
    }
    if !rest.is_empty() {
        params.push(("args".into(), Json::Array(rest)));
    }
    Json::Object(params)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn arguments_are_json_or_strings() {
        let args = words(r#"1 true null abc "12" [1,"a"] {"a":2} -5 00ff"#);
        let expected = json!([1, true, null, "abc", "12", [1, "a"], { "a": 2 }, -5, "00ff"]);
        assert_eq!(positional(&args), expected.into());
        let twice = positional(&words(r#"{"a":1,"a":2}"#));
        assert_eq!(twice.to_string(), r#"[{"a":1,"a":2}]"#);
    }

    #[test]
    fn arguments_have_names() {
        let args = words("height=4 label=a=b first 2 height=5");
        assert_eq!(named(&args), json!({ "height": 5, "label": "a=b", "args": ["first", 2] }).into());
    }
}
