//! Spending: from a wish to a transaction, and into the mempool.
//!
//! In: recipients, coin control. Out: a transaction with inputs, change and fee, signed if wanted.

use std::collections::BTreeMap;

use bitcoin::{Amount, Psbt, ScriptBuf, Transaction, Txid};
use bitcoin_ipc::types::{
    ChangeType, CoinControl, CreatedTransactionResult, Destination, OutputType, Recipient, TxBroadcast,
};

use super::build::{Plan, Recipients, Replaced};
use super::fees::sat_per_kvb;
use super::{Event, State, WalletHandle};
use crate::keys::random;
use crate::storage::transactions;
use crate::{Error, Result};

/// A transaction that was made.
pub(crate) struct Made {
    pub(crate) tx: Transaction,
    pub(crate) fee: Amount,
    pub(crate) change_pos: Option<u32>,
    pub(crate) calculation: bitcoin_ipc::types::FeeCalculation,
}

impl WalletHandle {
    /// Makes a transaction, signed if that is wanted. Its change is output `change_pos`, or any one.
    ///
    /// A change address that it uses is not given again.
    ///
    /// # Errors
    ///
    /// There are not enough coins, the wish cannot be met, the wallet is locked, or the node cannot be
    /// asked.
    pub fn create_transaction(
        &self,
        recipients: &[Recipient],
        control: &CoinControl,
        sign: bool,
        change_pos: Option<u32>,
    ) -> Result<CreatedTransactionResult> {
        if recipients.is_empty() {
            return Err(Error::Refused("Transaction must have at least one recipient".into()));
        }
        let outputs = recipients.iter().map(|recipient| {
            let script =
                recipient.dest.script_pubkey().ok_or_else(|| Error::Invalid("Invalid address".into()))?;
            Ok((script, recipient.amount, recipient.subtract_fee_from_amount))
        });
        let outputs = outputs.collect::<Result<_>>()?;
        let Made { tx, fee, change_pos, calculation } =
            self.make(outputs, control, sign, change_pos, None)?;
        Ok(CreatedTransactionResult { tx, fee, fee_calc: calculation, change_pos })
    }

    pub(crate) fn make(
        &self,
        outputs: Recipients,
        control: &CoinControl,
        sign: bool,
        change_pos: Option<u32>,
        replaced: Option<Replaced>,
    ) -> Result<Made> {
        if sign && self.is_locked()? {
            return Err(Error::Locked);
        }
        let chain = self.chain();
        let choice = self.fee_choice(control)?;
        if let Some(wanted) = control.fee_rate.map(sat_per_kvb).filter(|wanted| *wanted < choice.rate) {
            return Err(Error::Refused(format!(
                "Fee rate ({wanted} sat/kvB) is lower than the minimum fee rate setting ({} sat/kvB)",
                choice.rate
            )));
        }
        if choice.rate == 0 {
            let text =
                "Fee estimation failed. Fallbackfee is disabled. Wait a few blocks or enable -fallbackfee.";
            return Err(Error::Refused(text.into()));
        }
        let plan = Plan {
            rate: choice.rate,
            dust_rate: sat_per_kvb(chain.relay_dust_fee()?),
            max_fee: self.0.options.max_tx_fee,
            zero_conf_change: self.0.options.spend_zero_conf_change,
            rbf: if control.has_signal_rbf { control.signal_rbf } else { self.0.options.rbf },
            current: !chain.is_initial_block_download()?,
            change_kind: self.change_kind(&outputs, control)?,
            outputs,
            control,
            change_pos,
            replaced,
        };
        let (tx, fee, change_pos) = {
            let mut state = self.state()?;
            let built = state.build(&plan)?;
            let tx = if sign {
                let mut psbt = Psbt::from_unsigned_tx(built.tx)
                    .map_err(|error| Error::Refused(format!("Signing transaction failed: {error}")))?;
                state.sign_all(&mut psbt)?
            } else {
                built.tx
            };
            state.save(|_| Ok(()))?;
            (tx, built.fee, built.change_pos)
        };
        if sign && let Err(reason) = chain.check_chain_limits(&tx)? {
            return Err(Error::Refused(reason.original));
        }
        Ok(Made { tx, fee, change_pos, calculation: choice.calculation })
    }

    /// The kind of change that tells the least about which output it is: that of a recipient, if the
    /// wallet has it (Bitcoin Core's `TransactionChangeType`).
    fn change_kind(&self, outputs: &Recipients, control: &CoinControl) -> Result<OutputType> {
        if control.has_change_type {
            return Ok(control.change_type);
        }
        let options = &self.0.options;
        if let Some(kind) = options.change_type {
            return Ok(kind);
        }
        if options.address_type == OutputType::Legacy {
            return Ok(OutputType::Legacy);
        }
        let state = self.state()?;
        let has = |kind| state.active(kind, true).is_some();
        let pays = |fits: fn(&ScriptBuf) -> bool| outputs.iter().any(|(script, ..)| fits(script));
        let by_recipient = [
            (OutputType::Bech32m, pays(|script| script.is_p2tr())),
            (OutputType::Bech32, pays(|script| script.is_p2wpkh())),
            (OutputType::P2shSegwit, pays(|script| script.is_p2sh())),
            (OutputType::Legacy, pays(|script| script.is_p2pkh())),
            (OutputType::Bech32m, true),
            (OutputType::Bech32, true),
        ];
        let fits = by_recipient.into_iter().find(|(kind, pays)| *pays && has(*kind));
        Ok(fits.map_or(options.address_type, |(kind, _)| kind))
    }

    /// Puts a transaction into the wallet and sends it, with texts and with notes in their order.
    ///
    /// When this returns, the transaction is in the wallet, whatever the node said: it will be sent again
    /// later. [`is_in_mempool`](Self::is_in_mempool) tells whether the node has it.
    ///
    /// # Errors
    ///
    /// It could not be written.
    pub fn commit_transaction(
        &self,
        tx: &Transaction,
        value_map: BTreeMap<String, String>,
        order_form: Vec<(String, String)>,
    ) -> Result<()> {
        self.commit(tx, value_map, order_form, None)
    }

    pub(crate) fn commit(
        &self,
        tx: &Transaction,
        value_map: BTreeMap<String, String>,
        order_form: Vec<(String, String)>,
        replaces: Option<Txid>,
    ) -> Result<()> {
        let (txid, now) = (tx.compute_txid(), self.now());
        let mut events = vec![Event::Tx(txid, ChangeType::New)];
        {
            let mut state = self.state()?;
            state.ledger.add_pending(tx, now);
            let mut notes = Vec::new();
            if let Some(old) = replaces {
                let mut note = state.note(old, now);
                note.value_map.insert("replaced_by_txid".into(), txid.to_string());
                notes.push((old, note));
                events.push(Event::Tx(old, ChangeType::Updated));
            }
            let mut note = state.note(txid, now);
            (note.value_map, note.order_form, note.abandoned) = (value_map, order_form, false);
            notes.push((txid, note));
            state.save(|db| notes.iter().try_for_each(|(txid, note)| transactions::put(db, *txid, note)))?;
            state.notes.extend(notes);
        }
        self.tell(events);
        if self.0.options.broadcast {
            let (max, how) = (self.0.options.max_tx_fee, TxBroadcast::MempoolAndBroadcastToAll);
            let refused = match self.chain().broadcast_transaction(tx, max, how) {
                Ok(Ok(())) => {
                    self.state()?.ledger.set_in_mempool(txid, true);
                    None
                }
                Ok(Err(reason)) => Some(reason),
                Err(error) => Some(error.to_string()),
            };
            if let Some(reason) = refused {
                let wallet = self.name();
                tracing::warn!(target: "wallet", wallet, %txid, reason, "a transaction was not sent yet");
            }
        }
        Ok(())
    }

    /// Whether the node's mempool has a transaction, as far as it told.
    ///
    /// # Errors
    ///
    /// The wallet is unloaded.
    pub fn is_in_mempool(&self, txid: Txid) -> Result<bool> {
        Ok(self.state()?.ledger.in_mempool(txid))
    }

    /// Whether a transaction can be given up: it is neither in a block nor in the mempool, and is not
    /// given up.
    ///
    /// # Errors
    ///
    /// The wallet is unloaded.
    pub fn can_be_abandoned(&self, txid: Txid) -> Result<bool> {
        Ok(self.state()?.can_be_abandoned(txid))
    }

    /// Gives a transaction up, and those that spend from it, so that its coins can be spent again. Gives
    /// false if it cannot be given up.
    ///
    /// # Errors
    ///
    /// It could not be written.
    pub fn abandon(&self, txid: Txid) -> Result<bool> {
        let now = self.now();
        let given_up = {
            let mut state = self.state()?;
            if !state.can_be_abandoned(txid) {
                return Ok(false);
            }
            let view = state.ledger.view();
            let mut all = state.ledger.descendants(txid);
            all.retain(|child| view.depth(*child) == 0 && !state.ledger.in_mempool(*child));
            all.push(txid);
            let mut notes = Vec::new();
            for txid in &all {
                state.ledger.give_up(*txid, now);
                let mut note = state.note(*txid, now);
                note.abandoned = true;
                notes.push((*txid, note));
            }
            state.save(|db| notes.iter().try_for_each(|(txid, note)| transactions::put(db, *txid, note)))?;
            state.notes.extend(notes);
            all
        };
        self.tell(given_up.into_iter().map(|txid| Event::Tx(txid, ChangeType::Updated)));
        Ok(true)
    }

    /// Signs what the wallet can sign of a transaction. `None` if an input is missing a signature after
    /// that.
    ///
    /// # Errors
    ///
    /// The wallet is locked.
    pub fn sign_transaction(&self, tx: &Transaction) -> Result<Option<Transaction>> {
        let mut unsigned = tx.clone();
        for input in &mut unsigned.input {
            input.script_sig = ScriptBuf::new();
            input.witness.clear();
        }
        let Ok(mut psbt) = Psbt::from_unsigned_tx(unsigned) else { return Ok(None) };
        match self.state()?.sign_all(&mut psbt) {
            Ok(tx) => Ok(Some(tx)),
            Err(Error::Refused(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl State {
    fn can_be_abandoned(&mut self, txid: Txid) -> bool {
        let abandoned = self.notes.get(&txid).is_some_and(|note| note.abandoned);
        let known = self.ledger.tx(txid).is_some();
        known && !abandoned && self.ledger.view().depth(txid) == 0 && !self.ledger.in_mempool(txid)
    }
}

/// A place among so many.
pub(crate) fn any_place(places: usize) -> usize {
    let random = u64::from_le_bytes(random::<8>());
    usize::try_from(random % u64::try_from(places.max(1)).unwrap_or(1)).unwrap_or_default()
}

/// Whether a destination is given.
pub(crate) fn given(destination: &Destination) -> bool {
    *destination != Destination::None
}

/// Brings into an order that tells nothing.
pub(crate) fn shuffle<T>(list: &mut [T]) {
    for place in (1..list.len()).rev() {
        list.swap(place, any_place(place + 1));
    }
}
