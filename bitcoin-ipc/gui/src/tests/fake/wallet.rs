//! A wallet.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use bitcoin::absolute::LockTime;
use bitcoin::hashes::Hash as _;
use bitcoin::transaction::Version;
use bitcoin::{
    Amount, BlockHash, OutPoint, PubkeyHash, PublicKey, ScriptBuf, Sequence, SignedAmount, Transaction, TxIn,
    TxOut, Txid, WPubkeyHash, Witness,
};
use bitcoin_ipc::interfaces::*;
use bitcoin_ipc::types::psbt::Psbt;
use bitcoin_ipc::types::*;
use mp_runtime::callbacks::{Callbacks, News};
use mp_runtime::{Error, ErrorKind, Result};
use serde_json::{Value, json};

use super::node::GENESIS;
use super::{Gate, absent, lock};

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
    passphrase: Option<Vec<u8>>,
    unlocked: bool,
    no_keys: bool,
    /// So many entries are made up; those of `entries` are newer.
    pub(crate) made_up: u64,
    pub(crate) entries: Vec<Entry>,
    pub(crate) coins: Vec<(OutPoint, u64, i32)>,
    pub(crate) frozen: Vec<OutPoint>,
    pub(crate) committed: Vec<Transaction>,
    pub(crate) requests: BTreeMap<Vec<u8>, Vec<u8>>,
    pub(crate) book: BTreeMap<Destination, (String, AddressPurpose)>,
    addresses: u8,
    /// Has signing change an output.
    pub(crate) tampers: bool,
    /// Has committing end as if the process had died: before or after it was done.
    pub(crate) dies: Option<bool>,
}

/// A wallet.
pub(crate) struct FakeWallet {
    pub(crate) name: String,
    pub(crate) gate: Gate,
    pub(crate) inside: Mutex<Inside>,
    unload: Callbacks<UnloadWalletFn>,
    progress: Callbacks<ShowWalletProgressFn>,
    status: Callbacks<StatusChangedFn>,
    book: Callbacks<AddressBookChangedFn>,
    changed: Callbacks<TransactionChangedFn>,
    addresses: Callbacks<CanGetAddressesChangedFn>,
}

/// The script that pays somebody with this number.
pub(crate) fn script(number: u8) -> ScriptBuf {
    ScriptBuf::new_p2wpkh(&WPubkeyHash::from_byte_array([number; 20]))
}

/// A script of the wallet's own; those of others have lower numbers.
pub(crate) fn own_script(number: u8) -> ScriptBuf {
    script(128 | number)
}

fn is_own(script: &ScriptBuf) -> bool {
    script.as_bytes().get(2).is_some_and(|byte| byte & 128 != 0)
}

fn txid(number: u64) -> Txid {
    let mut bytes = [0x11; 32];
    bytes[..8].copy_from_slice(&number.to_le_bytes());
    Txid::from_byte_array(bytes)
}

fn btc(sat: i64) -> Value {
    let text = SignedAmount::from_sat(sat).to_string_in(bitcoin::Denomination::Bitcoin);
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
        let number = {
            let mut inside = lock(&self.inside);
            inside.entries.push(Entry { amount, label: label.to_owned(), height: None });
            inside.entries.len() as u64
        };
        self.tell_changed(txid((1 << 32) + number - 1));
    }

    /// A transaction is said to have changed.
    pub(crate) fn tell_changed(&self, txid: Txid) {
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
            Some(place) => (inside.entries[place as usize].clone(), txid((1 << 32) + place)),
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
            value["fee"] = btc(-150);
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
            "gettransaction" => {
                let wanted = params[0].as_str().unwrap_or_default();
                let found = (0..total).map(|number| self.entry(&inside, number, height));
                let mut found = found.into_iter().find(|entry| entry["txid"] == wanted)?;
                found["hex"] = "0200".into();
                found
            }
            "exportwatchonlywallet" => json!({"exported_file": params[0]}),
            _ => return None,
        })
    }

    fn coin(&self, inside: &Inside, outpoint: &OutPoint) -> WalletTxOut {
        let coin = inside.coins.iter().find(|coin| coin.0 == *outpoint);
        let place = inside.coins.iter().position(|coin| coin.0 == *outpoint).unwrap_or_default();
        WalletTxOut {
            txout: TxOut {
                value: Amount::from_sat(coin.map_or(0, |coin| coin.1)),
                script_pubkey: own_script(place as u8),
            },
            time: GENESIS,
            depth_in_main_chain: coin.map_or(-1, |coin| coin.2),
            is_spent: coin.is_none(),
        }
    }
}

/// The wallet, as it is given to one window.
pub(super) struct Handle(pub(super) Arc<FakeWallet>);

macro_rules! heard {
    ($($method:ident($callbacks:ident): $callback:ty;)*) => {$(
        fn $method(&self, callback: $callback) -> Result<Box<dyn Handler>> {
            self.0.gate.pass("subscribe");
            Ok(Box::new(self.0.$callbacks.add(callback)))
        }
    )*};
}

macro_rules! constant {
    ($($method:ident: $ty:ty = $value:expr;)*) => {$(
        fn $method(&self) -> Result<$ty> {
            self.0.gate.pass(stringify!($method));
            Ok($value)
        }
    )*};
}

impl Wallet for Handle {
    heard! {
        handle_unload(unload): UnloadWalletFn;
        handle_show_progress(progress): ShowWalletProgressFn;
        handle_status_changed(status): StatusChangedFn;
        handle_address_book_changed(book): AddressBookChangedFn;
        handle_transaction_changed(changed): TransactionChangedFn;
        handle_can_get_addresses_changed(addresses): CanGetAddressesChangedFn;
    }

    constant! {
        hd_enabled: bool = true;
        can_get_addresses: bool = true;
        taproot_enabled: bool = true;
        has_external_signer: bool = false;
        get_default_address_type: OutputType = OutputType::Bech32;
        get_default_max_tx_fee: Amount = Amount::from_sat(10_000_000);
    }

    fn get_wallet_name(&self) -> Result<String> {
        Ok(self.0.name.clone())
    }

    fn private_keys_disabled(&self) -> Result<bool> {
        self.0.gate.pass("privateKeysDisabled");
        Ok(lock(&self.0.inside).no_keys)
    }

    fn is_crypted(&self) -> Result<bool> {
        Ok(lock(&self.0.inside).passphrase.is_some())
    }

    fn is_locked(&self) -> Result<bool> {
        let inside = lock(&self.0.inside);
        Ok(inside.passphrase.is_some() && !inside.unlocked)
    }

    fn lock(&self) -> Result<bool> {
        self.0.gate.pass("lock");
        let encrypted = {
            let mut inside = lock(&self.0.inside);
            inside.unlocked = false;
            inside.passphrase.is_some()
        };
        self.0.status.tell(News::Each, |hear| hear());
        Ok(encrypted)
    }

    fn unlock(&self, wallet_passphrase: &Secret) -> Result<bool> {
        self.0.gate.pass("unlock");
        let right = {
            let mut inside = lock(&self.0.inside);
            let right = inside.passphrase.as_deref() == Some(wallet_passphrase.expose());
            inside.unlocked |= right;
            right
        };
        self.0.status.tell(News::Each, |hear| hear());
        Ok(right)
    }

    fn encrypt_wallet(&self, wallet_passphrase: &Secret) -> Result<bool> {
        self.0.gate.pass("encryptWallet");
        self.0.encrypt(wallet_passphrase.expose());
        self.0.status.tell(News::Each, |hear| hear());
        Ok(true)
    }

    fn change_wallet_passphrase(&self, old: &Secret, new: &Secret) -> Result<bool> {
        self.0.gate.pass("changeWalletPassphrase");
        let mut inside = lock(&self.0.inside);
        let right = inside.passphrase.as_deref() == Some(old.expose());
        if right {
            inside.passphrase = Some(new.expose().to_vec());
        }
        Ok(right)
    }

    fn get_new_destination(&self, _: OutputType, _: &str) -> Result<Result<Destination, BilingualStr>> {
        self.0.gate.pass("getNewDestination");
        let mut inside = lock(&self.0.inside);
        inside.addresses += 1;
        Ok(Ok(Destination::of_script(&own_script(64 | inside.addresses))))
    }

    fn sign_message(&self, _: &str, _: PubkeyHash) -> Result<Result<String, SigningResult>> {
        self.0.gate.pass("signMessage");
        Ok(Ok("c2lnbmF0dXJl".to_owned()))
    }

    fn set_address_book(&self, dest: &Destination, name: &str, purpose: AddressPurpose) -> Result<bool> {
        self.0.gate.pass("setAddressBook");
        lock(&self.0.inside).book.insert(dest.clone(), (name.to_owned(), purpose));
        let (dest, name) = (dest.clone(), name.to_owned());
        self.0.book.tell(News::Each, move |hear| hear(&dest, &name, false, purpose, ChangeType::New));
        Ok(true)
    }

    fn del_address_book(&self, dest: &Destination) -> Result<bool> {
        self.0.gate.pass("delAddressBook");
        Ok(lock(&self.0.inside).book.remove(dest).is_some())
    }

    fn get_addresses(&self) -> Result<Vec<WalletAddress>> {
        self.0.gate.pass("getAddresses");
        let inside = lock(&self.0.inside);
        let entry = |(dest, (name, purpose)): (&Destination, &(String, AddressPurpose))| WalletAddress {
            dest: dest.clone(),
            is_mine: *purpose == AddressPurpose::Receive,
            name: name.clone(),
            purpose: *purpose,
        };
        Ok(inside.book.iter().map(entry).collect())
    }

    fn get_address_receive_requests(&self) -> Result<Vec<Vec<u8>>> {
        self.0.gate.pass("getAddressReceiveRequests");
        Ok(lock(&self.0.inside).requests.values().cloned().collect())
    }

    fn set_address_receive_request(&self, _: &Destination, id: &[u8], value: &[u8]) -> Result<bool> {
        self.0.gate.pass("setAddressReceiveRequest");
        let mut inside = lock(&self.0.inside);
        if value.is_empty() {
            return Ok(inside.requests.remove(id).is_some());
        }
        inside.requests.insert(id.to_vec(), value.to_vec());
        Ok(true)
    }

    fn is_spendable(&self, dest: &Destination) -> Result<bool> {
        Ok(dest.script_pubkey().is_some_and(|script| is_own(&script)))
    }

    fn lock_coin(&self, output: OutPoint, _: bool) -> Result<bool> {
        self.0.gate.pass("lockCoin");
        lock(&self.0.inside).frozen.push(output);
        Ok(true)
    }

    fn unlock_coin(&self, output: OutPoint) -> Result<bool> {
        self.0.gate.pass("unlockCoin");
        lock(&self.0.inside).frozen.retain(|frozen| *frozen != output);
        Ok(true)
    }

    fn list_locked_coins(&self) -> Result<Vec<OutPoint>> {
        self.0.gate.pass("listLockedCoins");
        Ok(lock(&self.0.inside).frozen.clone())
    }

    fn list_coins(&self) -> Result<BTreeMap<Destination, Vec<(OutPoint, WalletTxOut)>>> {
        self.0.gate.pass("listCoins");
        let inside = lock(&self.0.inside);
        let mut coins: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (outpoint, ..) in &inside.coins {
            let coin = self.0.coin(&inside, outpoint);
            coins
                .entry(Destination::of_script(&coin.txout.script_pubkey))
                .or_default()
                .push((*outpoint, coin));
        }
        Ok(coins)
    }

    fn get_coins(&self, outputs: &[OutPoint]) -> Result<Vec<WalletTxOut>> {
        self.0.gate.pass("getCoins");
        let inside = lock(&self.0.inside);
        Ok(outputs.iter().map(|output| self.0.coin(&inside, output)).collect())
    }

    fn create_transaction(
        &self,
        recipients: &[Recipient],
        coin_control: &CoinControl,
        _: bool,
        _: Option<u32>,
    ) -> Result<Result<CreatedTransactionResult, BilingualStr>> {
        self.0.gate.pass("createTransaction");
        let inside = lock(&self.0.inside);
        let wanted: u64 = recipients.iter().map(|recipient| recipient.amount.to_sat()).sum();
        let rate = coin_control.fee_rate.and_then(|rate| rate.sat_per_kvb()).unwrap_or(25_000);
        let fee = rate.unsigned_abs() * 150 / 1_000;
        let free = inside.coins.iter().filter(|coin| !inside.frozen.contains(&coin.0));
        let chosen: Vec<_> = free
            .filter(|coin| {
                coin_control.set_selected.is_empty() || coin_control.set_selected.contains(&coin.0)
            })
            .collect();
        let total: u64 = chosen.iter().map(|coin| coin.1).sum();
        let Some(change) = total.checked_sub(wanted + fee) else {
            return Ok(Err(BilingualStr::untranslated("Insufficient funds")));
        };
        let pay = |recipient: &Recipient| TxOut {
            value: recipient.amount,
            script_pubkey: recipient.dest.script_pubkey().expect("a script"),
        };
        let mut output: Vec<TxOut> = recipients.iter().map(pay).collect();
        output.push(TxOut { value: Amount::from_sat(change), script_pubkey: own_script(0x70) });
        let input = |coin: &&(OutPoint, u64, i32)| TxIn {
            previous_output: coin.0,
            sequence: Sequence::ENABLE_RBF_NO_LOCKTIME,
            ..TxIn::default()
        };
        let input = chosen.iter().map(input).collect();
        let change_pos = u32::try_from(output.len() - 1).ok();
        let tx = Transaction { version: Version::TWO, lock_time: LockTime::ZERO, input, output };
        let fee_calc = FeeCalculation {
            est: EstimationResult::default(),
            reason: FeeReason::None,
            desired_target: 6,
            returned_target: 6,
            best_height: 200,
        };
        Ok(Ok(CreatedTransactionResult { tx, fee: Amount::from_sat(fee), fee_calc, change_pos }))
    }

    fn fill_psbt(&self, options: &PsbtFillOptions, _: u64, _: bool, psbtx: &Psbt) -> Result<FilledPsbt> {
        self.0.gate.pass("fillPSBT");
        let inside = lock(&self.0.inside);
        let mut psbtx = psbtx.clone();
        let able = options.sign && !inside.no_keys && (inside.passphrase.is_none() || inside.unlocked);
        if able {
            for input in &mut psbtx.inputs {
                input.final_script_witness = Some(Witness::from_slice(&[vec![1; 72], vec![2; 33]]));
            }
        }
        if inside.tampers {
            psbtx.unsigned_tx.output[0].script_pubkey = script(99);
        }
        Ok(FilledPsbt { n_signed: 0, psbtx, complete: able, error: None })
    }

    fn commit_transaction(
        &self,
        tx: &Transaction,
        _: &BTreeMap<String, String>,
        _: &[(String, String)],
    ) -> Result<()> {
        self.0.gate.pass("commitTransaction");
        let mut inside = lock(&self.0.inside);
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

    fn get_tx(&self, txid: Txid) -> Result<Option<Transaction>> {
        self.0.gate.pass("getTx");
        let inside = lock(&self.0.inside);
        Ok(inside.committed.iter().find(|tx| tx.compute_txid() == txid).cloned())
    }

    fn txout_is_mine(&self, txout: &TxOut) -> Result<bool> {
        self.0.gate.pass("txoutIsMine");
        Ok(is_own(&txout.script_pubkey))
    }

    fn transaction_can_be_abandoned(&self, _: Txid) -> Result<bool> {
        self.0.gate.pass("transactionCanBeAbandoned");
        Ok(true)
    }

    fn transaction_can_be_bumped(&self, _: Txid) -> Result<bool> {
        self.0.gate.pass("transactionCanBeBumped");
        Ok(true)
    }

    fn abandon_transaction(&self, _: Txid) -> Result<bool> {
        self.0.gate.pass("abandonTransaction");
        Ok(true)
    }

    fn create_bump_transaction(
        &self,
        _: Txid,
        coin_control: &CoinControl,
    ) -> Result<Result<BumpTransaction, Vec<BilingualStr>>> {
        self.0.gate.pass("createBumpTransaction");
        let rate = coin_control.fee_rate.and_then(|rate| rate.sat_per_kvb()).unwrap_or_default();
        if rate < 2_000 {
            let text = "Insufficient total fee 0.00000015, must be at least 0.00000300";
            return Ok(Err(vec![BilingualStr::untranslated(text)]));
        }
        let mtx = Transaction {
            version: Version::TWO,
            lock_time: LockTime::ZERO,
            input: vec![TxIn::default()],
            output: vec![TxOut { value: Amount::from_sat(1_000), script_pubkey: script(7) }],
        };
        let new_fee = Amount::from_sat(rate.unsigned_abs() * 150 / 1_000);
        Ok(Ok(BumpTransaction { old_fee: Amount::from_sat(150), new_fee, mtx }))
    }

    fn sign_bump_transaction(&self, mtx: &Transaction) -> Result<Option<Transaction>> {
        self.0.gate.pass("signBumpTransaction");
        let mut signed = mtx.clone();
        signed.input[0].witness = Witness::from_slice(&[vec![1; 72], vec![2; 33]]);
        Ok(Some(signed))
    }

    fn commit_bump_transaction(&self, _: Txid, mtx: &Transaction) -> Result<Result<Txid, Vec<BilingualStr>>> {
        self.0.gate.pass("commitBumpTransaction");
        lock(&self.0.inside).committed.push(mtx.clone());
        Ok(Ok(mtx.compute_txid()))
    }

    fn backup_wallet(&self, _: &str) -> Result<bool> {
        self.0.gate.pass("backupWallet");
        Ok(true)
    }

    fn remove(&self) -> Result<()> {
        self.0.gate.pass("remove");
        self.0.unload.tell(News::Each, |hear| hear());
        Ok(())
    }

    absent! {
        fn abort_rescan(&self) -> ();
        fn get_pub_key(&self, script: &ScriptBuf, address: PubkeyHash) -> Option<PublicKey>;
        fn get_address(&self, dest: &Destination, want_name: bool, want_purpose: bool) -> Option<AddressBookEntry>;
        fn display_address(&self, dest: &Destination) -> Result<(), BilingualStr>;
        fn is_locked_coin(&self, output: OutPoint) -> bool;
        fn get_wallet_tx(&self, txid: Txid) -> WalletTx;
        fn get_wallet_txs(&self) -> Vec<WalletTx>;
        fn try_get_tx_status(&self, txid: Txid) -> Option<TxStatus>;
        fn get_wallet_tx_details(&self, txid: Txid) -> WalletTxDetails;
        fn get_balances(&self) -> WalletBalances;
        fn try_get_balances(&self) -> Option<(WalletBalances, BlockHash)>;
        fn get_balance(&self) -> SignedAmount;
        fn get_available_balance(&self, coin_control: &CoinControl) -> SignedAmount;
        fn txin_is_mine(&self, txin: &TxIn) -> bool;
        fn get_debit(&self, txin: &TxIn) -> SignedAmount;
        fn get_credit(&self, txout: &TxOut) -> SignedAmount;
        fn get_required_fee(&self, tx_bytes: u32) -> Amount;
        fn get_minimum_fee(&self, tx_bytes: u32, coin_control: &CoinControl, want_returned_target: bool, want_reason: bool) -> MinimumFee;
        fn get_confirm_target(&self) -> u32;
    }
}
