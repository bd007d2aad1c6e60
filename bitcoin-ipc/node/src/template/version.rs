//! The version of the next block, by which miners signal for changes of the consensus rules (BIP 9).
//!
//! In: the headers below it. Out: how far each change has come there, and the version that signals for
//! those that are under way: Bitcoin Core's `ComputeBlockVersion`.

use bitcoin::Network;
use bitcoin::block::{Header, Version};

/// The first three bits of a version that signals, which say that the others are signals.
const TOP_BITS: u32 = 0b001 << 29;

/// A change that miners signal for. It begins with the second period, has no end of its time, and waits
/// for no height.
pub(crate) struct Deployment {
    /// What it is called.
    pub(crate) name: &'static str,
    /// Which bit of a version signals for it.
    pub(crate) bit: u8,
    /// Blocks between two decisions.
    pub(crate) period: u32,
    /// Signals of one period that lock it in.
    pub(crate) threshold: u32,
}

/// Bitcoin Core's `testdummy`, which changes nothing. Miners may ignore it.
const TEST_DUMMY: Deployment = Deployment { name: "testdummy", bit: 28, period: 144, threshold: 108 };

/// The changes that can be under way; Bitcoin Core has none on other networks than regtest.
pub(crate) fn deployments(network: Network) -> &'static [Deployment] {
    if network == Network::Regtest { &[TEST_DUMMY] } else { &[] }
}

/// How far a change has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Defined,
    Started,
    LockedIn,
    Active,
}

impl Status {
    /// Bitcoin Core's name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Status::Defined => "defined",
            Status::Started => "started",
            Status::LockedIn => "locked_in",
            Status::Active => "active",
        }
    }

    /// Whether miners signal now.
    pub(crate) fn is_signalled(self) -> bool {
        matches!(self, Status::Started | Status::LockedIn)
    }
}

impl Deployment {
    /// Whether a block signals for it.
    pub(crate) fn is_signal(&self, version: Version) -> bool {
        let version = version.to_consensus().cast_unsigned();
        version >> 29 == TOP_BITS >> 29 && version >> self.bit & 1 == 1
    }

    /// The state of the block at a height, and the height of the first block with it. `header` gives the
    /// headers below, of the same branch.
    ///
    /// # Errors
    ///
    /// Those of `header`.
    pub(crate) fn status<E>(
        &self,
        height: u32,
        mut header: impl FnMut(u32) -> Result<Header, E>,
    ) -> Result<(Status, u32), E> {
        let (mut status, mut since) = (Status::Defined, 0);
        for number in 1..=height / self.period {
            let start = number * self.period;
            let next = match status {
                Status::Defined => Status::Started,
                Status::Started => {
                    let mut signals = 0;
                    for below in start - self.period..start {
                        signals += u32::from(self.is_signal(header(below)?.version));
                    }
                    if signals < self.threshold {
                        continue;
                    }
                    Status::LockedIn
                }
                Status::LockedIn => Status::Active,
                Status::Active => break,
            };
            (status, since) = (next, start);
        }
        Ok((status, since))
    }
}

/// The version of the block at a height. `header` gives the headers below, of the same branch.
///
/// # Errors
///
/// Those of `header`.
pub(crate) fn version<E>(
    network: Network,
    height: u32,
    mut header: impl FnMut(u32) -> Result<Header, E>,
) -> Result<Version, E> {
    let mut bits = TOP_BITS;
    for deployment in deployments(network) {
        if deployment.status(height, &mut header)?.0.is_signalled() {
            bits |= 1 << deployment.bit;
        }
    }
    Ok(Version::from_consensus(bits.cast_signed()))
}
