//! The structs of `wallet.capnp`.

use std::collections::BTreeMap;

use bitcoin::{Amount, OutPoint, SignedAmount, Transaction, TxOut};
use mp_runtime::IpcStruct;

use crate::files::WALLET;
use crate::types::{AddressPurpose, Bitcoin, Destination, FeeCalculation, OutputType, WireFeeRate};

/// An entry of the address book.
#[derive(Clone, Debug, PartialEq, Eq, IpcStruct)]
#[ipc(file = WALLET, types = Bitcoin, cxx = "interfaces::WalletAddress")]
pub struct WalletAddress {
    /// The address.
    pub dest: Destination,
    /// Whether it is the wallet's own.
    #[ipc(cxx_name = "is_mine")]
    pub is_mine: bool,
    /// Its label.
    pub name: String,
    /// What it is for.
    pub purpose: AddressPurpose,
}

/// An output to make.
#[derive(Clone, Debug, PartialEq, Eq, IpcStruct)]
#[ipc(file = WALLET, types = Bitcoin, cxx = "wallet::CRecipient")]
pub struct Recipient {
    /// Where the coins go.
    pub dest: Destination,
    /// How many.
    #[ipc(cxx_name = "nAmount")]
    pub amount: Amount,
    /// Whether it pays a share of the fee.
    #[ipc(cxx_name = "fSubtractFeeFromAmount")]
    pub subtract_fee_from_amount: bool,
}

/// How to choose coins and fees. Core's own conversion has gaps: the presence of the fee rate
/// is in its pointer alone, and that of the last three numbers is never sent.
#[derive(Clone, Debug, PartialEq, Eq, IpcStruct)]
#[ipc(file = WALLET, types = Bitcoin)]
pub struct CoinControl {
    /// Where change goes, if not to a new address.
    pub dest_change: Destination,
    /// Whether `change_type` is set.
    pub has_change_type: bool,
    /// The kind of address for change.
    pub change_type: OutputType,
    /// Spend outputs of others' unconfirmed transactions.
    pub include_unsafe_inputs: bool,
    /// Add inputs to those that are selected.
    pub allow_other_inputs: bool,
    /// Spend watch-only coins. C++ has no such member any more.
    pub allow_watch_only: bool,
    /// Use the fee rate even below the minimum.
    pub override_fee_rate: bool,
    /// Never set by Core; see `fee_rate`.
    pub has_fee_rate: bool,
    /// The fee rate, if it is not to be estimated.
    pub fee_rate: Option<WireFeeRate>,
    /// Whether `confirm_target` is set.
    pub has_confirm_target: bool,
    /// How many blocks confirmation may take.
    pub confirm_target: i32,
    /// Whether `signal_rbf` is set.
    pub has_signal_rbf: bool,
    /// Let the transaction be replaced (BIP 125).
    pub signal_rbf: bool,
    /// Spend all coins of an address together.
    pub avoid_partial_spends: bool,
    /// Do not spend coins of addresses that were spent from.
    pub avoid_address_reuse: bool,
    /// How careful a fee estimate is, as a number of [`FeeEstimateMode`](crate::types::FeeEstimateMode).
    pub fee_mode: i32,
    /// The fewest confirmations of a coin.
    pub min_depth: i32,
    /// The most confirmations of a coin. (Core fills it with the fewest.)
    pub max_depth: i32,
    /// Whether `lock_time` is set; never set by Core.
    pub has_lock_time: u32,
    /// The transaction's lock time.
    pub lock_time: u32,
    /// Whether `version` is set; never set by Core.
    pub has_version: u32,
    /// The transaction's version.
    pub version: u32,
    /// Whether `max_tx_weight` is set; never set by Core.
    pub has_max_tx_weight: u32,
    /// The most weight units that the transaction may have.
    pub max_tx_weight: u32,
    /// The coins to spend.
    pub set_selected: Vec<OutPoint>,
}

impl Default for CoinControl {
    /// Core's defaults: choose everything yourself.
    fn default() -> Self {
        CoinControl {
            dest_change: Destination::None,
            has_change_type: false,
            change_type: OutputType::Legacy,
            include_unsafe_inputs: false,
            allow_other_inputs: true,
            allow_watch_only: false,
            override_fee_rate: false,
            has_fee_rate: false,
            fee_rate: None,
            has_confirm_target: false,
            confirm_target: 0,
            has_signal_rbf: false,
            signal_rbf: false,
            avoid_partial_spends: false,
            avoid_address_reuse: false,
            fee_mode: 0,
            min_depth: 0,
            max_depth: 9_999_999,
            has_lock_time: 0,
            lock_time: 0,
            has_version: 0,
            version: 0,
            has_max_tx_weight: 0,
            max_tx_weight: 0,
            set_selected: Vec::new(),
        }
    }
}

/// A transaction of the wallet.
#[derive(Clone, Debug, PartialEq, IpcStruct)]
#[ipc(file = WALLET, types = Bitcoin, cxx = "interfaces::WalletTx")]
pub struct WalletTx {
    /// The transaction; none for an id that the wallet does not have.
    pub tx: Option<Transaction>,
    /// Which inputs spend the wallet's coins.
    #[ipc(cxx_name = "txin_is_mine")]
    pub txin_is_mine: Vec<bool>,
    /// Which outputs are the wallet's.
    #[ipc(cxx_name = "txout_is_mine")]
    pub txout_is_mine: Vec<bool>,
    /// Which outputs are change.
    #[ipc(cxx_name = "txout_is_change")]
    pub txout_is_change: Vec<bool>,
    /// Where the outputs go.
    #[ipc(cxx_name = "txout_address")]
    pub txout_address: Vec<Destination>,
    /// Which of these addresses are the wallet's.
    #[ipc(cxx_name = "txout_address_is_mine")]
    pub txout_address_is_mine: Vec<bool>,
    /// What it pays the wallet.
    pub credit: SignedAmount,
    /// What it takes from the wallet.
    pub debit: SignedAmount,
    /// What of it is change.
    pub change: SignedAmount,
    /// When it was made or seen, in seconds since 1970.
    pub time: i64,
    /// Texts that the user gave it.
    #[ipc(cxx_name = "value_map")]
    pub value_map: BTreeMap<String, String>,
    /// Whether it is a coinbase.
    #[ipc(cxx_name = "is_coinbase")]
    pub is_coinbase: bool,
}

/// An output of the wallet.
#[derive(Clone, Debug, PartialEq, Eq, IpcStruct)]
#[ipc(file = WALLET, types = Bitcoin, cxx = "interfaces::WalletTxOut")]
pub struct WalletTxOut {
    /// The output.
    pub txout: TxOut,
    /// When its transaction was made or seen, in seconds since 1970.
    pub time: i64,
    /// Its confirmations; negative for a transaction that conflicts with a block, -1 for an output
    /// that is not there.
    #[ipc(cxx_name = "depth_in_main_chain")]
    pub depth_in_main_chain: i32,
    /// Whether it is spent.
    #[ipc(cxx_name = "is_spent")]
    pub is_spent: bool,
}

/// How far a transaction is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, IpcStruct)]
#[ipc(file = WALLET, types = Bitcoin, cxx = "interfaces::WalletTxStatus")]
pub struct WalletTxStatus {
    /// The height of its block; the largest number for none.
    #[ipc(cxx_name = "block_height")]
    pub block_height: i32,
    /// How many blocks until its coins may be spent.
    #[ipc(cxx_name = "blocks_to_maturity")]
    pub blocks_to_maturity: i32,
    /// Its confirmations.
    #[ipc(cxx_name = "depth_in_main_chain")]
    pub depth_in_main_chain: i32,
    /// When it was seen, in seconds since 1970.
    #[ipc(cxx_name = "time_received")]
    pub time_received: u32,
    /// Its lock time.
    #[ipc(cxx_name = "lock_time")]
    pub lock_time: u32,
    /// Whether its coins count as the wallet's.
    #[ipc(cxx_name = "is_trusted")]
    pub is_trusted: bool,
    /// Whether the user has given it up.
    #[ipc(cxx_name = "is_abandoned")]
    pub is_abandoned: bool,
    /// Whether it is a coinbase.
    #[ipc(cxx_name = "is_coinbase")]
    pub is_coinbase: bool,
    /// Whether it is in a block of the active chain.
    #[ipc(cxx_name = "is_in_main_chain")]
    pub is_in_main_chain: bool,
}

/// What a wallet has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, IpcStruct)]
#[ipc(file = WALLET, types = Bitcoin, cxx = "interfaces::WalletBalances")]
pub struct WalletBalances {
    /// Trusted coins.
    pub balance: SignedAmount,
    /// Unconfirmed coins of others.
    #[ipc(cxx_name = "unconfirmed_balance")]
    pub unconfirmed_balance: SignedAmount,
    /// Coins of young coinbases.
    #[ipc(cxx_name = "immature_balance")]
    pub immature_balance: SignedAmount,
    /// Coins of addresses that were spent from, where the wallet avoids these.
    #[ipc(cxx_name = "used_balance")]
    pub used_balance: SignedAmount,
    /// Coins of transactions that are neither in a block nor in the mempool.
    #[ipc(cxx_name = "nonmempool_balance")]
    pub nonmempool_balance: SignedAmount,
}

/// A transaction that was made.
#[derive(Clone, Debug, PartialEq, IpcStruct)]
#[ipc(file = WALLET, types = Bitcoin, cxx = "wallet::CreatedTransactionResult")]
pub struct CreatedTransactionResult {
    /// The transaction.
    pub tx: Transaction,
    /// Its fee.
    pub fee: Amount,
    /// How the fee was estimated.
    #[ipc(cxx_name = "fee_calc")]
    pub fee_calc: FeeCalculation,
    /// Which output is change.
    #[ipc(cxx_name = "change_pos")]
    pub change_pos: Option<u32>,
}
