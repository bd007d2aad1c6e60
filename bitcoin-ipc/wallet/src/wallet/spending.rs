//! Spending: from a wish to a transaction.
//!
//! In: recipients, coin control. Out: a transaction with inputs, change and fee, signed if wanted. Choosing
//! coins, signing and committing are steps of one [`Spending`], which one has at a time.

use bitcoin::{Amount, OutPoint, Psbt, ScriptBuf, Transaction, Txid};
use bitcoin_ipc::types::{CoinControl, CreatedTransactionResult, Destination, OutputType, Recipient};

use super::WalletHandle;
use super::build::{Plan, Recipients, Replaced};
use super::fees::sat_per_kvb;
use super::turns::Turn;
use crate::{Error, Result};

/// A transaction that was made.
pub(crate) struct Made {
    pub(crate) tx: Transaction,
    pub(crate) fee: Amount,
    pub(crate) change_pos: Option<u32>,
    pub(crate) calculation: bitcoin_ipc::types::FeeCalculation,
}

/// The right to spend the wallet's coins, until it is dropped. Coins that were chosen with it are nobody
/// else's before.
pub(crate) struct Spending<'a> {
    wallet: &'a WalletHandle,
    turn: Turn<'a>,
}

impl std::ops::Deref for Spending<'_> {
    type Target = WalletHandle;

    fn deref(&self) -> &WalletHandle {
        self.wallet
    }
}

impl WalletHandle {
    /// Waits for the right to spend. Nothing may be locked.
    ///
    /// # Errors
    ///
    /// Another payment takes too long.
    pub(crate) fn spending(&self) -> Result<Spending<'_>> {
        Ok(Spending { wallet: self, turn: self.0.turns.take()? })
    }

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
            self.spending()?.make(outputs, control, sign, change_pos, None)?;
        Ok(CreatedTransactionResult { tx, fee, fee_calc: calculation, change_pos })
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

    /// Whether the node's mempool has a transaction, as far as it told.
    ///
    /// # Errors
    ///
    /// The wallet is unloaded.
    pub fn is_in_mempool(&self, txid: Txid) -> Result<bool> {
        Ok(self.state()?.ledger.in_mempool(txid))
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

impl<'a> Spending<'a> {
    /// Gives the right back.
    pub(super) fn end(self) -> &'a WalletHandle {
        drop(self.turn);
        self.wallet
    }

    /// Keeps coins from being chosen by others after this.
    ///
    /// # Errors
    ///
    /// The wallet is unloaded.
    pub(crate) fn lock_coins(&self, coins: impl IntoIterator<Item = OutPoint>) -> Result<()> {
        let mut state = self.state()?;
        for coin in coins {
            state.locked.entry(coin).or_default();
        }
        Ok(())
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
}

/// Whether a destination is given.
pub(crate) fn given(destination: &Destination) -> bool {
    *destination != Destination::None
}
