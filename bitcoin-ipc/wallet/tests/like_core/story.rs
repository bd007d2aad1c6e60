//! The same story told twice.
//!
//! In: requests, blocks to mine. Out: where Bitcoin Core's answers and ours are not alike.

use std::path::PathBuf;

use bitcoin::hex::DisplayHex as _;
use bitcoin::{MerkleBlock, Txid, consensus};
use serde_json::{Value, json};

use super::alike::Alike;
use super::core::Core;
use super::node::{Answer, Node, script};

/// A story.
pub(crate) type Tell = fn(&mut Story<'_>);

/// One telling of a story.
pub(crate) struct Story<'a> {
    ask: &'a dyn Fn(&str, Value, &str) -> Answer,
    mine: &'a dyn Fn(usize, &Value),
    prove: &'a dyn Fn(usize, &Value) -> String,
    pub(crate) folder: PathBuf,
    told: Vec<Told>,
    loose: bool,
}

/// A question and its answer.
struct Told {
    asked: String,
    answer: Answer,
    /// Whether only types are compared.
    loose: bool,
}

impl Story<'_> {
    /// Asks, and keeps the answer to be compared.
    pub(crate) fn ask(&mut self, method: &str, params: Value) -> Answer {
        self.ask_at(method, params, "")
    }

    pub(crate) fn ask_at(&mut self, method: &str, params: Value, uri: &str) -> Answer {
        let answer = (self.ask)(method, params.clone(), uri);
        self.keep(format!("{method} {params}"), answer.clone());
        answer
    }

    /// Compares only the types of answers in a part of the story, as values are left to chance there.
    pub(crate) fn loosely(&mut self, tell: impl FnOnce(&mut Self)) {
        self.loose = true;
        tell(self);
        self.loose = false;
    }

    fn keep(&mut self, asked: String, answer: Answer) {
        let folder = self.folder.display().to_string();
        let answer = match answer {
            Ok(value) => Ok(without(value, &folder)),
            Err((code, text)) => Err((code, text.replace(&folder, "FOLDER"))),
        };
        self.told.push(Told { asked, answer, loose: self.loose });
    }

    /// Keeps an error that is within an answer.
    pub(crate) fn note(&mut self, error: &Value) {
        let text = error["message"].as_str().unwrap_or_default().to_owned();
        self.keep("the error".into(), Err((error["code"].as_i64().unwrap_or_default(), text)));
    }

    /// Keeps what was found in an answer.
    pub(crate) fn tell(&mut self, found: Value) {
        self.keep("what is in it".into(), Ok(found));
    }

    /// The answer, which is there.
    pub(crate) fn ok(&mut self, method: &str, params: Value) -> Value {
        self.ask(method, params).unwrap_or_else(|error| panic!("{method}: {error:?}"))
    }

    pub(crate) fn mine(&self, blocks: usize, address: &Value) {
        (self.mine)(blocks, address);
    }

    /// A proof in hex digits that the block at a height has a transaction.
    pub(crate) fn prove(&self, height: usize, txid: &Value) -> String {
        (self.prove)(height, txid)
    }

    /// A wallet with a coin that can be spent.
    pub(crate) fn earn(&mut self) {
        let address = self.ok("getnewaddress", json!([]));
        self.mine(1, &address);
        self.mine(100, &json!(super::node::foreign()));
    }
}

/// A value without the name of a folder.
fn without(value: Value, folder: &str) -> Value {
    match value {
        Value::String(text) => text.replace(folder, "FOLDER").into(),
        Value::Array(list) => list.into_iter().map(|value| without(value, folder)).collect(),
        Value::Object(object) => {
            object.into_iter().map(|(name, value)| (name, without(value, folder))).collect()
        }
        other => other,
    }
}

/// Tells a story to both, and compares.
pub(crate) fn compare(tell: Tell) -> Result<(), String> {
    let core = Core::start();
    let mine = |blocks: usize, address: &Value| {
        core.ask("generatetoaddress", json!([blocks, address]), "").unwrap();
    };
    let ask = |method: &str, params: Value, uri: &str| core.ask(method, params, uri);
    let prove = |_: usize, txid: &Value| {
        core.ask("gettxoutproof", json!([[txid]]), "").unwrap().as_str().unwrap().to_owned()
    };
    let mut theirs = Story {
        ask: &ask,
        mine: &mine,
        prove: &prove,
        folder: core.folder().into(),
        told: Vec::new(),
        loose: false,
    };
    tell(&mut theirs);
    let node = Node::new();
    let mine = |blocks: usize, address: &Value| node.chain.mine(blocks, &script(address));
    let ask = |method: &str, params: Value, uri: &str| node.ask(method, params, uri);
    node.chain.allow_deprecated("removeprunedfunds");
    let prove = |height: usize, txid: &Value| {
        let wanted: Txid = txid.as_str().unwrap().parse().unwrap();
        let block = node.chain.state().blocks[height].clone();
        let proof = MerkleBlock::from_block_with_predicate(&block, |txid| *txid == wanted);
        consensus::serialize(&proof).to_lower_hex_string()
    };
    let mut ours = Story {
        ask: &ask,
        mine: &mine,
        prove: &prove,
        folder: node.folder.path().into(),
        told: Vec::new(),
        loose: false,
    };
    tell(&mut ours);
    differences(&theirs, &ours)
}

fn differences(theirs: &Story<'_>, ours: &Story<'_>) -> Result<(), String> {
    let mut alike = Alike::default();
    let mut found = Vec::new();
    for (one, other) in theirs.told.iter().zip(&ours.told) {
        if let Err(difference) = compare_answers(&mut alike, one, other) {
            found.push(format!("{}\n  {difference}", one.asked));
        }
    }
    if theirs.told.len() != ours.told.len() {
        found.push(format!("{} answers, here {}", theirs.told.len(), ours.told.len()));
    }
    if found.is_empty() { Ok(()) } else { Err(found.join("\n")) }
}

fn compare_answers(alike: &mut Alike, theirs: &Told, ours: &Told) -> Result<(), String> {
    if theirs.loose {
        let (theirs, ours) = (shape(&theirs.answer), shape(&ours.answer));
        return if theirs == ours { Ok(()) } else { Err(format!("{theirs}\n  here {ours}")) };
    }
    match (&theirs.answer, &ours.answer) {
        (Ok(theirs), Ok(ours)) => alike.values(theirs, ours),
        (Err((code, theirs)), Err((our_code, ours))) if code == our_code => alike.words(theirs, ours),
        (theirs, ours) => Err(format!("{theirs:?}\n  here {ours:?}")),
    }
}

/// An error's code and words; of an answer, the names of fields in their order and the types of values.
fn shape(answer: &Answer) -> String {
    match answer {
        Ok(value) => types(value),
        Err((code, text)) => {
            // Amounts, heights and ids differ from one telling to the next.
            let words = text
                .split(' ')
                .map(|word| if word.contains(|c: char| c.is_ascii_digit()) { "#" } else { word });
            format!("{code} {}", words.collect::<Vec<_>>().join(" "))
        }
    }
}

fn types(value: &Value) -> String {
    match value {
        Value::Null => "null".into(),
        Value::Bool(_) => "bool".into(),
        Value::Number(number) if number.to_string().contains('.') => "decimal".into(),
        Value::Number(_) => "number".into(),
        Value::String(_) => "text".into(),
        Value::Array(list) => {
            let mut types: Vec<String> = list.iter().map(types).collect();
            // The order of outputs is left to chance.
            types.sort_unstable();
            types.dedup();
            format!("[{}]", types.join(", "))
        }
        Value::Object(object) => {
            let fields = object.iter().map(|(name, value)| {
                // Names that are addresses differ from one telling to the next.
                let name = if name.len() > 30 { "an address" } else { name };
                format!("{name}: {}", types(value))
            });
            format!("{{ {} }}", fields.collect::<Vec<_>>().join(", "))
        }
    }
}
