//! Mines a block on regtest, to an output that anybody can spend.
//!
//! ```sh
//! cargo run -p bitcoin-ipc --example mine_regtest
//! ```

use bitcoin::absolute::LockTime;
use bitcoin::{Network, ScriptBuf, Sequence, Transaction, TxIn, TxOut, Witness, transaction};
use bitcoin_ipc::ConnectOptions;
use bitcoin_ipc::types::{BlockCreateOptions, CoinbaseTx};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let node = ConnectOptions::new().network(Network::Regtest).connect("unix").await?;
    let options = BlockCreateOptions::default();
    let template = node.mining().create_new_block(&options, false).await?.ok_or("the node shuts down")?;

    let mut block = template.get_block().await?;
    block.txdata[0] = coinbase(&template.get_coinbase_tx().await?);
    block.header.merkle_root = block.compute_merkle_root().ok_or("a block without transactions")?;
    while block.header.validate_pow(block.header.target()).is_err() {
        block.header.nonce += 1;
    }

    let header = &block.header;
    let version = header.version.to_consensus() as u32;
    template.submit_solution(version, header.time, header.nonce, &block.txdata[0]).await??;
    println!("mined {}", block.block_hash());
    Ok(())
}

/// A coinbase as the template requires it. Its script has two bytes more, which make it long enough
/// at any height.
fn coinbase(required: &CoinbaseTx) -> Transaction {
    let anybody = ScriptBuf::from_bytes(vec![0x51]);
    let reward = TxOut { value: required.block_reward_remaining, script_pubkey: anybody };
    Transaction {
        version: transaction::Version(required.version as i32),
        lock_time: LockTime::from_consensus(required.lock_time),
        input: vec![TxIn {
            script_sig: ScriptBuf::from_bytes(
                [required.script_sig_prefix.as_bytes(), &[0x51, 0x51]].concat(),
            ),
            sequence: Sequence(required.sequence),
            witness: Witness::from_slice(&required.witness.iter().collect::<Vec<_>>()),
            ..TxIn::default()
        }],
        output: [vec![reward], required.required_outputs.clone()].concat(),
    }
}
