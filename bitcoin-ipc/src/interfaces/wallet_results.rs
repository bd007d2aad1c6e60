//! What the methods of [`Wallet`](super::Wallet) give, where that is several values.
//!
//! In: the results as they are on the wire. Out: one value each, and back.

use bitcoin::{Amount, Transaction};
use mp_runtime::IpcStruct;

use crate::types::psbt::Psbt;
use crate::types::{AddressPurpose, Bitcoin, FeeReason, PsbtError, WalletTx, WalletTxStatus};

/// What [`Wallet::get_address`](super::Wallet::get_address) finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressBookEntry {
    /// The label.
    pub name: String,
    /// What the address is for.
    pub purpose: AddressPurpose,
}

/// A replacement with a higher fee.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BumpTransaction {
    /// The fee of what it replaces.
    pub old_fee: Amount,
    /// Its own fee.
    pub new_fee: Amount,
    /// The replacement, without signatures.
    pub mtx: Transaction,
}

/// How far a transaction is, and the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TxStatus {
    /// The transaction's status.
    pub tx_status: WalletTxStatus,
    /// The height of the highest block that the wallet knows.
    pub num_blocks: i32,
    /// The time of that block, in seconds since 1970.
    pub block_time: i64,
}

/// All about a transaction.
#[derive(Clone, Debug, PartialEq, IpcStruct)]
#[ipc(types = Bitcoin)]
pub struct WalletTxDetails {
    /// How far it is.
    pub tx_status: WalletTxStatus,
    /// The notes that it was sent with, in their order.
    pub order_form: Vec<(String, String)>,
    /// Whether it is in the mempool.
    pub in_mempool: bool,
    /// The height of the highest block that the wallet knows.
    pub num_blocks: i32,
    /// The transaction, and what it means to the wallet.
    #[ipc(name = "result")]
    pub tx: WalletTx,
}

/// What came of filling a PSBT.
#[derive(Clone, Debug, PartialEq, Eq, IpcStruct)]
#[ipc(types = Bitcoin)]
pub struct FilledPsbt {
    /// How many inputs the wallet could sign; has no meaning if it was not wanted.
    pub n_signed: u64,
    /// The PSBT, as far as it was filled.
    pub psbtx: Psbt,
    /// Whether all inputs are signed.
    pub complete: bool,
    /// What went wrong, if anything.
    #[ipc(name = "result")]
    pub error: Option<PsbtError>,
}

/// A fee and what decided it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IpcStruct)]
#[ipc(types = Bitcoin)]
pub struct MinimumFee {
    /// How many blocks the estimate is for.
    pub returned_target: i32,
    /// What decided.
    pub reason: FeeReason,
    /// The fee.
    #[ipc(name = "result")]
    pub fee: Amount,
}

/// A transaction that may be missing. C++ has the transaction without inputs and outputs for that,
/// which `bitcoin` takes for the beginning of one with witnesses.
pub(crate) mod no_tx {
    use bitcoin::{Transaction, consensus};
    use mp_runtime::{Error, Result};

    /// Version 2, no inputs, no outputs, lock time 0.
    const NONE: [u8; 10] = [2, 0, 0, 0, 0, 0, 0, 0, 0, 0];

    pub(crate) type Wire = Vec<u8>;

    pub(crate) fn build(tx: &Option<Transaction>) -> Result<Wire> {
        Ok(tx.as_ref().map_or_else(|| NONE.to_vec(), consensus::serialize))
    }

    pub(crate) fn read(wire: Wire) -> Result<Option<Transaction>> {
        if wire.is_empty() || wire == NONE {
            return Ok(None);
        }
        let tx = consensus::deserialize(&wire);
        tx.map(Some).map_err(|error| Error::bad_value(format!("not a transaction: {error}")))
    }
}

/// What a peer left out although it said that it was there.
fn missing(what: &str) -> mp_runtime::Error {
    mp_runtime::Error::bad_value(format!("there should be a {what}, but there is none"))
}

/// A public key, and whether it was found.
pub(crate) mod pub_key {
    use bitcoin::PublicKey;
    use mp_runtime::{IpcStruct, Result};

    use crate::types::Bitcoin;

    #[derive(Debug, IpcStruct)]
    #[ipc(types = Bitcoin)]
    pub(crate) struct Wire {
        pub_key: Option<PublicKey>,
        result: bool,
    }

    pub(crate) fn build(key: &Option<PublicKey>) -> Result<Wire> {
        Ok(Wire { pub_key: *key, result: key.is_some() })
    }

    pub(crate) fn read(wire: Wire) -> Result<Option<PublicKey>> {
        Ok(wire.pub_key.filter(|_| wire.result))
    }
}

/// A signature, or why there is none.
pub(crate) mod signature {
    use mp_runtime::{IpcStruct, Result};

    use crate::types::{Bitcoin, SigningResult};

    #[derive(Debug, IpcStruct)]
    #[ipc(types = Bitcoin)]
    pub(crate) struct Wire {
        signature: String,
        result: SigningResult,
    }

    pub(crate) fn build(signed: &Result<String, SigningResult>) -> Result<Wire> {
        Ok(match signed {
            Ok(signature) => Wire { signature: signature.clone(), result: SigningResult::Ok },
            Err(result) => Wire { signature: String::new(), result: *result },
        })
    }

    pub(crate) fn read(wire: Wire) -> Result<Result<String, SigningResult>> {
        Ok(match wire.result {
            SigningResult::Ok => Ok(wire.signature),
            failure => Err(failure),
        })
    }
}

/// An entry of the address book, and whether there is one.
pub(crate) mod address {
    use mp_runtime::{IpcStruct, Result};

    use super::AddressBookEntry;
    use crate::types::{AddressPurpose, Bitcoin};

    #[derive(Debug, IpcStruct)]
    #[ipc(types = Bitcoin)]
    pub(crate) struct Wire {
        name: String,
        purpose: AddressPurpose,
        result: bool,
    }

    pub(crate) fn build(entry: &Option<AddressBookEntry>) -> Result<Wire> {
        Ok(match entry.clone() {
            Some(AddressBookEntry { name, purpose }) => Wire { name, purpose, result: true },
            None => Wire { name: String::new(), purpose: AddressPurpose::Receive, result: false },
        })
    }

    pub(crate) fn read(wire: Wire) -> Result<Option<AddressBookEntry>> {
        let Wire { name, purpose, result } = wire;
        Ok(result.then_some(AddressBookEntry { name, purpose }))
    }
}

/// A replacement, or why there is none.
pub(crate) mod bump {
    use bitcoin::{Amount, Transaction};
    use mp_runtime::{IpcStruct, Result};

    use super::{BumpTransaction, missing, no_tx};
    use crate::types::{BilingualStr, Bitcoin};

    #[derive(Debug, IpcStruct)]
    #[ipc(types = Bitcoin)]
    pub(crate) struct Wire {
        errors: Vec<BilingualStr>,
        old_fee: Amount,
        new_fee: Amount,
        #[ipc(with = no_tx)]
        mtx: Option<Transaction>,
        result: bool,
    }

    pub(crate) fn build(made: &Result<BumpTransaction, Vec<BilingualStr>>) -> Result<Wire> {
        Ok(match made.clone() {
            Ok(BumpTransaction { old_fee, new_fee, mtx }) => {
                Wire { errors: Vec::new(), old_fee, new_fee, mtx: Some(mtx), result: true }
            }
            Err(errors) => {
                Wire { errors, old_fee: Amount::ZERO, new_fee: Amount::ZERO, mtx: None, result: false }
            }
        })
    }

    pub(crate) fn read(wire: Wire) -> Result<Result<BumpTransaction, Vec<BilingualStr>>> {
        let Wire { errors, old_fee, new_fee, mtx, result } = wire;
        if !result {
            return Ok(Err(errors));
        }
        let mtx = mtx.ok_or_else(|| missing("transaction"))?;
        Ok(Ok(BumpTransaction { old_fee, new_fee, mtx }))
    }
}

/// A signed replacement, and whether it is signed.
pub(crate) mod signed {
    use bitcoin::Transaction;
    use mp_runtime::{IpcStruct, Result};

    use super::no_tx;
    use crate::types::Bitcoin;

    #[derive(Debug, IpcStruct)]
    #[ipc(types = Bitcoin)]
    pub(crate) struct Wire {
        #[ipc(with = no_tx)]
        mtx: Option<Transaction>,
        result: bool,
    }

    pub(crate) fn build(signed: &Option<Transaction>) -> Result<Wire> {
        Ok(Wire { mtx: signed.clone(), result: signed.is_some() })
    }

    pub(crate) fn read(wire: Wire) -> Result<Option<Transaction>> {
        Ok(wire.mtx.filter(|_| wire.result))
    }
}

/// The id of a replacement that was sent, or why it was not.
pub(crate) mod bumped {
    use bitcoin::Txid;
    use mp_runtime::{IpcStruct, Result};

    use super::missing;
    use crate::types::{BilingualStr, Bitcoin};

    #[derive(Debug, IpcStruct)]
    #[ipc(types = Bitcoin)]
    pub(crate) struct Wire {
        errors: Vec<BilingualStr>,
        bumped_txid: Option<Txid>,
        result: bool,
    }

    pub(crate) fn build(sent: &Result<Txid, Vec<BilingualStr>>) -> Result<Wire> {
        Ok(match sent {
            Ok(txid) => Wire { errors: Vec::new(), bumped_txid: Some(*txid), result: true },
            Err(errors) => Wire { errors: errors.clone(), bumped_txid: None, result: false },
        })
    }

    pub(crate) fn read(wire: Wire) -> Result<Result<Txid, Vec<BilingualStr>>> {
        if !wire.result {
            return Ok(Err(wire.errors));
        }
        wire.bumped_txid.ok_or_else(|| missing("transaction id")).map(Ok)
    }
}

/// A transaction's status, and whether it could be found.
pub(crate) mod tx_status {
    use mp_runtime::{IpcStruct, Result};

    use super::TxStatus;
    use crate::types::{Bitcoin, WalletTxStatus};

    #[derive(Debug, Default, IpcStruct)]
    #[ipc(types = Bitcoin)]
    pub(crate) struct Wire {
        tx_status: WalletTxStatus,
        num_blocks: i32,
        block_time: i64,
        result: bool,
    }

    pub(crate) fn build(status: &Option<TxStatus>) -> Result<Wire> {
        Ok(status.map_or_else(Wire::default, |TxStatus { tx_status, num_blocks, block_time }| Wire {
            tx_status,
            num_blocks,
            block_time,
            result: true,
        }))
    }

    pub(crate) fn read(wire: Wire) -> Result<Option<TxStatus>> {
        let Wire { tx_status, num_blocks, block_time, result } = wire;
        Ok(result.then_some(TxStatus { tx_status, num_blocks, block_time }))
    }
}

/// Balances as of a block, and whether the wallet had the time.
pub(crate) mod balances {
    use bitcoin::BlockHash;
    use mp_runtime::{IpcStruct, Result};

    use super::missing;
    use crate::types::{Bitcoin, WalletBalances};

    #[derive(Debug, Default, IpcStruct)]
    #[ipc(types = Bitcoin)]
    pub(crate) struct Wire {
        balances: WalletBalances,
        block_hash: Option<BlockHash>,
        result: bool,
    }

    pub(crate) fn build(known: &Option<(WalletBalances, BlockHash)>) -> Result<Wire> {
        Ok(known.map_or_else(Wire::default, |(balances, hash)| Wire {
            balances,
            block_hash: Some(hash),
            result: true,
        }))
    }

    pub(crate) fn read(wire: Wire) -> Result<Option<(WalletBalances, BlockHash)>> {
        if !wire.result {
            return Ok(None);
        }
        let hash = wire.block_hash.ok_or_else(|| missing("block hash"))?;
        Ok(Some((wire.balances, hash)))
    }
}

#[cfg(test)]
mod tests {
    use bitcoin::consensus;

    use super::*;

    #[test]
    fn no_transaction_is_the_empty_one_of_cpp() {
        let none = no_tx::build(&None).expect("bytes");
        assert_eq!(none, [2, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(no_tx::read(none.clone()), Ok(None));
        assert_eq!(no_tx::read(Vec::new()), Ok(None));
        assert!(consensus::deserialize::<Transaction>(&none).is_err(), "`bitcoin` reads it now");

        let genesis = bitcoin::constants::genesis_block(bitcoin::Network::Bitcoin);
        let tx = genesis.txdata.into_iter().next();
        assert_eq!(no_tx::read(no_tx::build(&tx).expect("bytes")), Ok(tx));
        assert!(no_tx::read(vec![2, 0, 0]).is_err());
    }
}
