//! From a template to a block: the coinbase and the merkle root.
//!
//! In: what a node asks of a coinbase, and a merkle path. Out: a transaction, and a root.

use bitcoin::hashes::Hash;
use bitcoin::script::Instruction;
use bitcoin::{
    OutPoint, ScriptBuf, Sequence, Transaction, TxIn, TxMerkleNode, TxOut, Witness, absolute, transaction,
};

use super::CoinbaseTx;

impl CoinbaseTx {
    /// A coinbase that keeps to what the template requires and pays the whole reward to one script.
    ///
    /// `extra` follows the height in the input's script, which has 2 to 100 bytes in all; a pool puts
    /// its extra nonce there. Two bytes make it long enough at any height.
    #[must_use]
    pub fn transaction(&self, extra: &[u8], pay_to: ScriptBuf) -> Transaction {
        let script = [self.script_sig_prefix.as_bytes(), extra].concat();
        let reward = TxOut { value: self.block_reward_remaining, script_pubkey: pay_to };
        Transaction {
            version: transaction::Version(i32::from_ne_bytes(self.version.to_ne_bytes())),
            lock_time: absolute::LockTime::from_consensus(self.lock_time),
            input: vec![TxIn {
                previous_output: OutPoint::null(),
                script_sig: ScriptBuf::from_bytes(script),
                sequence: Sequence(self.sequence),
                witness: Witness::from_slice(self.witness.as_slice()),
            }],
            output: std::iter::once(reward).chain(self.required_outputs.iter().cloned()).collect(),
        }
    }

    /// The height of the block, with which the input's script begins (BIP 34).
    #[must_use]
    pub fn height(&self) -> Option<u32> {
        match self.script_sig_prefix.instructions().next()?.ok()? {
            Instruction::PushBytes(bytes) if bytes.len() <= 4 => {
                let mut number = [0; 4];
                number[..bytes.len()].copy_from_slice(bytes.as_bytes());
                Some(u32::from_le_bytes(number))
            }
            // OP_1 to OP_16.
            Instruction::Op(op) => {
                op.to_u8().checked_sub(0x50).filter(|number| (1..=16).contains(number)).map(u32::from)
            }
            Instruction::PushBytes(_) => None,
        }
    }
}

/// The merkle root of a block with this coinbase, by the path of
/// [`get_coinbase_merkle_path`](crate::interfaces::BlockTemplate::get_coinbase_merkle_path).
#[must_use]
pub fn merkle_root(coinbase: &Transaction, path: &[TxMerkleNode]) -> TxMerkleNode {
    let leaf = TxMerkleNode::from_raw_hash(coinbase.compute_txid().to_raw_hash());
    path.iter().fold(leaf, |node, beside| {
        TxMerkleNode::hash(&[node.to_byte_array(), beside.to_byte_array()].concat())
    })
}

#[cfg(test)]
mod tests {
    use bitcoin::script::Builder;
    use bitcoin::{Amount, Block, Network, constants};

    use super::*;

    fn required(script_sig_prefix: ScriptBuf) -> CoinbaseTx {
        CoinbaseTx {
            version: 0xffff_ffff,
            sequence: 7,
            script_sig_prefix,
            witness: None,
            block_reward_remaining: Amount::from_sat(9),
            required_outputs: Vec::new(),
            lock_time: 8,
        }
    }

    #[test]
    fn heights_are_read_back() {
        for number in [1, 16, 17, 127, 128, 255, 256, 32_768, 8_388_608, 900_000] {
            let script = Builder::new().push_int(number.into()).push_int(0).into_script();
            assert_eq!(required(script).height(), Some(number));
        }
        assert_eq!(required(ScriptBuf::new()).height(), None);
    }

    #[test]
    fn a_coinbase_has_what_is_required() {
        let tx = required(ScriptBuf::from_bytes(vec![1, 17])).transaction(&[5, 6], ScriptBuf::new());
        assert!(tx.is_coinbase());
        assert_eq!(tx.input[0].script_sig.as_bytes(), [1, 17, 5, 6]);
        assert_eq!((tx.version.0, tx.input[0].sequence.0, tx.lock_time.to_consensus_u32()), (-1, 7, 8));
        assert_eq!(tx.output[0].value, Amount::from_sat(9));
    }

    #[test]
    fn a_block_of_one_transaction_has_an_empty_path() {
        let genesis: Block = constants::genesis_block(Network::Bitcoin);
        assert_eq!(merkle_root(&genesis.txdata[0], &[]), genesis.header.merkle_root);
    }
}
