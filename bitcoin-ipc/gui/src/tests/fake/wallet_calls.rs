//! The interface of a wallet.
//!
//! In: calls. Out: what the wallet of the test has, and a count of each call.

use std::collections::BTreeMap;
use std::sync::Arc;

use bitcoin::absolute::LockTime;
use bitcoin::transaction::Version;
use bitcoin::{
    Amount, BlockHash, OutPoint, PubkeyHash, PublicKey, ScriptBuf, Sequence, SignedAmount, Transaction, TxIn,
    TxOut, Txid,
};
use bitcoin_ipc::interfaces::*;
use bitcoin_ipc::types::psbt::Psbt;
use bitcoin_ipc::types::*;
use mp_runtime::Result;
use mp_runtime::callbacks::News;

use super::transactions::{FEE, witness};
use super::wallet::{is_own, own_script, script};
use super::{FakeWallet, absent, lock};

/// The wallet, as it is given to one window.
pub(super) struct Handle(pub(super) Arc<FakeWallet>);

macro_rules! heard {
    ($($method:ident($callbacks:ident): $callback:ty;)*) => {$(
        fn $method(&self, callback: $callback) -> Result<Box<dyn Handler>> {
            self.0.gate.pass("subscribe");
            let handler = self.0.$callbacks.add(callback);
            if lock(&self.0.inside).deaf {
                handler.disconnect()?;
            }
            Ok(Box::new(handler))
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
        let rate = rate.unsigned_abs();
        let selected = &coin_control.set_selected;
        let chosen: Vec<(OutPoint, WalletTxOut)> = if selected.is_empty() {
            let free = inside.coins.iter().filter(|coin| !inside.frozen.contains(&coin.0));
            free.map(|coin| (coin.0, self.0.coin(&inside, &coin.0))).collect()
        } else {
            selected.iter().map(|outpoint| (*outpoint, self.0.coin(&inside, outpoint))).collect()
        };
        // What it builds on is brought to the rate as well, as Bitcoin Core does.
        let waiting = chosen.iter().filter(|(_, coin)| coin.depth_in_main_chain == 0);
        let bumps = waiting.filter_map(|(outpoint, _)| self.0.tx(&inside, outpoint.txid));
        let bumps: u64 = bumps.map(|tx| (rate * tx.vsize() as u64).div_ceil(1_000).saturating_sub(FEE)).sum();
        let fee = rate * 150 / 1_000 + bumps;
        let total: u64 = chosen.iter().map(|(_, coin)| coin.txout.value.to_sat()).sum();
        let from_amount = recipients.iter().any(|recipient| recipient.subtract_fee_from_amount);
        let needed = if from_amount { wanted } else { wanted + fee };
        let Some(change) = total.checked_sub(needed) else {
            return Ok(Err(BilingualStr::untranslated("Insufficient funds")));
        };
        let pay = |recipient: &Recipient| TxOut {
            value: match recipient.subtract_fee_from_amount {
                true => recipient.amount - Amount::from_sat(fee),
                false => recipient.amount,
            },
            script_pubkey: recipient.dest.script_pubkey().expect("a script"),
        };
        let mut output: Vec<TxOut> = recipients.iter().map(pay).collect();
        if change > 0 {
            output.push(TxOut { value: Amount::from_sat(change), script_pubkey: own_script(0x70) });
        }
        if inside.robs {
            output[0].script_pubkey = script(98);
        }
        let input = |(outpoint, _): &(OutPoint, WalletTxOut)| TxIn {
            previous_output: *outpoint,
            sequence: Sequence::ENABLE_RBF_NO_LOCKTIME,
            ..TxIn::default()
        };
        let input = chosen.iter().map(input).collect();
        let change_pos = (change > 0).then(|| u32::try_from(output.len() - 1).unwrap_or_default());
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
        for (input, spent) in psbtx.inputs.iter_mut().zip(&psbtx.unsigned_tx.input) {
            input.witness_utxo = Some(self.0.coin(&inside, &spent.previous_output).txout);
        }
        let able = options.sign && !inside.no_keys && (inside.passphrase.is_none() || inside.unlocked);
        if able {
            for input in &mut psbtx.inputs {
                input.final_script_witness = Some(witness());
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
        self.0.commit(tx)
    }

    fn get_tx(&self, txid: Txid) -> Result<Option<Transaction>> {
        self.0.gate.pass("getTx");
        let inside = lock(&self.0.inside);
        Ok(self.0.tx(&inside, txid))
    }

    fn get_wallet_tx(&self, txid: Txid) -> Result<WalletTx> {
        self.0.gate.pass("getWalletTx");
        Ok(self.0.wallet_tx(txid))
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
        txid: Txid,
        coin_control: &CoinControl,
    ) -> Result<Result<BumpTransaction, Vec<BilingualStr>>> {
        self.0.gate.pass("createBumpTransaction");
        let inside = lock(&self.0.inside);
        let rate = coin_control.fee_rate.and_then(|rate| rate.sat_per_kvb()).unwrap_or_default();
        let Some(mut mtx) = self.0.tx(&inside, txid).filter(|tx| tx.output.len() == 2 && rate >= 2_000)
        else {
            let text = "Insufficient total fee 0.00000015, must be at least 0.00000300";
            return Ok(Err(vec![BilingualStr::untranslated(text)]));
        };
        let (old_fee, new_fee) = (Amount::from_sat(FEE), Amount::from_sat(rate.unsigned_abs() * 150 / 1_000));
        mtx.input[0].witness.clear();
        mtx.output[1].value -= new_fee - old_fee;
        if inside.robs {
            mtx.output[0].script_pubkey = script(98);
        }
        Ok(Ok(BumpTransaction { old_fee, new_fee, mtx }))
    }

    fn sign_bump_transaction(&self, mtx: &Transaction) -> Result<Option<Transaction>> {
        self.0.gate.pass("signBumpTransaction");
        let inside = lock(&self.0.inside);
        if inside.passphrase.is_some() && !inside.unlocked {
            return Ok(None);
        }
        let mut signed = mtx.clone();
        for input in &mut signed.input {
            input.witness = witness();
        }
        if inside.tampers {
            signed.output[0].script_pubkey = script(99);
        }
        Ok(Some(signed))
    }

    fn commit_bump_transaction(&self, _: Txid, mtx: &Transaction) -> Result<Result<Txid, Vec<BilingualStr>>> {
        self.0.gate.pass("commitBumpTransaction");
        self.0.commit(mtx)?;
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
