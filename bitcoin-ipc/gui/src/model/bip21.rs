//! Payment URIs (BIP 21).
//!
//! In: `bitcoin:…`. Out: an address, an amount, a label and a message; and back.

use bitcoin::{Address, Network};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::text::address;
use crate::text::amount::{self, Unit};
use crate::text::words::{mark, say};

/// What a URI asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct PaymentUri {
    /// The address.
    pub(crate) address: String,
    /// The amount in satoshi, if it is given.
    pub(crate) amount: Option<u64>,
    /// Who is paid.
    pub(crate) label: String,
    /// What for.
    pub(crate) message: String,
}

/// What a parameter may have as it is (RFC 3986, unreserved).
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

impl PaymentUri {
    /// Reads one.
    ///
    /// # Errors
    ///
    /// It is none, of another network, or asks for what is not known here; the text says which.
    pub(crate) fn read(text: &str, network: Network) -> Result<PaymentUri, String> {
        let text = text.trim();
        let rest = match text.split_once(':') {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("bitcoin") => rest,
            _ => return Err(mark!("This is not a payment URI: it does not begin with bitcoin:").to_owned()),
        };
        if rest.starts_with("//") {
            return Err(mark!("bitcoin:// is not a payment URI; use bitcoin: instead.").to_owned());
        }
        let rest = rest.split('#').next().unwrap_or_default();
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        let mut uri = PaymentUri::default();
        let mut amounts = 0;
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = percent_decode_str(value).decode_utf8();
            let value = value.map_err(|_| say!("The parameter {name} is not text.", name))?.into_owned();
            match name.to_ascii_lowercase().as_str() {
                "amount" => {
                    amounts += 1;
                    // No grouping and no unit here.
                    let plain = value.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
                    let amount = if plain {
                        amount::parse(&value, Unit::Btc)
                    } else {
                        Err(amount::AmountError::NotANumber)
                    };
                    uri.amount = Some(amount.map_err(|error| error.to_string())?);
                }
                "label" => uri.label = value,
                "message" => uri.message = value,
                "r" if place.is_empty() => {
                    return Err(mark!("Payment requests over the web (BIP 70) are not supported.").to_owned());
                }
                other if other.starts_with("req-") => {
                    return Err(say!("The URI requires {other}, which is not known here.", other));
                }
                _ => {}
            }
        }
        if amounts > 1 {
            return Err(mark!("The URI has more than one amount.").to_owned());
        }
        uri.address = address::parse(place, network)?.to_string();
        Ok(uri)
    }

    /// The URI.
    pub(crate) fn text(&self) -> String {
        let mut text = format!("bitcoin:{}", self.address);
        let mut separator = '?';
        let mut put = |name: &str, value: &str| {
            text.push(separator);
            separator = '&';
            text.push_str(name);
            text.push('=');
            text.push_str(value);
        };
        if let Some(sat) = self.amount {
            put("amount", &amount::digits(sat, Unit::Btc).replace(',', ""));
        }
        for (name, value) in [("label", &self.label), ("message", &self.message)] {
            if !value.is_empty() {
                put(name, &utf8_percent_encode(value, ESCAPED).to_string());
            }
        }
        text
    }

    /// The text for a picture: in upper case where that means the same, so that the picture has fewer dots.
    pub(crate) fn text_for_picture(&self) -> String {
        let segwit = self
            .address
            .parse::<Address<_>>()
            .is_ok_and(|address| address.assume_checked().witness_program().is_some());
        let plain = self.amount.is_none() && self.label.is_empty() && self.message.is_empty();
        if segwit && plain { self.text().to_uppercase() } else { self.text() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADDRESS: &str = "bcrt1q6rz28mcfaxtmd6v789l9rrlrusdprr9pz3cppk";

    fn read(text: &str) -> Result<PaymentUri, String> {
        PaymentUri::read(&text.replace('@', ADDRESS), Network::Regtest)
    }

    #[test]
    fn a58_uris_are_read_as_bip_21_says() {
        let plain = PaymentUri { address: ADDRESS.to_owned(), ..PaymentUri::default() };
        let good = [
            ("bitcoin:@", plain.clone()),
            ("BITCOIN:@", plain.clone()),
            ("  bitcoin:@\n", plain.clone()),
            ("bitcoin:@?", plain.clone()),
            ("bitcoin:@?unknown=1", plain.clone()),
            ("bitcoin:@#fragment", plain.clone()),
            (
                "bitcoin:@?amount=20.3&label=Luke-Jr",
                PaymentUri { amount: Some(2_030_000_000), label: "Luke-Jr".to_owned(), ..plain.clone() },
            ),
            ("bitcoin:@?AMOUNT=50", PaymentUri { amount: Some(5_000_000_000), ..plain.clone() }),
            (
                "bitcoin:@?label=a%20%26%20b&message=%C3%A9",
                PaymentUri { label: "a & b".to_owned(), message: "é".to_owned(), ..plain.clone() },
            ),
            (
                "bitcoin:@?label=%E2%80%AEevil%07",
                PaymentUri { label: "\u{202e}evil\u{7}".to_owned(), ..plain },
            ),
        ];
        for (text, uri) in good {
            assert_eq!(read(text), Ok(uri), "{text}");
        }
        let upper = format!("BITCOIN:{}", ADDRESS.to_uppercase());
        assert_eq!(PaymentUri::read(&upper, Network::Regtest).map(|uri| uri.address), Ok(ADDRESS.to_owned()));
        let bad = [
            ("@", "does not begin with bitcoin:"),
            ("bitcoin://@", "bitcoin:// is not"),
            ("bitcoin:", "Enter an address"),
            ("bitcoin:?r=https://x", "BIP 70"),
            ("bitcoin:@?req-somethingyoudontunderstand=50", "requires req-something"),
            ("bitcoin:@?amount=1,000", "not an amount"),
            ("bitcoin:@?amount=1%20BTC", "not an amount"),
            ("bitcoin:@?amount=-1", "not an amount"),
            ("bitcoin:@?amount=", "Enter an amount"),
            ("bitcoin:@?amount=21000001", "21 million"),
            ("bitcoin:@?amount=0.000000001", "smaller than a satoshi"),
            ("bitcoin:@?amount=1&amount=2", "more than one amount"),
            ("bitcoin:@?label=%FF", "not text"),
            ("bitcoin:bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq", "not of the network regtest"),
        ];
        for (text, error) in bad {
            let told = read(text).expect_err(text);
            assert!(told.contains(error), "{text}: {told}");
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        let uri = PaymentUri {
            address: ADDRESS.to_owned(),
            amount: Some(123_456_789_012),
            label: "A & B = C?".to_owned(),
            message: "for 100 % of #1".to_owned(),
        };
        assert!(uri.text().contains("amount=1234.56789012&"), "{}", uri.text());
        assert_eq!(PaymentUri::read(&uri.text(), Network::Regtest), Ok(uri));
        let plain = PaymentUri { address: ADDRESS.to_owned(), ..PaymentUri::default() };
        assert_eq!(plain.text_for_picture(), format!("BITCOIN:{}", ADDRESS.to_uppercase()));
    }
}
