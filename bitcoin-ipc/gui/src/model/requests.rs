//! Requests for payment, as the wallet keeps them for its windows.
//!
//! In: the bytes of Bitcoin Core's `RecentRequestEntry`. Out: a [`Request`], and back, byte for byte.

use bitcoin::consensus::{Decodable, Encodable, encode};

/// What somebody is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Request {
    /// Its number in the wallet.
    pub(crate) id: i64,
    /// When it was made, in seconds since 1970.
    pub(crate) time: u32,
    /// The address.
    pub(crate) address: String,
    /// Who asks.
    pub(crate) label: String,
    /// How much, in satoshi; 0 leaves it open.
    pub(crate) amount: u64,
    /// What for.
    pub(crate) message: String,
}

/// The address to be paid to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Receiving {
    /// None yet.
    #[default]
    None,
    /// This one.
    Address(String),
    /// There is none to be had; the text says why.
    Refused(String),
}

/// The version of both parts.
const VERSION: i32 = 1;

impl Request {
    /// The bytes that Bitcoin Core's window writes.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let amount = i64::try_from(self.amount).unwrap_or(i64::MAX);
        let none = String::new();
        // A `Vec` takes everything.
        let _ = (|| {
            VERSION.consensus_encode(&mut bytes)?;
            self.id.consensus_encode(&mut bytes)?;
            self.time.consensus_encode(&mut bytes)?;
            VERSION.consensus_encode(&mut bytes)?;
            self.address.consensus_encode(&mut bytes)?;
            self.label.consensus_encode(&mut bytes)?;
            amount.consensus_encode(&mut bytes)?;
            self.message.consensus_encode(&mut bytes)?;
            // What BIP 70 had: the request, and who signed it.
            none.consensus_encode(&mut bytes)?;
            none.consensus_encode(&mut bytes)
        })();
        bytes
    }

    /// Reads such bytes; `None` for those of something else.
    pub(crate) fn from_bytes(mut bytes: &[u8]) -> Option<Request> {
        Self::read(&mut bytes).ok().filter(|_| bytes.is_empty())
    }

    fn read(bytes: &mut &[u8]) -> Result<Request, encode::Error> {
        let _version = i32::consensus_decode(bytes)?;
        let id = i64::consensus_decode(bytes)?;
        let time = u32::consensus_decode(bytes)?;
        let _version = i32::consensus_decode(bytes)?;
        let address = String::consensus_decode(bytes)?;
        let label = String::consensus_decode(bytes)?;
        let amount = u64::try_from(i64::consensus_decode(bytes)?).unwrap_or_default();
        let message = String::consensus_decode(bytes)?;
        let _bip70 = (Vec::<u8>::consensus_decode(bytes)?, Vec::<u8>::consensus_decode(bytes)?);
        Ok(Request { id, time, address, label, amount, message })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a15_requests_are_byte_for_byte_bitcoin_cores() {
        let request = Request {
            id: 5,
            time: 1_700_000_000,
            address: "ab".to_owned(),
            label: "é".to_owned(),
            amount: 1_000,
            message: String::new(),
        };
        let bytes = [
            &[1, 0, 0, 0][..],            // int nVersion
            &[5, 0, 0, 0, 0, 0, 0, 0],    // int64_t id
            &[0x00, 0xf1, 0x53, 0x65],    // unsigned int date_timet
            &[1, 0, 0, 0],                // int nVersion of the recipient
            &[2, b'a', b'b'],             // address
            &[2, 0xc3, 0xa9],             // label
            &[0xe8, 3, 0, 0, 0, 0, 0, 0], // CAmount amount
            &[0],                         // message
            &[0],                         // sPaymentRequest
            &[0],                         // authenticatedMerchant
        ]
        .concat();
        assert_eq!(request.to_bytes(), bytes);
        assert_eq!(Request::from_bytes(&bytes), Some(request));
        assert_eq!(Request::from_bytes(&bytes[1..]), None);
        assert_eq!(Request::from_bytes(&[bytes, vec![0]].concat()), None);
        assert_eq!(Request::from_bytes(b""), None);
    }
}
