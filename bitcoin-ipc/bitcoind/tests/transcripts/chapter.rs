//! Cases, and how they are told to a node.
//!
//! In: scripts. Out: what was asked in which case, and what was answered.

use serde_json::{Value, json};

use super::branch;
use super::node::{Answer, Node, Program};

/// Some time after regtest's genesis block, at which the clock stands.
pub(crate) const NOW: u64 = 1_700_000_000;
/// The private key 1 on a test network, and its address: who mines, and pays wallets.
pub(crate) const BANK_KEY: &str = "cMahea7zqjxrtgAbB7LSGbcQUr1uX1ojuat9jZodMN87JcbXMTcA";
pub(crate) const BANK: &str = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080";
/// Where the rest of the bank's coins goes.
const REST: &str = "bcrt1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqc8gma6";
/// The root of every wallet whose keys are not left to chance: of the first seed in BIP 32's tests.
const ROOT: &str = "tprv8ZgxMBicQKsPeDgjzdC36fs6bMjGApWDNLR9erAXMs5skhMv36j9MV5ecvfavji5khqjWaWSFhN3YcCUUdiKH6isR4Pwy3U5y5egddBr16m";

/// What the bank pays for each of its transactions, and has in each of its coins, in satoshi.
const FEE: u64 = 10_000;
const COIN: u64 = 5_000_000_000;

/// Cases that are told to one node, one after the other.
pub(crate) struct Chapter {
    pub(crate) name: &'static str,
    /// Options of the node.
    pub(crate) options: &'static [&'static str],
    /// Blocks that the bank makes first.
    pub(crate) blocks: u32,
    /// Whether anything is left to chance, so that ids, keys and addresses have other values each time.
    pub(crate) chance: bool,
    pub(crate) cases: &'static [(&'static str, Tell)],
}

/// A case: asks until it ends or cannot go on.
pub(crate) type Tell = fn(&mut Case<'_>) -> Result<(), Stopped>;

/// Why a case could not go on.
#[derive(Debug)]
pub(crate) struct Stopped(String);

/// A question, and its answer.
pub(crate) struct Step {
    /// The wallet, the method and its parameters.
    pub(crate) asked: String,
    pub(crate) answer: Answer,
}

impl Step {
    pub(crate) fn method(&self) -> &str {
        self.asked.split(' ').next().unwrap_or_default()
    }
}

/// A case that was told.
pub(crate) struct Told {
    pub(crate) name: String,
    pub(crate) steps: Vec<Step>,
    /// Why it did not come to its end.
    pub(crate) stopped: Option<String>,
}

impl Chapter {
    /// Tells all cases to a new node.
    pub(crate) fn tell(&self, program: &Program) -> Result<Vec<Told>, String> {
        let mut node = Node::start(program, self.options)?;
        let mut spent = 0;
        let mut told = Vec::new();
        let mut prepare = Case::new(&mut node, &mut spent);
        let prepared = prepare.clock(NOW).and_then(|()| prepare.mine(self.blocks));
        prepared.map_err(|Stopped(why)| format!("{}: {why}", self.name))?;
        for (name, tell) in self.cases {
            let mut case = Case::new(&mut node, &mut spent);
            let stopped = tell(&mut case).err().map(|Stopped(why)| why);
            told.push(Told { name: (*name).to_owned(), steps: case.steps, stopped });
        }
        Ok(told)
    }
}

/// A case that is being told.
pub(crate) struct Case<'a> {
    node: &'a mut Node,
    /// Coins of the bank that are spent.
    spent: &'a mut u64,
    /// The wallet that is asked.
    wallet: Option<String>,
    steps: Vec<Step>,
}

impl<'a> Case<'a> {
    fn new(node: &'a mut Node, spent: &'a mut u64) -> Self {
        Case { node, spent, wallet: None, steps: Vec::new() }
    }

    /// Asks; the answer is compared.
    pub(crate) fn ask(&mut self, method: &str, params: Value) -> Answer {
        let asked = match &self.wallet {
            None => format!("{method} {params}"),
            Some(wallet) => format!("{method} {params} of {wallet:?}"),
        };
        let answer = self.node.ask(method, params, self.wallet.as_deref());
        let answer = answer.unwrap_or_else(|error| Err((0, error)));
        let folder = self.folder().display().to_string();
        let here = |text: &str| text.replace(&folder, "DATADIR");
        let kept = match &answer {
            Ok(value) => Ok(serde_json::from_str(&here(&value.to_string())).unwrap_or_default()),
            Err((code, text)) => Err((*code, here(text))),
        };
        self.steps.push(Step { asked: here(&asked), answer: kept });
        answer
    }

    /// Keeps what was found in an answer that is not compared itself.
    pub(crate) fn note(&mut self, what: &str, found: Value) {
        self.steps.push(Step { asked: what.to_owned(), answer: Ok(found) });
    }

    /// Asks for what the rest of the case needs.
    pub(crate) fn ok(&mut self, method: &str, params: Value) -> Result<Value, Stopped> {
        self.ask(method, params).map_err(|(code, text)| Stopped(format!("{method}: {text} ({code})")))
    }

    /// Asks several times with other parameters.
    pub(crate) fn each(&mut self, method: &str, params: impl IntoIterator<Item = Value>) {
        for params in params {
            let _ = self.ask(method, params);
        }
    }

    /// Asks for what is not compared.
    pub(crate) fn quiet(&mut self, method: &str, params: Value) -> Result<Value, Stopped> {
        let wallet = self.wallet.as_deref();
        let answer = self.node.ask(method, params, wallet).map_err(Stopped)?;
        answer.map_err(|(code, text)| Stopped(format!("{method}: {text} ({code})")))
    }

    /// Has this wallet asked from now on.
    pub(crate) fn of(&mut self, wallet: &str) {
        self.wallet = Some(wallet.to_owned());
    }

    /// Has the node asked from now on, with no wallet named.
    pub(crate) fn of_node(&mut self) {
        self.wallet = None;
    }

    /// The directory that the node was given.
    pub(crate) fn folder(&self) -> std::path::PathBuf {
        self.node.folder()
    }

    /// Ends the node in order, and starts it again.
    pub(crate) fn restart(&mut self) -> Result<(), Stopped> {
        self.node.restart().map_err(Stopped)?;
        self.clock(NOW)
    }

    /// Sets the clock.
    pub(crate) fn clock(&mut self, time: u64) -> Result<(), Stopped> {
        self.of_nobody(|case| case.quiet("setmocktime", json!([time])).map(drop))
    }

    /// Has the bank make blocks; gives their hashes.
    pub(crate) fn mine(&mut self, blocks: u32) -> Result<(), Stopped> {
        self.of_nobody(|case| case.quiet("generatetoaddress", json!([blocks, BANK])).map(drop))
    }

    /// Gives the node a block on any block, with these transactions; gives its hash.
    pub(crate) fn block_on(
        &mut self,
        parent: &Value,
        mark: u8,
        transactions: &[&str],
    ) -> Result<Value, Stopped> {
        let header = self.of_nobody(|case| case.quiet("getblockheader", json!([parent])))?;
        let number = |name: &str| header[name].as_u64().and_then(|number| u32::try_from(number).ok());
        let (Some(height), Some(time)) = (number("height"), number("time")) else {
            return Err(Stopped(format!("{header} has no height and time")));
        };
        let hash = text(parent)?.parse().map_err(|_| Stopped(format!("{parent} is no hash")))?;
        let block = branch::block(hash, height + 1, time + 1, mark, transactions);
        let bytes = bitcoin::consensus::encode::serialize_hex(&block);
        let refused = self.of_nobody(|case| case.quiet("submitblock", json!([bytes])))?;
        match refused.as_str() {
            None | Some("inconclusive") => Ok(block.block_hash().to_string().into()),
            Some(why) => Err(Stopped(format!("submitblock: {why}"))),
        }
    }

    /// The bank's next coin, as an input.
    pub(crate) fn coin(&mut self) -> Result<Value, Stopped> {
        *self.spent += 1;
        let height = *self.spent;
        self.of_nobody(|case| {
            let hash = case.quiet("getblockhash", json!([height]))?;
            let block = case.quiet("getblock", json!([hash, 1]))?;
            Ok(json!({ "txid": block["tx"][0], "vout": 0 }))
        })
    }

    /// A transaction of the bank that pays these satoshi, signed and not sent.
    pub(crate) fn cheque(&mut self, outputs: &[(&str, u64)]) -> Result<Value, Stopped> {
        let coin = self.coin()?;
        let rest = COIN - FEE - outputs.iter().map(|(_, amount)| amount).sum::<u64>();
        let mut wanted: Vec<Value> =
            outputs.iter().map(|(address, amount)| json!({ *address: bitcoins(*amount) })).collect();
        wanted.push(json!({ REST: bitcoins(rest) }));
        self.of_nobody(|case| {
            let raw = case.quiet("createrawtransaction", json!([[coin], wanted]))?;
            let signed = case.quiet("signrawtransactionwithkey", json!([raw, [BANK_KEY]]))?;
            Ok(signed["hex"].clone())
        })
    }

    /// Has the bank pay these satoshi; gives the transaction's id.
    pub(crate) fn pay(&mut self, outputs: &[(&str, u64)]) -> Result<Value, Stopped> {
        let cheque = self.cheque(outputs)?;
        self.of_nobody(|case| case.quiet("sendrawtransaction", json!([cheque])))
    }

    /// A new wallet with the usual descriptors, whose keys are those of this account. It is asked from
    /// now on.
    pub(crate) fn wallet(&mut self, name: &str, account: u32) -> Result<(), Stopped> {
        self.of_nobody(|case| case.quiet("createwallet", json!({ "wallet_name": name, "blank": true })))?;
        self.of(name);
        let requests = self.descriptors(account)?;
        self.quiet("importdescriptors", json!([requests])).map(drop)
    }

    /// What a wallet imports to have the keys of an account.
    pub(crate) fn descriptors(&mut self, account: u32) -> Result<Vec<Value>, Stopped> {
        let mut requests = Vec::new();
        for (before, purpose, after) in
            [("pkh(", 44, ")"), ("sh(wpkh(", 49, "))"), ("wpkh(", 84, ")"), ("tr(", 86, ")")]
        {
            for internal in [false, true] {
                let change = u8::from(internal);
                let text = format!("{before}{ROOT}/{purpose}h/1h/{account}h/{change}/*{after}");
                let desc = self.checked(&text)?;
                requests
                    .push(json!({ "desc": desc, "timestamp": "now", "active": true, "internal": internal }));
            }
        }
        Ok(requests)
    }

    /// A descriptor with its checksum.
    pub(crate) fn checked(&mut self, descriptor: &str) -> Result<String, Stopped> {
        let info = self.of_nobody(|case| case.quiet("getdescriptorinfo", json!([descriptor])))?;
        Ok(format!("{descriptor}#{}", text(&info["checksum"])?))
    }

    /// Does something without a wallet.
    fn of_nobody<T>(&mut self, run: impl FnOnce(&mut Self) -> Result<T, Stopped>) -> Result<T, Stopped> {
        let wallet = self.wallet.take();
        let result = run(self);
        self.wallet = wallet;
        result
    }
}

/// The text that an answer has to be.
pub(crate) fn text(value: &Value) -> Result<&str, Stopped> {
    value.as_str().ok_or_else(|| Stopped(format!("{value} is not a text")))
}

/// Satoshi as a text in bitcoins.
pub(crate) fn bitcoins(amount: u64) -> String {
    format!("{}.{:08}", amount / 100_000_000, amount % 100_000_000)
}
