//! A payment that is being written.
//!
//! In: what the user typed. Out: a [`Payment`] with values, or what is wrong at which field.

use bitcoin::{Amount, Network, OutPoint};
use bitcoin_ipc::types::{CoinControl, Destination, Recipient, WireFeeRate};

use super::bip21::PaymentUri;
use super::coins::Coin;
use crate::text::address;
use crate::text::amount::{self, Unit};
use crate::text::words::mark;

/// One recipient, as it is typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RecipientDraft {
    /// The address.
    pub(crate) address: String,
    /// The amount.
    pub(crate) amount: String,
    /// The label.
    pub(crate) label: String,
    /// Whether the fee comes out of the amount.
    pub(crate) subtract_fee: bool,
}

impl RecipientDraft {
    /// What a payment URI asks for.
    pub(crate) fn of(uri: &PaymentUri, unit: Unit) -> RecipientDraft {
        RecipientDraft {
            address: uri.address.clone(),
            amount: uri.amount.map(|sat| amount::digits(sat, unit)).unwrap_or_default(),
            label: if uri.label.is_empty() { uri.message.clone() } else { uri.label.clone() },
            subtract_fee: false,
        }
    }
}

/// How the fee is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FeeChoice {
    /// By how many blocks confirmation may take.
    Target(u16),
    /// By a rate.
    Rate,
}

/// The numbers of blocks to choose from, as in Bitcoin Core.
pub(crate) const TARGETS: [u16; 9] = [2, 4, 6, 12, 24, 48, 144, 504, 1008];

/// A payment, as it is typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Draft {
    /// To whom.
    pub(crate) recipients: Vec<RecipientDraft>,
    /// How the fee is chosen.
    pub(crate) fee: FeeChoice,
    /// The rate in satoshi for a virtual byte, as it is typed.
    pub(crate) rate: String,
    /// The coins to spend; none leaves the choice to the wallet.
    pub(crate) coins: Vec<OutPoint>,
}

impl Default for Draft {
    fn default() -> Self {
        Draft {
            recipients: vec![RecipientDraft::default()],
            fee: FeeChoice::Target(6),
            rate: String::new(),
            coins: Vec::new(),
        }
    }
}

/// What is wrong at a field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Faults {
    /// For each recipient, at its address and at its amount.
    pub(crate) recipients: Vec<(Option<String>, Option<String>)>,
    /// At the fee rate.
    pub(crate) rate: Option<String>,
}

impl Faults {
    /// Whether there is nothing wrong.
    pub(crate) fn is_empty(&self) -> bool {
        self.rate.is_none()
            && self.recipients.iter().all(|(address, amount)| address.is_none() && amount.is_none())
    }
}

/// One recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Payee {
    /// The address.
    pub(crate) address: String,
    /// Where that is.
    pub(crate) destination: Destination,
    /// The amount in satoshi.
    pub(crate) amount: u64,
    /// The label, which goes into the address book.
    pub(crate) label: String,
    /// Whether the fee comes out of the amount.
    pub(crate) subtract_fee: bool,
}

/// What the fee follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fee {
    /// A number of blocks.
    Target(u16),
    /// Satoshi for 1000 virtual bytes.
    Rate(u64),
}

/// A payment to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Payment {
    /// To whom.
    pub(crate) payees: Vec<Payee>,
    /// The fee.
    pub(crate) fee: Fee,
    /// The coins to spend; none leaves the choice to the wallet.
    pub(crate) coins: Vec<OutPoint>,
}

/// More than this for a virtual byte is a slip of the finger, in satoshi for 1000 virtual bytes.
const ABSURD_RATE: u64 = 10_000 * 1_000;

/// A rate in satoshi for a virtual byte with up to three decimals, as satoshi for 1000 virtual bytes.
///
/// # Errors
///
/// It is none, or an absurd one; the text says why.
pub(crate) fn parse_rate(text: &str) -> Result<u64, String> {
    let text = text.trim();
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(decimals) || (whole.is_empty() && decimals.is_empty()) {
        return Err(mark!("Enter a rate in sat/vB, such as 2.5.").to_owned());
    }
    if decimals.len() > 3 {
        return Err(mark!("A rate has at most three decimals.").to_owned());
    }
    let rate = format!("{whole}{decimals:0<3}").parse::<u64>().unwrap_or(u64::MAX);
    match rate {
        0 => Err(mark!("A rate of 0 is never relayed.").to_owned()),
        rate if rate > ABSURD_RATE => {
            Err(mark!("This rate is absurd: it is above 10,000 sat/vB.").to_owned())
        }
        rate => Ok(rate),
    }
}

/// A rate as text, with as few decimals as it needs.
pub(crate) fn rate_text(sat_per_kvb: u64) -> String {
    let (whole, decimals) = (amount::grouped(sat_per_kvb / 1_000), format!("{:03}", sat_per_kvb % 1_000));
    match decimals.trim_end_matches('0') {
        "" => format!("{whole} sat/vB"),
        decimals => format!("{whole}.{decimals} sat/vB"),
    }
}

impl Draft {
    /// The payment that is meant.
    ///
    /// # Errors
    ///
    /// Something is wrong, or more is paid than there is, as far as that is known: `available` in satoshi, and the
    /// coins.
    pub(crate) fn payment(
        &self,
        network: Network,
        unit: Unit,
        available: Option<u64>,
        coins: &[Coin],
    ) -> Result<Payment, Faults> {
        let mut faults = Faults::default();
        let mut payees: Vec<Payee> = Vec::new();
        let mut total: u64 = 0;
        let chosen = coins.iter().filter(|coin| self.coins.contains(&coin.outpoint));
        let available =
            if self.coins.is_empty() { available } else { Some(chosen.map(|coin| coin.amount).sum()) };
        for recipient in &self.recipients {
            let mut address = address::parse(&recipient.address, network).map_err(|error| error.to_string());
            let seen =
                |found: &bitcoin::Address| payees.iter().any(|payee| payee.address == found.to_string());
            if address.as_ref().is_ok_and(seen) {
                address =
                    Err(mark!("This address is above already: one recipient for each address.").to_owned());
            }
            let mut sat = amount::parse(&recipient.amount, unit).map_err(|error| error.to_string());
            if sat == Ok(0) {
                sat = Err(mark!("The amount has to be above 0.").to_owned());
            }
            if let Ok(sum) = sat {
                total = total.saturating_add(sum);
                if available.is_some_and(|available| total > available) {
                    sat = Err(mark!("This is more than there is.").to_owned());
                }
            }
            faults.recipients.push((address.as_ref().err().cloned(), sat.as_ref().err().cloned()));
            if let (Ok(address), Ok(amount)) = (address, sat) {
                payees.push(Payee {
                    destination: Destination::from(&address),
                    address: address.to_string(),
                    amount,
                    label: recipient.label.trim().to_owned(),
                    subtract_fee: recipient.subtract_fee,
                });
            }
        }
        let fee = match self.fee {
            FeeChoice::Target(target) => Fee::Target(target),
            FeeChoice::Rate => parse_rate(&self.rate).map(Fee::Rate).unwrap_or_else(|error| {
                faults.rate = Some(error);
                Fee::Target(6)
            }),
        };
        if faults.is_empty() { Ok(Payment { payees, fee, coins: self.coins.clone() }) } else { Err(faults) }
    }
}

impl Payment {
    /// The outputs to make.
    pub(crate) fn recipients(&self) -> Vec<Recipient> {
        self.payees
            .iter()
            .map(|payee| Recipient {
                dest: payee.destination.clone(),
                amount: Amount::from_sat(payee.amount),
                subtract_fee_from_amount: payee.subtract_fee,
            })
            .collect()
    }

    /// How coins and fee are chosen.
    pub(crate) fn coin_control(&self) -> CoinControl {
        let mut control = CoinControl { set_selected: self.coins.clone(), ..CoinControl::default() };
        control.allow_other_inputs = self.coins.is_empty();
        self.fee.apply(&mut control);
        control
    }
}

impl Fee {
    /// Has a choice of coins follow it.
    pub(crate) fn apply(self, control: &mut CoinControl) {
        match self {
            Fee::Target(target) => {
                control.has_confirm_target = true;
                control.confirm_target = i32::from(target);
            }
            Fee::Rate(rate) => {
                let rate = i64::try_from(rate).unwrap_or(i64::MAX);
                control.fee_rate = Some(WireFeeRate::from_sat_per_kvb(rate));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADDRESS: &str = "bcrt1q6rz28mcfaxtmd6v789l9rrlrusdprr9pz3cppk";

    fn draft(address: &str, amount: &str) -> Draft {
        let recipient = RecipientDraft {
            address: address.to_owned(),
            amount: amount.to_owned(),
            ..RecipientDraft::default()
        };
        Draft { recipients: vec![recipient], ..Draft::default() }
    }

    fn faults(draft: &Draft) -> Faults {
        draft.payment(Network::Regtest, Unit::Btc, Some(100_000_000), &[]).expect_err("faults")
    }

    #[test]
    fn a_draft_becomes_a_payment() {
        let mut draft = draft(ADDRESS, "0.5");
        draft.fee = FeeChoice::Rate;
        draft.rate = "2.5".to_owned();
        let payment = draft.payment(Network::Regtest, Unit::Btc, None, &[]).expect("a payment");
        assert_eq!(payment.payees[0].amount, 50_000_000);
        assert_eq!(payment.fee, Fee::Rate(2_500));
        let control = payment.coin_control();
        assert_eq!(control.fee_rate, Some(WireFeeRate::from_sat_per_kvb(2_500)));
        assert!(control.allow_other_inputs && !control.has_confirm_target);
    }

    #[test]
    fn a16_each_fault_is_told_at_its_field() {
        assert_eq!(faults(&draft("", "")).recipients[0].0.as_deref(), Some("Enter an address."));
        let wrong = faults(&draft("bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq", "0"));
        assert!(
            wrong.recipients[0].0.as_deref().is_some_and(|text| text.contains("not of the network regtest"))
        );
        assert_eq!(wrong.recipients[0].1.as_deref(), Some("The amount has to be above 0."));
        assert_eq!(
            faults(&draft(ADDRESS, "1.00000001")).recipients[0].1.as_deref(),
            Some("This is more than there is.")
        );
        let mut twice = draft(ADDRESS, "0.1");
        twice.recipients.push(twice.recipients[0].clone());
        assert!(faults(&twice).recipients[1].0.as_deref().is_some_and(|text| text.contains("above already")));
        let mut rate = draft(ADDRESS, "0.1");
        rate.fee = FeeChoice::Rate;
        for (text, told) in
            [("", "such as 2.5"), ("1.2345", "three decimals"), ("0", "never relayed"), ("20000", "absurd")]
        {
            rate.rate = text.to_owned();
            assert!(faults(&rate).rate.is_some_and(|fault| fault.contains(told)), "{text}");
        }
    }

    #[test]
    fn rates_have_as_few_decimals_as_they_need() {
        for (rate, text) in
            [(1_000, "1 sat/vB"), (2_500, "2.5 sat/vB"), (100, "0.1 sat/vB"), (1_234_567, "1,234.567 sat/vB")]
        {
            assert_eq!(rate_text(rate), text);
        }
        assert_eq!(parse_rate("2.5"), Ok(2_500));
        assert_eq!(parse_rate(".1"), Ok(100));
    }
}
