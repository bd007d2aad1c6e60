//! What the database holds.
//!
//! In: nothing. Out: the tables, with the shapes of their rows.
//!
//! Hashes are in the order of their bytes in a block, not in that of their text.

use bitcoin::hashes::Hash;
use bitcoin::{Amount, BlockHash, OutPoint, Txid};
use redb::TableDefinition;

use super::totals::Totals;
use crate::chainstate::Place;

/// Goes up whenever the meaning of a row changes; another one's index is rebuilt.
pub(super) const VERSION: u32 = 2;

/// A hash's bytes.
pub(super) type Bytes = [u8; 32];
/// A transaction's hash and the output's number, big-endian: coins stand in the order in which
/// Bitcoin Core's `hash_serialized_3` takes them.
pub(super) type CoinKey = [u8; 36];
/// Version, the genesis block, and whether there are filters and transactions.
pub(super) type About = (u32, Bytes, bool, bool);
/// The last block's hash and height; the [`Totals`] of coins, satoshi and bogosize.
pub(super) type State = (Bytes, u32, u64, u64, u64);
/// Height, transactions, transactions of the chain, size, weight, fees in satoshi, work of the chain
/// in big-endian bytes, latest time.
pub(super) type Facts = (u32, u32, u64, u32, u32, u64, Bytes, u32);

/// What the index was made for.
pub(super) const ABOUT: TableDefinition<'_, (), About> = TableDefinition::new("about");
/// Where the index is: written with every change.
pub(super) const STATE: TableDefinition<'_, (), State> = TableDefinition::new("state");
/// The unspent outputs, as the bytes of [`Coin`](bitcoin_ipc::types::Coin).
pub(super) const COINS: TableDefinition<'_, CoinKey, &[u8]> = TableDefinition::new("coins");
/// The hash at each height of the active chain.
pub(super) const HEIGHTS: TableDefinition<'_, u32, Bytes> = TableDefinition::new("heights");
/// The facts of each block that ever was in the active chain.
pub(super) const BLOCKS: TableDefinition<'_, Bytes, Facts> = TableDefinition::new("blocks");
/// The filter header and the filter of each block that ever was in the active chain.
pub(super) const FILTERS: TableDefinition<'_, Bytes, (Bytes, &[u8])> = TableDefinition::new("filters");
/// The height of each transaction of the active chain.
pub(super) const TRANSACTIONS: TableDefinition<'_, Bytes, u32> = TableDefinition::new("transactions");

pub(super) fn coin_key(outpoint: &OutPoint) -> CoinKey {
    let mut key = [0; 36];
    let (txid, vout) = key.split_at_mut(32);
    txid.copy_from_slice(outpoint.txid.as_byte_array());
    vout.copy_from_slice(&outpoint.vout.to_be_bytes());
    key
}

pub(super) fn outpoint(key: &CoinKey) -> OutPoint {
    let (mut txid, mut vout) = ([0; 32], [0; 4]);
    txid.copy_from_slice(&key[..32]);
    vout.copy_from_slice(&key[32..]);
    OutPoint::new(Txid::from_byte_array(txid), u32::from_be_bytes(vout))
}

pub(super) fn state_row(best: Place, totals: Totals) -> State {
    let Totals { outputs, amount, bogosize } = totals;
    (best.hash.to_byte_array(), best.height, outputs, amount.to_sat(), bogosize)
}

pub(super) fn state((hash, height, outputs, amount, bogosize): State) -> (Place, Totals) {
    let best = Place { hash: BlockHash::from_byte_array(hash), height };
    (best, Totals { outputs, amount: Amount::from_sat(amount), bogosize })
}
