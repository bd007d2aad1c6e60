//! Requests for tests that commands survive them.
//!
//! In: values that mean something to a node or a wallet. Out: parameters, of which few mean anything.

use proptest::strategy::Strategy;
use proptest::{collection, option, sample};
use serde_json::{Map, Value, json};

const WORDS: &[&str] = &[
    "",
    "x",
    "0",
    "-1",
    "0.00000001",
    "21000000.00000001",
    "1e9",
    "ALL",
    "start",
    "status",
    "basic",
    "proposal",
    "all",
    "ff",
    "51",
    "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080",
    "mrCDrCybB6J1vRfbwM5hemdJz73FwDBC8r",
    "cMahea7zqjxrtgAbB7LSGbcQUr1uX1ojuat9jZodMN87JcbXMTcA",
    "wpkh(0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798)",
    "tr(tpubD6NzVbkrYhZ4WaWSyoBvQwbpLkojyoTZPRsgXELWz3Popb3qkjcJyJUGLnL4qHHoQvao8ESaAstxYSnhyswJ76uZPStJRJCTKvosUCJZL5B/0/*)",
    "combo(xx)",
    "addr(bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080)",
    "raw(",
    "cHNidP8BAAoCAAAAAAAAAAAAAA==",
    "cHNidP8=",
    "AAAA",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "é\u{0}\u{10ffff}",
];

const FIELDS: &[&str] = &[
    "txid",
    "vout",
    "sequence",
    "scriptPubKey",
    "amount",
    "data",
    "desc",
    "range",
    "mode",
    "rules",
    "capabilities",
    "verbose",
    "template_request",
    "maxfeerate",
    "mempool_only",
    "filter_false_positives",
    "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080",
    "",
];

/// Values of all kinds; some of them belong to the node.
fn values(own: Vec<Value>) -> impl Strategy<Value = Value> {
    let numbers = [0_i64, 1, 2, 6, 100, 144, -1, 1 << 31, 1 << 32, i64::MAX, i64::MIN];
    let numbers = numbers.into_iter().map(Value::from).chain([0.5, -1e-8, 1e300, 2.1e15].map(Value::from));
    let words = WORDS.iter().map(|word| Value::from(*word));
    let plain = [Value::Null, true.into(), false.into(), u64::MAX.into(), json!([]), json!({})];
    let all: Vec<Value> =
        plain.into_iter().chain(numbers).chain(words).chain(vec![own; 6].concat()).collect();
    sample::select(all).prop_recursive(3, 12, 4, |inner| {
        let field = (sample::select(FIELDS), inner.clone());
        let object = collection::vec(field, 0..4).prop_map(|fields| {
            let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value));
            Value::Object(fields.collect::<Map<_, _>>())
        });
        let list = collection::vec(inner, 0..4).prop_map(Value::from);
        proptest::prop_oneof![list, object]
    })
}

/// Parameters of a request: up to five, some of them missing.
pub(crate) fn params(own: Vec<Value>) -> impl Strategy<Value = Value> {
    let argument = option::weighted(0.9, values(own)).prop_map(Option::unwrap_or_default);
    collection::vec(argument, 0..6).prop_map(Value::from)
}
