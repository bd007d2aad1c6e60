//! A wallet.
//!
//! In: what a test wants it to have. Out: entries, coins and answers of methods. Its interface is beside it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use bitcoin::hashes::Hash as _;
use bitcoin::{Amount, OutPoint, ScriptBuf, SignedAmount, Transaction, TxOut, Txid, WPubkeyHash};
use bitcoin_ipc::interfaces::*;
use bitcoin_ipc::types::*;
use mp_runtime::callbacks::{Callbacks, News};
use mp_runtime::{Error, ErrorKind, Result};
use serde_json::{Value, json};

use super::node::GENESIS;
use super::transactions::{self, FEE, of_entry, txid};
use super::{Gate, lock};

/// An entry of the history.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) amount: i64,
    pub(crate) label: String,
    pub(crate) height: Option<i32>,
}

/// What a wallet has.
#[derive(Default)]
pub(crate) struct Inside {
    pub(super) passphrase: Option<Vec<u8>>,
    pub(super) unlocked: bool,
    pub(super) no_keys: bool,
    /// So many entries are made up; those of `entries` are newer.
    pub(crate) made_up: u64,
    pub(crate) entries: Vec<Entry>,
    pub(crate) coins: Vec<(OutPoint, u64, i32)>,
    pub(crate) frozen: Vec<OutPoint>,
    pub(crate) committed: Vec<Transaction>,
    pub(crate) requests: BTreeMap<Vec<u8>, Vec<u8>>,
    pub(crate) book: BTreeMap<Destination, (String, AddressPurpose)>,
    pub(super) addresses: u8,
    /// Has signing change an output.
    pub(crate) tampers: bool,
    /// Has what is made pay somebody else.
    pub(crate) robs: bool,
    /// Has committing end as if the process had died: before or after it was done.
    pub(crate) dies: Option<bool>,
    /// Has it let go of whoever listens, at once.
    pub(crate) deaf: bool,
}

/// A wallet.
pub(crate) struct FakeWallet {
    pub(crate) name: String,
    pub(crate) gate: Gate,
    pub(crate) inside: Mutex<Inside>,
    pub(super) unload: Callbacks<UnloadWalletFn>,
    pub(super) progress: Callbacks<ShowWalletProgressFn>,
    pub(super) status: Callbacks<StatusChangedFn>,
    pub(super) book: Callbacks<AddressBookChangedFn>,
    pub(super) changed: Callbacks<TransactionChangedFn>,
    pub(super) addresses: Callbacks<CanGetAddressesChangedFn>,
}

/// The script that pays somebody with this number.
pub(crate) fn script(number: u8) -> ScriptBuf {
    ScriptBuf::new_p2wpkh(&WPubkeyHash::from_byte_array([number; 20]))
}

/// A script of the wallet's own; those of others have lower numbers.
pub(crate) fn own_script(number: u8) -> ScriptBuf {
    script(128 | number)
}

pub(super) fn is_own(script: &ScriptBuf) -> bool {
    script.as_bytes().get(2).is_some_and(|byte| byte & 128 != 0)
}

pub(super) fn btc(sat: i64) -> Value {
    let (sign, sat) = (if sat < 0 { "-" } else { "" }, sat.unsigned_abs());
    let text = format!("{sign}{}.{:08}", sat / 100_000_000, sat % 100_000_000);
    serde_json::from_str(&text).expect("a number")
}

impl FakeWallet {
    pub(crate) fn new(name: &str) -> Arc<FakeWallet> {
        const OF: &str = "a fake";
        Arc::new(FakeWallet {
            name: name.to_owned(),
            gate: Gate::default(),
            inside: Mutex::default(),
            unload: Callbacks::new(OF),
            progress: Callbacks::new(OF),
            status: Callbacks::new(OF),
            book: Callbacks::new(OF),
            changed: Callbacks::new(OF),
            addresses: Callbacks::new(OF),
        })
    }

    /// Two coins of one and of two bitcoin, and three entries.
    pub(crate) fn with_coins(name: &str) -> Arc<FakeWallet> {
        let wallet = FakeWallet::new(name);
        {
            let mut inside = lock(&wallet.inside);
            inside.coins = vec![
                (OutPoint::new(txid(1 << 40), 0), 100_000_000, 10),
                (OutPoint::new(txid(2 << 40), 1), 200_000_000, 150),
            ];
            let entry = |amount, label: &str, height| Entry { amount, label: label.to_owned(), height };
            inside.entries = vec![
                entry(200_000_000, "Alice", Some(51)),
                entry(100_000_000, "", Some(191)),
                entry(-50_000_000, "Bob", None),
            ];
        }
        wallet
    }

    /// With so many made-up entries.
    pub(crate) fn huge(name: &str, count: u64) -> Arc<FakeWallet> {
        let wallet = FakeWallet::new(name);
        lock(&wallet.inside).made_up = count;
        wallet
    }

    pub(crate) fn encrypt(&self, passphrase: &[u8]) {
        let mut inside = lock(&self.inside);
        inside.passphrase = Some(passphrase.to_vec());
        inside.unlocked = false;
    }

    pub(crate) fn no_keys(&self, no_keys: bool) {
        lock(&self.inside).no_keys = no_keys;
    }

    /// Its process ends.
    pub(super) fn end(&self) {
        lock(&self.inside).unlocked = false;
    }

    /// Somebody pays it.
    pub(crate) fn receive(&self, amount: i64, label: &str) {
        let entry = Entry { amount, label: label.to_owned(), height: None };
        let place = {
            let mut inside = lock(&self.inside);
            inside.entries.push(entry.clone());
            inside.entries.len() as u64 - 1
        };
        let txid = of_entry(&entry, place).compute_txid();
        self.changed.tell(News::Each, move |hear| hear(txid, ChangeType::New));
    }

    /// A transaction of it changes.
    pub(crate) fn change(&self, txid: Txid) {
        self.changed.tell(News::Each, move |hear| hear(txid, ChangeType::Updated));
    }

    fn entry(&self, inside: &Inside, number: u64, height: i32) -> Value {
        let made_up = inside.made_up;
        let (entry, id) = match number.checked_sub(made_up) {
            None => {
                let place = i32::try_from(number % 190).unwrap_or_default() + 1;
                let label = format!("Entry {number}");
                (Entry { amount: 1_000 + number as i64, label, height: Some(place) }, txid(number))
            }
            Some(place) => {
                let entry = inside.entries[place as usize].clone();
                let id = of_entry(&entry, place).compute_txid();
                (entry, id)
            }
        };
        let to = bitcoin::Address::from_script(&script(7), bitcoin::Network::Regtest).expect("an address");
        let mut value = json!({
            "address": to.to_string(),
            "category": if entry.amount < 0 { "send" } else { "receive" },
            "amount": btc(entry.amount),
            "label": entry.label,
            "vout": 0,
            "txid": id.to_string(),
            "time": GENESIS + number as i64,
            "confirmations": entry.height.map_or(0, |own| height - own + 1),
            "abandoned": false,
        });
        if let Some(height) = entry.height {
            value["blockheight"] = height.into();
        }
        if entry.amount < 0 {
            value["fee"] = btc(-(FEE as i64));
        }
        value
    }

    /// A method of the wallet, if it is one.
    pub(super) fn rpc(&self, command: &str, params: &Value, height: i32) -> Option<Value> {
        self.gate.pass(command);
        let inside = lock(&self.inside);
        let total = inside.made_up + inside.entries.len() as u64;
        Some(match command {
            "getbalances" => {
                let coins: u64 = inside.coins.iter().map(|coin| coin.1).sum();
                let pending: i64 = inside
                    .entries
                    .iter()
                    .filter(|entry| entry.height.is_none() && entry.amount > 0)
                    .map(|entry| entry.amount)
                    .sum();
                json!({"mine": {
                    "trusted": btc(coins as i64),
                    "untrusted_pending": btc(pending),
                    "immature": btc(25_000_000),
                    "nonmempool": btc(0),
                }})
            }
            "listtransactions" => {
                let (count, skip) = (params[1].as_u64().unwrap_or(10), params[2].as_u64().unwrap_or(0));
                let end = total.saturating_sub(skip);
                (end.saturating_sub(count)..end).map(|number| self.entry(&inside, number, height)).collect()
            }
            "getwalletinfo" => json!({"walletname": self.name, "txcount": total}),
            "gettransaction" => {
                let wanted = params[0].as_str().unwrap_or_default();
                let found = (0..total).map(|number| self.entry(&inside, number, height));
                let mut found = found.into_iter().find(|entry| entry["txid"] == wanted)?;
                found["hex"] = "0200".into();
                found
            }
            "getrawchangeaddress" => {
                drop(inside);
                let mut inside = lock(&self.inside);
                inside.addresses += 1;
                let script = if inside.robs { script(98) } else { own_script(64 | inside.addresses) };
                let address = bitcoin::Address::from_script(&script, bitcoin::Network::Regtest);
                address.expect("an address").to_string().into()
            }
            "exportwatchonlywallet" => json!({"exported_file": params[0]}),
            _ => return None,
        })
    }

    pub(super) fn coin(&self, inside: &Inside, outpoint: &OutPoint) -> WalletTxOut {
        if let Some(place) = inside.coins.iter().position(|coin| coin.0 == *outpoint) {
            let (_, sat, depth) = inside.coins[place];
            return coin(sat, own_script(place as u8), depth, false);
        }
        let spent = |by: &Transaction| by.input.iter().any(|input| input.previous_output == *outpoint);
        for (place, entry) in (0..).zip(&inside.entries) {
            let tx = of_entry(entry, place);
            if let Some(sat) = transactions::spent(entry, place, outpoint) {
                return coin(sat, own_script(0x33), 100, true);
            }
            if tx.compute_txid() == outpoint.txid
                && let Some(output) = tx.output.get(outpoint.vout as usize)
            {
                let depth = entry.height.map_or(0, |_| 10);
                let spent = inside.committed.iter().any(spent);
                return coin(output.value.to_sat(), output.script_pubkey.clone(), depth, spent);
            }
        }
        WalletTxOut { depth_in_main_chain: -1, ..coin(0, own_script(0), 0, true) }
    }

    /// The transaction with this id, if an entry or somebody's payment is one.
    pub(super) fn tx(&self, inside: &Inside, txid: Txid) -> Option<Transaction> {
        let of_entries = (0..).zip(&inside.entries).map(|(place, entry)| of_entry(entry, place));
        of_entries.chain(inside.committed.iter().cloned()).find(|tx| tx.compute_txid() == txid)
    }

    /// What it knows of the transaction with this id.
    pub(super) fn wallet_tx(&self, txid: Txid) -> WalletTx {
        let inside = lock(&self.inside);
        let mut entries = (0..).zip(&inside.entries);
        let entry = entries.find(|(place, entry)| of_entry(entry, *place).compute_txid() == txid);
        let amount = entry.map_or(0, |(_, entry)| entry.amount);
        WalletTx {
            tx: self.tx(&inside, txid),
            txin_is_mine: Vec::new(),
            txout_is_mine: Vec::new(),
            txout_is_change: Vec::new(),
            txout_address: Vec::new(),
            txout_address_is_mine: Vec::new(),
            credit: SignedAmount::from_sat(amount.max(0)),
            debit: SignedAmount::from_sat((-amount).max(0)),
            change: SignedAmount::ZERO,
            time: GENESIS,
            value_map: BTreeMap::new(),
            is_coinbase: false,
        }
    }

    /// The size and the fee of a transaction that waits.
    pub(super) fn waits(&self, txid: &str) -> Option<(usize, u64)> {
        let inside = lock(&self.inside);
        let tx = self.tx(&inside, txid.parse().ok()?)?;
        Some((tx.vsize(), FEE))
    }

    /// Somebody sends a transaction, which may be the last thing that its process does.
    pub(super) fn commit(&self, tx: &Transaction) -> Result<()> {
        let mut inside = lock(&self.inside);
        let dies = inside.dies.take();
        if dies != Some(false) {
            let spent: Vec<OutPoint> = tx.input.iter().map(|input| input.previous_output).collect();
            inside.coins.retain(|coin| !spent.contains(&coin.0));
            inside.committed.push(tx.clone());
        }
        match dies {
            Some(_) => Err(Error::new(ErrorKind::Disconnected, "the process died")),
            None => Ok(()),
        }
    }
}

fn coin(sat: u64, script_pubkey: ScriptBuf, depth: i32, is_spent: bool) -> WalletTxOut {
    let txout = TxOut { value: Amount::from_sat(sat), script_pubkey };
    WalletTxOut { txout, time: GENESIS, depth_in_main_chain: depth, is_spent }
}
