//! Wallet: what a wallet offers its GUI.

use std::collections::BTreeMap;

use bitcoin::{
    Amount, BlockHash, OutPoint, PubkeyHash, PublicKey, ScriptBuf, SignedAmount, Transaction, TxIn, TxOut,
    Txid,
};
use mp_runtime::{Result, ipc_interface};

use super::wallet_results::{
    AddressBookEntry, BumpTransaction, FilledPsbt, MinimumFee, TxStatus, WalletTxDetails, address, balances,
    bump, bumped, pub_key, signature, signed, tx_status,
};
use super::{
    AddressBookChangedFn, CanGetAddressesChangedFn, Handler, ShowWalletProgressFn, StatusChangedFn,
    TransactionChangedFn, UnloadWalletFn,
};
use crate::files::WALLET;
use crate::types::psbt::Psbt;
use crate::types::{
    AddressPurpose, BilingualStr, Bitcoin, CoinControl, CreatedTransactionResult, Destination, Expected, Key,
    OutputType, PsbtFillOptions, Recipient, Secret, SigningResult, WalletAddress, WalletBalances, WalletTx,
    WalletTxOut,
};

/// `util::Expected` as a type of the schema, which knows no arguments.
type AnyExpected = Expected<Vec<u8>, Vec<u8>>;

/// What a wallet offers its GUI: keys, addresses, coins and transactions.
///
/// Each `handle_` method calls back until its handler is dropped.
#[ipc_interface(file = WALLET, types = Bitcoin, cxx = "interfaces::Wallet", unused = [Key, AnyExpected])]
pub trait Wallet: Send + Sync {
    /// Encrypts the wallet, which is locked then. Gives false if that did not work.
    fn encrypt_wallet(&self, #[ipc(secret)] wallet_passphrase: &Secret) -> Result<bool>;

    /// Whether the wallet is encrypted.
    fn is_crypted(&self) -> Result<bool>;

    /// Locks the wallet. Gives false for one that is not encrypted.
    fn lock(&self) -> Result<bool>;

    /// Unlocks the wallet. Gives false for a wrong passphrase.
    fn unlock(&self, #[ipc(secret)] wallet_passphrase: &Secret) -> Result<bool>;

    /// Whether the wallet is locked.
    fn is_locked(&self) -> Result<bool>;

    /// Replaces the passphrase. Gives false if the old one is wrong.
    fn change_wallet_passphrase(
        &self,
        #[ipc(secret)] old_wallet_passphrase: &Secret,
        #[ipc(secret)] new_wallet_passphrase: &Secret,
    ) -> Result<bool>;

    /// Stops a search of the chain for the wallet's transactions.
    fn abort_rescan(&self) -> Result<()>;

    /// Copies the wallet to a file or into a folder. Gives false if that did not work.
    fn backup_wallet(&self, filename: &str) -> Result<bool>;

    /// What the wallet is called.
    fn get_wallet_name(&self) -> Result<String>;

    /// A new address with a label.
    fn get_new_destination(
        &self,
        output_type: OutputType,
        label: &str,
    ) -> Result<Result<Destination, BilingualStr>>;

    /// The public key with this hash, if the wallet has it for this script.
    #[ipc(results = pub_key)]
    fn get_pub_key(&self, script: &ScriptBuf, address: PubkeyHash) -> Result<Option<PublicKey>>;

    /// Signs a message with the key of an address, and gives the signature in base64.
    #[ipc(results = signature)]
    fn sign_message(&self, message: &str, pkhash: PubkeyHash) -> Result<Result<String, SigningResult>>;

    /// Whether coins of an address are the wallet's.
    fn is_spendable(&self, dest: &Destination) -> Result<bool>;

    /// Puts an address into the address book or changes its entry.
    fn set_address_book(&self, dest: &Destination, name: &str, purpose: AddressPurpose) -> Result<bool>;

    /// Takes an address out of the address book. Gives false if that did not work, as for an address
    /// of the wallet's own.
    fn del_address_book(&self, dest: &Destination) -> Result<bool>;

    /// The entry of an address in the address book, if there is one. What is not wanted has no
    /// meaning in it.
    #[ipc(results = address)]
    fn get_address(
        &self,
        dest: &Destination,
        want_name: bool,
        want_purpose: bool,
    ) -> Result<Option<AddressBookEntry>>;

    /// The address book.
    fn get_addresses(&self) -> Result<Vec<WalletAddress>>;

    /// The payment requests that the wallet keeps for the GUI, in the GUI's own form.
    fn get_address_receive_requests(&self) -> Result<Vec<Vec<u8>>>;

    /// Keeps a payment request for an address; an empty one takes it out.
    fn set_address_receive_request(&self, dest: &Destination, id: &[u8], value: &[u8]) -> Result<bool>;

    /// Shows an address on the hardware wallet.
    fn display_address(&self, dest: &Destination) -> Result<Result<(), BilingualStr>>;

    /// Keeps a coin from being chosen, until the end of the process or, if it is written to the
    /// wallet, until it is unlocked.
    fn lock_coin(&self, output: OutPoint, write_to_db: bool) -> Result<bool>;

    /// Lets a coin be chosen again.
    fn unlock_coin(&self, output: OutPoint) -> Result<bool>;

    /// Whether a coin is kept from being chosen.
    fn is_locked_coin(&self, output: OutPoint) -> Result<bool>;

    /// The coins that are kept from being chosen.
    #[ipc(result(name = "outputs"))]
    fn list_locked_coins(&self) -> Result<Vec<OutPoint>>;

    /// Makes a transaction, signed if that is wanted. Its change is output `change_pos`, or any one.
    fn create_transaction(
        &self,
        recipients: &[Recipient],
        coin_control: &CoinControl,
        sign: bool,
        change_pos: Option<u32>,
    ) -> Result<Result<CreatedTransactionResult, BilingualStr>>;

    /// Puts a transaction into the wallet and sends it, with texts and with notes in their order.
    fn commit_transaction(
        &self,
        tx: &Transaction,
        value_map: &BTreeMap<String, String>,
        order_form: &[(String, String)],
    ) -> Result<()>;

    /// Whether a transaction can be given up.
    fn transaction_can_be_abandoned(&self, txid: Txid) -> Result<bool>;

    /// Gives a transaction up, so that its coins can be spent again.
    fn abandon_transaction(&self, txid: Txid) -> Result<bool>;

    /// Whether a transaction can be replaced by one with a higher fee.
    fn transaction_can_be_bumped(&self, txid: Txid) -> Result<bool>;

    /// Makes the replacement of a transaction, with a higher fee and without signatures.
    #[ipc(results = bump)]
    fn create_bump_transaction(
        &self,
        txid: Txid,
        coin_control: &CoinControl,
    ) -> Result<Result<BumpTransaction, Vec<BilingualStr>>>;

    /// Signs such a replacement. `None` if that did not work.
    #[ipc(results = signed)]
    fn sign_bump_transaction(&self, mtx: &Transaction) -> Result<Option<Transaction>>;

    /// Puts such a replacement into the wallet, sends it and gives its id.
    #[ipc(results = bumped)]
    fn commit_bump_transaction(
        &self,
        txid: Txid,
        mtx: &Transaction,
    ) -> Result<Result<Txid, Vec<BilingualStr>>>;

    /// A transaction of the wallet.
    fn get_tx(&self, txid: Txid) -> Result<Option<Transaction>>;

    /// A transaction of the wallet, and what it means to it; empty if the wallet does not have it.
    fn get_wallet_tx(&self, txid: Txid) -> Result<WalletTx>;

    /// All transactions of the wallet.
    fn get_wallet_txs(&self) -> Result<Vec<WalletTx>>;

    /// How far a transaction is. `None` if the wallet does not have it, or is busy.
    #[ipc(results = tx_status)]
    fn try_get_tx_status(&self, txid: Txid) -> Result<Option<TxStatus>>;

    /// All about a transaction; empty if the wallet does not have it.
    #[ipc(results)]
    fn get_wallet_tx_details(&self, txid: Txid) -> Result<WalletTxDetails>;

    /// What the wallet has.
    fn get_balances(&self) -> Result<WalletBalances>;

    /// Signs a PSBT and fills in what the wallet knows. `n_signed` means nothing; it has to be on the
    /// wire because it also comes back.
    #[ipc(name = "fillPSBT", results)]
    fn fill_psbt(
        &self,
        options: &PsbtFillOptions,
        n_signed: u64,
        want_n_signed: bool,
        psbtx: &Psbt,
    ) -> Result<FilledPsbt>;

    /// What the wallet has, and the hash of the highest block that it knows. `None` if it is busy.
    #[ipc(results = balances)]
    fn try_get_balances(&self) -> Result<Option<(WalletBalances, BlockHash)>>;

    /// The trusted coins.
    fn get_balance(&self) -> Result<SignedAmount>;

    /// The coins that may be chosen.
    fn get_available_balance(&self, coin_control: &CoinControl) -> Result<SignedAmount>;

    /// Whether an input spends the wallet's coins. Its witness does not travel.
    fn txin_is_mine(&self, txin: &TxIn) -> Result<bool>;

    /// Whether an output is the wallet's.
    fn txout_is_mine(&self, txout: &TxOut) -> Result<bool>;

    /// How much of the wallet's coins an input spends. Its witness does not travel.
    fn get_debit(&self, txin: &TxIn) -> Result<SignedAmount>;

    /// How much an output pays the wallet.
    fn get_credit(&self, txout: &TxOut) -> Result<SignedAmount>;

    /// The coins of each address, with those of its change.
    fn list_coins(&self) -> Result<BTreeMap<Destination, Vec<(OutPoint, WalletTxOut)>>>;

    /// These outputs, in their order.
    fn get_coins(&self, outputs: &[OutPoint]) -> Result<Vec<WalletTxOut>>;

    /// The lowest fee that the wallet and the node allow for so many virtual bytes.
    fn get_required_fee(&self, tx_bytes: u32) -> Result<Amount>;

    /// The fee for so many virtual bytes, with what decided it. What is not wanted has no meaning.
    #[ipc(results)]
    fn get_minimum_fee(
        &self,
        tx_bytes: u32,
        coin_control: &CoinControl,
        want_returned_target: bool,
        want_reason: bool,
    ) -> Result<MinimumFee>;

    /// How many blocks confirmation may take, unless told otherwise.
    fn get_confirm_target(&self) -> Result<u32>;

    /// Whether the wallet's keys come from a seed (BIP 32).
    fn hd_enabled(&self) -> Result<bool>;

    /// Whether the wallet can give new addresses.
    fn can_get_addresses(&self) -> Result<bool>;

    /// Whether the wallet never holds private keys.
    fn private_keys_disabled(&self) -> Result<bool>;

    /// Whether the wallet can give P2TR addresses.
    fn taproot_enabled(&self) -> Result<bool>;

    /// Whether the keys are in a hardware wallet.
    fn has_external_signer(&self) -> Result<bool>;

    /// The kind of address to give, unless told otherwise.
    fn get_default_address_type(&self) -> Result<OutputType>;

    /// The highest fee that the wallet pays.
    fn get_default_max_tx_fee(&self) -> Result<Amount>;

    /// Unloads the wallet. Its file stays.
    fn remove(&self) -> Result<()>;

    /// Tells when the wallet is about to be unloaded.
    fn handle_unload(
        &self,
        #[ipc(callback = super::UnloadWalletCallback)] callback: UnloadWalletFn,
    ) -> Result<Box<dyn Handler>>;

    /// Tells how far something is.
    fn handle_show_progress(
        &self,
        #[ipc(callback = super::ShowWalletProgressCallback)] callback: ShowWalletProgressFn,
    ) -> Result<Box<dyn Handler>>;

    /// Tells when the wallet is encrypted, locked or unlocked.
    fn handle_status_changed(
        &self,
        #[ipc(callback = super::StatusChangedCallback)] callback: StatusChangedFn,
    ) -> Result<Box<dyn Handler>>;

    /// Tells of changes in the address book.
    fn handle_address_book_changed(
        &self,
        #[ipc(callback = super::AddressBookChangedCallback)] callback: AddressBookChangedFn,
    ) -> Result<Box<dyn Handler>>;

    /// Tells of changes of transactions.
    fn handle_transaction_changed(
        &self,
        #[ipc(callback = super::TransactionChangedCallback)] callback: TransactionChangedFn,
    ) -> Result<Box<dyn Handler>>;

    /// Tells when the wallet may have begun or ceased to give addresses.
    fn handle_can_get_addresses_changed(
        &self,
        #[ipc(callback = super::CanGetAddressesChangedCallback)] callback: CanGetAddressesChangedFn,
    ) -> Result<Box<dyn Handler>>;
}
