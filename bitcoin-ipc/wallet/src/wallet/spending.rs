//! Spending: from a request to a transaction.
//!
//! In: recipients, coin control. Out: a transaction with inputs, change and fee, signed if wanted. Choosing
//! coins, signing and committing are steps of one [`Spending`], which one has at a time.

use bitcoin::absolute::LockTime;
use bitcoin::{Amount, OutPoint, ScriptBuf, Transaction, Txid};
use bitcoin_ipc::types::psbt::Psbt;
use bitcoin_ipc::types::{CoinControl, CreatedTransactionResult, OutputType, Recipient};
use bitcoin_rpc::amount::money;

use super::build::{self, Plan, Recipients};
use super::choose::{Candidate, Coin, Picked, Rules, Target, pick};
use super::fees::{FeeChoice, dust, fee_for, sat_per_kvb};
use super::pool::{Presets, TRUC, combined_bump, version};
use super::turns::Turn;
use super::weights::{InputWeights, MAX_WEIGHT, MIN_WEIGHT, TRUC_MAX_WEIGHT};
use super::{Wallet, WalletState};
use crate::{Error, Result};

/// How old the last block may be for the chain to be current, in seconds: Bitcoin Core's
/// `MAX_ANTI_FEE_SNIPING_TIP_AGE`.
const MAX_TIP_AGE: i64 = 8 * 60 * 60;
/// How often coins are chosen again when some were spent meanwhile by other copies of the wallet.
const ATTEMPTS: usize = 5;

/// What is wanted of a transaction.
pub(crate) struct SpendRequest<'a> {
    pub(crate) outputs: Recipients,
    pub(crate) control: &'a CoinControl,
    pub(crate) sign: bool,
    /// Where change is; anywhere without it.
    pub(crate) change_pos: Option<u32>,
    pub(crate) presets: Presets,
    pub(crate) replaced: Option<Replaced>,
}

impl<'a> SpendRequest<'a> {
    /// A transaction without signatures that spends nothing of others.
    pub(crate) fn new(outputs: Recipients, control: &'a CoinControl) -> Self {
        let presets = Presets::new();
        SpendRequest { outputs, control, sign: false, change_pos: None, presets, replaced: None }
    }
}

/// A transaction that is to be replaced.
#[derive(Clone, Copy)]
pub(crate) struct Replaced {
    pub(crate) txid: Txid,
    pub(crate) fee: Amount,
    /// What the node wants on top, in satoshi for 1000 virtual bytes.
    pub(crate) incremental: i64,
    /// Whether the fee may be raised for that; otherwise the rate is the user's.
    pub(crate) raise: bool,
}

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
    wallet: &'a Wallet,
    turn: Turn<'a>,
}

impl std::ops::Deref for Spending<'_> {
    type Target = Wallet;

    fn deref(&self) -> &Wallet {
        self.wallet
    }
}

impl Wallet {
    /// Waits for the right to spend. Nothing may be locked.
    ///
    /// # Errors
    ///
    /// Another payment takes too long.
    pub(crate) fn spending(&self) -> Result<Spending<'_>> {
        Ok(Spending { wallet: self, turn: self.turns.take()? })
    }

    /// Makes a transaction, signed if that is wanted. Its change is output `change_pos`, or any one.
    ///
    /// A change address that it uses is not given again.
    ///
    /// # Errors
    ///
    /// There are not enough coins, the request cannot be met, the wallet is locked, or the node cannot be
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
        let Made { tx, fee, change_pos, calculation } = self.spending()?.make(SpendRequest {
            sign,
            change_pos,
            ..SpendRequest::new(outputs, control)
        })?;
        Ok(CreatedTransactionResult { tx, fee, fee_calc: calculation, change_pos })
    }

    /// The kind of change that tells the least about which output it is: that of a recipient, if the
    /// wallet has it (Bitcoin Core's `TransactionChangeType`).
    fn change_kind(&self, outputs: &Recipients, control: &CoinControl) -> Result<OutputType> {
        if control.has_change_type {
            return Ok(control.change_type);
        }
        let options = &self.options;
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

    /// Whether the wallet's height is that of the network, so that it can be a lock time: the node has caught up, and
    /// the last block is not long ago, as Bitcoin Core's `IsCurrentForAntiFeeSniping` has it.
    ///
    /// # Errors
    ///
    /// The node cannot be asked.
    fn is_current(&self) -> Result<bool> {
        let caught_up = !self.chain().is_initial_block_download()?;
        Ok(caught_up && self.state()?.tip_time >= self.now() - MAX_TIP_AGE)
    }

    /// A lock time that tells nothing of the wallet.
    ///
    /// # Errors
    ///
    /// The node cannot be asked.
    pub(crate) fn lock_time(&self) -> Result<LockTime> {
        let current = self.is_current()?;
        Ok(self.state()?.lock_time(current))
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
    pub(super) fn end(self) -> &'a Wallet {
        drop(self.turn);
        self.wallet
    }

    /// Keeps coins from being chosen by others after this.
    pub(crate) fn lock_coins(&self, coins: impl IntoIterator<Item = OutPoint>) -> Result<()> {
        let mut state = self.state()?;
        for coin in coins {
            state.locked.entry(coin).or_default();
        }
        Ok(())
    }

    /// Makes a transaction: chooses coins, and signs it if that is wanted.
    ///
    /// # Errors
    ///
    /// There are not enough coins, the request cannot be met, the wallet is locked, or the node cannot be
    /// asked.
    pub(crate) fn make(&self, request: SpendRequest<'_>) -> Result<Made> {
        if request.sign && self.is_locked()? {
            return Err(Error::Locked);
        }
        let (plan, choice) = self.plan(&request)?;
        for _ in 0..ATTEMPTS {
            let Some((tx, fee, change_pos)) = self.attempt(&request, &plan)? else { continue };
            if self.options().reject_long_chains
                && let Err(reason) = self.chain().check_chain_limits(&tx)?
            {
                return Err(Error::Refused(reason.original));
            }
            return Ok(Made { tx, fee, change_pos, calculation: choice.calculation });
        }
        Err(Error::Refused("Coins are spent elsewhere faster than they can be chosen; try again".into()))
    }

    /// The most that a transaction may weigh.
    ///
    /// # Errors
    ///
    /// That is too much or too little, or an amount is not worth an output. Bitcoin Core looks at these before it
    /// looks at the fee.
    fn max_weight(&self, request: &SpendRequest<'_>, dust_rate: i64) -> Result<u64> {
        let control = request.control;
        let wanted = match control.has_max_tx_weight {
            0 => MAX_WEIGHT,
            _ => control.max_tx_weight.into(),
        };
        let max_weight = if version(control) == TRUC { wanted.min(TRUC_MAX_WEIGHT) } else { wanted };
        if !(MIN_WEIGHT..=MAX_WEIGHT).contains(&max_weight) {
            let text = format!("Maximum transaction weight must be between {MIN_WEIGHT} and {MAX_WEIGHT}");
            return Err(Error::Refused(text));
        }
        if request.outputs.iter().any(|(script, amount, _)| *amount < dust(script, dust_rate)) {
            return Err(Error::Refused("Transaction amount too small".into()));
        }
        Ok(max_weight)
    }

    fn plan<'w>(&self, request: &SpendRequest<'w>) -> Result<(Plan<'w>, FeeChoice)> {
        let (chain, control) = (self.chain(), request.control);
        let dust_rate = sat_per_kvb(chain.relay_dust_fee()?);
        let max_weight = self.max_weight(request, dust_rate)?;
        let choice = self.usable_rate(control)?;
        let plan = Plan {
            rate: choice.rate,
            dust_rate,
            discard_rate: self.discard_rate(&*chain, dust_rate)?,
            max_weight,
            least_fee: request
                .replaced
                .filter(|old| old.raise)
                .map_or((Amount::ZERO, 0), |old| (old.fee, old.incremental)),
            rbf: if control.has_signal_rbf { control.signal_rbf } else { self.options().rbf },
            current: self.is_current()?,
            change_kind: self.change_kind(&request.outputs, control)?,
            outputs: request.outputs.clone(),
            control,
            change_pos: request.change_pos,
        };
        if plan.sum()? == Amount::ZERO && plan.rate == 0 && control.set_selected.is_empty() {
            let text = "Transaction requires one destination of non-zero value, a non-zero feerate, or a pre-selected input";
            return Err(Error::Refused(text.into()));
        }
        Ok((plan, choice))
    }

    /// Chooses coins and builds the transaction. `None` if one of them is not there any more.
    fn attempt(
        &self,
        request: &SpendRequest<'_>,
        plan: &Plan<'_>,
    ) -> Result<Option<(Transaction, Amount, Option<u32>)>> {
        let control = request.control;
        let replaced = request.replaced.map(|old| old.txid);
        let required = self.selected(control, &request.presets, replaced, plan.rate)?;
        let mut pool = match control.allow_other_inputs {
            true => self.pool(control, plan.rate)?,
            false => Vec::new(),
        };
        pool.retain(|coin| Some(coin.outpoint.txid) != replaced);
        let change = self.state()?.change(plan);
        let target = plan.target(&change)?;
        if !control.allow_other_inputs && !covers(&required, &target) {
            let text = "The preselected coins total amount does not cover the transaction target. Please allow other inputs to be automatically selected or include more coins manually";
            return Err(Error::Refused(text.into()));
        }
        let bare = InputWeights::default().with_outputs(target.outputs);
        if bare >= target.max_weight {
            let text = "Maximum transaction weight is less than transaction weight without inputs";
            return Err(Error::Refused(text.into()));
        }
        let (mut picked, again) = match self.choose(&target, &required, &pool, control) {
            Err(Error::InsufficientFunds) => return Err(too_little(&target, &required, &pool)),
            picked => picked?,
        };
        self.share_bumps(&target, &required, &mut picked)?;
        let fee = Amount::from_sat(picked.outcome.fee);
        if let Some(old) = request.replaced {
            old.ensure_enough(fee, picked.outcome.weight.div_ceil(4))?;
        }
        if fee > self.options().max_tx_fee {
            let text = "Fee exceeds maximum configured by user (e.g. -maxtxfee, maxfeerate)";
            return Err(Error::Refused(text.into()));
        }
        let mut state = self.state()?;
        let mut chosen = required.iter().chain(&picked.coins);
        if !chosen.all(|coin| state.has_still(coin, &request.presets, replaced)) {
            return Ok(None);
        }
        // Somebody may have taken the change address meanwhile.
        let change = state.change(plan);
        if plan.target(&change)?.change.outputs != target.change.outputs {
            return Ok(None);
        }
        let (tx, change_pos) = state.build(plan, &change, &required, &picked, again)?;
        let tx = if request.sign {
            let mut psbt = Psbt::from_unsigned_tx(tx)
                .map_err(|error| Error::Refused(format!("Signing transaction failed: {error}")))?;
            state.sign_all(&mut psbt)?
        } else {
            tx
        };
        state.save(|_| Ok(()))?;
        Ok(Some((tx, fee, change_pos)))
    }

    /// Chooses coins: all of an address together, if that is wanted or costs no more than the user allows. Tells
    /// whether both were possible.
    fn choose(
        &self,
        target: &Target,
        required: &[Coin],
        pool: &[Coin],
        control: &CoinControl,
    ) -> Result<(Picked, bool)> {
        let options = self.options();
        let rules = Rules {
            zero_conf_change: options.spend_zero_conf_change,
            unsafe_inputs: control.include_unsafe_inputs,
            together: control.avoid_partial_spends || options.avoid_partial_spends,
            long_chains: !options.reject_long_chains,
            limits: self.package_limits(pool)?,
            truc: version(control) == TRUC,
        };
        let picked = pick(target, required, pool, &rules)?;
        let Some(more) = options.max_aps_fee.filter(|_| !rules.together && picked.outcome.fee > 0) else {
            return Ok((picked, false));
        };
        match pick(target, required, pool, &Rules { together: true, ..rules }) {
            Ok(grouped) if grouped.outcome.fee <= picked.outcome.fee.saturating_add(more.to_sat()) => {
                Ok((grouped, true))
            }
            grouped => Ok((picked, grouped.is_ok())),
        }
    }

    /// Common ancestors of coins are paid for once.
    fn share_bumps(&self, target: &Target, required: &[Coin], picked: &mut Picked) -> Result<()> {
        let coins = || required.iter().chain(&picked.coins);
        let bumped: Vec<OutPoint> = coins().filter(|coin| coin.bump > 0).map(|coin| coin.outpoint).collect();
        if bumped.is_empty() {
            return Ok(());
        }
        let sum: u64 = coins().map(|coin| coin.bump).sum();
        let together = combined_bump(&*self.chain(), &bumped, target.rate)?.to_sat().min(sum);
        let plain = coins().map(|coin| Candidate { bump: 0, ..coin.candidate() });
        let plain: Vec<_> = plain.chain([Candidate { bump: together, ..Candidate::default() }]).collect();
        picked.outcome = target.outcome_of(&plain).map_err(|_| Error::InsufficientFunds)?;
        Ok(())
    }
}

/// Whether coins are enough, however much they weigh.
fn covers(coins: &[Coin], target: &Target) -> bool {
    let coins: Vec<Candidate> = coins.iter().map(Coin::candidate).collect();
    let unlimited = Target { max_weight: u64::MAX, ..*target };
    unlimited.outcome_of(&coins).is_ok()
}

/// There is not enough, in Bitcoin Core's words, which tell whether it is for the fee. The fee in them is that of
/// everything but the inputs.
fn too_little(target: &Target, required: &[Coin], pool: &[Coin]) -> Error {
    let coins = || required.iter().chain(pool);
    let all: u128 = coins().map(|coin| u128::from(coin.output.value.to_sat())).sum();
    let fee = |vbytes| i128::from(fee_for(target.rate, vbytes).to_sat());
    let effective = coins().map(|coin| {
        i128::from(coin.output.value.to_sat()) - i128::from(coin.bump) - fee(coin.weight.vbytes())
    });
    let bare = InputWeights::default().with_outputs(target.outputs).div_ceil(4) + 1;
    let wanted = i128::from(target.value) + fee(bare);
    if target.from_outputs || all < target.value.into() || effective.sum::<i128>() >= wanted {
        return Error::InsufficientFunds;
    }
    let fee = money(fee_for(target.rate, bare));
    Error::Refused(format!("The total exceeds your balance when the {fee} transaction fee is included."))
}

impl Replaced {
    /// An error if a fee is too low for a replacement.
    fn ensure_enough(&self, fee: Amount, vbytes: u64) -> Result<()> {
        let added = fee_for(self.incremental, vbytes);
        let least = build::sum([self.fee, added])?;
        if fee >= least {
            return Ok(());
        }
        Err(Error::Refused(format!(
            "Insufficient total fee {}, must be at least {} (oldFee {} + incrementalFee {})",
            money(fee),
            money(least),
            money(self.fee),
            money(added)
        )))
    }
}

impl WalletState {
    /// Whether a coin that was chosen is still there.
    fn has_still(&mut self, coin: &Coin, presets: &Presets, replaced: Option<Txid>) -> bool {
        let foreign = presets.get(&coin.outpoint).is_some_and(|preset| preset.output.is_some());
        foreign || self.spendable(coin.outpoint, replaced).is_some()
    }
}
