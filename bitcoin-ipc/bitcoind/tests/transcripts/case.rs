//! A case that is being told.
//!
//! In: questions, and what the bank is to do. Out: answers, and steps to be compared.

use std::collections::BTreeSet;

use bitcoin::Amount;
use serde_json::{Value, json};

use super::branch;
use super::chapter::Step;
use super::node::{Answer, Node};

/// Some time after regtest's genesis block, at which the clock stands.
const NOW: u64 = 1_700_000_000;
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

/// Who has the first coins of the chain.
#[derive(Default)]
pub(crate) struct Bank {
    /// How many of them are spent.
    spent: u64,
}

/// Why a case could not go on.
#[derive(Debug)]
pub(crate) struct Stopped(pub(crate) String);

/// A case that is being told.
pub(crate) struct Case<'a> {
    pub(crate) node: &'a mut Node,
    bank: &'a mut Bank,
    /// The wallet that is asked.
    wallet: Option<String>,
    pub(crate) steps: Vec<Step>,
}

impl<'a> Case<'a> {
    pub(crate) fn new(node: &'a mut Node, bank: &'a mut Bank) -> Self {
        Case { node, bank, wallet: None, steps: Vec::new() }
    }

    /// Asks; the answer is compared.
    pub(crate) fn ask(&mut self, method: &str, params: Value) -> Answer {
        let written = params.to_string();
        self.ask_as(method, &written, params)
    }

    /// Asks what is written so; names in it may stand for values that are other ones each time.
    pub(crate) fn ask_as(&mut self, method: &str, written: &str, params: Value) -> Answer {
        let of = self.wallet.as_ref().map_or_else(String::new, |wallet| format!(" of {wallet}"));
        let answer = self.node.ask(method, params, self.wallet.as_deref());
        let answer = answer.unwrap_or_else(|error| Err((0, error)));
        let folder = self.node.folder().display().to_string();
        let here = |text: &str| text.replace(&folder, "DATADIR");
        let asked = here(&format!("{method} {written}{of}"));
        let kept = match &answer {
            Ok(value) => Ok(serde_json::from_str(&here(&value.to_string())).unwrap_or_default()),
            Err((code, text)) => {
                // Help in place of an answer: what follows its first line is in each program's own words.
                let line = text.lines().next().filter(|line| line.split(' ').next() == Some(method));
                Err((*code, line.map_or_else(|| here(text), str::to_owned)))
            }
        };
        self.steps.push(Step { asked, answer: kept });
        answer
    }

    /// Keeps what was found in an answer that is not compared itself.
    pub(crate) fn note(&mut self, what: &str, found: Value) {
        self.steps.push(Step { asked: what.to_owned(), answer: Ok(found) });
    }

    /// Notes what others than their owner may do with the files that the node made: each mode once.
    #[cfg(unix)]
    pub(crate) fn modes(&mut self) -> Result<(), Stopped> {
        use std::os::unix::fs::PermissionsExt as _;
        let (mut modes, mut folders) = (BTreeSet::new(), vec![self.node.folder()]);
        while let Some(folder) = folders.pop() {
            let failed = |error: std::io::Error| Stopped(format!("{}: {error}", folder.display()));
            for entry in std::fs::read_dir(&folder).map_err(failed)? {
                let entry = entry.map_err(failed)?;
                let found = entry.metadata().map_err(failed)?;
                modes.insert(format!("{:03o}", found.permissions().mode() & 0o077));
                if found.is_dir() {
                    folders.push(entry.path());
                }
            }
        }
        self.note("modes", modes.into_iter().collect());
        Ok(())
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
    pub(crate) fn quiet(&self, method: &str, params: Value) -> Result<Value, Stopped> {
        let answer = self.node.ask(method, params, self.wallet.as_deref()).map_err(Stopped)?;
        answer.map_err(|(code, text)| Stopped(format!("{method}: {text} ({code})")))
    }

    /// Asks the node for what is not compared.
    fn quiet_node(&self, method: &str, params: Value) -> Result<Value, Stopped> {
        let answer = self.node.ask(method, params, None).map_err(Stopped)?;
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

    /// Ends the node in order, and starts it again.
    pub(crate) fn restart(&mut self) -> Result<(), Stopped> {
        self.node.restart().map_err(Stopped)?;
        self.clock(0)
    }

    /// Sets the clock, in seconds from the start of the chapter.
    pub(crate) fn clock(&mut self, seconds: u64) -> Result<(), Stopped> {
        self.quiet_node("setmocktime", json!([NOW + seconds])).map(drop)
    }

    /// Has the bank make blocks.
    pub(crate) fn mine(&mut self, blocks: u32) -> Result<(), Stopped> {
        self.quiet_node("generatetoaddress", json!([blocks, BANK])).map(drop)
    }

    /// Gives the node a block on any block, with these transactions; gives its hash.
    pub(crate) fn block_on(&self, parent: &str, mark: u8, transactions: &[String]) -> Result<Value, Stopped> {
        let header = self.quiet_node("getblockheader", json!([parent]))?;
        let number = |name: &str| header[name].as_u64().and_then(|number| u32::try_from(number).ok());
        let (Some(height), Some(time)) = (number("height"), number("time")) else {
            return Err(Stopped(format!("{header} has no height and time")));
        };
        let parent = parent.parse().map_err(|_| Stopped(format!("{parent} is no hash")))?;
        let block = branch::block(parent, height + 1, time + 1, mark, transactions);
        let bytes = bitcoin::consensus::encode::serialize_hex(&block);
        match self.quiet_node("submitblock", json!([bytes]))?.as_str() {
            None | Some("inconclusive") => Ok(block.block_hash().to_string().into()),
            Some(why) => Err(Stopped(format!("submitblock: {why}"))),
        }
    }

    /// The bank's next coin, as an input.
    pub(crate) fn coin(&mut self) -> Result<Value, Stopped> {
        self.bank.spent += 1;
        let hash = self.quiet_node("getblockhash", json!([self.bank.spent]))?;
        let block = self.quiet_node("getblock", json!([hash, 1]))?;
        Ok(json!({ "txid": block["tx"][0], "vout": 0 }))
    }

    /// A transaction of the bank that pays these satoshi, signed and not sent.
    pub(crate) fn cheque(&mut self, outputs: &[(&str, u64)]) -> Result<Value, Stopped> {
        let coin = self.coin()?;
        let paid: u64 = outputs.iter().map(|(_, amount)| amount).sum();
        let rest = (COIN - FEE).checked_sub(paid).ok_or_else(|| Stopped("more than a coin".into()))?;
        let output = |(address, amount): (&str, u64)| json!({ address: Amount::from_sat(amount).to_string_in(bitcoin::Denomination::Bitcoin) });
        let wanted: Vec<Value> = outputs.iter().copied().chain([(REST, rest)]).map(output).collect();
        let raw = self.quiet_node("createrawtransaction", json!([[coin], wanted]))?;
        let signed = self.quiet_node("signrawtransactionwithkey", json!([raw, [BANK_KEY]]))?;
        Ok(signed["hex"].clone())
    }

    /// Has the bank pay these satoshi; gives the transaction's id.
    pub(crate) fn pay(&mut self, outputs: &[(&str, u64)]) -> Result<Value, Stopped> {
        let cheque = self.cheque(outputs)?;
        self.quiet_node("sendrawtransaction", json!([cheque]))
    }

    /// A new wallet with the usual descriptors, whose keys are those of this account. It is asked from
    /// now on.
    pub(crate) fn wallet(&mut self, name: &str, account: u32) -> Result<(), Stopped> {
        self.quiet_node("createwallet", json!({ "wallet_name": name, "blank": true }))?;
        self.of(name);
        let requests = self.descriptors(account)?;
        self.quiet("importdescriptors", json!([requests])).map(drop)
    }

    /// What a wallet imports to have the keys of an account.
    pub(crate) fn descriptors(&self, account: u32) -> Result<Value, Stopped> {
        let mut requests = Vec::new();
        let kinds = [("pkh(", 44, ")"), ("sh(wpkh(", 49, "))"), ("wpkh(", 84, ")"), ("tr(", 86, ")")];
        for (before, purpose, after) in kinds {
            for internal in [false, true] {
                let change = u8::from(internal);
                let text = format!("{before}{ROOT}/{purpose}h/1h/{account}h/{change}/*{after}");
                let desc = self.checked(&text)?;
                requests
                    .push(json!({ "desc": desc, "timestamp": "now", "active": true, "internal": internal }));
            }
        }
        Ok(requests.into())
    }

    /// A descriptor with its checksum.
    pub(crate) fn checked(&self, descriptor: &str) -> Result<String, Stopped> {
        let info = self.quiet_node("getdescriptorinfo", json!([descriptor]))?;
        Ok(format!("{descriptor}#{}", text(&info["checksum"])?))
    }
}

/// The text that an answer has to be.
pub(crate) fn text(value: &Value) -> Result<&str, Stopped> {
    value.as_str().ok_or_else(|| Stopped(format!("{value} is not a text")))
}
