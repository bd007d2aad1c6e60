//! Help for a transaction that waits: a higher fee, its coins taken back, or a child that pays for both.
//!
//! In: a transaction of the wallet, a rate. Out: one that helps, without signatures and to review; later the same one
//! signed and on its way. What the wallet gives is looked at: it spends what it should, and pays nobody else.

use std::collections::HashSet;

use bitcoin::{Amount, OutPoint, ScriptBuf, Transaction, TxOut, Txid};
use bitcoin_ipc::types::{CoinControl, Destination, Recipient, Secret};
use mp_runtime::within;
use serde_json::{Value, json};

use super::read::{ask, wallet_rpc};
use super::send::{ANOTHER, Shape, failed, shape, sign, signed};
use super::{Held, NODE_PATIENCE, WALLET_PATIENCE, rpc};
use crate::engine::{Failure, SendOutcome};
use crate::model::draft::{Fee, rate_text};
use crate::model::review::{Prepared, Remedy, is_reviewed, without_signatures};
use crate::text::address;
use crate::text::amount::{Unit, plain};
use crate::text::words::{mark, say};

/// What is told of a wallet that makes what nobody asked for.
const NOT_ASKED_FOR: &str =
    mark!("The wallet made another transaction than the one that was asked for. It is not used.");

/// Makes what helps a transaction, at a rate in satoshi for 1000 virtual bytes.
pub(super) fn make(
    held: &Held,
    name: &str,
    txid: Txid,
    remedy: Remedy,
    rate: u64,
) -> Result<Box<Prepared>, Failure> {
    let old = original(held, name, txid)?;
    match remedy {
        Remedy::Raise => raise(held, name, &old, rate),
        Remedy::Cancel => cancel(held, name, &old, rate),
        Remedy::Child => child(held, name, &old, rate),
    }
    .map(Box::new)
}

/// The transaction that waits.
fn original(held: &Held, name: &str, txid: Txid) -> Result<Transaction, Failure> {
    let found = ask(held, name, |wallet| wallet.get_tx(txid))?;
    found
        .filter(|tx| tx.compute_txid() == txid)
        .ok_or_else(|| Failure::refused(mark!("The wallet does not have this transaction.")))
}

fn spent(tx: &Transaction) -> HashSet<OutPoint> {
    tx.input.iter().map(|input| input.previous_output).collect()
}

/// What it is once it is known what it spends and pays. Its own outputs are change, but those that it was asked for.
fn prepared(
    remedy: Remedy,
    old: (Txid, u64),
    fee: u64,
    tx: Transaction,
    shape: Shape,
    asked: &[TxOut],
) -> Result<Prepared, Failure> {
    if shape.fee() != Some(fee) {
        return Err(Failure::refused(NOT_ASKED_FOR));
    }
    let mut outputs = shape.outputs;
    for (output, made) in outputs.iter_mut().zip(&tx.output) {
        output.change = output.mine && !asked.contains(made);
    }
    let (txid, old_fee) = old;
    let (inputs, vsize) = (shape.inputs, shape.vsize);
    Ok(Prepared { remedy, txid, old_fee, fee, vsize, ancestors: None, tx, inputs, outputs })
}

/// The same payments, with a higher fee.
fn raise(held: &Held, name: &str, old: &Transaction, rate: u64) -> Result<Prepared, Failure> {
    let txid = old.compute_txid();
    let mut control = CoinControl::default();
    Fee::Rate(rate).apply(&mut control);
    let made = ask(held, name, |wallet| wallet.create_bump_transaction(txid, &control))?;
    let made = made.map_err(|why| Failure::refused(texts(&why)))?;
    let (before, after) = (shape(held, name, old)?, shape(held, name, &made.mtx)?);
    let (old_fee, fee) = (made.old_fee.to_sat(), made.new_fee.to_sat());
    // Each of others gets what he got before, and nobody else gets anything.
    let of_others = |tx: &Transaction, shape: &Shape| {
        let outputs = tx.output.iter().zip(&shape.outputs).filter(|(_, output)| !output.mine);
        let mut outputs: Vec<TxOut> = outputs.map(|(output, _)| output.clone()).collect();
        outputs.sort_by(|a, b| (a.value, &a.script_pubkey).cmp(&(b.value, &b.script_pubkey)));
        outputs
    };
    let same = of_others(old, &before) == of_others(&made.mtx, &after);
    if !same || !spent(old).is_subset(&spent(&made.mtx)) || before.fee() != Some(old_fee) || fee <= old_fee {
        return Err(Failure::refused(NOT_ASKED_FOR));
    }
    prepared(Remedy::Raise, (txid, old_fee), fee, without_signatures(&made.mtx), after, &old.output)
}

/// All that it spends back to the wallet. `createBumpTransaction` pays whom the old one pays, and the method that does
/// not (`psbtbumpfee` with outputs) wants an unlocked wallet before anything is reviewed: so it is made here, and the
/// wallet and the node judge it as they judge any replacement.
fn cancel(held: &Held, name: &str, old: &Transaction, rate: u64) -> Result<Prepared, Failure> {
    let txid = old.compute_txid();
    if !ask(held, name, |wallet| wallet.transaction_can_be_bumped(txid))? {
        return Err(Failure::refused(mark!(
            "This transaction cannot be taken back: it is in a block, it was replaced, others build on it, or coins of others are in it."
        )));
    }
    let node = held.node()?;
    let info = within(NODE_PATIENCE, || {
        rpc::call(&*node, None, "getmempoolinfo", json!([]), &|error| held.failure(error))
    })?;
    let increment = sat_of(&info, "incrementalrelayfee")?;
    let most = ask(held, name, |wallet| wallet.get_default_max_tx_fee())?;
    let before = shape(held, name, old)?;
    let old_fee =
        before.fee().ok_or_else(|| Failure::refused(mark!("The wallet does not know the fee of it.")))?;
    let total = before.inputs.iter().fold(0_u64, |sum, input| sum.saturating_add(input.amount));
    let bounds = Bounds { old_fee, increment, most: most.to_sat() };
    let script = own_script(held, name)?;
    let (tx, fee) = taken_back(old, total, script, rate, bounds).map_err(Failure::refused)?;
    let after = shape(held, name, &tx)?;
    if after.outputs.iter().any(|output| !output.mine) {
        return Err(Failure::refused(mark!(
            "The wallet gave an address that is not its own. It is not used."
        )));
    }
    prepared(Remedy::Cancel, (txid, old_fee), fee, tx, after, &[])
}

/// Between what a fee has to be, in satoshi; and what the node wants on top for 1000 virtual bytes.
#[derive(Clone, Copy)]
struct Bounds {
    old_fee: u64,
    increment: u64,
    most: u64,
}

/// A transaction that spends the same and pays all of it to one script, and its fee. Errors are for the user.
fn taken_back(
    old: &Transaction,
    total: u64,
    script: ScriptBuf,
    rate: u64,
    bounds: Bounds,
) -> Result<(Transaction, u64), String> {
    let for_size = |rate: u64, size: u64| rate.saturating_mul(size).div_ceil(1_000);
    let output = vec![TxOut { value: Amount::from_sat(total), script_pubkey: script }];
    // Its signatures are of the kinds of the old one's, each of which may be a byte longer.
    let mut tx = Transaction { output, ..old.clone() };
    let longer = 4 * tx.input.iter().filter(|input| !input.script_sig.is_empty()).count() + tx.input.len();
    let size = (tx.weight().to_wu() + longer as u64).div_ceil(4);
    let (fee, least) =
        (for_size(rate, size), bounds.old_fee.saturating_add(for_size(bounds.increment, size)));
    if fee < least {
        return Err(say!(
            "This rate pays {fee}; it takes {least}, the old fee and what the node wants on top: {rate} or more.",
            fee = plain(fee, Unit::Btc),
            least = plain(least, Unit::Btc),
            rate = rate_text(least.saturating_mul(1_000).div_ceil(size.max(1)))
        ));
    }
    if fee > bounds.most {
        return Err(say!(
            "The fee of {fee} is higher than the wallet's limit for fees, {most}.",
            fee = plain(fee, Unit::Btc),
            most = plain(bounds.most, Unit::Btc)
        ));
    }
    let dust = tx.output[0].script_pubkey.minimal_non_dust().to_sat();
    let rest = total.checked_sub(fee).filter(|rest| *rest >= dust);
    let rest = rest.ok_or(mark!("The fee would leave nothing that is worth an output."))?;
    tx.output[0].value = Amount::from_sat(rest);
    Ok((without_signatures(&tx), fee))
}

/// What a transaction that waits pays the wallet, and nothing spends yet. Frozen coins stay where they are.
pub(super) fn spendable(held: &Held, name: &str, txid: Txid) -> Result<Vec<OutPoint>, Failure> {
    let tx = original(held, name, txid)?;
    ask(held, name, |wallet| {
        let mut own = Vec::new();
        for (vout, output) in (0..).zip(&tx.output) {
            if wallet.txout_is_mine(output)? {
                own.push(OutPoint { txid, vout });
            }
        }
        let (coins, frozen) = (wallet.get_coins(&own)?, wallet.list_locked_coins()?);
        let free = own
            .iter()
            .zip(coins)
            .filter(|(own, coin)| coin.depth_in_main_chain == 0 && !coin.is_spent && !frozen.contains(own));
        Ok(free.map(|(own, _)| *own).collect())
    })
}

/// One that spends what it pays the wallet, back to the wallet.
fn child(held: &Held, name: &str, old: &Transaction, rate: u64) -> Result<Prepared, Failure> {
    let txid = old.compute_txid();
    let own = spendable(held, name, txid)?;
    let total = own.iter().filter_map(|coin| old.output.get(usize::try_from(coin.vout).ok()?));
    let total: Amount = total.map(|output| output.value).sum();
    if own.is_empty() {
        return Err(Failure::refused(mark!("This transaction pays the wallet nothing that can be spent.")));
    }
    let node = held.node()?;
    let entry = within(NODE_PATIENCE, || {
        let id = json!([txid.to_string()]);
        rpc::call(&*node, None, "getmempoolentry", id, &|error| held.failure(error))
    })?;
    let number = |name: &str| entry.get(name).and_then(Value::as_u64).ok_or_else(|| missing(name));
    let fees = entry.get("fees").cloned().unwrap_or_default();
    let (old_fee, all_fees, all_size) =
        (sat_of(&fees, "base")?, sat_of(&fees, "ancestor")?, number("ancestorsize")?);
    let script = own_script(held, name)?;
    let mut control =
        CoinControl { set_selected: own.clone(), allow_other_inputs: false, ..CoinControl::default() };
    Fee::Rate(rate).apply(&mut control);
    let recipient =
        Recipient { dest: Destination::of_script(&script), amount: total, subtract_fee_from_amount: true };
    let made = ask(held, name, |wallet| wallet.create_transaction(&[recipient], &control, false, None))?;
    let made = made.map_err(|why| Failure::refused(why.to_string()))?;
    let after = shape(held, name, &made.tx)?;
    let others = after.outputs.iter().any(|output| !output.mine);
    if others || spent(&made.tx) != own.into_iter().collect() {
        return Err(Failure::refused(NOT_ASKED_FOR));
    }
    let fee = made.fee.to_sat();
    let prepared = prepared(Remedy::Child, (txid, old_fee), fee, made.tx, after, &[])?;
    Ok(Prepared { ancestors: Some((all_fees, all_size)), ..prepared })
}

/// A new script of the wallet's own, that nobody was told of.
fn own_script(held: &Held, name: &str) -> Result<ScriptBuf, Failure> {
    let given = wallet_rpc(held, name, "getrawchangeaddress", json!([]))?;
    let address = address::parse(given.as_str().unwrap_or_default(), held.network);
    address
        .map(|address| address.script_pubkey())
        .map_err(|_| Failure::refused(mark!("The wallet gave no address.")))
}

fn missing(what: &str) -> Failure {
    Failure::refused(say!("The node does not tell of {what}.", what))
}

/// An amount in satoshi, or what a rate is for 1000 virtual bytes.
fn sat_of(answer: &Value, name: &str) -> Result<u64, Failure> {
    let sat = answer.get(name).and_then(rpc::sat).and_then(|sat| u64::try_from(sat).ok());
    sat.ok_or_else(|| missing(name))
}

fn texts(why: &[bitcoin_ipc::types::BilingualStr]) -> String {
    let why: Vec<String> = why.iter().map(ToString::to_string).collect();
    why.join(" ")
}

/// Signs what was reviewed and sends it.
pub(super) fn send(held: &Held, name: &str, reviewed: &Prepared, passphrase: Option<Secret>) -> SendOutcome {
    let sign = || match reviewed.remedy {
        Remedy::Child => sign(held, name, &reviewed.tx),
        Remedy::Raise | Remedy::Cancel => sign_replacement(held, name, &reviewed.tx),
    };
    let (wallet, signed) = match signed(held, name, passphrase, sign) {
        Ok(signed) => signed,
        Err(outcome) => return outcome,
    };
    let txid = signed.compute_txid();
    let committed = within(WALLET_PATIENCE, || match reviewed.remedy {
        Remedy::Child => wallet.commit_transaction(&signed, &Default::default(), &[]).map(Ok),
        Remedy::Raise | Remedy::Cancel => {
            wallet.commit_bump_transaction(reviewed.txid, &signed).map(|sent| sent.map(|_| ()))
        }
    });
    match committed {
        Ok(Ok(())) => SendOutcome::Sent(txid),
        Ok(Err(why)) => SendOutcome::NotSent(texts(&why)),
        Err(error) => failed(held, txid, &error),
    }
}

fn sign_replacement(held: &Held, name: &str, reviewed: &Transaction) -> Result<Transaction, Failure> {
    let signed = ask(held, name, |wallet| wallet.sign_bump_transaction(reviewed))?;
    let signed = signed.ok_or_else(|| Failure::refused(mark!("The wallet cannot sign it.")))?;
    if is_reviewed(reviewed, &signed) { Ok(signed) } else { Err(Failure::refused(ANOTHER)) }
}
