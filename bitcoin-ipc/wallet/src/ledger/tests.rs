//! What the ledger knows of the chain.

mod model;

use bdk_wallet::chain::BlockId;
use bitcoin::hashes::Hash as _;

use super::Ledger;

#[test]
fn blocks_are_known_by_height_as_the_chain_has_them() {
    let hash = |number: u8| bitcoin::BlockHash::from_byte_array([number; 32]);
    let mut ledger = Ledger::new(hash(0), 1);
    for height in [3, 1, 2, 7, 5] {
        ledger.connect_empty(BlockId { height, hash: hash(height as u8) }).unwrap();
    }
    let same = |ledger: &Ledger| {
        for height in 0..10 {
            let known = ledger.chain.get(height).map(|block| block.hash());
            assert_eq!(ledger.hash_at(height), known, "{height}");
        }
    };
    same(&ledger);
    assert_eq!(ledger.hash_at(4), None);
    ledger.disconnect_from(4).unwrap();
    same(&ledger);
    assert_eq!(ledger.tip(), BlockId { height: 3, hash: hash(3) });
    ledger.connect_empty(BlockId { height: 2, hash: hash(9) }).unwrap();
    same(&ledger);
    assert_eq!((ledger.hash_at(2), ledger.hash_at(3)), (Some(hash(9)), None));
}
