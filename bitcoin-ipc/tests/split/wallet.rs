//! Wallet: passphrases, keys and the address book.

use std::collections::BTreeMap;

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
};

use crate::ends::Ends;
use crate::peer::{Peer, kept};
use crate::sample::{destination, key_hash, text};
use crate::script::{played, same};

impl Wallet for Peer {
    played! {
        fn is_crypted(&self) -> bool;
        fn lock(&self) -> bool;
        fn is_locked(&self) -> bool;
        fn abort_rescan(&self) -> ();
        fn backup_wallet(&self, filename: &str) -> bool;
        fn get_new_destination(&self, output_type: OutputType, label: &str)
            -> Result<Destination, BilingualStr>;
        fn get_pub_key(&self, script: &ScriptBuf, address: PubkeyHash) -> Option<PublicKey>;
        fn sign_message(&self, message: &str, pkhash: PubkeyHash) -> Result<String, SigningResult>;
        fn is_spendable(&self, dest: &Destination) -> bool;
        fn set_address_book(&self, dest: &Destination, name: &str, purpose: AddressPurpose) -> bool;
        fn del_address_book(&self, dest: &Destination) -> bool;
        fn get_address(&self, dest: &Destination, want_name: bool, want_purpose: bool)
            -> Option<AddressBookEntry>;
        fn get_addresses(&self) -> Vec<WalletAddress>;
        fn get_address_receive_requests(&self) -> Vec<Vec<u8>>;
        fn set_address_receive_request(&self, dest: &Destination, id: &[u8], value: &[u8]) -> bool;
        fn display_address(&self, dest: &Destination) -> Result<(), BilingualStr>;
        fn lock_coin(&self, output: OutPoint, write_to_db: bool) -> bool;
        fn unlock_coin(&self, output: OutPoint) -> bool;
        fn is_locked_coin(&self, output: OutPoint) -> bool;
        fn list_locked_coins(&self) -> Vec<OutPoint>;
        fn create_transaction(
            &self, recipients: &[Recipient], coin_control: &CoinControl, sign: bool, change_pos: Option<u32>,
        ) -> Result<CreatedTransactionResult, BilingualStr>;
        fn commit_transaction(
            &self, tx: &Transaction, value_map: &BTreeMap<String, String>, order_form: &[(String, String)],
        ) -> ();
        fn transaction_can_be_abandoned(&self, txid: Txid) -> bool;
        fn abandon_transaction(&self, txid: Txid) -> bool;
        fn transaction_can_be_bumped(&self, txid: Txid) -> bool;
        fn create_bump_transaction(&self, txid: Txid, coin_control: &CoinControl)
            -> Result<BumpTransaction, Vec<BilingualStr>>;
        fn sign_bump_transaction(&self, mtx: &Transaction) -> Option<Transaction>;
        fn commit_bump_transaction(&self, txid: Txid, mtx: &Transaction) -> Result<Txid, Vec<BilingualStr>>;
        fn get_tx(&self, txid: Txid) -> Option<Transaction>;
        fn get_wallet_tx(&self, txid: Txid) -> WalletTx;
        fn get_wallet_txs(&self) -> Vec<WalletTx>;
        fn try_get_tx_status(&self, txid: Txid) -> Option<TxStatus>;
        fn get_wallet_tx_details(&self, txid: Txid) -> WalletTxDetails;
        fn get_balances(&self) -> WalletBalances;
        fn fill_psbt(&self, options: &PsbtFillOptions, n_signed: u64, want_n_signed: bool, psbtx: &Psbt)
            -> FilledPsbt;
        fn try_get_balances(&self) -> Option<(WalletBalances, BlockHash)>;
        fn get_balance(&self) -> SignedAmount;
        fn get_available_balance(&self, coin_control: &CoinControl) -> SignedAmount;
        fn txin_is_mine(&self, txin: &TxIn) -> bool;
        fn txout_is_mine(&self, txout: &TxOut) -> bool;
        fn get_debit(&self, txin: &TxIn) -> SignedAmount;
        fn get_credit(&self, txout: &TxOut) -> SignedAmount;
        fn list_coins(&self) -> BTreeMap<Destination, Vec<(OutPoint, WalletTxOut)>>;
        fn get_coins(&self, outputs: &[OutPoint]) -> Vec<WalletTxOut>;
        fn get_required_fee(&self, tx_bytes: u32) -> Amount;
        fn get_minimum_fee(
            &self, tx_bytes: u32, coin_control: &CoinControl, want_returned_target: bool, want_reason: bool,
        ) -> MinimumFee;
        fn get_confirm_target(&self) -> u32;
        fn hd_enabled(&self) -> bool;
        fn can_get_addresses(&self) -> bool;
        fn private_keys_disabled(&self) -> bool;
        fn taproot_enabled(&self) -> bool;
        fn has_external_signer(&self) -> bool;
        fn get_default_address_type(&self) -> OutputType;
        fn get_default_max_tx_fee(&self) -> Amount;
        fn remove(&self) -> ();
    }

    fn get_wallet_name(&self) -> Result<String> {
        Ok(self.name.clone())
    }

    fn encrypt_wallet(&self, wallet_passphrase: &Secret) -> Result<bool> {
        Ok(self.script.play("encrypt_wallet", format!("{:?}", wallet_passphrase.expose())))
    }

    fn unlock(&self, wallet_passphrase: &Secret) -> Result<bool> {
        Ok(self.script.play("unlock", format!("{:?}", wallet_passphrase.expose())))
    }

    fn change_wallet_passphrase(
        &self,
        old_wallet_passphrase: &Secret,
        new_wallet_passphrase: &Secret,
    ) -> Result<bool> {
        let both = (old_wallet_passphrase.expose(), new_wallet_passphrase.expose());
        Ok(self.script.play("change_wallet_passphrase", format!("{both:?}")))
    }

    kept! {
        fn handle_unload(&self, callback: UnloadWalletFn);
        fn handle_show_progress(&self, callback: ShowWalletProgressFn);
        fn handle_status_changed(&self, callback: StatusChangedFn);
        fn handle_address_book_changed(&self, callback: AddressBookChangedFn);
        fn handle_transaction_changed(&self, callback: TransactionChangedFn);
        fn handle_can_get_addresses_changed(&self, callback: CanGetAddressesChangedFn);
    }
}

pub(crate) fn passphrases_arrive(ends: &Ends) {
    let (wallet, script) = (ends.wallet(), &ends.peer.script);
    // Not UTF-8, which is no matter here.
    let (old, new) = (vec![0xff, 0], b"new words".to_vec());
    for worked in [true, false] {
        script.expect("encrypt_wallet", format!("{old:?}"), worked);
        assert_eq!(wallet.encrypt_wallet(&Secret::new(old.clone())), Ok(worked));
        script.expect("unlock", format!("{old:?}"), worked);
        assert_eq!(wallet.unlock(&Secret::new(old.clone())), Ok(worked));
        script.expect("change_wallet_passphrase", format!("{:?}", (&old, &new)), worked);
        let (old, new) = (Secret::new(old.clone()), Secret::new(new.clone()));
        assert_eq!(wallet.change_wallet_passphrase(&old, &new), Ok(worked));
        same!(script, wallet.is_crypted(), worked);
        same!(script, wallet.lock(), worked);
        same!(script, wallet.is_locked(), worked);
    }
}

pub(crate) fn addresses_and_keys(ends: &Ends) {
    let (wallet, script) = (ends.wallet(), &ends.peer.script);
    assert_eq!(wallet.get_wallet_name(), Ok("hot".into()));
    same!(script, wallet.backup_wallet("/backup/hot.dat"), true);
    same!(script, wallet.abort_rescan(), ());
    let (label, dest) = ("for rent", destination(1));
    same!(script, wallet.get_new_destination(OutputType::Bech32m, label), Ok(dest.clone()));
    same!(script, wallet.get_new_destination(OutputType::P2shSegwit, label), Err(text("no keys left")));
    // None is a destination too.
    same!(script, wallet.get_new_destination(OutputType::Unknown, label), Ok(Destination::None));
    let key = "02c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5";
    let key: PublicKey = key.parse().expect("a key");
    let script_pubkey = ScriptBuf::from_bytes(vec![0x51, 0x52]);
    same!(script, wallet.get_pub_key(&script_pubkey, key_hash(1)), Some(key));
    same!(script, wallet.get_pub_key(&ScriptBuf::new(), key_hash(2)), None);
    same!(script, wallet.sign_message("I am I", key_hash(3)), Ok("aGk=".into()));
    for failure in [SigningResult::PrivateKeyNotAvailable, SigningResult::SigningFailed] {
        same!(script, wallet.sign_message("I am I", key_hash(4)), Err(failure));
    }
    same!(script, wallet.is_spendable(&dest), true);
    same!(script, wallet.is_spendable(&Destination::None), true);
    same!(script, wallet.display_address(&dest), Ok(()));
    same!(script, wallet.display_address(&Destination::None), Err(text("no screen")));
}

pub(crate) fn the_address_book(ends: &Ends) {
    let (wallet, script) = (ends.wallet(), &ends.peer.script);
    let dest = Destination::WitnessV1Taproot([9; 32]);
    same!(script, wallet.set_address_book(&dest, "landlord", AddressPurpose::Refund), true);
    same!(script, wallet.del_address_book(&dest), true);
    let entry = AddressBookEntry { name: "landlord".into(), purpose: AddressPurpose::Send };
    for (want_name, want_purpose) in [(true, false), (false, true)] {
        same!(script, wallet.get_address(&dest, want_name, want_purpose), Some(entry.clone()));
    }
    let bare = AddressBookEntry { name: String::new(), purpose: AddressPurpose::Receive };
    same!(script, wallet.get_address(&dest, true, true), Some(bare));
    same!(script, wallet.get_address(&Destination::None, true, true), None);
    let address = |number, purpose| WalletAddress {
        dest: destination(number),
        is_mine: true,
        name: format!("number {number}"),
        purpose,
    };
    let book = vec![address(1, AddressPurpose::Send), address(2, AddressPurpose::Refund)];
    same!(script, wallet.get_addresses(), book);
    same!(script, wallet.get_address_receive_requests(), vec![vec![0xff, 0], vec![], vec![1]]);
    same!(script, wallet.set_address_receive_request(&dest, &[0, 1], &[0xff]), true);
    same!(script, wallet.set_address_receive_request(&dest, &[2], b""), true);
}
