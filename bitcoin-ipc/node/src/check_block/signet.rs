//! The signature of a signet block (BIP 325).
//!
//! In: a block of the default signet. Out: whether its solution satisfies the challenge.

use bitcoin::consensus::{Decodable, serialize};
use bitcoin::hashes::Hash;
use bitcoin::hex::FromHex;
use bitcoin::opcodes::all::{OP_PUSHBYTES_0, OP_RETURN};
use bitcoin::script::{Builder, Instruction, PushBytesBuf};
use bitcoin::{
    Amount, Block, OutPoint, ScriptBuf, Sequence, Transaction, TxIn, TxMerkleNode, TxOut, Witness, absolute,
    transaction,
};
use bitcoin_ipc::types::Coin;
use bitcoinkernel::{VERIFY_DERSIG, VERIFY_NULLDUMMY, VERIFY_P2SH, VERIFY_WITNESS};
use mp_runtime::Error;

use super::{Failure, body, broken, merkle};
use crate::scripts;

/// The script that a block of the default signet has to satisfy: one signature of two keys.
const CHALLENGE: &str = "512103ad5e0edad18cb1f0fc0d28a3d4f1f3e445640337489abb10404f2d1e086be430\
    210359ef5021964fe22d6f8e05b2463c9540ce96883fe3b278760f048f5189f2e6c452ae";
/// How the push that holds a solution begins.
const HEADER: [u8; 4] = [0xec, 0xc7, 0xda, 0xa2];

/// Bitcoin Core's `CheckSignetBlockSolution`.
pub(super) fn solution(block: &Block) -> Result<(), Failure> {
    let invalid = || broken("bad-signet-blksig", "signet block signature validation failure");
    let Some((spent, spending)) = transactions(block) else { return invalid() };
    let coins = [Coin { output: spent, height: 0, coinbase: false }];
    let flags = VERIFY_P2SH | VERIFY_WITNESS | VERIFY_DERSIG | VERIFY_NULLDUMMY;
    let failure = scripts::first_failure(&spending, &coins, flags)
        .map_err(|error| Error::failed(format!("the kernel cannot check scripts: {error}")))?;
    if failure.is_some() { invalid() } else { Ok(()) }
}

fn input(previous_output: OutPoint, script_sig: ScriptBuf, witness: Witness) -> TxIn {
    TxIn { previous_output, script_sig, sequence: Sequence::ZERO, witness }
}

fn of_version_0(input: TxIn, output: TxOut) -> Transaction {
    Transaction {
        version: transaction::Version(0),
        lock_time: absolute::LockTime::ZERO,
        input: vec![input],
        output: vec![output],
    }
}

/// The output that stands for the block, and the transaction that spends it by the solution; `None` if
/// the block has no place for one, or if it cannot be read.
fn transactions(block: &Block) -> Option<(TxOut, Transaction)> {
    let mut coinbase = block.txdata.first()?.clone();
    let commitment = &mut coinbase.output.get_mut(body::commitment(block.txdata.first()?)?)?.script_pubkey;
    let (rest, solution) = split(commitment);
    let mut script_sig = ScriptBuf::new();
    let mut witness = Witness::new();
    if let Some(solution) = solution {
        *commitment = rest;
        let mut bytes = solution.as_slice();
        script_sig = ScriptBuf::consensus_decode(&mut bytes).ok()?;
        witness = Witness::consensus_decode(&mut bytes).ok()?;
        if !bytes.is_empty() {
            return None;
        }
    }
    let mut leaves = merkle::leaves(&block.txdata);
    *leaves.first_mut()? = TxMerkleNode::from_raw_hash(coinbase.compute_txid().to_raw_hash());
    let header = &block.header;
    let mut signed = serialize(&header.version);
    signed.extend(header.prev_blockhash.to_byte_array());
    signed.extend(merkle::root(leaves).0?.to_byte_array());
    signed.extend(header.time.to_le_bytes());
    let signed = PushBytesBuf::try_from(signed).ok()?;
    let commits = Builder::new().push_opcode(OP_PUSHBYTES_0).push_slice(signed).into_script();
    let challenge = ScriptBuf::from_bytes(Vec::from_hex(CHALLENGE).ok()?);
    let output = TxOut { value: Amount::ZERO, script_pubkey: challenge };
    let to_spend = of_version_0(input(OutPoint::null(), commits, Witness::new()), output.clone());
    let outpoint = OutPoint::new(to_spend.compute_txid(), 0);
    let nothing = Builder::new().push_opcode(OP_RETURN).into_script();
    let burn = TxOut { value: Amount::ZERO, script_pubkey: nothing };
    Some((output, of_version_0(input(outpoint, script_sig, witness), burn)))
}

/// Takes the solution out of the commitment's script; only its header stays.
fn split(commitment: &ScriptBuf) -> (ScriptBuf, Option<Vec<u8>>) {
    let mut rest = Builder::new();
    let mut solution = None;
    // What cannot be parsed, and all after it, is left out.
    for instruction in commitment.instructions().map_while(Result::ok) {
        rest = match instruction {
            Instruction::Op(op) => rest.push_opcode(op),
            Instruction::PushBytes(bytes) if bytes.is_empty() => rest.push_opcode(OP_PUSHBYTES_0),
            Instruction::PushBytes(bytes) => match bytes.as_bytes().strip_prefix(&HEADER) {
                Some(found) if solution.is_none() && !found.is_empty() => {
                    solution = Some(found.to_vec());
                    rest.push_slice(HEADER)
                }
                _ => rest.push_slice(bytes),
            },
        };
    }
    (rest.into_script(), solution)
}
