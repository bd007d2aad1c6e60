//! The wallet as a GUI sees it.
//!
//! In: calls of [`Wallet`]. Out: calls of [`WalletHandle`]'s own methods. They have some names in common, so that it is
//! not the handle itself that is a [`Wallet`].

use std::collections::BTreeMap;
use std::path::Path;

use bitcoin::{
    Amount, BlockHash, OutPoint, PubkeyHash, PublicKey, ScriptBuf, SignedAmount, Transaction, TxIn, TxOut,
    Txid,
};
use bitcoin_ipc::Result;
use bitcoin_ipc::interfaces::{
    AddressBookChangedFn, AddressBookEntry, BumpTransaction, CanGetAddressesChangedFn, FilledPsbt, Handler,
    MinimumFee, ShowWalletProgressFn, StatusChangedFn, TransactionChangedFn, TxStatus, UnloadWalletFn,
    Wallet, WalletTxDetails,
};
use bitcoin_ipc::types::psbt::Psbt;
use bitcoin_ipc::types::{
    AddressPurpose, BilingualStr, CoinControl, CreatedTransactionResult, Destination, OutputType,
    PsbtFillOptions, Recipient, Secret, SigningResult, WalletAddress, WalletBalances, WalletTx, WalletTxOut,
    WalletTxStatus,
};

use crate::Error;
use crate::sync::WalletHandle;
use crate::wallet::{fee_for, signed};

/// An answer for the user; that the node is lost is an error of the call.
pub(crate) fn answer<T>(result: crate::Result<T>) -> Result<Result<T, BilingualStr>> {
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(Error::Node(error)) => Err(error),
        Err(error) => Ok(Err(BilingualStr::untranslated(error.to_string()))),
    }
}

fn answers<T>(result: crate::Result<T>) -> Result<Result<T, Vec<BilingualStr>>> {
    match result {
        Err(Error::Bump(reasons)) => Ok(Err(reasons.into_iter().map(BilingualStr::untranslated).collect())),
        other => Ok(answer(other)?.map_err(|reason| vec![reason])),
    }
}

/// Whether something worked, where the interface has no words for why it did not.
fn worked(result: crate::Result<()>) -> bool {
    if let Err(error) = &result {
        tracing::warn!(target: "wallet", %error, "it did not work");
    }
    result.is_ok()
}

/// The wallet has no such transaction.
fn no_tx() -> WalletTx {
    WalletTx {
        tx: None,
        txin_is_mine: Vec::new(),
        txout_is_mine: Vec::new(),
        txout_is_change: Vec::new(),
        txout_address: Vec::new(),
        txout_address_is_mine: Vec::new(),
        credit: SignedAmount::ZERO,
        debit: SignedAmount::ZERO,
        change: SignedAmount::ZERO,
        time: 0,
        value_map: BTreeMap::new(),
        is_coinbase: false,
    }
}

struct Interface(WalletHandle);

impl WalletHandle {
    /// The wallet as a GUI sees it.
    #[must_use]
    pub fn interface(&self) -> Box<dyn Wallet> {
        Box::new(Interface(self.clone()))
    }
}

impl Wallet for Interface {
    fn encrypt_wallet(&self, wallet_passphrase: &Secret) -> Result<bool> {
        Ok(worked(self.0.encrypt(wallet_passphrase)))
    }

    fn is_crypted(&self) -> Result<bool> {
        Ok(self.0.is_encrypted()?)
    }

    fn lock(&self) -> Result<bool> {
        Ok(self.0.lock()?)
    }

    fn unlock(&self, wallet_passphrase: &Secret) -> Result<bool> {
        match self.0.unlock(wallet_passphrase) {
            Err(Error::EncryptionState(_)) => Ok(false),
            unlocked => Ok(unlocked?),
        }
    }

    fn is_locked(&self) -> Result<bool> {
        Ok(self.0.is_locked()?)
    }

    fn change_wallet_passphrase(
        &self,
        old_wallet_passphrase: &Secret,
        new_wallet_passphrase: &Secret,
    ) -> Result<bool> {
        match self.0.change_passphrase(old_wallet_passphrase, new_wallet_passphrase) {
            Err(Error::EncryptionState(_) | Error::Invalid(_)) => Ok(false),
            changed => Ok(changed?),
        }
    }

    fn abort_rescan(&self) -> Result<()> {
        let _ = self.0.abort_rescan();
        Ok(())
    }

    fn backup_wallet(&self, filename: &str) -> Result<bool> {
        Ok(worked(self.0.backup(Path::new(filename))))
    }

    fn get_wallet_name(&self) -> Result<String> {
        Ok(self.0.name().to_owned())
    }

    fn get_new_destination(
        &self,
        output_type: OutputType,
        label: &str,
    ) -> Result<Result<Destination, BilingualStr>> {
        answer(self.0.new_address(output_type, label).map(|address| Destination::from(&address)))
    }

    fn get_pub_key(&self, script: &ScriptBuf, address: PubkeyHash) -> Result<Option<PublicKey>> {
        Ok(self.0.pub_key(script, address)?)
    }

    fn sign_message(&self, message: &str, pkhash: PubkeyHash) -> Result<Result<String, SigningResult>> {
        Ok(self.0.sign_message(message, pkhash)?)
    }

    fn is_spendable(&self, dest: &Destination) -> Result<bool> {
        Ok(self.0.is_mine(dest)?)
    }

    fn set_address_book(&self, dest: &Destination, name: &str, purpose: AddressPurpose) -> Result<bool> {
        Ok(self.0.set_address_book(dest, name, purpose)?)
    }

    fn del_address_book(&self, dest: &Destination) -> Result<bool> {
        Ok(self.0.del_address_book(dest)?)
    }

    fn get_address(&self, dest: &Destination, _: bool, _: bool) -> Result<Option<AddressBookEntry>> {
        Ok(self.0.book_entry(dest)?)
    }

    fn get_addresses(&self) -> Result<Vec<WalletAddress>> {
        Ok(self.0.book()?)
    }

    fn get_address_receive_requests(&self) -> Result<Vec<Vec<u8>>> {
        Ok(self.0.receive_requests()?)
    }

    fn set_address_receive_request(&self, dest: &Destination, id: &[u8], value: &[u8]) -> Result<bool> {
        Ok(self.0.set_receive_request(dest, id, value)?)
    }

    fn display_address(&self, _: &Destination) -> Result<Result<(), BilingualStr>> {
        Ok(Err(BilingualStr::untranslated("There is no hardware wallet (ScriptPubKeyManager)")))
    }

    fn lock_coin(&self, output: OutPoint, write_to_db: bool) -> Result<bool> {
        Ok(self.0.lock_coin(output, write_to_db)?)
    }

    fn unlock_coin(&self, output: OutPoint) -> Result<bool> {
        Ok(self.0.unlock_coin(output)?)
    }

    fn is_locked_coin(&self, output: OutPoint) -> Result<bool> {
        Ok(self.0.is_locked_coin(output)?)
    }

    fn list_locked_coins(&self) -> Result<Vec<OutPoint>> {
        Ok(self.0.locked_coins()?)
    }

    fn create_transaction(
        &self,
        recipients: &[Recipient],
        coin_control: &CoinControl,
        sign: bool,
        change_pos: Option<u32>,
    ) -> Result<Result<CreatedTransactionResult, BilingualStr>> {
        answer(self.0.create_transaction(recipients, coin_control, sign, change_pos))
    }

    fn commit_transaction(
        &self,
        tx: &Transaction,
        value_map: &BTreeMap<String, String>,
        order_form: &[(String, String)],
    ) -> Result<()> {
        Ok(self.0.commit_transaction(tx, value_map.clone(), order_form.to_vec())?)
    }

    fn transaction_can_be_abandoned(&self, txid: Txid) -> Result<bool> {
        Ok(self.0.can_be_abandoned(txid)?)
    }

    fn abandon_transaction(&self, txid: Txid) -> Result<bool> {
        Ok(self.0.abandon(txid)?)
    }

    fn transaction_can_be_bumped(&self, txid: Txid) -> Result<bool> {
        Ok(self.0.can_be_bumped(txid)?)
    }

    fn create_bump_transaction(
        &self,
        txid: Txid,
        coin_control: &CoinControl,
    ) -> Result<Result<BumpTransaction, Vec<BilingualStr>>> {
        answers(self.0.create_bump(txid, coin_control))
    }

    fn sign_bump_transaction(&self, mtx: &Transaction) -> Result<Option<Transaction>> {
        match self.0.sign_transaction(mtx) {
            Err(Error::Locked) => Ok(None),
            signed => Ok(signed?),
        }
    }

    fn commit_bump_transaction(
        &self,
        txid: Txid,
        mtx: &Transaction,
    ) -> Result<Result<Txid, Vec<BilingualStr>>> {
        answers(self.0.commit_bump(txid, mtx))
    }

    fn get_tx(&self, txid: Txid) -> Result<Option<Transaction>> {
        Ok(self.0.tx(txid)?)
    }

    fn get_wallet_tx(&self, txid: Txid) -> Result<WalletTx> {
        Ok(self.0.wallet_tx(txid)?.unwrap_or_else(no_tx))
    }

    fn get_wallet_txs(&self) -> Result<Vec<WalletTx>> {
        Ok(self.0.wallet_txs()?)
    }

    fn try_get_tx_status(&self, txid: Txid) -> Result<Option<TxStatus>> {
        Ok(self.0.try_tx_status(txid)?)
    }

    fn get_wallet_tx_details(&self, txid: Txid) -> Result<WalletTxDetails> {
        Ok(self.0.tx_details(txid)?.unwrap_or_else(|| WalletTxDetails {
            tx_status: WalletTxStatus::default(),
            order_form: Vec::new(),
            in_mempool: false,
            num_blocks: 0,
            tx: no_tx(),
        }))
    }

    fn get_balances(&self) -> Result<WalletBalances> {
        Ok(self.0.balances()?)
    }

    fn fill_psbt(&self, options: &PsbtFillOptions, _: u64, _: bool, psbtx: &Psbt) -> Result<FilledPsbt> {
        Ok(self.0.fill_psbt(options, psbtx)?)
    }

    fn try_get_balances(&self) -> Result<Option<(WalletBalances, BlockHash)>> {
        Ok(self.0.try_balances()?)
    }

    fn get_balance(&self) -> Result<SignedAmount> {
        Ok(self.0.balances()?.balance)
    }

    fn get_available_balance(&self, coin_control: &CoinControl) -> Result<SignedAmount> {
        Ok(signed(self.0.available_balance(coin_control)?))
    }

    fn txin_is_mine(&self, txin: &TxIn) -> Result<bool> {
        Ok(self.0.debit(txin)?.is_some())
    }

    fn txout_is_mine(&self, txout: &TxOut) -> Result<bool> {
        Ok(self.0.credit(txout)?.is_some())
    }

    fn get_debit(&self, txin: &TxIn) -> Result<SignedAmount> {
        Ok(self.0.debit(txin)?.unwrap_or(SignedAmount::ZERO))
    }

    fn get_credit(&self, txout: &TxOut) -> Result<SignedAmount> {
        Ok(self.0.credit(txout)?.unwrap_or(SignedAmount::ZERO))
    }

    fn list_coins(&self) -> Result<BTreeMap<Destination, Vec<(OutPoint, WalletTxOut)>>> {
        Ok(self.0.coins_by_address()?)
    }

    fn get_coins(&self, outputs: &[OutPoint]) -> Result<Vec<WalletTxOut>> {
        Ok(self.0.coins(outputs)?)
    }

    fn get_required_fee(&self, tx_bytes: u32) -> Result<Amount> {
        Ok(self.0.required_fee(tx_bytes)?)
    }

    fn get_minimum_fee(
        &self,
        tx_bytes: u32,
        coin_control: &CoinControl,
        _: bool,
        _: bool,
    ) -> Result<MinimumFee> {
        let choice = self.0.fee_choice(coin_control)?;
        Ok(MinimumFee {
            returned_target: choice.calculation.returned_target,
            reason: choice.calculation.reason,
            fee: fee_for(choice.rate, tx_bytes.into()),
        })
    }

    fn get_confirm_target(&self) -> Result<u32> {
        Ok(self.0.options().confirm_target)
    }

    fn hd_enabled(&self) -> Result<bool> {
        Ok(self.0.has_seed()?)
    }

    fn can_get_addresses(&self) -> Result<bool> {
        Ok(self.0.can_get_addresses()?)
    }

    fn private_keys_disabled(&self) -> Result<bool> {
        Ok(self.0.private_keys_disabled()?)
    }

    fn taproot_enabled(&self) -> Result<bool> {
        Ok(self.0.gives(OutputType::Bech32m)?)
    }

    fn has_external_signer(&self) -> Result<bool> {
        Ok(false)
    }

    fn get_default_address_type(&self) -> Result<OutputType> {
        Ok(self.0.options().address_type)
    }

    fn get_default_max_tx_fee(&self) -> Result<Amount> {
        Ok(self.0.options().max_tx_fee)
    }

    fn remove(&self) -> Result<()> {
        Ok(self.0.unload()?)
    }

    fn handle_unload(&self, callback: UnloadWalletFn) -> Result<Box<dyn Handler>> {
        Ok(Box::new(self.0.events().unload.add(callback)))
    }

    fn handle_show_progress(&self, callback: ShowWalletProgressFn) -> Result<Box<dyn Handler>> {
        Ok(Box::new(self.0.events().progress.add(callback)))
    }

    fn handle_status_changed(&self, callback: StatusChangedFn) -> Result<Box<dyn Handler>> {
        Ok(Box::new(self.0.events().status.add(callback)))
    }

    fn handle_address_book_changed(&self, callback: AddressBookChangedFn) -> Result<Box<dyn Handler>> {
        Ok(Box::new(self.0.events().book.add(callback)))
    }

    fn handle_transaction_changed(&self, callback: TransactionChangedFn) -> Result<Box<dyn Handler>> {
        Ok(Box::new(self.0.events().tx.add(callback)))
    }

    fn handle_can_get_addresses_changed(
        &self,
        callback: CanGetAddressesChangedFn,
    ) -> Result<Box<dyn Handler>> {
        Ok(Box::new(self.0.events().can_get_addresses.add(callback)))
    }
}
